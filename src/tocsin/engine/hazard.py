"""What a pack says of a hazard type so that signals can be grouped into events, graded, and cascaded (data, no behaviour)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Cascade", "Facility", "HazardSpec"]


@dataclass(frozen=True, slots=True)
class HazardSpec:
    """``distance_km``/``gap_s``: signals nearer than both belong to one event; ``gap_s`` after the last clearance the
    event ends. ``exposure``: facility kind -> ranks added when such a facility lies within ``distance_km`` (for example
    ``{"hospital": 1}``). ``certainty``: number of independent streams -> ranks added (``{1: 0, 2: 0}``; negative lowers).
    Level of an event = highest member rank + exposure + certainty, cut to 1..n; every part is in the explanation."""

    code: str
    distance_km: float
    gap_s: float
    title: Mapping[str, str] = field(default_factory=dict)
    exposure: Mapping[str, int] = field(default_factory=dict)
    certainty: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cascade:
    """``parent`` hazard at ``rank`` or above proposes ``child`` at each facility of one of ``facility_kinds`` (having all
    ``facility_labels``) within ``distance_km`` of a member of the parent event, before it is observed."""

    parent: str
    rank: int
    child: str
    facility_kinds: tuple[str, ...]
    distance_km: float
    child_rank: int = 1
    facility_labels: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facility:
    """A place with an operator; never a dwelling, never a person."""

    id: str
    kind: str
    title: Mapping[str, str]
    lon: float
    lat: float
    jurisdiction: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
