"""The rows of a call-out: read for writing, moved, and told of on the ledger and in the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tocsin.records.callout import facts
from tocsin.records.callout.lifecycle import AreaState, Rung, may_become
from tocsin.records.callout.models import CalledRow, CallOutRow
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["area_of", "log", "move_area", "note_reached", "of_area", "see_deadlines", "told_of"]


def area_of(area_id: int) -> CalledRow:
    """The row of an area, held until the transaction ends. Raises UnknownName."""
    row = CalledRow.objects.select_for_update(of=("self",)).select_related("callout").filter(pk=area_id).first()
    if row is None:
        raise UnknownName(_("call-out"), _("there is no such area in it"), _("open the list of call-outs"))
    return row


def told_of(callout: CallOutRow, at: datetime) -> dict[str, Any]:
    """What every fact about a call-out says."""
    return {"callout": callout.id, "cause": callout.cause, "level": callout.level, "exercise": callout.exercise,
            "at_us": to_us(at)}  # fmt: skip


def of_area(row: CalledRow, at: datetime) -> dict[str, Any]:
    """What every fact about an area says."""
    return told_of(row.callout, at) | {"jurisdiction": row.jurisdiction}


def log(callout: CallOutRow, verb: str, body: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """An entry in the chain of what the call-out tells of."""
    ledger.append(
        callout.chain, verb, {"callout": callout.id, "cause": callout.cause, **body}, actor=actor.name, now=now
    )


def move_area(row: CalledRow, after: AreaState) -> None:
    """Change its state where the lifecycle allows it. Raises Stale."""
    if not may_become(AreaState(row.state), after):
        over = _("it was reached already") if row.state == AreaState.REACHED else _("it is over")
        raise Stale(_("call-out of {area}").format(area=row.jurisdiction), over, _("load the page again"))
    row.state, row.next_at = after.value, None


def see_deadlines(row: CalledRow, until: datetime, now: datetime) -> list[object]:
    """Marks the moments up to ``until`` that passed with nobody reached; a fact for each, once. The caller saves the row."""
    seen: list[object] = []
    if row.late_at is None and row.late_due_at <= until:
        row.late_at = now
        seen.append(facts.AreaLate(**of_area(row, row.late_due_at)))
    if row.not_reached_at is None and row.not_reached_due_at <= until:
        row.not_reached_at = now
        seen.append(facts.AreaNotReached(**of_area(row, row.not_reached_due_at)))
    return seen


def note_reached(row: CalledRow, *, post: str, rung: Rung, how: str, at: datetime, by: Actor, now: datetime) -> None:
    """A human answered for this area at ``at``. Moments that passed before are noted first."""
    seen = see_deadlines(row, at, now)
    move_area(row, AreaState.REACHED)
    row.reached_at, row.reached_post, row.reached_rung, row.how = at, post, rung.value, how
    row.noted_at, row.noted_by = now, by.name
    row.save()
    outbox.put([*seen, facts.AreaAnswered(**of_area(row, at), post=post, how=how)], now=now)
