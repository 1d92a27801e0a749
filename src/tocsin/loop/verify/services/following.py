"""Following detect: what is found is filed, and from the pack's level on somebody is asked to look."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tocsin.loop.verify import letters
from tocsin.loop.verify.lifecycle import OPEN, Verdict, VerificationState, merged
from tocsin.loop.verify.models import Dossier
from tocsin.loop.verify.services.asking import ask_somebody, hasten, take_back
from tocsin.loop.verify.services.dossiers import LIVE, RULE, follow, living, tell_duty, tell_verdict
from tocsin.loop.verify.wanted import loud_rank, spec_of
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.terms.event import EventState

__all__ = ["note_change", "note_ended", "note_merged", "open_dossier"]


def open_dossier(event_id: str, *, level: int = 0, actor: Actor = RULE, now: datetime) -> None:
    """Something is happening, or is expected: open the file on it; repeating changes nothing. ``level``: of the fact, which
    may have passed already. From the pack's level on somebody is asked to look."""
    with transaction.atomic():
        _act_on(follow(event_id, level, actor, now), actor, now)


def note_change(event_id: str, *, level: int = 0, actor: Actor = RULE, now: datetime) -> None:
    """The event changed. Above the acknowledged level it is unacknowledged again; above the refuted level, unverified."""
    open_dossier(event_id, level=level, actor=actor, now=now)


def note_ended(event_id: str, *, actor: Actor = RULE, now: datetime) -> None:
    """The event ended in detect. Whoever was asked to look still answers: what was there is worth knowing."""
    with transaction.atomic():
        follow(event_id, 0, actor, now)


def note_merged(event_id: str, into: str, *, actor: Actor = RULE, now: datetime) -> None:
    """Two events are one: the file goes with the one that lives on, its open verifications too (or they are taken back where
    that one has its own), and what was confirmed stays confirmed."""
    with transaction.atomic():
        gone = follow(event_id, 0, actor, now)
        if gone.merged_into == into:
            return
        lives = living(into, actor, now)
        gone.merged_into = into
        gone.save(update_fields=["merged_into"])
        ledger.append(event_id, "dossier_merged", {"into": lives.event}, actor=actor.name, now=now)
        ledger.append(
            lives.event, "dossier_joined", {"event": event_id, "verdict": gone.verdict}, actor=actor.name, now=now
        )
        _relink(gone, lives, actor, now)
        _join_verdicts(gone, lives, actor, now)
        _act_on(lives, actor, now)


def _act_on(row: Dossier, actor: Actor, now: datetime) -> None:
    """What follows from how the event stands: tell the duty officers, send somebody, or have them hurry."""
    if row.state not in LIVE or row.closed_at is not None:
        return
    if row.level >= loud_rank() and row.level > row.told_level:
        tell_duty("event_rose" if row.told_level else "event_opened", row, letters.event_loud(row, rose=row.told_level > 0),
                   actor, now)  # fmt: skip
        row.told_level = row.level
        row.save(update_fields=["told_level"])
    asked = row.verifications.exclude(state=VerificationState.WITHDRAWN)
    if asked.filter(state__in=OPEN).exists():
        hasten(row, actor, now)
    elif _wants_a_look(row) and not asked.filter(level__gte=row.level).exists():
        ask_somebody(row, None, "", actor, now)


def _wants_a_look(row: Dossier) -> bool:
    """Whether the pack asks by itself. Of what is only expected, nobody saw anything: there a duty officer decides."""
    from_rank = spec_of(row.hazard).automatic_from
    observed = row.state == EventState.OPEN and row.verdict == Verdict.UNVERIFIED
    return observed and from_rank is not None and row.level >= from_rank


def _relink(gone: Dossier, lives: Dossier, actor: Actor, now: datetime) -> None:
    taken = lives.verifications.filter(state__in=OPEN).exists() or lives.verdict == Verdict.CONFIRMED or lives.closed_at
    for verification in gone.verifications.filter(state__in=OPEN).order_by("asked_at", "id"):
        if taken:
            take_back(verification, "event_merged", actor, now)
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
        tell_verdict(lives, after, "", actor, now)
    else:
        ledger.append(lives.event, "verdict_lapsed", {"joined": gone.event}, actor=actor.name, now=now)
