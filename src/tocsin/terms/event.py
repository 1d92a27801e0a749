"""Event: grouped signals, reports and bulletins: something is happening there, from then on."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from tocsin.terms.signal import Finality

__all__ = ["Event", "EventState", "LevelPart"]


class EventState(enum.StrEnum):
    """PROPOSED: a cascade expects it, nothing observed yet. ENDED: every member cleared and the gap has passed."""

    PROPOSED = "proposed"
    OPEN = "open"
    ENDED = "ended"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class LevelPart:
    """One line of the explanation of an event's level: which table, which input, what it gave."""

    factor: str  # intensity | exposure | certainty | result
    value: str
    because: str


@dataclass(frozen=True, slots=True)
class Event:
    """A group of signals of one hazard type near each other in space and time (engine.md section 4).

    ``lon``/``lat`` is the centroid of its members' places, ``signals`` ids in order of joining, ``parent`` the event
    whose cascade proposed it, ``merged_into`` the survivor when two events met (earliest id is kept)."""

    id: str
    hazard: str
    state: EventState
    level: int
    began_us: int
    changed_us: int
    ended_us: int | None = None
    lon: float = float("nan")
    lat: float = float("nan")
    place: str = ""
    signals: tuple[str, ...] = ()
    parent: str | None = None
    merged_into: str | None = None
    no_data: bool = False  # a member went silent while raised: "no data in danger"
    explanation: tuple[LevelPart, ...] = field(default=())
    jurisdiction: str = ""  # the lowest one that holds all its members' places
    finality: Finality = Finality.FINAL  # PROVISIONAL: no member is final yet; RETRACTED: none ever was, and it ended
    ahead: bool = False  # its level rests on what is provisional
