"""Dataset: a recorded folder as catalogue and one long table of observations, nothing judged, nothing dropped."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from tocsin.app.replay.layout import Layout, Observations, SourceSays
from tocsin.geo.cell import cell_of
from tocsin.terms.errors import BadForm, BadTime, UnknownName
from tocsin.terms.stream import Catalogue, Source, Stream

__all__ = ["Dataset", "Rows", "read_dataset", "read_table", "stream_id"]


@dataclass(frozen=True, slots=True)
class Rows:
    """Observations as columns of one length, in file order: ``stream`` (index in the catalogue), ``observed_at``
    (us UTC), ``value`` (float, in the file's unit), ``missing`` (the source gives no value), ``unit`` (code into
    ``units``)."""

    stream: npt.NDArray[np.int32]
    observed_at: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    missing: npt.NDArray[np.bool_]
    unit: npt.NDArray[np.int16]
    units: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.stream)

    def take(self, which: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Rows:
        """The rows at these positions, or where a mask is true."""
        return Rows(
            self.stream[which],
            self.observed_at[which],
            self.value[which],
            self.missing[which],
            self.unit[which],
            self.units,
        )


@dataclass(frozen=True, slots=True)
class Dataset:
    """``folder`` read by ``layout``. ``rows`` are in order of ``observed_at`` (stable: file order within a moment);
    ``stations``: all that the file of stations names, also those without any observation."""

    folder: Path
    layout: Layout
    catalogue: Catalogue
    rows: Rows
    stations: tuple[str, ...] = ()

    def series(self, station: str, property_: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Times (us) and values of one stream, missing ones left out. Raises UnknownName."""
        index = self.catalogue.index(stream_id(station, property_))
        which = (self.rows.stream == index) & ~self.rows.missing
        return self.rows.observed_at[which], self.rows.value[which]


def stream_id(station: str, property_: str) -> str:
    """How a recorded station's stream is called: ``Hanwella/river_stage``."""
    return f"{station}/{property_}"


def read_dataset(folder: Path, layout: Layout) -> Dataset:
    """Read all files of a layout. Raises BadForm or BadTime for unreadable files, UnknownName for a station or
    property that the layout does not know."""
    stations = _read_stations(folder, layout)
    names = {p.name_in_file or name: name for name, p in layout.properties.items()}
    parts: list[tuple[list[str], Rows, SourceSays]] = []
    for spec in layout.observations:
        ids, rows = _read_observations(folder / spec.file, spec, names, set(stations))
        parts.append((ids, rows, spec.source or layout.source))
    catalogue = _catalogue(layout, stations, [(ids, source) for ids, _, source in parts])
    return Dataset(folder, layout, catalogue, _joined(catalogue, parts), tuple(stations))


def _read_stations(folder: Path, layout: Layout) -> dict[str, dict[str, str]]:
    """Rows of the stations file by station id; empty if the layout has none."""
    if layout.stations is None:
        return {}
    path = folder / layout.stations.file
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {row[layout.stations.id]: row for row in rows}


def _read_observations(
    path: Path, spec: Observations, names: dict[str, str], known: set[str]
) -> tuple[list[str], Rows]:
    """The streams that occur in one file, and its rows with ``stream`` counting within them."""
    table = read_table(path)
    lacking = {spec.station, spec.observed_at, spec.value, spec.property_column, spec.unit_column} - {""}
    if lacking - set(table.column_names):
        raise BadForm(
            str(path),
            f"columns are missing: {', '.join(sorted(lacking - set(table.column_names)))}",
            "correct the layout or the mapping",
        )
    n = table.num_rows
    station, station_of = _words(table, spec.station, "", n)
    property_, property_of = _words(table, spec.property_column, spec.property, n)
    units, unit_of = _words(table, spec.unit_column, spec.unit, n)
    for word in station:
        if known and word not in known:
            raise UnknownName(f"station {word!r} in {path.name}", "not in the file of stations", "add it there")
    for word in property_:
        if word not in names:
            raise UnknownName(
                f"property {word!r} in {path.name}",
                "the layout does not name it",
                "add [properties.NAME] with its unit",
            )
    pair = station_of.astype(np.int32) * len(property_) + property_of
    used, stream = np.unique(pair, return_inverse=True)
    ids = [stream_id(station[p // len(property_)], names[property_[p % len(property_)]]) for p in used.tolist()]
    value = pc.cast(table[spec.value], pa.float64()).combine_chunks()
    missing = pc.is_null(value, nan_is_null=False)
    if spec.no_data_where_empty:
        missing = pc.or_(missing, pc.is_null(table[spec.no_data_where_empty].combine_chunks()))
    return ids, Rows(
        stream=stream.astype(np.int32),
        observed_at=_moments(table[spec.observed_at], path, spec.observed_at),
        value=pc.fill_null(value, math.nan).to_numpy(zero_copy_only=False),
        missing=missing.to_numpy(zero_copy_only=False),
        unit=unit_of.astype(np.int16),
        units=tuple(units),
    )


def read_table(path: Path) -> pa.Table:
    """A CSV or Parquet file as it stands. Raises BadForm."""
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path)
        # only an empty cell is "no data"; the word NaN is a value that validation refuses
        options = pyarrow.csv.ConvertOptions(null_values=[""], strings_can_be_null=True)
        return pyarrow.csv.read_csv(path, convert_options=options)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadForm(str(path), f"cannot be read: {error}", "check that it is a CSV or Parquet file") from error


def _words(table: pa.Table, column: str, fixed: str, n: int) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Distinct words of a text column and the word number of each row; one word for all rows without a column."""
    if not column:
        return [fixed], np.zeros(n, np.int64)
    cells = table[column]
    if not pa.types.is_dictionary(cells.type):
        cells = pc.dictionary_encode(cells.cast(pa.string()))
    cells = cells.unify_dictionaries().combine_chunks()
    if isinstance(cells, pa.ChunkedArray):  # an empty table has no chunk to combine
        return [], np.zeros(0, np.int64)
    if cells.null_count:
        raise BadForm(f"column {column}", f"{cells.null_count} rows are empty", "fill or drop them")
    return cells.dictionary.cast(pa.string()).to_pylist(), cells.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _moments(cells: pa.ChunkedArray, path: Path, column: str) -> npt.NDArray[np.int64]:
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        try:
            cells = pc.cast(cells, pa.timestamp("us", tz="UTC"))
        except pa.ArrowInvalid as error:
            raise BadTime(f"{path.name}, column {column}", str(error), "write RFC 3339 times with a zone") from error
    if not pa.types.is_timestamp(cells.type) or cells.type.tz is None:
        raise BadTime(
            f"{path.name}, column {column}",
            f"needs times with a zone, found {cells.type}",
            "write RFC 3339 times with a zone",
        )
    if cells.null_count:
        raise BadTime(f"{path.name}, column {column}", f"{cells.null_count} times are empty", "fill or drop the rows")
    micro = cells.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    return np.ascontiguousarray(micro.to_numpy(), dtype=np.int64)


def _catalogue(
    layout: Layout, stations: dict[str, dict[str, str]], parts: Sequence[tuple[list[str], SourceSays]]
) -> Catalogue:
    sources: dict[str, Source] = {}
    streams: dict[str, Stream] = {}
    for ids, says in parts:
        sources[says.id] = Source(says.id, says.title, says.owner, says.lateness_s, says.delay_s, licence=says.licence)
        for id_ in ids:
            if id_ in streams and streams[id_].source != says.id:
                raise BadForm(f"stream {id_}", "two sources observe it", "give one property another name")
            streams[id_] = _stream(id_, says.id, layout, stations)
    return Catalogue(sources.values(), streams.values())


def _stream(id_: str, source: str, layout: Layout, stations: dict[str, dict[str, str]]) -> Stream:
    station, _, name = id_.rpartition("/")
    says, columns = layout.properties[name], layout.stations
    row = stations.get(station, {})
    place: dict[str, Any] = {}
    if columns is not None:
        lon, lat = _number(row.get(columns.lon)), _number(row.get(columns.lat))
        place = {
            "lon": lon,
            "lat": lat,
            "cell": cell_of(lon, lat),
            "zone": columns.zone,
            "jurisdiction": columns.jurisdiction,
            "stages": {k: _number(row.get(c)) for k, c in columns.stages.items() if row.get(c)},
            "labels": {k: row[c] for k, c in columns.labels.items() if row.get(c)},
        }
    return Stream(
        id=id_,
        source=source,
        feature=station,
        property=name,
        unit=says.unit,
        low=says.low,
        high=says.high,
        cadence_s=says.cadence_s,
        forecast=says.forecast,
        **place,
    )


def _number(cell: str | None) -> float:
    return float(cell) if cell else math.nan


def _joined(catalogue: Catalogue, parts: Sequence[tuple[list[str], Rows, SourceSays]]) -> Rows:
    """All files as one table in order of time; streams and units renumbered over all of them."""
    units = tuple(dict.fromkeys(unit for _, rows, _ in parts for unit in rows.units))
    stream = [np.array([catalogue.index(i) for i in ids], np.int32)[rows.stream] for ids, rows, _ in parts]
    unit = [np.array([units.index(u) for u in rows.units], np.int16)[rows.unit] for _, rows, _ in parts]
    whole = Rows(
        np.concatenate(stream),
        np.concatenate([rows.observed_at for _, rows, _ in parts]),
        np.concatenate([rows.value for _, rows, _ in parts]),
        np.concatenate([rows.missing for _, rows, _ in parts]),
        np.concatenate(unit),
        units,
    )
    return whole.take(np.argsort(whole.observed_at, kind="stable"))
