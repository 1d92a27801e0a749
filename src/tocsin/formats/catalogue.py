"""Sources and streams as files (TOML, JSON, CSV) and as the JSON body of a catalogue record.

    [[source]]                          {"sources": [{"id": "met", ...}],         id,source,feature,property,unit,lon,lat
    id = "met"                           "streams": [{"id": "g1", ...}]}          g1,met,gauge 1,precipitation,mm,116.4,39.9
    title = "Weather service"
    [[stream]]
    id = "g1" ...

Keys are the fields of ``terms.stream``. In CSV, columns ``stage.NAME`` and ``label.NAME`` hold stages and labels, an
empty cell is the default; a CSV file holds sources or streams, told by whether it has a column ``feature``.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from tocsin.formats.text import decoded
from tocsin.formats.toml import read_toml
from tocsin.formats.units import convert_factor
from tocsin.terms.errors import BadForm, BadTime, BadUnit, BadValue
from tocsin.terms.limits import CATALOGUE_BYTES, CATALOGUE_PARTS
from tocsin.terms.stream import Source, Stream

__all__ = ["catalogue_body", "read_catalogue", "read_catalogue_body", "read_catalogue_file", "read_kept_catalogue"]

Entry = TypeVar("Entry", Source, Stream)

_ID_LENGTH = 200
_FORMS = "use TOML, JSON or CSV with the fields of a source or a stream"
_FLAGS = {"": False, "true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def catalogue_body(sources: Iterable[Source], streams: Iterable[Stream]) -> bytes:
    """The JSON body of a catalogue record, defaults left out."""
    return msgspec.json.encode(
        {"sources": [_plain(each) for each in sources], "streams": [_plain(each) for each in streams]}
    )


def read_catalogue_body(body: bytes) -> tuple[list[Source], list[Stream]]:
    """Sources and streams of a body, as they were given to ``catalogue_body`` or sent by API. Raises BadForm, BadUnit,
    BadValue, BadTime, naming the entry."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadForm("catalogue", str(error), 'send {"sources": [...], "streams": [...]}') from error
    return _read(document, "sources", "streams")


class _Kept(msgspec.Struct):
    sources: list[Source]
    streams: list[Stream]


def read_kept_catalogue(body: bytes) -> tuple[list[Source], list[Stream]]:
    """The same of a body that we wrote and whose checksum held: every entry was checked when it came in, so types only.
    Raises BadForm."""
    try:
        kept = msgspec.json.decode(body, type=_Kept)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadForm("catalogue", str(error), "use the snapshot before it") from error
    return kept.sources, kept.streams


def read_catalogue_file(path: Path) -> tuple[list[Source], list[Stream]]:
    """The same from a .toml, .json or .csv file. Raises OSError too."""
    return read_catalogue(path.read_bytes(), path.suffix)


def read_catalogue(data: bytes, suffix: str) -> tuple[list[Source], list[Stream]]:
    """The same from the bytes of such a file; ``suffix`` says which form."""
    if suffix == ".json":
        return read_catalogue_body(data)
    if suffix == ".csv":
        return _read(_csv_document(data), "sources", "streams")
    if suffix != ".toml":
        raise BadForm("catalogue", f"a {suffix or 'nameless'} file is no catalogue", _FORMS)
    document, _ = read_toml(data, "catalogue", most_bytes=CATALOGUE_BYTES, most_parts=CATALOGUE_PARTS)
    return _read(document, "source", "stream")


def _read(document: object, sources_key: str, streams_key: str) -> tuple[list[Source], list[Stream]]:
    if not isinstance(document, dict) or not set(document) <= {sources_key, streams_key}:
        raise BadForm("catalogue", f"it has other parts than {sources_key} and {streams_key}", _FORMS)
    sources = _entries(document.get(sources_key, []), Source, "source")
    streams = _entries(document.get(streams_key, []), Stream, "stream")
    _check_ids([source.id for source in sources], "source")
    _check_ids([stream.id for stream in streams], "stream")
    for source in sources:
        _check_source(source)
    for stream in streams:
        _check_stream(stream)
    return sources, streams


# -------------------------------------------------------------------- one entry
def _plain(entry: Source | Stream) -> dict[str, object]:
    values = ((each.name, getattr(entry, each.name), each) for each in fields(entry))
    return {
        name: dict(value) if each.default_factory is not MISSING else value
        for name, value, each in values
        if not (each.default_factory is not MISSING and not value) and not _is_default(value, each.default)
    }


def _is_default(value: object, default: object) -> bool:
    both_nan = isinstance(value, float) and isinstance(default, float) and math.isnan(value) and math.isnan(default)
    return both_nan or (default is not MISSING and value == default)


def _entries(entries: object, kind: type[Entry], word: str) -> list[Entry]:
    if not isinstance(entries, list):
        raise BadForm(f"catalogue {word}s", "they are no list", _FORMS)
    known = {each.name for each in fields(kind)}
    return [_entry(entry, place, kind, word, known) for place, entry in enumerate(entries, 1)]


def _entry(entry: object, place: int, kind: type[Entry], word: str, known: set[str]) -> Entry:
    try:
        if isinstance(entry, dict) and not known.issuperset(entry):
            raise ValueError(f"it has no field {min(set(entry) - known)!r}")
        return msgspec.convert(entry, kind)
    except ValueError as error:  # msgspec's errors are ValueErrors
        name = entry.get("id") if isinstance(entry, dict) else None
        raise BadForm(f"{word} {name or f'number {place}'}", str(error), f"correct it; {_FORMS}") from error


def _check_ids(ids: Sequence[str], word: str) -> None:
    twice = [name for name, number in Counter(ids).items() if number > 1]
    if twice:
        raise BadForm(f"{word} {twice[0]}", "the id comes twice", "give each one its own id")
    for name in ids:
        if not name or len(name) > _ID_LENGTH or name != name.strip() or not name.isprintable():
            rule = f"an id is 1 to {_ID_LENGTH} printable characters without spaces around"
            raise BadForm(f"{word} {name[:40]!r}", rule, "correct the id")


def _check_source(source: Source) -> None:
    for name in ("lateness_s", "delay_s"):
        _check_seconds(f"source {source.id}", name, getattr(source, name))


def _check_stream(stream: Stream) -> None:
    thing = f"stream {stream.id}"
    if not (stream.source and stream.feature and stream.property):
        raise BadForm(thing, "source, feature or property is empty", "name all three")
    try:
        convert_factor(stream.unit, stream.unit)
    except BadUnit as error:
        raise BadUnit(f"{thing}, {error.thing}", error.rule, error.remedy) from error
    if not _is_zone(stream.zone):
        raise BadTime(thing, f"{stream.zone!r} is no IANA time zone", "write a name such as Asia/Shanghai or UTC")
    if math.isnan(stream.low) or math.isnan(stream.high) or not stream.low < stream.high:
        rule = f"the sane range {stream.low:g} to {stream.high:g} is empty"
        raise BadValue(thing, rule, "give low below high, or leave both out")
    if math.isnan(stream.lon) != math.isnan(stream.lat) or abs(stream.lon) > 180 or abs(stream.lat) > 90:
        rule = f"lon {stream.lon:g}, lat {stream.lat:g} is no place (lon -180 to 180, lat -90 to 90)"
        raise BadValue(thing, rule, "give both in degrees, WGS 84; check that they are not exchanged")
    _check_seconds(thing, "cadence_s", stream.cadence_s)
    for name, value in stream.stages.items():
        if not math.isfinite(value):
            raise BadValue(
                thing, f"stage {name} is {value}", "give a number in the unit of the stream, or leave it out"
            )


def _check_seconds(thing: str, name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise BadValue(thing, f"{name} is {value}", "give a number of seconds, 0 or more")


@lru_cache(maxsize=256)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


# -------------------------------------------------------------------- CSV
def _csv_document(data: bytes) -> dict[str, list[dict[str, Any]]]:
    lines = csv.reader(io.StringIO(decoded(data), newline=""))
    try:
        names = [name.strip() for name in next(lines, [])]
        rows = [(lines.line_num, row) for row in lines if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise BadForm(f"catalogue, line {lines.line_num}", str(error), _FORMS) from error
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice or not names:
        raise BadForm("catalogue", f"column {twice[0]!r} comes twice" if twice else "it is empty", _FORMS)
    for line, row in rows:
        if len(row) != len(names):
            rule = f"it has {len(row)} columns, the headers {len(names)}"
            raise BadForm(f"catalogue, line {line}", rule, "correct the line; text with a comma in it needs quotes")
    kind, key = (Stream, "streams") if "feature" in names else (Source, "sources")
    return {key: [_csv_entry(kind, zip(names, row, strict=True), line) for line, row in rows]}


def _csv_entry(kind: type[Source] | type[Stream], cells: Iterable[tuple[str, str]], line: int) -> dict[str, Any]:
    types = {each.name: each.type for each in fields(kind)}
    entry: dict[str, Any] = {}
    for name, cell in cells:
        text = cell.strip()
        if not text:
            continue
        group, _, inner = name.partition(".")
        if group == "stage" and inner:
            entry.setdefault("stages", {})[inner] = _csv_number(text, name, line)
        elif group == "label" and inner:
            entry.setdefault("labels", {})[inner] = text
        elif types.get(name) == "float":
            entry[name] = _csv_number(text, name, line)
        elif types.get(name) == "bool":
            if text.casefold() not in _FLAGS:
                raise BadForm(f"catalogue, line {line}", f"{name} is {text!r}", "write true or false")
            entry[name] = _FLAGS[text.casefold()]
        else:
            entry[name] = text
    return entry


def _csv_number(text: str, name: str, line: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadValue(f"catalogue, line {line}", f"{name} is {text!r}, no number", "correct the cell") from None
