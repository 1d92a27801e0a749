"""The only writer of verify. Each verb: guard, change, ledger entry, outbox fact, return; atomic; ``actor``, ``now``
keyword-only. Everything about an event is told in the ledger chain of that event."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.detect.queries import EventLine
from tocsin.loop.verify import facts, letters
from tocsin.loop.verify.choice import Candidate
from tocsin.loop.verify.duty import areas_of, candidates_of, on_duty_of
from tocsin.loop.verify.lifecycle import OPEN, Answer, Verdict, VerificationState, after_answer, may, merged
from tocsin.loop.verify.models import Dossier, DossierArea, Evidence, Verification
from tocsin.loop.verify.wanted import loud_rank, spec_of
from tocsin.records.blobs import Photo
from tocsin.records.dispatch.notify import LANGUAGES, tell_posts
from tocsin.records.ledger import services as ledger
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import PostLine
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.event import EventState
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

__all__ = [
    "KIND", "MOST_PHOTOS", "NOTE_AT_MOST", "RULE", "Position", "acknowledge", "answer", "arrive", "ask", "close",
    "note_change", "note_ended", "note_merged", "note_overdue", "open_dossier", "sweep", "withdraw",
]  # fmt: skip

KIND = "verification"  # of its tasks
RULE = service("rule:verify")
NOTE_AT_MOST, REASON_AT_MOST, MOST_PHOTOS = 2000, 500, 6
_AT_ONCE = 100  # waiting verifications that one sweep looks at
_LIVE = (EventState.OPEN, EventState.PROPOSED)


@dataclass(frozen=True, slots=True)
class Position:
    """Where an inspector said to be: degrees WGS 84, accuracy in metres."""

    lon: float
    lat: float
    accuracy_m: float | None = None


# ---------------------------------------------------------------- following detect
def open_dossier(event_id: str, *, level: int = 0, actor: Actor = RULE, now: datetime) -> None:
    """Something is happening, or is expected: open the file on it; repeating changes nothing. ``level``: of the fact, which
    may have passed already. From the pack's level on somebody is asked to look."""
    with transaction.atomic():
        _act_on(_follow(event_id, level, actor, now), actor, now)


def note_change(event_id: str, *, level: int = 0, actor: Actor = RULE, now: datetime) -> None:
    """The event changed. Above the acknowledged level it is unacknowledged again; above the refuted level, unverified."""
    open_dossier(event_id, level=level, actor=actor, now=now)


def note_ended(event_id: str, *, actor: Actor = RULE, now: datetime) -> None:
    """The event ended in detect. Whoever was asked to look still answers: what was there is worth knowing."""
    with transaction.atomic():
        _follow(event_id, 0, actor, now)


def note_merged(event_id: str, into: str, *, actor: Actor = RULE, now: datetime) -> None:
    """Two events are one: the file goes with the one that lives on, its open verifications too (or they are taken back where
    that one has its own), and what was confirmed stays confirmed."""
    with transaction.atomic():
        gone = _follow(event_id, 0, actor, now)
        if gone.merged_into == into:
            return
        lives = _living(into, actor, now)
        gone.merged_into = into
        gone.save(update_fields=["merged_into"])
        ledger.append(event_id, "dossier_merged", {"into": lives.event}, actor=actor.name, now=now)
        ledger.append(
            lives.event, "dossier_joined", {"event": event_id, "verdict": gone.verdict}, actor=actor.name, now=now
        )
        _relink(gone, lives, actor, now)
        _join_verdicts(gone, lives, actor, now)
        _act_on(lives, actor, now)


def _follow(event_id: str, fact_level: int, actor: Actor, now: datetime) -> Dossier:
    """The dossier of an event as detect has it now, made where there was none."""
    line = detect.events(EVERYWHERE, [event_id]).get(event_id)
    if line is None:
        raise UnknownName(
            _("event {id}").format(id=event_id), _("there is no such event"), _("open the list of events")
        )
    row = Dossier.objects.select_for_update().filter(event=event_id).first()
    row = _opened(line, actor, now) if row is None else _changed(row, line, actor, now)
    row.peak_level = max(row.peak_level, line.level, fact_level)
    row.save()
    touched = set(detect.areas([event_id])[event_id] or (line.jurisdiction,))
    known = set(row.areas.values_list("jurisdiction", flat=True))
    DossierArea.objects.bulk_create(DossierArea(dossier=row, jurisdiction=area) for area in sorted(touched - known))
    return row


def _opened(line: EventLine, actor: Actor, now: datetime) -> Dossier:
    row = Dossier(event=line.id, level=line.level, peak_level=line.level, opened_at=now, unacknowledged_since=now,
                  **_standing(line))  # fmt: skip
    row.ended_at = now if line.state is EventState.ENDED else None
    row.save(force_insert=True)
    body = {"hazard": line.hazard, "level": line.level, "state": line.state.value, "jurisdiction": line.jurisdiction}
    ledger.append(line.id, "dossier_opened", body, actor=actor.name, now=now)
    return row


def _changed(row: Dossier, line: EventLine, actor: Actor, now: datetime) -> Dossier:
    before, state = row.level, row.state
    for name, value in _standing(line).items():
        setattr(row, name, value)
    row.level = line.level
    if line.level != before:
        body = {"from": before, "to": line.level}
        ledger.append(row.event, "level_changed", body, actor=actor.name, now=now)
    if row.state != state:
        ledger.append(row.event, "state_changed", {"from": state, "to": row.state}, actor=actor.name, now=now)
    if line.state is EventState.ENDED and row.ended_at is None:
        row.ended_at = now
    if line.state in _LIVE and row.closed_at is None:
        _lapse(row, actor, now)
    return row


def _lapse(row: Dossier, actor: Actor, now: datetime) -> None:
    """What was acknowledged or refuted was a lower level than this."""
    if row.acknowledged_at is not None and row.level > row.acknowledged_level:
        body = {"level": row.level, "acknowledged_level": row.acknowledged_level}
        row.acknowledged_at, row.acknowledged_by, row.unacknowledged_since = None, "", now
        ledger.append(row.event, "acknowledgement_lapsed", body, actor=actor.name, now=now)
    if row.verdict == Verdict.REFUTED and row.level > row.refuted_level:
        row.verdict, row.verdict_at = Verdict.UNVERIFIED, now
        body = {"level": row.level, "refuted_level": row.refuted_level}
        ledger.append(row.event, "verdict_lapsed", body, actor=actor.name, now=now)


def _standing(line: EventLine) -> dict[str, Any]:
    lon, lat = (value if math.isfinite(value) else None for value in (line.lon, line.lat))
    return {"hazard": line.hazard, "jurisdiction": line.jurisdiction, "place": line.place, "lon": lon, "lat": lat,
            "state": line.state.value}  # fmt: skip


def _act_on(row: Dossier, actor: Actor, now: datetime) -> None:
    """What follows from how the event stands: tell the duty officers, send somebody, or have them hurry."""
    if row.state not in _LIVE or row.closed_at is not None:
        return
    if row.level >= loud_rank() and row.level > row.told_level:
        _tell_duty("event_rose" if row.told_level else "event_opened", row, letters.event_loud(row, rose=row.told_level > 0),
                   actor, now)  # fmt: skip
        row.told_level = row.level
        row.save(update_fields=["told_level"])
    asked = row.verifications.exclude(state=VerificationState.WITHDRAWN)
    if asked.filter(state__in=OPEN).exists():
        _hasten(row, actor, now)
    elif _wants_a_look(row) and not asked.filter(level__gte=row.level).exists():
        _ask(row, None, "", actor, now)


def _wants_a_look(row: Dossier) -> bool:
    """Whether the pack asks by itself. Of what is only expected, nobody saw anything: there a duty officer decides."""
    from_rank = spec_of(row.hazard).automatic_from
    observed = row.state == EventState.OPEN and row.verdict == Verdict.UNVERIFIED
    return observed and from_rank is not None and row.level >= from_rank


def _relink(gone: Dossier, lives: Dossier, actor: Actor, now: datetime) -> None:
    taken = lives.verifications.filter(state__in=OPEN).exists() or lives.verdict == Verdict.CONFIRMED or lives.closed_at
    for verification in gone.verifications.filter(state__in=OPEN).order_by("asked_at", "id"):
        if taken:
            _withdraw(verification, "event_merged", actor, now)
        else:
            verification.dossier = lives
            verification.save(update_fields=["dossier"])
            body = {"verification": verification.id, "from": gone.event}
            ledger.append(lives.event, "verification_moved", body, actor=actor.name, now=now)


def _join_verdicts(gone: Dossier, lives: Dossier, actor: Actor, now: datetime) -> None:
    if lives.closed_at is not None:
        return
    after = merged(Verdict(gone.verdict), Verdict(lives.verdict))
    if after == lives.verdict:
        return
    lives.verdict, lives.verdict_at = after, now
    lives.save(update_fields=["verdict", "verdict_at"])
    if after is Verdict.CONFIRMED:
        _tell_verdict(lives, after, "", actor, now)
    else:
        ledger.append(lives.event, "verdict_lapsed", {"joined": gone.event}, actor=actor.name, now=now)


# ---------------------------------------------------------------- people act
def acknowledge(event_id: str, *, actor: Actor, now: datetime) -> None:
    """A duty officer takes it in hand at the level it has now; repeating changes nothing. Raises UnknownName outside the
    actor's area, NotAllowed, Stale for a closed file."""
    actor.require(Act.ACKNOWLEDGE_EVENT)
    with transaction.atomic():
        row = _seen(event_id, actor, now)
        if row.closed_at is not None:
            raise _closed(row)
        if row.acknowledged_at is not None and row.acknowledged_level >= row.level:
            return
        row.acknowledged_at, row.acknowledged_by, row.acknowledged_level = now, actor.name, row.level
        row.first_acknowledged_at = row.first_acknowledged_at or now
        row.save()
        ledger.append(row.event, "event_acknowledged", {"level": row.level}, actor=actor.name, now=now)
        outbox.put([facts.EventAcknowledged(*_of_event(row, now), actor.post)], now=now)


def ask(event_id: str, *, post: str = "", once: str = "", actor: Actor, now: datetime) -> str:
    """Ask an inspector on duty to go and look: the nearest by duty post who has the skills, or ``post`` where the duty
    officer chose one. The id of the verification; with nobody on duty it waits for whoever comes next and the duty officers
    are told. A repeat with the same ``once`` gives the same id.

    Raises UnknownName outside the actor's area, NotAllowed, Stale for a closed file, BadValue for a post that cannot be asked.
    """
    actor.require(Act.ASK_VERIFICATION)
    with transaction.atomic():
        if once and (again := Verification.objects.filter(once=once).first()) is not None:
            return again.id
        row = _seen(event_id, actor, now)
        if row.closed_at is not None:
            raise _closed(row)
        return _ask(row, _chosen(row, post, now) if post else None, once, actor, now).id


def withdraw(verification_id: str, *, actor: Actor, now: datetime) -> None:
    """Take a verification back. Raises UnknownName, NotAllowed, Stale when it is over already."""
    actor.require(Act.ASK_VERIFICATION)
    with transaction.atomic():
        verification = _verification(verification_id)
        _seen(verification.dossier_id, actor, now)
        if verification.state not in OPEN:
            raise _over(verification)
        _withdraw(verification, "asked_back", actor, now)


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
        verification = _own(verification_id, actor)
        if verification.arrived_at is not None:
            return
        if verification.state != VerificationState.ASKED:
            raise _over(verification)
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
        verification = _own(verification_id, actor)
        if once and verification.answer_once == once:
            return verification.state
        after = (
            VerificationState.KEPT if verification.state == VerificationState.WITHDRAWN else VerificationState.ANSWERED
        )
        if not may(VerificationState(verification.state), after):
            raise _over(verification)
        _write_answer(
            verification, said, note, photos, position, once, _plausible(made_at, verification, now), actor, now
        )
        _move(verification, after)
        verification.save()
        if after is VerificationState.ANSWERED:
            _conclude(verification, said, actor, now)
    return verification.state


def close(event_id: str, reason: str, *, actor: Actor, now: datetime) -> None:
    """Close the file; called by review, which asks every earlier room first. Raises UnknownName, NotAllowed,
    BadValue, Stale."""
    actor.require(Act.CLOSE_EVENT)
    if not reason.strip() or len(reason) > REASON_AT_MOST:
        raise BadValue(_("reason"), _("write why the event is closed, in at most {n} characters").format(n=REASON_AT_MOST),
                       _("write it and close again"))  # fmt: skip
    with transaction.atomic():
        row = _seen(event_id, actor, now)
        if row.closed_at is not None:
            raise _closed(row)
        for verification in row.verifications.filter(state__in=OPEN).order_by("asked_at", "id"):
            _withdraw(verification, "event_closed", actor, now)
        row.closed_at, row.closed_by, row.closed_because = now, actor.name, reason
        row.save(update_fields=["closed_at", "closed_by", "closed_because"])
        body = {"verdict": row.verdict, "peak_level": row.peak_level, "reason_length": len(reason),
                "reason_sha256": hashlib.sha256(reason.encode()).hexdigest()}  # fmt: skip
        ledger.append(row.event, "event_closed", body, actor=actor.name, now=now)
        outbox.put([facts.EventClosed(*_of_event(row, now), row.verdict)], now=now)


# ---------------------------------------------------------------- the clock
def note_overdue(task_ids: Sequence[str], *, actor: Actor = RULE, now: datetime) -> int:
    """Deadlines of verifications passed: each is marked and told of once, and a second inspector is asked where another one
    is on duty. How many were new."""
    with transaction.atomic():
        late = Verification.objects.select_for_update().filter(task__in=list(task_ids), overdue_at=None)
        return sum(_overdue(verification, actor, now) for verification in late.order_by("due_at", "id"))


def sweep(*, now: datetime) -> int:
    """Verifications that wait for somebody to come on duty: give them out, and tell once of those whose deadline passed.
    Idempotent; how many moved. Looks without a lock, since nearly always there is nothing to do."""
    waiting = Verification.objects.filter(state=VerificationState.WAITING).select_related("dossier")
    return sum(
        _attend(one.id, now)
        for one in waiting.order_by("-level", "asked_at", "id")[:_AT_ONCE]
        if (one.overdue_at is None and one.due_at <= now) or candidates_of(one.dossier, now=now)
    )


def _attend(verification_id: str, now: datetime) -> bool:
    """Whether one that waits moved."""
    with transaction.atomic():
        verification = _verification(verification_id)
        if verification.state != VerificationState.WAITING:
            return False
        row = Dossier.objects.select_for_update().get(event=verification.dossier_id)
        best = next(iter(candidates_of(row, now=now)), None)
        if best is None:
            late = verification.overdue_at is None and verification.due_at <= now
            return late and _overdue(verification, RULE, now)
        if verification.overdue_at is None:
            _give(verification, row, best, RULE, now)
        else:  # each is late once: the next one begins anew
            _withdraw(verification, "asked_anew", RULE, now)
            _ask(row, best, "", RULE, now)
        return True


def _overdue(verification: Verification, actor: Actor, now: datetime) -> bool:
    """Whether the crossing was new. An answer that came in between is told as late by itself."""
    verification.overdue_at = now
    verification.save(update_fields=["overdue_at"])
    row = Dossier.objects.select_for_update().get(event=verification.dossier_id)
    body = {"verification": verification.id, "post": verification.post, "due_us": to_us(verification.due_at)}
    ledger.append(row.event, "verification_overdue", body, actor=actor.name, now=now)
    outbox.put([facts.VerificationOverdue(verification.id, row.event, verification.post, verification.level,
                                          to_us(verification.due_at))], now=now)  # fmt: skip
    if verification.state in OPEN:
        second = _second(row, verification, actor, now)
        _tell_duty("verification_overdue", row, letters.overdue(row, verification, second), actor, now, verification.id)
    return True


def _second(row: Dossier, late: Verification, actor: Actor, now: datetime) -> Verification | None:
    if late.state != VerificationState.ASKED or row.closed_at is not None:
        return None
    had = row.verifications.exclude(post="").values_list("post", flat=True)
    other = next(iter(candidates_of(row, now=now, without=had)), None)
    return None if other is None else _ask(row, other, "", actor, now)


# ---------------------------------------------------------------- asking
def _ask(row: Dossier, candidate: Candidate | None, once: str, actor: Actor, now: datetime) -> Verification:
    spec = spec_of(row.hazard)
    best = candidate or next(iter(candidates_of(row, now=now)), None)
    waits = row.verifications.filter(state=VerificationState.WAITING).first()
    if waits is not None and waits.overdue_at is None:
        if best is not None:
            _give(waits, row, best, actor, now)
        return waits
    verification = Verification(
        id=uuid7_id("vrf", to_us(now) // 1000, secrets.randbits(74)), dossier=row, asked_about=row.event, once=once or None,
        state=VerificationState.WAITING, level=row.level, checks=[dict(words) for words in spec.checks],
        skills=list(spec.skills), minutes_source=spec.source[:300], minutes_verified=spec.verified, asked_at=now,
        asked_by=actor.name, due_at=now + timedelta(minutes=spec.minutes_at(row.level)),
    )  # fmt: skip
    verification.save(force_insert=True)
    if best is not None:
        _give(verification, row, best, actor, now)
        return verification
    due_us = to_us(verification.due_at)
    body = {"verification": verification.id, "level": row.level, "due_us": due_us, "skills": list(spec.skills)}
    ledger.append(row.event, "verification_waiting", body, actor=actor.name, now=now)
    outbox.put([facts.VerificationWaiting(verification.id, row.event, "", row.level, to_us(now), due_us)], now=now)
    _tell_duty("verification_waiting", row, letters.waiting(row, verification), actor, now, verification.id)
    return verification


def _give(verification: Verification, row: Dossier, candidate: Candidate, actor: Actor, now: datetime) -> None:
    """Give it to a post. One that waited gets its whole time from now on: nobody is late with what they did not have."""
    verification.due_at = now + (verification.due_at - verification.asked_at)
    verification.post, verification.distance_km = candidate.post.id, candidate.distance_km
    _move(verification, VerificationState.ASKED)
    verification.task = _task(verification, row, candidate.post, actor, now)
    verification.save()
    due_us, km = to_us(verification.due_at), candidate.distance_km
    body = {"verification": verification.id, "task": verification.task, "post": verification.post, "level": row.level,
            "due_us": due_us, "distance_m": None if km is None else round(km * 1000)}  # fmt: skip
    ledger.append(row.event, "verification_asked", body, actor=actor.name, now=now)
    outbox.put(
        [facts.VerificationAsked(verification.id, row.event, verification.post, row.level, to_us(now), due_us)], now=now
    )
    _tell_inspector(
        "verification_asked", candidate.post, row, verification, letters.asked(row, verification), actor, now
    )


def _task(verification: Verification, row: Dossier, post: PostLine, actor: Actor, now: datetime) -> str:
    """The task, in an area that both the event touches and the post covers, so that the post sees it."""
    covered = (area for area in areas_of(row) if Scope(post.jurisdiction, post.role).covers(area))
    titles = {}
    for language in LANGUAGES:
        with translation.override(language):
            titles[language] = _("Verify: {what}").format(what=letters.title(row, language))
    order = tasks.Order(
        KIND, titles, verification.id, row.event, next(covered, row.jurisdiction), post.id, verification.due_at,
        row.place, row.lon, row.lat, row.level, {"verification": verification.id},
    )  # fmt: skip
    return tasks.give(order, actor=actor, now=now)


def _hasten(row: Dossier, actor: Actor, now: datetime) -> None:
    """The event rose while somebody is on the way: the time of the higher level counts from now on where it ends sooner."""
    due = now + timedelta(minutes=spec_of(row.hazard).minutes_at(row.level))
    late = row.verifications.filter(state__in=OPEN, level__lt=row.level, overdue_at=None, due_at__gt=due)
    for verification in late.order_by("asked_at", "id"):
        verification.level, verification.due_at = row.level, due
        if verification.state == VerificationState.ASKED:
            post = org.post(verification.post)
            tasks.withdraw(verification.task, "sooner", actor=actor, now=now)
            verification.task = _task(verification, row, post, actor, now)
            _tell_inspector(
                "verification_hastened", post, row, verification, letters.hastened(row, verification), actor, now
            )
        verification.save()
        body = {"verification": verification.id, "task": verification.task, "level": row.level, "due_us": to_us(due)}
        ledger.append(row.event, "verification_hastened", body, actor=actor.name, now=now)


def _chosen(row: Dossier, post: str, now: datetime) -> Candidate:
    for candidate in candidates_of(row, now=now, skilled=False):
        if candidate.post.id == post:
            return candidate
    raise BadValue(_("post {id}").format(id=post), _("is not on duty for this area, or is asked about this event already"),
                   _("choose one of the list"))  # fmt: skip


def _withdraw(verification: Verification, because: str, actor: Actor, now: datetime) -> None:
    had_post = verification.state == VerificationState.ASKED
    _move(verification, VerificationState.WITHDRAWN)
    verification.withdrawn_because = because
    verification.save(update_fields=["state", "withdrawn_because"])
    body = {"verification": verification.id, "post": verification.post, "because": because}
    row = verification.dossier
    ledger.append(row.event, "verification_withdrawn", body, actor=actor.name, now=now)
    if had_post:
        tasks.withdraw(verification.task, because, actor=actor, now=now)
        post = org.post(verification.post)
        _tell_inspector("verification_withdrawn", post, row, verification, letters.withdrawn(row), actor, now)


# ---------------------------------------------------------------- answering
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
        _tell_verdict(row, after, verification.id, actor, now)
    if said is not Answer.CANNOT_TELL:
        for other in row.verifications.filter(state__in=OPEN).order_by("asked_at", "id"):
            _withdraw(other, "answered_by_another", actor, now)
    _tell_duty("verification_answered", row, letters.answered(row, verification), actor, now, verification.id)


def _tell_verdict(row: Dossier, verdict: Verdict, verification: str, actor: Actor, now: datetime) -> None:
    kind = facts.EventConfirmed if verdict is Verdict.CONFIRMED else facts.EventRefuted
    body = {"level": row.level, "verification": verification}
    ledger.append(row.event, f"event_{verdict.value}", body, actor=actor.name, now=now)
    outbox.put([kind(*_of_event(row, now), verification)], now=now)


def _plausible(made_at: datetime | None, verification: Verification, now: datetime) -> datetime | None:
    """What the phone says of when, where it can be true; a phone's clock may be off."""
    return made_at if made_at is not None and verification.asked_at <= made_at <= now else None


def _require_on_earth(position: Position) -> None:
    accuracy = 0.0 if position.accuracy_m is None else position.accuracy_m
    if not (-180 <= position.lon <= 180 and -90 <= position.lat <= 90 and 0 <= accuracy < 1e7):
        raise BadValue(_("position"), _("is not on Earth"), _("leave it out, or use your location again"))


# ---------------------------------------------------------------- rows, refusals, telling
def _seen(event_id: str, actor: Actor, now: datetime) -> Dossier:
    """The living dossier that the actor's area touches."""
    row = _living(event_id, actor, now)
    if not any(actor.scope.covers(area) for area in areas_of(row)):
        raise _unknown(event_id)
    return row


def _living(event_id: str, actor: Actor, now: datetime) -> Dossier:
    """The dossier of an event, or of the one that it was merged into, locked; opened where the fact has not come yet."""
    for _step in range(100):
        row = Dossier.objects.select_for_update().filter(event=event_id).first() or _follow(event_id, 0, RULE, now)
        line = detect.events(EVERYWHERE, [event_id]).get(event_id)
        onward = row.merged_into or (line.merged_into if line is not None else None)
        if not onward:
            return row
        event_id = onward
    raise _unknown(event_id)


def _verification(verification_id: str) -> Verification:
    row = Verification.objects.select_for_update().filter(id=verification_id).first()
    if row is None:
        raise UnknownName(_("verification"), _("there is no such verification"), _("open the list of your tasks"))
    return row


def _own(verification_id: str, actor: Actor) -> Verification:
    verification = _verification(verification_id)
    if not actor.post or verification.post != actor.post:
        raise NotAllowed(_("verification"), _("it was given to another post"), _("open the list of your tasks"))
    return verification


def _move(verification: Verification, after: VerificationState) -> None:
    if not may(VerificationState(verification.state), after):
        raise _over(verification)
    verification.state = after


def _over(verification: Verification) -> Stale:
    words = {
        VerificationState.ANSWERED: _("it is answered already"),
        VerificationState.KEPT: _("it is answered already"),
        VerificationState.WITHDRAWN: _("it was taken back"),
        VerificationState.WAITING: _("nobody has it yet"),
    }
    rule = words.get(VerificationState(verification.state), _("it is with an inspector"))
    return Stale(_("verification"), rule, _("load the page again to see what came of it"))


def _closed(row: Dossier) -> Stale:
    return Stale(_("event {id}").format(id=row.event), _("its file is closed"), _("open its page to read why"))


def _unknown(event_id: str) -> UnknownName:
    thing, rule = _("event {id}").format(id=event_id), _("there is no such event in your area")
    return UnknownName(thing, rule, _("open the list of events"))


def _of_event(row: Dossier, now: datetime) -> tuple[str, str, int, str, int]:
    return row.event, row.hazard, row.level, row.jurisdiction, to_us(now)


def _tell_duty(kind: str, row: Dossier, write: letters.Write, actor: Actor, now: datetime, about: str = "") -> None:
    posts = on_duty_of(row, Role.DUTY_OFFICER, now=now)
    tell_posts(kind, posts, write, about=about or row.event, event=row.event, level=row.level,
               link=letters.event_page(row.event), actor=actor, now=now)  # fmt: skip


def _tell_inspector(
    kind: str,
    post: PostLine,
    row: Dossier,
    verification: Verification,
    write: letters.Write,
    actor: Actor,
    now: datetime,
) -> None:
    tell_posts(kind, [post], write, about=verification.id, event=row.event, level=row.level,
               link=letters.task_page(verification.id), actor=actor, now=now)  # fmt: skip
