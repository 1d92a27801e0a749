"""Episode: a stretch of time at one place with a level; what events and warnings are both reduced to for scoring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.terms.errors import BadTime

__all__ = ["Episode", "merge"]


@dataclass(frozen=True, slots=True)
class Episode:
    """From ``start_us`` to ``end_us`` (both inside, us UTC) at ``place`` ("" = everywhere), highest ``level``.

    ``key`` names it in tables; ``members`` are the keys of what was merged into it. Raises BadTime if it ends before it
    starts."""

    start_us: int
    end_us: int
    level: int = 0
    place: str = ""
    key: str = ""
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.end_us < self.start_us:
            raise BadTime(f"episode {self.key}", "must not end before it starts", "swap or correct its moments")

    def touches(self, other: Episode, before_us: int = 0, after_us: int = 0) -> bool:
        """Do the two overlap when ``self`` is widened by ``before_us`` in front and ``after_us`` behind?"""
        same_place = not self.place or not other.place or self.place == other.place
        return same_place and self.start_us - before_us <= other.end_us and other.start_us <= self.end_us + after_us


def merge(episodes: Iterable[Episode], gap_us: int) -> list[Episode]:
    """Join episodes of one place that overlap or lie at most ``gap_us`` apart; the joined one keeps the first key, the
    highest level and all members. Upgrades and extensions of one warning so become one episode. Sorted by start."""
    groups: list[list[Episode]] = []
    running: dict[str, tuple[list[Episode], int]] = {}
    for episode in sorted(episodes, key=lambda e: (e.start_us, e.end_us, e.key)):
        last = running.get(episode.place)
        if last is not None and episode.start_us - last[1] <= gap_us:
            last[0].append(episode)
            running[episode.place] = (last[0], max(last[1], episode.end_us))
        else:
            groups.append([episode])
            running[episode.place] = (groups[-1], episode.end_us)
    return [_joined(group) for group in groups]


def _joined(group: list[Episode]) -> Episode:
    members = tuple(key for e in group for key in (e.members or (e.key,)))
    end, level = max(e.end_us for e in group), max(e.level for e in group)
    return Episode(group[0].start_us, end, level, group[0].place, group[0].key, members)
