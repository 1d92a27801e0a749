"""What an inspector does: arrives, answers; and what follows from the answer."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.verify import facts, letters
from tocsin.loop.verify.lifecycle import OPEN, Answer, Verdict, VerificationState, after_answer, may
from tocsin.loop.verify.models import Dossier, Evidence, Verification
from tocsin.loop.verify.services.asking import move, over_already, own, take_back
from tocsin.loop.verify.services.dossiers import tell_duty, tell_verdict
from tocsin.records.blobs import Photo
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue
from tocsin.terms.moment import to_us

__all__ = ["MOST_PHOTOS", "NOTE_AT_MOST", "Position", "answer", "arrive"]

NOTE_AT_MOST, MOST_PHOTOS = 2000, 6


@dataclass(frozen=True, slots=True)
class Position:
    """Where an inspector said to be: degrees WGS 84, accuracy in metres."""

    lon: float
    lat: float
    accuracy_m: float | None = None


def arrive(
    verification_id: str,
    *,
    position: Position | None = None,
    made_at: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """The inspector is there; the receipt of the task. Only a position that was given is kept. Repeating changes nothing.
    Raises UnknownName, NotAllowed, Stale when it is over already."""
    actor.require(Act.ANSWER_VERIFICATION)
    with transaction.atomic():
        verification = own(verification_id, actor)
        if verification.arrived_at is not None:
            return
        if verification.state != VerificationState.ASKED:
            raise over_already(verification)
        _arrived(verification, position, _plausible(made_at, verification, now) or now, actor, now)
        verification.save()
        tasks.acknowledge(verification.task, actor=actor, now=now)


def answer(
    verification_id: str, verdict: str, note: str = "", photos: Sequence[Photo] = (), *, position: Position | None = None,
    once: str = "", made_at: datetime | None = None, actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """What the inspector found: confirmed, refuted or cannot_tell, with a note and photographs. The state of the verification:
    ``answered``, or ``kept`` where the task had been taken back and the answer is kept beside. A repeat with the same
    ``once`` changes nothing. ``made_at``: when it was written where there was no network.

    Raises UnknownName, NotAllowed for another post's task, BadValue, Stale where another answer is there already.
    """
    actor.require(Act.ANSWER_VERIFICATION)
    said = _said(verdict, note, photos)
    with transaction.atomic():
        verification = own(verification_id, actor)
        if once and verification.answer_once == once:
            return verification.state
        after = (
            VerificationState.KEPT if verification.state == VerificationState.WITHDRAWN else VerificationState.ANSWERED
        )
        if not may(VerificationState(verification.state), after):
            raise over_already(verification)
        _write_answer(
            verification, said, note, photos, position, once, _plausible(made_at, verification, now), actor, now
        )
        move(verification, after)
        verification.save()
        if after is VerificationState.ANSWERED:
            _conclude(verification, said, actor, now)
    return verification.state


def _said(verdict: str, note: str, photos: Sequence[Photo]) -> Answer:
    if verdict not in set(Answer):
        raise BadValue(_("answer"), _("choose one of the three answers"), _("choose it and send again"))
    if len(note) > NOTE_AT_MOST:
        raise BadValue(_("note"), _("has more than {n} characters").format(n=NOTE_AT_MOST), _("make it shorter"))
    if len(photos) > MOST_PHOTOS:
        raise BadValue(_("photographs"), _("are more than {n}").format(n=MOST_PHOTOS), _("choose fewer"))
    return Answer(verdict)


def _write_answer(
    verification: Verification, said: Answer, note: str, photos: Sequence[Photo], position: Position | None, once: str,
    made_at: datetime | None, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    if verification.arrived_at is None and position is not None:
        _arrived(verification, position, made_at or now, actor, now)
    verification.answer, verification.answer_once, verification.note = said, once or None, note
    verification.answered_at, verification.answered_by, verification.made_at = now, actor.name, made_at
    verification.salt = secrets.token_hex(16)
    at = position or Position(math.nan, math.nan)
    lon, lat = (value if math.isfinite(value) else None for value in (at.lon, at.lat))
    Evidence.objects.bulk_create(
        Evidence(verification=verification, number=n, digest=photo.digest, thumbnail=photo.thumbnail, width=photo.width,
                 height=photo.height, size_bytes=photo.size_bytes, lon=lon, lat=lat, accuracy_m=at.accuracy_m, added_at=now)
        for n, photo in enumerate(photos, 1)
    )  # fmt: skip
    body = {"verification": verification.id, "post": verification.post, "answer": said.value, "note_length": len(note),
            "note_sha256": hashlib.sha256(f"{verification.salt}{note}".encode()).hexdigest(),
            "photographs": [photo.digest for photo in photos], "late": now > verification.due_at,
            "made_us": to_us(made_at) if made_at else None}  # fmt: skip
    kept = verification.state == VerificationState.WITHDRAWN
    verb = "answer_kept" if kept else "verification_answered"
    ledger.append(verification.dossier_id, verb, body, actor=actor.name, now=now)


def _arrived(verification: Verification, position: Position | None, at: datetime, actor: Actor, now: datetime) -> None:
    """Where the inspector is stays out of the ledger, which nobody can purge."""
    verification.arrived_at = at
    if position is not None:
        _require_on_earth(position)
        verification.arrived_lon, verification.arrived_lat = position.lon, position.lat
        verification.arrived_accuracy_m = position.accuracy_m
    body = {"verification": verification.id, "at_us": to_us(at), "position": position is not None}
    ledger.append(verification.dossier_id, "inspector_arrived", body, actor=actor.name, now=now)


def _conclude(verification: Verification, said: Answer, actor: Actor, now: datetime) -> None:
    row = Dossier.objects.select_for_update().get(event=verification.dossier_id)
    outcome = {"answer": said.value, "photographs": verification.evidence.count()}
    tasks.finish(verification.task, outcome, actor=actor, now=now)
    outbox.put([facts.VerificationAnswered(verification.id, row.event, verification.post, row.level, to_us(now), said.value)],
               now=now)  # fmt: skip
    after = after_answer(Verdict(row.verdict), said)
    if after != row.verdict:
        row.verdict, row.verdict_at = after, now
        row.refuted_level = max(row.level, verification.level) if after is Verdict.REFUTED else row.refuted_level
        row.save(update_fields=["verdict", "verdict_at", "refuted_level"])
        tell_verdict(row, after, verification.id, actor, now)
    if said is not Answer.CANNOT_TELL:
        for other in row.verifications.filter(state__in=OPEN).order_by("asked_at", "id"):
            take_back(other, "answered_by_another", actor, now)
    tell_duty("verification_answered", row, letters.answered(row, verification), actor, now, verification.id)


def _plausible(made_at: datetime | None, verification: Verification, now: datetime) -> datetime | None:
    """What the phone says of when, where it can be true; a phone's clock may be off."""
    return made_at if made_at is not None and verification.asked_at <= made_at <= now else None


def _require_on_earth(position: Position) -> None:
    accuracy = 0.0 if position.accuracy_m is None else position.accuracy_m
    if not (-180 <= position.lon <= 180 and -90 <= position.lat <= 90 and 0 <= accuracy < 1e7):
        raise BadValue(_("position"), _("is not on Earth"), _("leave it out, or use your location again"))
