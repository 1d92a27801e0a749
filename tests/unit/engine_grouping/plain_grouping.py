"""The slow readable twin of grouping: all signals ever, compared with one another every time. No cascades, no index."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.engine.hazard import Facility, HazardSpec
from tocsin.geo import Place, distance_km
from tocsin.terms.ids import event_id
from tocsin.terms.signal import Change, Transition


@dataclass
class PlainSignal:
    id: str
    place: Place
    subject: str
    rank: int
    onset_us: int
    no_data: bool
    cleared_us: int | None = None


@dataclass
class PlainEvent:
    id: str
    hazard: str
    signals: list[PlainSignal]
    level: int = 0
    ended_us: int | None = None
    gone_into: list[str] = field(default_factory=list)

    @property
    def began_us(self) -> int:
        return min(signal.onset_us for signal in self.signals)

    def due_us(self, gap_us: int) -> float:
        return max(
            float("inf") if s.cleared_us is None else max(s.cleared_us, s.onset_us) + gap_us for s in self.signals
        )


class PlainGrouper:
    """``events`` by all events not merged away."""

    def __init__(self, hazards: dict[str, HazardSpec], facilities: list[Facility], ranks: int, no_data_rule: str):
        self.hazards, self.facilities, self.ranks, self.no_data_rule = hazards, facilities, ranks, no_data_rule
        self.events: list[PlainEvent] = []

    def feed(self, transition: Transition, place: Place) -> None:
        if transition.quality:
            return
        known = [(e, s) for e in self.events for s in e.signals if s.id == transition.signal]
        if transition.change is Change.CLEARED:
            for event, signal in known:
                signal.cleared_us = transition.at_us
                self.judge(event)
        elif known:
            event, signal = known[0]
            signal.rank = transition.level
            self.judge(event)
        else:
            self.judge(self.join(transition, place))

    def join(self, transition: Transition, place: Place) -> PlainEvent:
        signal = PlainSignal(transition.signal, place, transition.subject.key, transition.level, transition.onset_us,
                             transition.rule == self.no_data_rule)  # fmt: skip
        spec = self.hazards[transition.hazard]
        touched = [
            event for event in self.events
            if event.hazard == transition.hazard and event.ended_us is None
            and event.due_us(round(spec.gap_s * 1e6)) >= transition.onset_us
            and any(self.near(member, signal, spec.distance_km) for member in event.signals)
        ]  # fmt: skip
        touched.sort(key=lambda event: (event.began_us, event.id))
        if not touched:
            touched = [PlainEvent(event_id(signal.id), transition.hazard, [])]
            self.events.append(touched[0])
        survivor, *others = touched
        for other in others:
            survivor.signals += other.signals
            self.events.remove(other)
        survivor.signals.append(signal)
        return survivor

    @staticmethod
    def near(one: PlainSignal, other: PlainSignal, km: float) -> bool:
        if not (one.place.located and other.place.located):
            return one.subject == other.subject
        return distance_km(one.place.lon, one.place.lat, other.place.lon, other.place.lat) <= km

    def judge(self, event: PlainEvent) -> None:
        spec = self.hazards[event.hazard]
        held = [signal.rank for signal in event.signals if signal.cleared_us is None]
        if not held:
            return
        level = max(held)
        for kind, ranks in spec.exposure.items():
            if any(f.kind == kind and distance_km(s.place.lon, s.place.lat, f.lon, f.lat) <= spec.distance_km
                   for f in self.facilities for s in event.signals):  # fmt: skip
                level += ranks
        streams = len({signal.subject.rstrip("b") for signal in event.signals})
        steps = [ranks for count, ranks in sorted(spec.certainty.items()) if count <= streams]
        event.level = min(max(level + (steps[-1] if steps else 0), 1), self.ranks)

    def advance(self, now_us: int) -> None:
        for event in self.events:
            due = event.due_us(round(self.hazards[event.hazard].gap_s * 1e6))
            if event.ended_us is None and due < now_us:
                event.ended_us = round(due)

    def outcome(self) -> set[tuple]:
        return {
            (e.id, e.hazard, tuple(s.id for s in sorted(e.signals, key=lambda s: s.id)), e.level, e.began_us, e.ended_us,
             any(s.no_data and s.cleared_us is None for s in e.signals))
            for e in self.events
        }  # fmt: skip
