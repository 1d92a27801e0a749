"""Worked examples of a pack: observations in, expected signals and events out, run by the engine itself."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tocsin.engine.event_change import EventChange
from tocsin.engine.grouping import Grouper, no_data_rules
from tocsin.engine.hazard import Facility
from tocsin.engine.language.faults import nearest
from tocsin.engine.language.parse import FLAG
from tocsin.engine.runner import Engine
from tocsin.engine.ticks import with_ticks
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.geo import Place, cell_centroid
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.pack import Pack
from tocsin.packkit.section import Section, sections
from tocsin.terms.event import Event
from tocsin.terms.moment import iso, to_us
from tocsin.terms.observation import Quality
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Subject, Transition
from tocsin.terms.stream import Catalogue, Source, Stream

__all__ = ["Example", "Played", "event_lines", "observation_batch", "place_of", "play", "read_example", "signal_lines"]

_COLUMNS = ("stream", "observed_at", "value")
_STREAM_KEYS = tuple(part.name for part in fields(Stream) if part.name not in ("cell", "forecast"))
_SOURCE_KEYS = tuple(part.name for part in fields(Source))
_FACILITY_KEYS = tuple(part.name for part in fields(Facility))


@dataclass(frozen=True, slots=True)
class Example:
    """Streams, facilities and observations of an example, and what it expects. ``quiet``: nothing at all is expected."""

    name: str
    catalogue: Catalogue
    facilities: tuple[Facility, ...]
    batch: pa.RecordBatch
    ends_us: int
    tick_us: int
    quiet: bool
    signals: tuple[Mapping[str, Any], ...]
    events: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Played:
    """What the engine and the grouping made of an example."""

    transitions: tuple[Transition, ...]
    changes: tuple[EventChange, ...]


def read_example(pack_path: Path, name: str, faults: Faults) -> Example | None:
    """An example folder, its faults reported; None if it cannot be run."""
    folder = Folder(pack_path, faults)
    prefix = f"examples/{name}"
    before = len(faults.found)
    streams = folder.document(f"{prefix}/streams.toml", required=True)
    expected = folder.document(f"{prefix}/expected.toml", required=True)
    Section(streams, (), streams.data, faults).known(("source", "stream", "facility"))
    catalogue = _catalogue(
        [_made(Source, section, _SOURCE_KEYS) for section in sections(streams, "source", faults)],
        [_made(Stream, section, _STREAM_KEYS) for section in sections(streams, "stream", faults)],
        streams.name, faults,
    )  # fmt: skip
    facilities = tuple(_made(Facility, section, _FACILITY_KEYS) for section in sections(streams, "facility", faults))
    wanted = Section(expected, (), expected.data, faults)
    wanted.known(("quiet", "tick", "ends", "signal", "event", "note"))
    batch = _observations(pack_path / prefix / "observations.csv", f"{prefix}/observations.csv", catalogue, faults)
    newest = int(pa.compute.max(batch.column("observed_at").cast("int64")).as_py() or 0) if batch.num_rows else 0
    ends = _moment(expected.data.get("ends"))
    signals = tuple(section.data for section in sections(expected, "signal", faults))
    events = tuple(section.data for section in sections(expected, "event", faults))
    quiet = wanted.boolean("quiet")
    if quiet and (signals or events):
        wanted.fault("a quiet example expects signals", "leave quiet or the signals out", "quiet")
    if any(fault.weight == "fault" for fault in faults.found[before:]):
        return None
    return Example(name, catalogue, facilities, batch, ends if ends is not None else newest,
                   wanted.duration_us("tick") or 60_000_000, quiet, signals, events)  # fmt: skip


def play(pack: Pack, example: Example) -> Played:
    """Run a pack over an example: ticks from the observations, then grouping with the example's facilities."""
    engine = Engine(
        pack.rules, example.catalogue, registered_us=int(example.batch.column("observed_at").cast("int64")[0].as_py())
    )
    grouper = Grouper(
        pack.spoken_of, pack.cascades, example.facilities, pack.scheme, no_data_rules=no_data_rules(pack.rules)
    )
    places = place_of(example.catalogue)
    transitions: list[Transition] = []
    changes: list[EventChange] = []

    def take(found: list[Transition], now_us: int | None) -> None:
        transitions.extend(found)
        changes.extend(grouper.feed(found, places))
        if now_us is not None:
            changes.extend(grouper.advance(now_us))

    for record in _records(example):
        take(engine.feed(record), record.at_us if record.kind is RecordKind.TICK else None)
    take(engine.finish(example.ends_us), example.ends_us)
    return Played(tuple(transitions), tuple(changes))


def place_of(catalogue: Catalogue) -> _PlaceOf:
    """Where a subject is: a stream at its coordinates, an area at the middle of its members."""
    return _PlaceOf(catalogue)


class _PlaceOf:
    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def __call__(self, subject: Subject) -> Place:
        if subject.kind == "stream":
            stream = self.catalogue.streams[self.catalogue.index(subject.key)]
            return Place(
                stream.lon, stream.lat, stream.cell, stream.jurisdiction, stream.labels.get("title", stream.feature)
            )
        members = [stream for stream in self.catalogue if stream.label(subject.kind) == subject.key]
        if subject.kind == "cell" and not members:  # only reports name it
            return Place(*cell_centroid(subject.key), subject.key, title=subject.key)
        located = [stream for stream in members if math.isfinite(stream.lon) and math.isfinite(stream.lat)]
        if not located:
            return Place(math.nan, math.nan, title=subject.key)
        lon = sum(stream.lon for stream in located) / len(located)
        lat = sum(stream.lat for stream in located) / len(located)
        return Place(lon, lat, jurisdiction=subject.key if subject.kind == "jurisdiction" else "", title=subject.key)


def signal_lines(pack: Pack, played: Played) -> list[dict[str, Any]]:
    """The transitions as an expected.toml writes them."""
    return [
        {"rule": found.rule.rpartition("/")[2], "subject": str(found.subject), "change": found.change.value,
         "level": _signal_level(pack, found), "at": iso(found.at_us)}
        for found in sorted(played.transitions, key=lambda x: (x.at_us, x.rule, str(x.subject)))
    ]  # fmt: skip


def event_lines(pack: Pack, played: Played) -> list[dict[str, Any]]:
    """The events as an expected.toml writes them: as they stand at the end, with the highest level they had."""
    last: dict[str, Event] = {}
    peak: dict[str, int] = {}
    for change in played.changes:
        last[change.event.id] = change.event
        peak[change.event.id] = max(peak.get(change.event.id, 0), change.event.level)
    return [
        {"hazard": event.hazard, "state": event.state.value, "level": _level(pack, peak[event.id]),
         "began": iso(event.began_us),
         **({"ended": iso(event.ended_us)} if event.ended_us is not None else {}), "signals": len(event.signals),
         **({"place": event.place} if event.parent else {}), **({"no_data": True} if event.no_data else {})}
        for event in sorted(last.values(), key=lambda x: (x.began_us, x.hazard, x.place, x.id))
    ]  # fmt: skip


# ---------------------------------------------------------------- reading
def _records(example: Example) -> Iterator[Record]:
    """The observations cut where ticks belong, and the tick that ends the example."""
    seq = -1
    for record in with_ticks([Record(0, RecordKind.OBSERVATIONS, 0, example.batch)], example.tick_us):
        seq = record.seq
        yield record
    yield Record(seq + 1, RecordKind.TICK, example.ends_us)


def _made(kind: type[Any], section: Section, keys: Sequence[str]) -> Any:
    section.known(keys)
    values = {key: value for key, value in section.data.items() if key in keys}
    try:
        return kind(**values)
    except TypeError as error:
        section.fault(str(error).replace("__init__()", kind.__name__.lower()), "write the missing keys")
        return None


def _catalogue(sources: list[Source], streams: list[Stream], name: str, faults: Faults) -> Catalogue:
    try:
        return Catalogue([s for s in sources if s], [s for s in streams if s])
    except (ValueError, LookupError) as error:
        faults.add(name, 0, str(error), "give each stream its own id and a [[source]]")
    except Exception as error:
        faults.add(name, 0, str(error), "write the [[source]]")
    return Catalogue()


def _observations(path: Path, name: str, catalogue: Catalogue, faults: Faults) -> pa.RecordBatch:
    """observations.csv: stream, observed_at (RFC 3339 with zone), value (empty = the source says it has none)."""
    streams, times, values = [], [], []
    if not path.is_file():
        faults.add(name, 0, "observations.csv is missing", "write stream,observed_at,value")
    else:
        reader = csv.reader(io.StringIO(path.read_text("utf-8")))
        if tuple(next(reader, ())) != _COLUMNS:
            faults.add(name, 1, "the columns must be stream,observed_at,value", "correct the first line")
        for line, row in enumerate(reader, start=2):
            try:
                stream, observed_at, value = row
                index = catalogue.indices()[stream]
                at = _moment(observed_at)
                number = float(value) if value else math.nan
                if at is None or math.isinf(number):
                    raise ValueError(observed_at)
            except KeyError:
                faults.add(name, line, f"no stream {row[0]!r} in streams.toml", nearest(row[0], catalogue.indices()))
            except ValueError:
                faults.add(name, line, f"not a row: {','.join(row)[:80]!r}", "write stream,2026-07-20T03:00:00Z,12.5")
            else:
                streams.append(index)
                times.append(at)
                values.append(number)
    return observation_batch(streams, times, values)


def observation_batch(streams: Sequence[int], times: Sequence[int], values: Sequence[float]) -> pa.RecordBatch:
    """Observations as the log stores them, in order of time: catalogue indices, moments (us), values (NaN = the source says it
    has none)."""
    order = np.argsort(np.array(times, np.int64), kind="stable")
    at_us, value_column = np.array(times, np.int64)[order], np.array(values, np.float64)[order]
    moments = pa.array(at_us, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    quality = np.where(np.isnan(value_column), int(Quality.MISSING), int(Quality.GOOD)).astype(np.uint8)
    columns = [pa.array(np.array(streams, np.int32)[order]), moments, pa.array(value_column, from_pandas=False),
               pa.array(quality), moments, pa.nulls(len(at_us), pa.timestamp("us", tz="UTC"))]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS)


def _moment(text: object) -> int | None:
    if isinstance(text, datetime):
        return to_us(text) if text.tzinfo else None
    if not isinstance(text, str):
        return None
    moment = datetime.fromisoformat(text)
    return to_us(moment) if moment.tzinfo else None


def _signal_level(pack: Pack, found: Transition) -> str:
    rule = pack.rule(found.rule)
    flag = found.level and rule.quality and len(rule.rungs) == 1
    return FLAG if flag else _level(pack, found.level)


def _level(pack: Pack, rank: int) -> str:
    return pack.scheme.level(rank).code if rank else "none"
