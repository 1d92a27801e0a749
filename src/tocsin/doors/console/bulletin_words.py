"""What pages say of bulletins: states, kinds, verdicts of signatures, reasons why one does not count."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tocsin.formats.cap import Verdict
from tocsin.loop.observe.bulletins.lifecycle import BulletinState

__all__ = ["kind_word", "language_code", "state_word", "status_word", "trouble_word", "verdict_word", "why_not_word"]

_CODE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,4}")


def state_word(state: BulletinState, *, over: bool) -> str:
    """The state; what time has ended says so."""
    if over and state is BulletinState.IN_FORCE:
        return pgettext("bulletin", "Time over, no all-clear")
    return {
        BulletinState.NEW: pgettext("bulletin", "Being read"),
        BulletinState.HELD_BACK: pgettext("bulletin", "Held back"),
        BulletinState.HELD: pgettext("bulletin", "Waits for the message it cites"),
        BulletinState.ASKED: pgettext("bulletin", "Repeats another: which is it?"),
        BulletinState.DUPLICATE: pgettext("bulletin", "The same again"),
        BulletinState.IN_FORCE: pgettext("bulletin", "In force"),
        BulletinState.REPLACED: pgettext("bulletin", "Replaced"),
        BulletinState.CANCELLED: pgettext("bulletin", "Cancelled"),
        BulletinState.GONE: pgettext("bulletin", "No longer in its feed"),
        BulletinState.ANSWER: pgettext("bulletin", "Answer"),
    }[state]


def kind_word(msg_type: str) -> str:
    """What kind of message it is; one that we do not know by its own name."""
    return {
        "Alert": pgettext("bulletin", "First message"), "Update": pgettext("bulletin", "Update"),
        "Cancel": pgettext("bulletin", "Cancellation"), "Ack": pgettext("bulletin", "Receipt"),
        "Error": pgettext("bulletin", "Rejection"),
    }.get(msg_type, msg_type)  # fmt: skip


def status_word(status: str) -> str:
    """A status that is no warning in earnest, loudly (R57); "" for Actual."""
    return {
        "Actual": "", "Exercise": pgettext("bulletin", "EXERCISE"), "Test": pgettext("bulletin", "TEST"),
        "System": pgettext("bulletin", "SYSTEM MESSAGE"), "Draft": pgettext("bulletin", "DRAFT"),
    }.get(status, status)  # fmt: skip


def verdict_word(verdict: str) -> str:
    """What became of its signature."""
    return {
        Verdict.VALID: pgettext("signature", "Signature verified"),
        Verdict.VALID_STRIPPED: pgettext("signature", "Verified; somebody changed its white space"),
        Verdict.WRONG_DIGEST: pgettext("signature", "Not verified: it is not what was signed"),
        Verdict.WRONG_KEY: pgettext("signature", "Not verified: not signed by a registered key"),
        Verdict.EXPIRED: pgettext("signature", "Not verified: the certificate was over"),
        Verdict.UNSUPPORTED: pgettext("signature", "Not verified: a signature of a kind that is not taken"),
        Verdict.ABSENT: pgettext("signature", "Not verified: it is not signed"),
    }[Verdict(verdict)]


def why_not_word(why_not: str) -> str:
    """Why a message counts for nothing, and what to do."""
    return {
        "unknown sender": _("Its sender is not registered for this feed. Register it in the declaration if it is right."),
        "not verified": _("This feed must be signed, and this message cannot be verified. Ask the authority by telephone."),
        "sent in the future": _("It says that it was sent in the future. Check the clocks of both sides."),
    }.get(why_not, why_not)  # fmt: skip


def trouble_word(trouble: str) -> str:
    """What is wrong with a feed; "" for nothing."""
    return {
        "": "", "failing": pgettext("feed", "No readable answer"), "silent": pgettext("feed", "Silent"),
    }.get(trouble, trouble)  # fmt: skip


def language_code(text: str) -> str:
    """A language code that a page may carry; "" for one that is none."""
    return text if _CODE.fullmatch(text) else ""
