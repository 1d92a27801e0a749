"""When a statutory period ends. Pure: calendar, zone, start, pauses and extensions are arguments.

Days are counted one after another: the day of the start is not counted, nor is a day at whose end the clock stood still
(so a pause and its end on one day cost nothing), nor, for working days, a rest day. Minutes and hours are counted from the
moment itself and stand still exactly as long as a pause lasts. A period in days ends at 24:00 of its last day.
Sources: Civil Code arts 200-204; facts/calendars.yaml (day_start_excluded, month_end, roll_forward, cutoff, word_day_trap).
"""

from __future__ import annotations

import calendar as civil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tocsin.clocks.calendar import Calendar
from tocsin.clocks.period import Extension, Pause, Period, Unit
from tocsin.terms.errors import BadTime

__all__ = ["Due", "due"]

_EXACT = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1)}
_FARTHEST = timedelta(days=366 * 120)  # no legal period is longer; a loop ends here


@dataclass(frozen=True, slots=True)
class Due:
    """When it is due, aware, UTC. ``strict``: without rolling, what reminders and figures go by; ``rolled``: moved off rest
    days. ``provisional``: a year that it needs is not loaded. ``standing``: the clock stands still, and the moments say
    when it would have been due had it not; when it goes on they move by as long as it stood."""

    strict: datetime
    rolled: datetime
    provisional: bool
    calendar: str
    standing: bool = False


def due(
    period: Period, start: datetime, *, calendar: Calendar, zone: str, pauses: Sequence[Pause] = (),
    extensions: Sequence[Extension] = (),
) -> Due:  # fmt: skip
    """The end of ``period`` with its extensions. Raises BadTime for a start without zone, or pauses that overlap."""
    if start.tzinfo is None:
        raise BadTime("start", "a moment without a zone", "give the moment with its zone")
    count = _Count(calendar, ZoneInfo(zone), _in_order(pauses))
    end = start
    for part in (period, *(extension.period for extension in extensions)):
        end = count.after(end, part, first=end is start)
    standing = bool(count.pauses) and count.pauses[-1].until_at is None
    last = (period, *(e.period for e in extensions))[-1].unit
    rolled = end if last in _EXACT else count.roll(end)
    return Due(end.astimezone(UTC), rolled.astimezone(UTC), count.guessed, calendar.version, standing)


class _Count:
    """Counts through one calendar in one zone; remembers whether it had to guess."""

    def __init__(self, calendar: Calendar, zone: ZoneInfo, pauses: Sequence[Pause]) -> None:
        self.calendar, self.zone, self.pauses = calendar, zone, pauses
        self.guessed = False

    def after(self, start: datetime, period: Period, *, first: bool) -> datetime:
        """The end of a period that starts at ``start``; ``first``: it is the first part, else it goes on where one ended."""
        if period.unit in _EXACT:
            return self._exact(start, period.n * _EXACT[period.unit])
        # 24:00 of a day is 00:00 of the next: a part that goes on begins on the day that has just ended.
        local = start.astimezone(self.zone)
        day = local.date() if first or local.time() != time(0) else local.date() - timedelta(days=1)
        if period.unit in (Unit.MONTH, Unit.YEAR):
            return self._end_of(self._months(day, period.n * (12 if period.unit is Unit.YEAR else 1)))
        return self._end_of(self._days(day, period.n, working=period.unit is Unit.WORKING_DAY))

    def roll(self, end: datetime) -> datetime:
        """The end of the first working day on or after the last day."""
        day = end.astimezone(self.zone).date() - timedelta(days=1)
        rolled = self.calendar.next_working(day)
        self._note(rolled)
        return self._end_of(rolled)

    def _exact(self, start: datetime, length: timedelta) -> datetime:
        end = start.astimezone(UTC) + length
        for pause in self.pauses:
            if pause.from_at >= end or pause.until_at is None:
                break
            stood = pause.until_at.astimezone(UTC) - max(pause.from_at, start).astimezone(UTC)
            end += max(stood, timedelta())
        return end

    def _days(self, day: date, n: int, *, working: bool) -> date:
        limit = day + _FARTHEST
        while n > 0 and day < limit:
            day += timedelta(days=1)
            if working:
                self._note(day)
            if not (working and not self.calendar.is_working(day)) and not self._stands_at_end_of(day):
                n -= 1
        return day

    def _months(self, day: date, n: int) -> date:
        index = day.year * 12 + day.month - 1 + n
        year, month = divmod(index, 12)
        last = civil.monthrange(year, month + 1)[1]
        end = date(year, month + 1, min(day.day, last))
        stood = sum(self._stands_at_end_of(day + timedelta(days=k)) for k in range(1, (end - day).days + 1))
        return self._days(end, stood, working=False)

    def _stands_at_end_of(self, day: date) -> bool:
        """A pause without end is not counted here: the moments then say "if it went on now"."""
        end = self._end_of(day)
        return any(p.until_at is not None and p.from_at < end <= p.until_at for p in self.pauses)

    def _end_of(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time(0), self.zone)

    def _note(self, day: date) -> None:
        self.guessed = self.guessed or not self.calendar.knows(day)


def _in_order(pauses: Sequence[Pause]) -> tuple[Pause, ...]:
    ordered = sorted(pauses, key=lambda pause: pause.from_at)
    for one, other in pairwise(ordered):
        if one.until_at is None or one.until_at > other.from_at:
            raise BadTime("pause", "overlaps another", "end the first before the second begins")
    return tuple(ordered)
