"""What the delivery proof concludes from what really arrived at the receivers, beside what the database says of it."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.kill.delivery_town import CHANNELS, Signed

__all__ = ["ChannelFigures", "Fanout", "Told", "judge", "percentile"]

# A new worker imports for longer than this before it can send: what arrives sooner was sent by the one before.
_NOT_YET_NS = 500_000_000
_S = 1_000_000_000
Arrival = tuple[int, str, str]


@dataclass
class ChannelFigures:
    """One channel: recipients by the database, and what came; ``took`` from the signature to each first arrival, in s."""

    recipients: int = 0
    lost: int = 0
    repeats: int = 0
    took: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Recipients a second, from the signature to the last arrival."""
        return len(self.took) / self.took[-1] if self.took else 0.0

    def shown(self) -> str:
        """A line of a table."""
        p50, p99 = percentile(self.took, 50), percentile(self.took, 99)
        last = self.took[-1] if self.took else 0.0
        return (
            f"{self.recipients:9,} {self.lost:5} {self.repeats:8} {p50:8.1f} {p99:8.1f} {last:8.1f} {self.rate:9,.0f}"
        )


@dataclass
class Fanout:
    """One warning's whole fan-out."""

    channels: dict[str, ChannelFigures]
    repeats_without_kill: int
    unknown: int
    kills: int
    down_s: float
    undelivered: Mapping[str, int]
    signing_s: float

    @property
    def sound(self) -> bool:
        """Nobody lost, no repeat without a kill, nothing arrived that no table knows."""
        healthy = not self.undelivered.keys() & set(CHANNELS) and self.channels.keys() >= set(CHANNELS)
        nobody_lost = not any(figures.lost for figures in self.channels.values())
        return healthy and nobody_lost and not self.repeats_without_kill and not self.unknown

    @property
    def duration_s(self) -> float:
        """From the signature to the last first arrival of the three channels."""
        return max(self.channels[name].took[-1] for name in CHANNELS if self.channels[name].took)

    @property
    def rate(self) -> float:
        """Recipients a second of all three together, restarts included."""
        return sum(len(self.channels[name].took) for name in CHANNELS) / self.duration_s

    def as_text(self) -> str:
        """For people."""
        head = "channel        to tell  lost  repeats    p50 s    p99 s   last s  a second"
        rows = [f"{name:12} {figures.shown()}" for name, figures in sorted(self.channels.items())]
        alive = self.duration_s - self.down_s
        all_told = sum(len(self.channels[name].took) for name in CHANNELS)
        total = sum(figures.repeats for figures in self.channels.values())
        return "\n".join([
            f"signing {self.signing_s:.2f} s", head, *rows,
            f"full fan-out {self.duration_s:.1f} s, {self.rate:,.0f} a second; {self.kills} kills, {self.down_s:.1f} s without "
            f"a worker; {all_told / alive if alive > 0 else 0:,.0f} a second while there was one",
            f"repeats {total}, of these without a kill between: {self.repeats_without_kill}; unknown keys: {self.unknown}",
            f"not accepted by their receivers, and shown as such: {dict(self.undelivered)}",
        ])  # fmt: skip

    def as_document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "channels": {name: {"recipients": c.recipients, "lost": c.lost, "repeats": c.repeats,
                                "p50_s": percentile(c.took, 50), "p99_s": percentile(c.took, 99),
                                "last_s": c.took[-1] if c.took else None, "rate": c.rate}
                         for name, c in self.channels.items()},
            "duration_s": self.duration_s, "rate": self.rate, "kills": self.kills, "down_s": self.down_s,
            "repeats_without_kill": self.repeats_without_kill, "unknown": self.unknown, "signing_s": self.signing_s,
            "undelivered": dict(self.undelivered), "sound": self.sound,
        }  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What the database says of one warning: the keys of its deliveries by channel, which of them were ``accepted``, and
    the ids of all dispatches that there are; ``unexpanded``: recipients of shards that nobody has looked at yet, by
    channel."""

    keys: Mapping[str, set[str]]
    accepted: set[str]
    dispatches: set[str]
    unexpanded: Mapping[str, int] = field(default_factory=dict)


def judge(
    signed: Signed, arrivals: Sequence[Arrival], told: Told, starts_ns: Sequence[int], kills_ns: Sequence[int]
) -> Fanout:
    """Lost is who got nothing on one of the three channels, or elsewhere where the database says that it was accepted: what a
    dead receiver did not get and is shown as waiting is not lost."""
    came: dict[str, list[int]] = defaultdict(list)
    ours = set().union(*told.keys.values())
    unknown = 0
    for at, _channel, key in arrivals:
        if key in ours:
            came[key].append(at)
        else:
            unknown += key.rpartition("-")[0] not in told.dispatches
    channels: dict[str, ChannelFigures] = {}
    waiting = dict(told.unexpanded)
    for name, expected in told.keys.items():
        figures = channels[name] = ChannelFigures(len(expected))
        figures.lost = sum(key not in came and (name in CHANNELS or key in told.accepted) for key in expected)
        figures.repeats = sum(len(came[key]) - 1 for key in expected if key in came)
        figures.took = sorted((min(came[key]) - signed.done_ns) / _S for key in expected if key in came)
        waiting[name] = waiting.get(name, 0) + len(expected - told.accepted)
    lives = [start + _NOT_YET_NS for start in starts_ns]
    return Fanout(channels, sum(_within_a_life(moments, lives) for moments in came.values()), unknown,
                  sum(at > signed.began_ns for at in kills_ns), _down(arrivals, kills_ns, signed),
                  {name: number for name, number in waiting.items() if number},
                  (signed.done_ns - signed.began_ns) / _S)  # fmt: skip


def _within_a_life(moments: list[int], lives: Sequence[int]) -> int:
    """How many of these arrivals of one key came in the same life of the worker as another."""
    counted = Counter(bisect.bisect(lives, at) for at in moments)
    return sum(number - 1 for number in counted.values())


def _down(arrivals: Sequence[Arrival], kills_ns: Sequence[int], signed: Signed) -> float:
    """Seconds from each kill until the next worker's first letter arrived."""
    moments = sorted(at for at, _, _ in arrivals)
    total = 0.0
    for number, kill in enumerate(kills_ns):
        if kill < signed.began_ns:
            continue
        next_one = bisect.bisect(moments, kill + _NOT_YET_NS)
        if next_one < len(moments):
            until = moments[next_one]
            if number + 1 < len(kills_ns):
                until = min(until, kills_ns[number + 1])
            total += (until - kill) / _S
    return total


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that ``percent`` of them do not exceed; 0 where there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0
