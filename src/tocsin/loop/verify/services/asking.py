"""One verification: given to somebody, hastened, taken back; its row, and what it refuses."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.loop.verify import facts, letters
from tocsin.loop.verify.choice import Candidate
from tocsin.loop.verify.duty import areas_of, candidates_of
from tocsin.loop.verify.invented import is_exercise
from tocsin.loop.verify.lifecycle import OPEN, VerificationState, may
from tocsin.loop.verify.models import Dossier, Verification
from tocsin.loop.verify.services.dossiers import tell_duty
from tocsin.loop.verify.wanted import spec_of
from tocsin.records.dispatch.notify import LANGUAGES, tell_posts
from tocsin.records.ledger import services as ledger
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.scope import Scope
from tocsin.records.org.services import PostLine
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import NotAllowed, Stale, UnknownName
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

__all__ = ["KIND", "ask_somebody", "give", "hasten", "over_already", "locked", "move", "own", "take_back"]

KIND = "verification"  # of its tasks


def ask_somebody(row: Dossier, candidate: Candidate | None, once: str, actor: Actor, now: datetime) -> Verification:
    """Ask the candidate, or the nearest; with nobody it waits, and the duty officers are told."""
    spec = spec_of(row.hazard)
    best = candidate or next(iter(candidates_of(row, now=now)), None)
    waits = row.verifications.filter(state=VerificationState.WAITING).first()
    if waits is not None and waits.overdue_at is None:
        if best is not None:
            give(waits, row, best, actor, now)
        return waits
    verification = Verification(
        id=uuid7_id("vrf", to_us(now) // 1000, secrets.randbits(74)), dossier=row, asked_about=row.event, once=once or None,
        state=VerificationState.WAITING, level=row.level, checks=[dict(words) for words in spec.checks],
        skills=list(spec.skills), minutes_source=spec.source[:300], minutes_verified=spec.verified, asked_at=now,
        asked_by=actor.name, due_at=now + timedelta(minutes=spec.minutes_at(row.level)),
    )  # fmt: skip
    verification.save(force_insert=True)
    if best is not None:
        give(verification, row, best, actor, now)
        return verification
    due_us = to_us(verification.due_at)
    body = {"verification": verification.id, "level": row.level, "due_us": due_us, "skills": list(spec.skills)}
    ledger.append(row.event, "verification_waiting", body, actor=actor.name, now=now)
    outbox.put([facts.VerificationWaiting(verification.id, row.event, "", row.level, to_us(now), due_us)], now=now)
    tell_duty("verification_waiting", row, letters.waiting(row, verification), actor, now, verification.id)
    return verification


def give(verification: Verification, row: Dossier, candidate: Candidate, actor: Actor, now: datetime) -> None:
    """Give it to a post. One that waited gets its whole time from now on: nobody is late with what they did not have."""
    verification.due_at = now + (verification.due_at - verification.asked_at)
    verification.post, verification.distance_km = candidate.post.id, candidate.distance_km
    move(verification, VerificationState.ASKED)
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


def hasten(row: Dossier, actor: Actor, now: datetime) -> None:
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


def take_back(verification: Verification, because: str, actor: Actor, now: datetime) -> None:
    """Take a verification back, its task too."""
    had_post = verification.state == VerificationState.ASKED
    move(verification, VerificationState.WITHDRAWN)
    verification.withdrawn_because = because
    verification.save(update_fields=["state", "withdrawn_because"])
    body = {"verification": verification.id, "post": verification.post, "because": because}
    row = verification.dossier
    ledger.append(row.event, "verification_withdrawn", body, actor=actor.name, now=now)
    if had_post:
        tasks.withdraw(verification.task, because, actor=actor, now=now)
        post = org.post(verification.post)
        _tell_inspector("verification_withdrawn", post, row, verification, letters.withdrawn(row), actor, now)


def _tell_inspector(
    kind: str,
    post: PostLine,
    row: Dossier,
    verification: Verification,
    write: letters.Write,
    actor: Actor,
    now: datetime,
) -> None:
    tell_posts(kind, [post], write, about=verification.id, event=row.event, level=row.level, exercise=is_exercise(row.event),
               link=letters.task_page(verification.id), actor=actor, now=now)  # fmt: skip


def locked(verification_id: str) -> Verification:
    """The row, held until the transaction ends. Raises UnknownName."""
    row = Verification.objects.select_for_update().filter(id=verification_id).first()
    if row is None:
        raise UnknownName(_("verification"), _("there is no such verification"), _("open the list of your tasks"))
    return row


def own(verification_id: str, actor: Actor) -> Verification:
    """The row, where it was given to the actor's post. Raises UnknownName, NotAllowed."""
    verification = locked(verification_id)
    if not actor.post or verification.post != actor.post:
        raise NotAllowed(_("verification"), _("it was given to another post"), _("open the list of your tasks"))
    return verification


def move(verification: Verification, after: VerificationState) -> None:
    """Change its state where the lifecycle allows it. Raises Stale."""
    if not may(VerificationState(verification.state), after):
        raise over_already(verification)
    verification.state = after


def over_already(verification: Verification) -> Stale:
    """The refusal of a verification that is no longer open."""
    words = {
        VerificationState.ANSWERED: _("it is answered already"),
        VerificationState.KEPT: _("it is answered already"),
        VerificationState.WITHDRAWN: _("it was taken back"),
        VerificationState.WAITING: _("nobody has it yet"),
    }
    rule = words.get(VerificationState(verification.state), _("it is with an inspector"))
    return Stale(_("verification"), rule, _("load the page again to see what came of it"))
