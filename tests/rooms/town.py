"""Builders for room tests: a small catalogue, transitions and event changes, in the words of the glossary."""

from __future__ import annotations

from datetime import UTC, datetime

from tocsin.engine.event_change import EventChange
from tocsin.loop.detect import services as detect
from tocsin.loop.observe import services as observe
from tocsin.terms.event import Event, EventState, LevelPart
from tocsin.terms.ids import event_id
from tocsin.terms.signal import Change, Measure, Subject, Transition
from tocsin.terms.stream import Source, Stream

NOW = datetime(2025, 11, 22, 3, 41, tzinfo=UTC)
HOUR_US = 3_600_000_000

SOURCE = Source("hydro", "Water bureau", "Simcity water bureau", lateness_s=30.0, synthetic=True)
EAST = Stream("g1", "hydro", "gauge1", "precipitation", "mm", lon=120.5, lat=30.25, jurisdiction="simcity/east",
              zone="Asia/Shanghai", low=0.0, high=300.0, stages={"alert_level": 4.5}, labels={"basin": "blue"})  # fmt: skip
WEST = Stream("g2", "hydro", "gauge2", "precipitation", "mm", jurisdiction="simcity/west", labels={"basin": "blue"})


def register(*streams: Stream, seq: int = 0, sources: tuple[Source, ...] = (SOURCE,)) -> int:
    return observe.apply_catalogue(sources=sources, streams=streams, seq=seq, actor="engine", now=NOW)


def transition(stream: str = "g1", change: str = "raised", *, level: int = 4, previous: int = 0, seq: int = 1,
               at_us: int | None = None, onset_us: int = HOUR_US, quality: bool = False, what: str = "sum(3h)",
               rule: str = "natural_hazards/rainstorm", subject: Subject | None = None) -> Transition:  # fmt: skip
    """A rainstorm at a stream. Levels of the usual changes are filled in: cleared goes to 0."""
    level = 0 if change == "cleared" else level
    return Transition(
        rule, 3, "rainstorm", subject or Subject("stream", stream), Change(change), level, previous,
        onset_us if at_us is None else at_us, onset_us, seq, quality, (Measure(what, 171.2, "mm", ">=", 100.0),),
    )  # fmt: skip


def event_of(*members: Transition, state: EventState = EventState.OPEN, level: int = 4, **other: object) -> Event:
    signals = tuple(member.signal for member in members)
    part = LevelPart("intensity", "4", "highest level of its signals")
    fields = {"id": event_id(signals[0]) if signals else "evt_proposed", "hazard": "rainstorm", "began_us": HOUR_US,
              "changed_us": HOUR_US, "lon": 120.5, "lat": 30.25, "place": "gauge1", "signals": signals,
              "explanation": (part,)}  # fmt: skip
    return Event(state=state, level=level, **(fields | other))  # type: ignore[arg-type]


def change(event: Event, kind: str = "opened", *, seq: int = 1, because: str = "") -> EventChange:
    return EventChange(kind, event, event.changed_us, seq, because)  # type: ignore[arg-type]


def record(*transitions: Transition, changes: tuple[EventChange, ...] = (), seq: int = 1,
           first_seq: int | None = None) -> detect.Recorded:  # fmt: skip
    return detect.record_batch(
        transitions=transitions, event_changes=changes, consumed_seq=seq, log_digest=f"digest-{seq}", actor="engine",
        now=NOW, first_seq=first_seq,
    )  # fmt: skip
