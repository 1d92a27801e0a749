"""Level: a rank on the warning axis. Names, colours, shapes and the number of ranks are data of a scheme.

Rank 0 is "no warning"; rank 1 is the least severe. "No data" is not a level: it is a state (see ``Standing``).
Other axes (event grade, response level, finding grade ...) are other types and never compare with this one.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["CHINA_FOUR_COLOUR", "Level", "Scheme", "Standing"]


class Standing(enum.StrEnum):
    """What we may say of a stream or area: three different things, never one for another (promise 0)."""

    NORMAL = "normal"  # judged on recent data, no condition holds
    RAISED = "raised"  # a condition holds
    NO_DATA = "no_data"  # nothing recent enough to judge


@dataclass(frozen=True, slots=True)
class Level:
    """One rank of a scheme. ``code`` is what packs write; words are by language."""

    code: str
    rank: int
    numeral: str
    words: tuple[tuple[str, str], ...]
    shape: str
    fill: str
    ink: str
    dark_fill: str

    def word(self, language: str) -> str:
        """The level's name, for example ``Red I`` (``en``) or ``红色 I级`` (``zh-hans``)."""
        return dict(self.words).get(language) or dict(self.words)["en"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """An ordered set of levels of one jurisdiction; ``levels`` runs from rank 1 up."""

    code: str
    levels: tuple[Level, ...]

    def __post_init__(self) -> None:
        if [level.rank for level in self.levels] != list(range(1, len(self.levels) + 1)):
            raise ValueError(f"scheme {self.code}: ranks must be 1..n in order")

    @property
    def codes(self) -> tuple[str, ...]:
        """Level codes from least to most severe."""
        return tuple(level.code for level in self.levels)

    def rank(self, code: str) -> int:
        """Rank of a level code. Raises KeyError for a code the scheme lacks."""
        return {level.code: level.rank for level in self.levels}[code]

    def level(self, rank: int) -> Level:
        """The level of a rank from 1 to n. Raises IndexError outside."""
        if not 1 <= rank <= len(self.levels):
            raise IndexError(f"scheme {self.code} has ranks 1..{len(self.levels)}, not {rank}")
        return self.levels[rank - 1]


# Names and numerals: Measures for issuing meteorological disaster warning signals (CMA order 16 of 2007).
# Shapes and colours: interface.md section 2 (contrast figures computed there).
CHINA_FOUR_COLOUR = Scheme(
    "cn4",
    (
        Level("blue", 1, "IV", (("en", "Blue IV"), ("zh-hans", "蓝色 IV级")),
              "circle", "#1F5FD0", "#FFFFFF", "#6EA8FF"),
        Level("yellow", 2, "III", (("en", "Yellow III"), ("zh-hans", "黄色 III级")),
              "diamond", "#FFD400", "#111111", "#FFD400"),
        Level("orange", 3, "II", (("en", "Orange II"), ("zh-hans", "橙色 II级")),
              "triangle", "#F57C00", "#111111", "#FF9A3D"),
        Level("red", 4, "I", (("en", "Red I"), ("zh-hans", "红色 I级")),
              "octagon", "#C4161C", "#FFFFFF", "#FF5A5F"),
    ),
)  # fmt: skip
