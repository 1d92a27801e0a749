"""What the API takes and gives, as schemas (they make the OpenAPI document). Moments are RFC 3339 in UTC."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from ninja import Schema
from pydantic import Field

from tocsin.loop.detect import queries as detect
from tocsin.loop.verify import queries as verify
from tocsin.terms import event as terms_event
from tocsin.terms import signal as terms_signal
from tocsin.terms import stream as terms_stream
from tocsin.terms.moment import iso, to_us

__all__ = [
    "Accepted", "ChangeForm", "EventDetailForm", "EventForm", "MeasureForm", "PartForm", "Problem", "RefusedRow",
    "SignalDetailForm", "SignalForm", "SourceForm", "SourceLineForm", "StreamForm", "number", "when",
]  # fmt: skip


def number(value: float) -> float | None:
    """JSON has no NaN and no infinity: what is not known or not bounded is null."""
    return value if math.isfinite(value) else None


def when(microseconds: int | None) -> str | None:
    """RFC 3339, or null."""
    return None if microseconds is None else iso(microseconds)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else iso(to_us(at))


class Problem(Schema):
    """RFC 9457 problem details with our members ``thing`` and ``remedy``."""

    type: str
    title: str
    status: int
    detail: str
    thing: str
    remedy: str


class SourceForm(Schema):
    """A source to register."""

    id: str = Field(min_length=1, max_length=100)
    title: str = ""
    owner: str = ""
    lateness_s: float = Field(0.0, ge=0)
    delay_s: float = Field(0.0, ge=0)
    synthetic: bool = False
    licence: str = ""

    def term(self) -> terms_stream.Source:
        """The source as the log keeps it."""
        return terms_stream.Source(**{**self.dict(), "title": self.title or self.id})


class SourceLineForm(SourceForm):
    """A registered source; ``silent``: how many of its streams should report and do not."""

    streams: int
    silent: int


class StreamForm(Schema):
    """A stream to register; ``unit`` is a UCUM code, ``low``/``high`` null = unbounded."""

    id: str = Field(min_length=1, max_length=200)
    source: str
    feature: str
    property: str
    unit: str
    lon: float | None = None
    lat: float | None = None
    cell: str = ""
    jurisdiction: str = ""
    zone: str = "UTC"
    low: float | None = None
    high: float | None = None
    cadence_s: float = Field(0.0, ge=0)
    forecast: bool = False
    stages: dict[str, float] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)

    def term(self) -> terms_stream.Stream:
        """The stream as the log keeps it."""
        values = self.dict()
        for name, unset in (("lon", math.nan), ("lat", math.nan), ("low", -math.inf), ("high", math.inf)):
            values[name] = unset if values[name] is None else values[name]
        return terms_stream.Stream(**values)

    @classmethod
    def of(cls, stream: terms_stream.Stream) -> StreamForm:
        """The form of a registered stream."""
        values = {name: getattr(stream, name) for name in cls.model_fields}
        for name in ("lon", "lat", "low", "high"):
            values[name] = number(values[name])
        return cls(**{**values, "stages": dict(stream.stages), "labels": dict(stream.labels)})


class Accepted(Schema):
    """A change that the log holds. ``applied``: whether the database already shows it."""

    seq: int
    applied: bool


class MeasureForm(Schema):
    """One part of the evidence."""

    what: str
    value: float | None
    unit: str
    comparison: str
    threshold: float | None

    @classmethod
    def of(cls, measure: terms_signal.Measure) -> MeasureForm:
        """The form of a measure."""
        return cls(
            what=measure.what, value=number(measure.value), unit=measure.unit, comparison=measure.comparison,
            threshold=measure.threshold,
        )  # fmt: skip


class SignalForm(Schema):
    """A signal. ``level`` is the rank now (0 = cleared), ``peak`` the highest it had."""

    id: str
    rule: str
    rule_version: int
    hazard: str
    subject_kind: str
    subject: str
    level: int
    peak: int
    quality: bool
    onset_at: str
    changed_at: str
    cleared_at: str | None
    jurisdiction: str
    finality: str = "final"
    final_id: str | None = None
    confirmed_level: int = 0
    provisional_level: int = 0
    awaited_s: float = 0.0

    @classmethod
    def of(cls, line: detect.SignalLine) -> SignalForm:
        """The form of a signal."""
        return cls(
            id=line.id, rule=line.rule, rule_version=line.rule_version, hazard=line.hazard,
            subject_kind=line.subject.kind, subject=line.subject.key, level=line.level, peak=line.peak,
            quality=line.quality, onset_at=iso(line.onset_us), changed_at=iso(line.changed_us),
            cleared_at=when(line.cleared_us), jurisdiction=line.jurisdiction, finality=line.finality.value,
            final_id=line.final_id, confirmed_level=line.confirmed, provisional_level=line.said,
            awaited_s=line.awaited_us / 1e6,
        )  # fmt: skip


class ChangeForm(Schema):
    """One level change of a signal with its evidence."""

    change: str
    level: int
    previous: int
    at: str
    seq: int
    evidence: list[MeasureForm]
    finality: str = "final"
    amends: int = 0

    @classmethod
    def of(cls, line: detect.SignalChangeLine) -> ChangeForm:
        """The form of a change."""
        return cls(
            change=str(line.change), level=line.level, previous=line.previous, at=iso(line.at_us), seq=line.seq,
            evidence=[MeasureForm.of(measure) for measure in line.evidence], finality=line.finality.value, amends=line.amends,
        )  # fmt: skip


class SignalDetailForm(Schema):
    """A signal with its changes in order."""

    signal: SignalForm
    changes: list[ChangeForm]


class EventForm(Schema):
    """An event: grouped signals. ``no_data``: a member fell silent while raised. ``verdict``: unverified until somebody
    looked and could tell, then confirmed or refuted. ``acknowledged_at`` null: nobody has it in hand. ``finality``: provisional
    while late data may still undo it, retracted where they did; ``level_provisional``: its level rests on what is provisional.
    """

    id: str
    hazard: str
    state: str
    level: int
    began_at: str
    changed_at: str
    ended_at: str | None
    lon: float | None
    lat: float | None
    place: str
    parent: str | None
    merged_into: str | None
    no_data: bool
    signals: int
    verdict: str
    acknowledged_at: str | None
    closed_at: str | None
    finality: str = "final"
    level_provisional: bool = False

    @classmethod
    def of(cls, line: detect.EventLine, file: verify.DossierLine | None) -> EventForm:
        """The form of an event; without a file yet nobody looked and nobody has it in hand."""
        return cls(
            id=line.id, hazard=line.hazard, state=str(line.state), level=line.level, began_at=iso(line.began_us),
            changed_at=iso(line.changed_us), ended_at=when(line.ended_us), lon=number(line.lon), lat=number(line.lat),
            place=line.place, parent=line.parent, merged_into=line.merged_into, no_data=line.no_data,
            signals=line.signals, verdict=file.verdict.value if file else "unverified",
            acknowledged_at=_moment(file.acknowledged_at if file else None),
            closed_at=_moment(file.closed_at if file else None), finality=line.finality.value, level_provisional=line.ahead,
        )  # fmt: skip


class PartForm(Schema):
    """One line of the explanation of an event's level."""

    factor: str
    value: str
    because: str

    @classmethod
    def of(cls, part: terms_event.LevelPart) -> PartForm:
        """The form of a part."""
        return cls(factor=part.factor, value=part.value, because=part.because)


class EventDetailForm(Schema):
    """An event with the explanation of its level, its signals and its family."""

    event: EventForm
    explanation: list[PartForm]
    signals: list[SignalForm]
    parent: EventForm | None
    children: list[EventForm]
    merged: list[EventForm]

    @classmethod
    def of(cls, detail: detect.EventDetail, files: Mapping[str, verify.DossierLine]) -> EventDetailForm:
        """The form of a detail; ``files`` of verify by event."""
        return cls(
            event=EventForm.of(detail.event, files.get(detail.event.id)),
            explanation=[PartForm.of(part) for part in detail.explanation],
            signals=[SignalForm.of(line) for line in detail.signals],
            parent=EventForm.of(detail.parent, files.get(detail.parent.id)) if detail.parent else None,
            children=[EventForm.of(line, files.get(line.id)) for line in detail.children],
            merged=[EventForm.of(line, files.get(line.id)) for line in detail.merged],
        )


class RefusedRow(Schema):
    """A refused row as it was sent, and why."""

    received_at: str
    source: str
    stream: str
    observed_at: str
    value: str
    code: str
    rule: str
    remedy: str
