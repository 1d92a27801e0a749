"""What the items and the states of a warning are called on pages and in refusals."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tocsin.loop.warn.lifecycle import WarningState

__all__ = ["item_words", "state_word"]


def item_words(items: Iterable[str]) -> str:
    """``beware.en``, ``body`` ... in words, joined."""
    return _(", ").join(_one(item) for item in items)


def _one(item: str) -> str:
    name, _dot, language = item.partition(".")
    word = {
        "category": _("hazard"), "level": _("level"), "start": _("begin"), "area": _("area"),
        "beware": _("what to beware of"), "instruction": _("what to do"), "body": _("issuing body"),
        "headline": pgettext("warning", "headline"), "description": pgettext("warning", "description"),
        "short": _("short text"), "brief": _("text of 360 characters"), "speech": _("text to be read aloud"),
        "exercise_note": _("name of the exercise"), "contact": _("contact"), "place": _("place"),
    }.get(name, name)  # fmt: skip
    spoken = {"": "", "zh-hans": _("Chinese"), "en": _("English")}.get(language, language)
    return _("{item} ({language})").format(item=word, language=spoken) if spoken else word


def state_word(state: WarningState) -> str:
    """The state in the reader's language."""
    return {
        WarningState.DRAFT: pgettext("warning", "Draft"),
        WarningState.SUBMITTED: pgettext("warning", "Waits for approval"),
        WarningState.RETURNED: pgettext("warning", "Sent back"),
        WarningState.ISSUED: pgettext("warning", "In force"),
        WarningState.SUPERSEDED: pgettext("warning", "Replaced"),
        WarningState.CANCELLED: pgettext("warning", "Cancelled"),
        WarningState.EXPIRED: pgettext("warning", "Expired"),
        WarningState.DISCARDED: pgettext("warning", "Discarded"),
    }[state]
