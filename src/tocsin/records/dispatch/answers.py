"""Answers: a recipient says "I have heard it", without a log-in. ONE mechanism for everybody who asks.

How to use it from any room or ground-floor part:

1. Put the message with ``Message(..., asks=True)``. Each letter then ends with what its channel can do: a link (mail, chat),
   a four-digit code to send back (sms), a key to press (voice).
2. Listen to the fact ``letter_answered`` (``records.dispatch.facts.LetterAnswered``) in ``app/wiring.py``: it names dispatch,
   recipient (``post:...``), kind, about and event, and comes once a letter.
3. ``answered(about)`` reads who answered when, for pages.

The link leads to a page with one button (``doors/portal/heard.py``): machines that read mail follow links, and must not answer
for anybody. It holds a proof made with the deployment's key, so no table holds a secret; a letter is answered once, and after
``VALID`` its link is over. Gateways hand over codes and keys at ``/answers`` (``doors/api/answers.py``). Source of the three
ways: warnings.md, N8.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.records.audience.seal import Seal
from tocsin.records.dispatch.facts import LetterAnswered
from tocsin.records.dispatch.lifecycle import DeliveryState
from tocsin.records.dispatch.models import AnswerRow, DeliveryRow
from tocsin.records.ledger import services as ledger
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import NotAllowed
from tocsin.terms.moment import to_us

__all__ = [
    "VALID", "Answered", "Asked", "answer_by_code", "answer_by_digit", "answer_by_link", "answered", "asked", "code_of",
    "footer", "link_of",
]  # fmt: skip

VALID = timedelta(days=7)
HEARD_DIGIT = "1"  # the key to press on a telephone
_CODES_FOR = timedelta(days=1)  # four digits are guessed sooner than forty


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link is about: the letter's words, who got it, and when it was answered (None: not yet)."""

    subject: str
    body: str
    recipient: str
    language: str
    level: int
    exercise: bool
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer about a thing."""

    kind: str
    recipient: str
    channel: str
    via: str
    at: datetime


def link_of(key: str) -> str:
    """The address under which the letter of this key is answered."""
    return f"{settings.CONFIGURATION.public_address}/heard/{key}/{_seal().proof('heard', key)}"


def code_of(key: str) -> str:
    """Four digits by which a short message is answered from the number that it went to."""
    made = hmac.new(_seal().proof("heard-code", key).encode(), b"code", hashlib.sha256).digest()
    return f"{int.from_bytes(made[:4]) % 9000 + 1000}"


def footer(channel: str, key: str, language: str) -> str:
    """What a letter that asks for an answer ends with."""
    with translation.override(language):
        if channel == "sms":
            return " " + _("Heard? Reply {code}").format(code=code_of(key))
        if channel == "voice":
            return "\n\n" + _("Press {digit} to confirm that you have heard this.").format(digit=HEARD_DIGIT)
        return "\n\n" + _("Say that you have it: {link}").format(link=link_of(key))


def asked(key: str, proof: str, *, now: datetime) -> Asked:
    """What a link is about; changes nothing. Raises NotAllowed for a link that we did not make or that is over."""
    row = _row(key, proof, now)
    texts = row.dispatch.texts
    language = next(name for name in (row.language, "en", *texts) if name in texts)
    said = AnswerRow.objects.filter(key=key).first()
    return Asked(texts[language]["subject"], texts[language]["body"], row.recipient, language, row.dispatch.level,
                 row.dispatch.exercise, said.answered_at if said else None)  # fmt: skip


def answer_by_link(key: str, proof: str, *, now: datetime) -> bool:
    """The button was pressed; False where it was answered before. Raises NotAllowed as ``asked``."""
    return _note(_row(key, proof, now), key, "link", now)


def answer_by_code(address: str, text: str, *, now: datetime) -> bool:
    """A short message came back from ``address``; whether its digits answer a letter that went there. The number of the
    sender is what the gateway says, the code is what only the letter held."""
    digits = "".join(letter for letter in text[:40] if letter.isascii() and letter.isdigit())
    rows = DeliveryRow.objects.filter(
        dispatch__asks=True, dispatch__channel="sms", dispatch__put_at__gt=now - _CODES_FOR, address=address
    )
    for row in rows.select_related("dispatch").order_by("-dispatch__put_at", "-id")[:50]:
        key = f"{row.dispatch_id}-{row.number}"
        if hmac.compare_digest(code_of(key), digits):
            return _note(row, key, "code", now)
    return False


def answer_by_digit(key: str, digit: str, *, now: datetime) -> bool:
    """A key was pressed in the call of a letter; whether that was an answer. The key of the letter is known to the gateway
    alone."""
    row = _delivery(key)
    if row is None or digit.strip() != HEARD_DIGIT or row.dispatch.channel != "voice" or _is_over(row, now):
        return False
    return _note(row, key, "digit", now)


def answered(about: str) -> list[Answered]:
    """Who answered letters about a thing, in order. The room that asks has checked that the reader may see the thing."""
    rows = AnswerRow.objects.filter(dispatch__about=about).select_related("dispatch").order_by("answered_at", "id")
    return [Answered(r.dispatch.kind, r.recipient, r.dispatch.channel, r.via, r.answered_at) for r in rows]


def _note(row: DeliveryRow, key: str, via: str, now: datetime) -> bool:
    with transaction.atomic():
        try:
            with transaction.atomic():
                AnswerRow.objects.create(
                    key=key, dispatch_id=row.dispatch_id, recipient=row.recipient, via=via, answered_at=now
                )
        except IntegrityError:  # the same button twice
            return False
        sent = row.dispatch
        body = {"dispatch": sent.id, "kind": sent.kind, "about": sent.about, "channel": sent.channel, "via": via}
        if not row.recipient.startswith("subscriber:"):
            body["recipient"] = row.recipient
        ledger.append(sent.event or sent.about, "message_answered", body, actor=f"{row.recipient}", now=now)
        told = LetterAnswered(sent.id, row.recipient, sent.kind, sent.about, sent.event, via, to_us(now))
        outbox.put([told], now=now)
        return True


def _row(key: str, proof: str, now: datetime) -> DeliveryRow:
    row = _delivery(key) if _seal().proves(proof, "heard", key) else None
    if row is None or _is_over(row, now):
        raise NotAllowed(_("this link"), _("is not one of ours, or is over"), _("log in to see what it was about"))
    return row


def _delivery(key: str) -> DeliveryRow | None:
    dispatch, _dash, number = key.rpartition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        return None
    rows = DeliveryRow.objects.filter(dispatch_id=dispatch, number=int(number), dispatch__asks=True)
    return rows.exclude(state=DeliveryState.SUPERSEDED).select_related("dispatch").first()


def _is_over(row: DeliveryRow, now: datetime) -> bool:
    return now >= row.dispatch.put_at + VALID


def _seal() -> Seal:
    return Seal(settings.CONFIGURATION.home.contact_keys())
