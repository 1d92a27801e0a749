"""Which warning belongs to which event: overlap in space and time, one-to-one credit, every unmatched one costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    def table(self) -> Contingency:
        """Hits and misses counted one-to-one; quiet is not countable for event warnings."""
        hits = sum(c is not None for c in self.credit)
        return Contingency(hits, len(self.false_alarms), len(self.credit) - hits)


def match(events: Sequence[Episode], warnings: Sequence[Episode], before_us: int = 0, after_us: int = 0) -> Matching:
    """Match warnings to events one-to-one.

    A warning touches an event if, widened by ``before_us`` in front and ``after_us`` behind, it overlaps it in time at
    the same place. Credit is a maximum matching (augmenting paths, H. Kuhn 1955); among maximum matchings events by
    start take the earliest warning first. Merge both sides before (``episode.merge``)."""
    by_start = sorted(range(len(warnings)), key=lambda w: (warnings[w].start_us, w))
    touching = [tuple(w for w in by_start if warnings[w].touches(event, before_us, after_us)) for event in events]
    owner: dict[int, int] = {}

    def place(event: int, tried: set[int]) -> bool:
        for warning in touching[event]:
            if warning in tried:
                continue
            tried.add(warning)
            if warning not in owner or place(owner[warning], tried):
                owner[warning] = event
                return True
        return False

    for event in sorted(range(len(events)), key=lambda e: (events[e].start_us, e)):
        place(event, set())
    credited = {event: warning for warning, event in owner.items()}
    touched = {w for ws in touching for w in ws}
    return Matching(
        touching=tuple(touching),
        credit=tuple(credited.get(e) for e in range(len(events))),
        duplicates=tuple(sorted(touched - owner.keys())),
        false_alarms=tuple(w for w in range(len(warnings)) if w not in touched),
    )
