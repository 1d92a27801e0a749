"""A compiled-ready rule: what the parser gives and the plan takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.engine.language.tree import Truth

__all__ = ["Clear", "Hold", "Rung", "Rule"]


@dataclass(frozen=True, slots=True)
class Hold:
    """How long something must hold: a time in microseconds and a number of observations (both must be met).

    ``Hold(0, 1)``: at once. ``Hold(60_000_000, 1)``: true at every observation for 60 s. ``Hold(0, 2)``: two in a row."""

    time_us: int = 0
    observations: int = 1


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of a ladder: rank, its raise condition, how long it must hold, and the text it came from. ``at_least_us``:
    once reached, the level is kept at least that long before it may fall (rising is never held back by it)."""

    rank: int
    when: Truth
    hold: Hold = Hold()
    text: str = ""
    at_least_us: int = 0


@dataclass(frozen=True, slots=True)
class Clear:
    """When a raised level may come down. With ``when``: down as soon as ``when`` has held for ``hold``. Without: down as
    soon as the raise condition of the present level has been *known false* for ``hold``. Down means to the highest
    level whose raise condition is true then, its hold not asked again (possibly none); the streak towards the next step
    down begins anew."""

    when: Truth | None = None
    hold: Hold = Hold()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a pack. ``name`` is ``pack/id``. ``select``: label -> accepted values (all must match).
    ``per``: ``stream``, or the label whose equal values make an area. ``distinct``: members of an area with the same
    value of this label count once. ``coverage``: share of expected observations a window must hold before it is known
    (0 = any). An incomplete window still decides what more observations could not change: a sum of values that are never
    negative, and a max, from below; a min from above. ``count`` is always known; ``days(...)`` does not ask.

    ``cool_down_us``: for so long after a clearance no level up to the one it cleared from is raised again; a higher one
    is, and so is every level from rank ``never_held_back`` on (the scheme's highest), at once. What goes on holding is
    raised at the first judgement after the cool-down."""

    name: str
    version: int
    hazard: str
    select: Mapping[str, tuple[str, ...]]
    rungs: tuple[Rung, ...]
    clear: Clear = Clear()
    per: str = "stream"
    distinct: str = ""
    coverage: float = 0.0
    quality: bool = False
    cool_down_us: int = 0
    never_held_back: int = 127
    title: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    verified: bool = False
