"""What a rule unit test gives beside series: reports and bulletins.

report = [{ at = "5min", category = "gas_smell", lon = 120.0, lat = 30.0, count = 2 }]
bulletin = [{ at = "0s", hazard = "rainstorm", level = "orange", until = "6h", jurisdictions = ["county"] }]

Moments are counted from the start of the test. A report is made in the five minutes that hold its moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tocsin.engine.language.faults import nearest
from tocsin.formats.bulletins import bulletin_body
from tocsin.formats.reports import reports_body
from tocsin.geo import cell_centroid, cell_of
from tocsin.packkit.pack import Pack
from tocsin.packkit.section import Section
from tocsin.terms.bulletin import Bulletin
from tocsin.terms.errors import TocsinError
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.report import BUCKET_US, Report

__all__ = ["Given", "given_records", "read_bulletin", "read_report"]

_REPORT_KEYS = ("at", "category", "count", "cell", "lon", "lat", "note")
_BULLETIN_KEYS = ("at", "id", "hazard", "level", "from", "until", "jurisdictions", "cells", "lon", "lat", "km", "note")
Moment = Callable[[Section, str], int | None]


@dataclass(frozen=True, slots=True)
class Given:
    """A record that is known at a moment (us since 1970)."""

    at_us: int
    kind: RecordKind
    body: bytes


def read_report(pack: Pack, part: Section, start_us: int, moment: Moment) -> Given | None:
    """One entry of ``report``, faults reported."""
    part.known(_REPORT_KEYS)
    at, category = moment(part, "at"), part.text("category", need=True)
    if category and category not in pack.reports:
        part.fault(
            f"no reports of {category!r} are declared in streams.toml", nearest(category, pack.reports), "category"
        )
    try:
        cell = part.text("cell") or cell_of(part.number("lon"), part.number("lat"))
        cell_centroid(cell)
    except TocsinError as error:
        part.fault(f"{error.thing} {error.rule}", "write lon and lat, or cell = an H3 index")
        return None
    if at is None:
        return None
    bucket = (start_us + at) // BUCKET_US * BUCKET_US
    report = Report(category, cell, bucket, part.whole("count", default=1, least=1))
    return Given(report.counts_from_us, RecordKind.REPORTS, reports_body("test", [report]))


def read_bulletin(pack: Pack, part: Section, start_us: int, moment: Moment) -> Given | None:
    """One entry of ``bulletin``, faults reported."""
    part.known(_BULLETIN_KEYS)
    sent, until = moment(part, "at"), moment(part, "until")
    begins = moment(part, "from") if "from" in part.data else sent
    hazard, level = part.text("hazard", need=True), part.text("level", need=True)
    if hazard and hazard not in pack.spoken_of:
        part.fault(f"no hazard {hazard!r} in hazards.toml", nearest(hazard, pack.spoken_of), "hazard")
    if level not in pack.scheme.codes:
        part.fault(f"no level {level!r}", nearest(level, pack.scheme.codes), "level")
        return None
    if sent is None or until is None or begins is None:
        return None
    circle = (part.number("lon"), part.number("lat"), part.number("km")) if "km" in part.data else None
    bulletin = Bulletin(
        part.text("id") or f"test-{part.path[-1]}", "test", hazard, pack.scheme.rank(level), start_us + sent,
        start_us + begins, start_us + until, part.texts("jurisdictions"), part.texts("cells"), circle,
    )  # fmt: skip
    return Given(bulletin.sent_us, RecordKind.BULLETIN, bulletin_body(bulletin))


def given_records(records: Iterable[Record], given: Iterable[Given]) -> list[Record]:
    """Records with what is given put where it became known: before the first tick at or after its moment."""
    out: list[Record] = []
    waiting = sorted(given, key=lambda one: one.at_us)
    for record in records:
        while waiting and record.kind is RecordKind.TICK and waiting[0].at_us <= record.at_us:
            out.append(_record(waiting.pop(0)))
        out.append(record)
    out += [_record(one) for one in waiting]
    return [Record(seq, one.kind, one.at_us, one.batch, one.body) for seq, one in enumerate(out)]


def _record(one: Given) -> Record:
    return Record(0, one.kind, one.at_us, body=one.body)
