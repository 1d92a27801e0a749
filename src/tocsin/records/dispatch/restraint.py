"""Restraint: when a telephone stays quiet, and how often it may ring. Pure; time is an argument.

Nothing here ever holds back red, nor a message that takes back what its recipient was told, nor news of a warning that its
recipient was told as red (N6 and N10 of warnings.md). Whoever is called at night for nothing stops listening by day; whoever
is not called for red is dead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.terms.errors import BadValue

__all__ = ["Limit", "Quiet", "Standing", "free_at", "held_until", "limits_of", "quiet_until", "takes_back"]

_LIMIT = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Every day from ``begins`` until ``ends`` by the clocks of ``zone``; over midnight where it ends before it begins."""

    begins: time
    ends: time
    zone: str

    def holds(self, at: datetime) -> bool:
        """Whether it is quiet at a moment."""
        local = at.astimezone(ZoneInfo(self.zone)).time()
        if self.begins <= self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``count`` letters within ``per``."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Standing:
    """What a message is to its recipient: its ``level``, whether it ``takes_back`` something, the highest level that an earlier
    message of its thread told this recipient (None: nothing, or it stands alone), and the rank of ``red``."""

    level: int
    takes_back: bool
    stands_alone: bool
    told_level: int | None
    red: int

    @property
    def is_exempt(self) -> bool:
        """Whether nothing may hold it back."""
        if self.level >= self.red or (self.told_level or 0) >= self.red:
            return True
        return self.takes_back and (self.stands_alone or self.told_level is not None)


def takes_back(kind: str) -> bool:
    """Whether messages of this kind take back what was told before: by its last word.

    >>> takes_back("warning_cancelled"), takes_back("warning_issued")
    (True, False)
    """
    return kind.rpartition("_")[2] in ("cancelled", "retracted", "withdrawn")


def quiet_until(quiet: Quiet, now: datetime) -> datetime | None:
    """The first moment at which it is no longer quiet, UTC; None where it is not quiet at ``now``. Also in nights whose clocks
    are put forward or back: it can end where the hand passes the end, or where it leaps."""
    if not quiet.holds(now):
        return None
    zone = ZoneInfo(quiet.zone)
    start = now.astimezone(zone).date()
    days = (start + timedelta(days=n) for n in range(3))
    hands = [
        datetime.combine(day, quiet.ends, zone).replace(fold=fold).astimezone(UTC) for day in days for fold in (0, 1)
    ]
    found = [at for at in (*hands, *_leaps(zone, now.astimezone(UTC))) if at > now and not quiet.holds(at)]
    return min(found)


def _leaps(zone: ZoneInfo, now: datetime) -> list[datetime]:
    """Moments of the next two days at which the clocks of a zone are put forward or back, to the minute."""
    found = []
    for hour in range(49):
        before, after = now + timedelta(hours=hour), now + timedelta(hours=hour + 1)
        if before.astimezone(zone).utcoffset() == after.astimezone(zone).utcoffset():
            continue
        low, high = before.replace(second=0, microsecond=0), after.replace(second=0, microsecond=0) + _MINUTE
        while high - low > _MINUTE:
            middle = low + (high - low) // 2 // _MINUTE * _MINUTE
            same = middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset()
            low, high = (middle, high) if same else (low, middle)
        found.append(high)
    return found


def limits_of(entries: Sequence[str]) -> tuple[Limit, ...]:
    """The setting ``throttles``: ``3/5m`` = three in five minutes. Raises BadValue.

    >>> limits_of(["3/5m"])
    (Limit(count=3, per=datetime.timedelta(seconds=300)),)
    """
    found = []
    for entry in entries:
        parts = _LIMIT.fullmatch(entry)
        if parts is None:
            raise BadValue(
                f"setting throttles, entry {entry[:20]!r}", "is not count/time", "write 3/5m, 10/1h or 30/1d"
            )
        found.append(Limit(int(parts[1]), int(parts[2]) * _UNITS[parts[3]]))
    return tuple(found)


def free_at(limits: Sequence[Limit], sent: Sequence[datetime], now: datetime) -> datetime | None:
    """The first moment at which one more letter keeps all limits; None where it does now. ``sent``: earlier ones, in any
    order."""
    latest = sorted(sent)
    free = [latest[-limit.count] + limit.per for limit in limits if len(latest) >= limit.count]
    end = max(free, default=now)
    return end if end > now else None


def held_until(
    standing: Standing, quiets: Sequence[Quiet], silent_until: datetime | None, limits: Sequence[Limit],
    sent: Sequence[datetime], now: datetime,
) -> datetime | None:  # fmt: skip
    """Until when a letter waits; None: it goes now."""
    if standing.is_exempt:
        return None
    ends = [end for quiet in quiets if (end := quiet_until(quiet, now)) is not None]
    if silent_until is not None and silent_until > now:
        ends.append(silent_until)
    if (free := free_at(limits, sent, now)) is not None:
        ends.append(free)
    return max(ends, default=None)
