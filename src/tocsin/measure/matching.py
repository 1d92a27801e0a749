"""Which warning belongs to which event: overlap in space and time, one-to-one credit, every unmatched one costs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from tocsin.measure.contingency import Contingency
from tocsin.measure.episode import Episode

__all__ = ["Matching", "match"]


@dataclass(frozen=True, slots=True)
class Matching:
    """``touching[e]``: warnings (indices, by start) that overlap event ``e`` within the stated windows; the first of
    them is the one whose start gives the lead. ``credit[e]``: the one warning counted for event ``e``, or None; no
    warning is credited twice. ``duplicates``: warnings that touch an event but were not needed: they add no hit and are
    no false alarm. ``false_alarms``: warnings that touch no event."""

    touching: tuple[tuple[int, ...], ...]
    credit: tuple[int | None, ...]
    duplicates: tuple[int, ...]
    false_alarms: tuple[int, ...]

    @property
    def found(self) -> tuple[int, ...]:
        """Events that at least one warning touches, whoever got the credit."""
        return tuple(e for e, warnings in enumerate(self.touching) if warnings)

    @property
    def verified(self) -> int:
        """Warnings that touch at least one event, credited or not: the second table's hits."""
        return sum(warning is not None for warning in self.credit) + len(self.duplicates)

    @property
    def table(self) -> Contingency:
        """Hits and misses counted one-to-one; quiet is not countable for event warnings."""
        hits = sum(c is not None for c in self.credit)
        return Contingency(hits, len(self.false_alarms), len(self.credit) - hits)


def match(events: Sequence[Episode], warnings: Sequence[Episode], before_us: int = 0, after_us: int = 0) -> Matching:
    """Match warnings to events one-to-one.

    A warning touches an event if, widened by ``before_us`` in front and ``after_us`` behind, it overlaps it in time at
    the same place. Credit is a maximum matching (augmenting paths, H. Kuhn 1955); among maximum matchings events by
    start take the earliest warning first. Merge both sides before (``episode.merge``)."""
    index = _ByPlace(warnings)
    touching = [index.touching(event, before_us, after_us) for event in events]
    owner: dict[int, int] = {}
    for event in sorted(range(len(events)), key=lambda e: (events[e].start_us, e)):
        _place(event, touching, owner)
    credited = {event: warning for warning, event in owner.items()}
    touched = {w for ws in touching for w in ws}
    return Matching(
        touching=tuple(touching),
        credit=tuple(credited.get(e) for e in range(len(events))),
        duplicates=tuple(sorted(touched - owner.keys())),
        false_alarms=tuple(w for w in range(len(warnings)) if w not in touched),
    )


class _ByPlace:
    """Warnings of each place by start, with the latest end so far: what may touch an event lies between two searches."""

    def __init__(self, warnings: Sequence[Episode]) -> None:
        self._warnings = warnings
        gathered: dict[str | None, list[int]] = {None: []}
        for w in sorted(range(len(warnings)), key=lambda w: (warnings[w].start_us, w)):
            gathered.setdefault(warnings[w].place, []).append(w)
            gathered[None].append(w)  # an event of no place may be touched anywhere
        self._lists = {
            place: (
                found,
                [warnings[w].start_us for w in found],
                list(accumulate((warnings[w].end_us for w in found), max)),
            )
            for place, found in gathered.items()
        }

    def touching(self, event: Episode, before_us: int, after_us: int) -> tuple[int, ...]:
        """Warnings that touch an event, by start."""
        found = [w for place in ((event.place, "") if event.place else (None,))
                 for w in self._between(place, event.start_us - after_us, event.end_us + before_us)]  # fmt: skip
        return tuple(sorted(found, key=lambda w: (self._warnings[w].start_us, w)))

    def _between(self, place: str | None, from_us: int, until_us: int) -> list[int]:
        found, starts, latest = self._lists.get(place, ([], [], []))
        part = found[bisect_left(latest, from_us) : bisect_right(starts, until_us)]
        return [w for w in part if self._warnings[w].end_us >= from_us]


def _place(event: int, touching: Sequence[tuple[int, ...]], owner: dict[int, int]) -> None:
    """Find a warning for an event, moving others over where that helps; depth first, without recursion."""
    tried: set[int] = set()
    path: list[tuple[int, Iterator[int]]] = [(event, iter(touching[event]))]
    taken: list[int] = []  # taken[n]: the warning through which path[n] reached path[n + 1]
    while path:
        warning = next((w for w in path[-1][1] if w not in tried), None)
        if warning is None:
            path.pop()
            if taken:
                taken.pop()
            continue
        tried.add(warning)
        taken.append(warning)
        if warning not in owner:
            for (each, _), wanted in zip(path, taken, strict=True):
                owner[wanted] = each
            return
        path.append((owner[warning], iter(touching[owner[warning]])))
