"""Episode: a stretch of time at one place with a level; what events and warnings are both reduced to for scoring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

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
    done: list[Episode] = []
    running: dict[str, int] = {}
    for episode in sorted(episodes, key=lambda e: (e.start_us, e.end_us, e.key)):
        members = episode.members or (episode.key,)
        at = running.get(episode.place)
        if at is not None and episode.start_us - done[at].end_us <= gap_us:
            last = done[at]
            done[at] = replace(last, end_us=max(last.end_us, episode.end_us), level=max(last.level, episode.level),
                               members=last.members + members)  # fmt: skip
        else:
            running[episode.place] = len(done)
            done.append(replace(episode, members=members))
    return done
