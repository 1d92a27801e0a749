"""A straight street on the equator for grouping tests: gauges stand at whole kilometres, times are whole seconds."""

from __future__ import annotations

from tocsin.engine.grouping import Grouper
from tocsin.engine.hazard import Cascade, Facility, HazardSpec
from tocsin.geo import EARTH_RADIUS_KM, Place
from tocsin.terms.event import Event, EventState
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.signal import Change, Subject, Transition

S = 1_000_000
KM = 180 / (3.141592653589793 * EARTH_RADIUS_KM)  # degrees of longitude

RAIN = HazardSpec(
    "rain", distance_km=2.5, gap_s=10, exposure={"hospital": 1, "school": 0}, certainty={1: -1, 2: 0, 4: 1}
)
FLOOD = HazardSpec("flood", distance_km=1.5, gap_s=5)
HAZARDS = {"rain": RAIN, "flood": FLOOD}
RAIN_FLOODS = Cascade("rain", 3, "flood", ("tunnel",), 3.5, child_rank=2, facility_labels={"depth": "low"})


def facility(name: str, km: float, kind: str = "tunnel", **labels: str) -> Facility:
    return Facility(name, kind, {"en": f"The {name}"}, km * KM, 0.0, "town/street", labels)


def place_of(subject: Subject) -> Place:
    """Gauge ``4`` and ``4b`` stand at kilometre 4; ``lost`` nowhere."""
    if subject.key.startswith("lost"):
        return Place(float("nan"), float("nan"), title="lost")
    km = int(subject.key.rstrip("abc"))
    return Place(km * KM, 0.0, jurisdiction="town/west" if km < 5 else "town/east", title=f"km {km}")


def transition(change: str, gauge: str, at: float, level: int = 0, *, onset: float | None = None, hazard: str = "rain",
               rule: str = "", seq: int = 0, quality: bool = False) -> Transition:  # fmt: skip
    return Transition(
        rule=rule or f"pack/{hazard}", rule_version=1, hazard=hazard, subject=Subject("stream", gauge), change=Change(change),
        level=level, previous=0, at_us=round(at * S), onset_us=round((at if onset is None else onset) * S), seq=seq,
        quality=quality,
    )  # fmt: skip


def raised(gauge: str, at: float, level: int = 1, **more: object) -> Transition:
    return transition("raised", gauge, at, level, **more)  # type: ignore[arg-type]


def changed(gauge: str, at: float, level: int, *, onset: float, **more: object) -> Transition:
    return transition("changed", gauge, at, level, onset=onset, **more)  # type: ignore[arg-type]


def cleared(gauge: str, at: float, *, onset: float, **more: object) -> Transition:
    return transition("cleared", gauge, at, 0, onset=onset, **more)  # type: ignore[arg-type]


class Street:
    """A Grouper with a memory of what it said: the newest form of each event, and all changes."""

    def __init__(self, cascades: list[Cascade] | None = None, facilities: list[Facility] | None = None, **more: object):
        self.setting = (HAZARDS, cascades or [], facilities or [], CHINA_FOUR_COLOUR)
        self.more = more
        self.grouper = Grouper(*self.setting, **more)  # type: ignore[arg-type]
        self.events: dict[str, Event] = {}
        self.said: list[str] = []

    def feed(self, *transitions: Transition) -> Street:
        return self._hear(self.grouper.feed(transitions, place_of))

    def advance(self, at: float) -> Street:
        return self._hear(self.grouper.advance(round(at * S)))

    def restart(self) -> Street:
        self.grouper = Grouper.restore(*self.setting, self.grouper.snapshot(), **self.more)  # type: ignore[arg-type]
        return self

    def _hear(self, changes: list) -> Street:
        for change in changes:
            self.events[change.event.id] = change.event
            self.said.append(change.change)
        return self

    def only(self, state: EventState | None = None) -> Event:
        (event,) = [event for event in self.events.values() if state in (None, event.state)]
        return event

    def states(self) -> list[str]:
        return sorted(event.state.value for event in self.events.values())
