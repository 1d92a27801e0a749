"""The clock: verifications that wait for somebody, and those whose deadline passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tocsin.loop.verify import facts, letters
from tocsin.loop.verify.duty import candidates_of
from tocsin.loop.verify.lifecycle import OPEN, VerificationState
from tocsin.loop.verify.models import Dossier, Verification
from tocsin.loop.verify.services.asking import ask_somebody, give, locked, take_back
from tocsin.loop.verify.services.dossiers import RULE, tell_duty
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.outbox import services as outbox
from tocsin.terms.moment import to_us

__all__ = ["note_overdue", "sweep"]

_AT_ONCE = 100  # waiting verifications that one sweep looks at


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
        verification = locked(verification_id)
        if verification.state != VerificationState.WAITING:
            return False
        row = Dossier.objects.select_for_update().get(event=verification.dossier_id)
        best = next(iter(candidates_of(row, now=now)), None)
        if best is None:
            late = verification.overdue_at is None and verification.due_at <= now
            return late and _overdue(verification, RULE, now)
        if verification.overdue_at is None:
            give(verification, row, best, RULE, now)
        else:  # each is late once: the next one begins anew
            take_back(verification, "asked_anew", RULE, now)
            ask_somebody(row, best, "", RULE, now)
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
        tell_duty("verification_overdue", row, letters.overdue(row, verification, second), actor, now, verification.id)
    return True


def _second(row: Dossier, late: Verification, actor: Actor, now: datetime) -> Verification | None:
    if late.state != VerificationState.ASKED or row.closed_at is not None:
        return None
    had = row.verifications.exclude(post="").values_list("post", flat=True)
    other = next(iter(candidates_of(row, now=now, without=had)), None)
    return None if other is None else ask_somebody(row, other, "", actor, now)
