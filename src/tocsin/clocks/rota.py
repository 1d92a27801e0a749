"""Rota: who holds a post when, from declared rotations and what overrides them. Pure.

Shifts are declared by the clocks of a place (``08:00`` to ``20:00``; over midnight where they end before they begin), so that a
night in which clocks are put forward or back is an hour shorter or longer and nobody is missing in it. A clock time that
does not exist that day is the moment of the leap; one that comes twice is its first. Turns go round by days since ``start``,
or, with ``turn_days`` 0, from one held shift to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.clocks.calendar import Calendar

__all__ = ["Override", "Rotation", "Turn", "empty_parts", "moment_of", "turns"]

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_ALL_WEEK = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Rotation:
    """``accounts`` in their order, from the day ``start`` on (until the day ``end``, included). ``shifts``: begin and end of
    each of a day's. ``weekdays``: days (0 = Monday) on which shifts begin; ``days``: all, working or rest, by a calendar."""

    id: str
    accounts: tuple[str, ...]
    start: date
    shifts: tuple[tuple[time, time], ...]
    zone: str
    turn_days: int = 7
    weekdays: frozenset[int] = _ALL_WEEK
    days: str = "all"
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """Between two moments ``absent`` (empty: whoever it is) does not hold the post; ``instead`` does (empty: nobody)."""

    from_at: datetime
    until_at: datetime
    absent: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One shift of one account, UTC; ``account`` empty: nobody holds it. ``key`` is the same whenever it is computed."""

    key: str
    account: str
    from_at: datetime
    until_at: datetime


def turns(
    rotations: Sequence[Rotation], overrides: Sequence[Override], begin: datetime, end: datetime, calendar: Calendar
) -> list[Turn]:
    """Every turn of a post that touches the span from ``begin`` to ``end``, by beginning and key, with the parts that overrides
    cut. Later overrides win. Turns that nobody holds are among them."""
    found = [turn for rotation in rotations for turn in _declared(rotation, begin, end, calendar)]
    for override in overrides:
        found = [part for turn in found for part in _overridden(turn, override)]
    return sorted(_numbered(found), key=lambda turn: (turn.from_at, turn.key))


def empty_parts(
    wanted: Sequence[Turn], held: Sequence[tuple[datetime, datetime]], begin: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Spans between ``begin`` and ``end`` in which a turn is wanted and nobody holds the post; spans that meet are one."""
    free = [(max(turn.from_at, begin), min(turn.until_at, end)) for turn in wanted]
    for first, last in held:
        free = [part for one in free for part in _without(one, first, last)]
    joined: list[tuple[datetime, datetime]] = []
    for first, last in sorted(one for one in free if one[0] < one[1]):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def moment_of(day: date, at: time, zone: str) -> datetime:
    """The first moment at which the clocks of a zone show this time of a day or a later one, UTC."""
    place, wanted = ZoneInfo(zone), datetime.combine(day, at)
    found = wanted.replace(tzinfo=place).astimezone(UTC)
    if found.astimezone(place).replace(tzinfo=None) == wanted:
        return found
    low, high = found - timedelta(hours=6), found  # the hand leapt over it: the leap is in between
    while high - low > _MINUTE:
        middle = low + (high - low) // 2 // _MINUTE * _MINUTE
        late = middle.astimezone(place).replace(tzinfo=None) >= wanted
        low, high = (low, middle) if late else (middle, high)
    return high


def _declared(rotation: Rotation, begin: datetime, end: datetime, calendar: Calendar) -> Iterator[Turn]:
    zone = ZoneInfo(rotation.zone)
    last = end.astimezone(zone).date() + _DAY
    last = last if rotation.end is None else min(last, rotation.end)
    first = rotation.start
    if rotation.turn_days:  # else every held shift from the beginning is counted
        first = max(first, begin.astimezone(zone).date() - 2 * _DAY)
    number, day = 0, first
    while day <= last:
        if _is_held(rotation, day, calendar):
            for position, (starts, ends) in enumerate(rotation.shifts):
                from_at = moment_of(day, starts, rotation.zone)
                until_at = moment_of(day if ends > starts else day + _DAY, ends, rotation.zone)
                count = (day - rotation.start).days // rotation.turn_days if rotation.turn_days else number
                number += 1
                if from_at < until_at and from_at < end and until_at > begin:
                    account = rotation.accounts[count % len(rotation.accounts)]
                    yield Turn(f"{rotation.id}/{day.isoformat()}/{position}", account, from_at, until_at)
        day += _DAY


def _is_held(rotation: Rotation, day: date, calendar: Calendar) -> bool:
    if day.weekday() not in rotation.weekdays:
        return False
    return rotation.days == "all" or calendar.is_working(day) == (rotation.days == "working")


def _overridden(turn: Turn, override: Override) -> Iterator[Turn]:
    concerned = turn.account != "" if not override.absent else turn.account == override.absent
    first, last = max(turn.from_at, override.from_at), min(turn.until_at, override.until_at)
    if not concerned or first >= last:
        yield turn
        return
    if turn.from_at < first:
        yield replace(turn, until_at=first)
    yield replace(turn, account=override.instead, from_at=first, until_at=last)
    if last < turn.until_at:
        yield replace(turn, from_at=last)


def _numbered(found: Sequence[Turn]) -> Iterator[Turn]:
    """Parts of one turn get keys of their own, by their order."""
    parts: dict[str, int] = {}
    for turn in sorted(found, key=lambda turn: (turn.key, turn.from_at)):
        number = parts[turn.key] = parts.get(turn.key, -1) + 1
        yield replace(turn, key=f"{turn.key}.{number}") if number else turn


def _without(span: tuple[datetime, datetime], first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    if last <= span[0] or first >= span[1]:
        yield span
        return
    if span[0] < first:
        yield span[0], first
    if last < span[1]:
        yield last, span[1]
