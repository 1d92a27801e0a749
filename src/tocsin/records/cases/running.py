"""A clock's moments computed from its spec, its start, its pauses and its extensions; and rows of clocks that start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from tocsin.clocks import Calendar, Due, Extension, Pause, due, warning_point
from tocsin.packkit.answers import start_of
from tocsin.packkit.clocks import ClockSpec
from tocsin.records.cases.models import ClockRow
from tocsin.records.places import queries as places
from tocsin.records.row_updates import as_json
from tocsin.terms.moment import from_us

__all__ = ["COLUMNS", "Moments", "moments_of", "new_row", "recompute", "start_moment", "zone_of"]

COLUMNS = (
    "case_id", "leg_id", "code", "purpose", "zone", "started_at", "pauses", "extensions", "strict_at", "rolled_at", "due_at",
    "warn_at", "provisional", "calendar", "standing", "ended_how", "origin",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moments:
    """What a clock row keeps of a computation."""

    strict_at: datetime
    rolled_at: datetime
    due_at: datetime
    warn_at: datetime | None
    provisional: bool
    calendar: str
    standing: bool


def moments_of(
    spec: ClockSpec, started_at: datetime, zone: str, calendar: Calendar, pauses: Sequence[Sequence[Any]] = (),
    extensions: int = 0, *, now: datetime,
) -> Moments:  # fmt: skip
    """The moments of a clock. One that starts on a day ahead (an order's limit) is warned of before it starts. Raises BadTime
    for pauses that overlap."""
    grant = spec.extension
    granted = [Extension(grant.period, grant.clause)] * extensions if grant and grant.period else []
    stood = [Pause(from_us(one[0]), from_us(one[1]) if one[1] is not None else None) for one in pauses]
    answer: Due = due(spec.period, started_at, calendar=calendar, zone=zone, pauses=stood, extensions=granted)
    since = min(started_at, now)
    warn = warning_point(spec.warn, answer, since, calendar=calendar, zone=zone) if spec.warn else None
    deadline = answer.rolled if spec.roll else answer.strict
    return Moments(answer.strict, answer.rolled, deadline, warn, answer.provisional, answer.calendar, answer.standing)


def start_moment(spec: ClockSpec, values: dict[str, Any], zone: str, now: datetime) -> datetime:
    """When the clock starts: at the moment that the case names, else now."""
    given = values.get(spec.at) if spec.at else None
    return start_of(given, zone) if given else now


def new_row(
    case_id: str,
    spec: ClockSpec,
    purpose: str,
    started_at: datetime,
    zone: str,
    moments: Moments,
    leg: int | None = None,
) -> tuple[Any, ...]:
    """The values of a new clock, in the order of COLUMNS."""
    return (case_id, leg, spec.code, purpose, zone, started_at, as_json([]), as_json([]), moments.strict_at, moments.rolled_at,
            moments.due_at, moments.warn_at, moments.provisional, moments.calendar, moments.standing, "", "")  # fmt: skip


def recompute(row: ClockRow, spec: ClockSpec, calendar: Calendar, *, now: datetime) -> bool:
    """Compute a row again; whether its deadline moved. A deadline that now lies ahead will be told of anew when it passes."""
    before = row.due_at
    moments = moments_of(spec, row.started_at, row.zone, calendar, row.pauses, len(row.extensions), now=now)
    for name in Moments.__slots__:
        setattr(row, name, getattr(moments, name))
    if row.due_at > now:
        row.overdue_at = None
    if row.warn_at is not None and row.warn_at > now:
        row.warned_at = None
    return row.due_at != before


def zone_of(jurisdiction: str) -> str:
    """The zone of a place, as a name."""
    zone = places.local_time(timezone.now(), jurisdiction).tzinfo
    return zone.key if isinstance(zone, ZoneInfo) else "UTC"
