"""A layout for files that no pack knows: made from their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow.compute as pc

from tocsin.app.replay.dataset import read_table
from tocsin.app.replay.layout import Layout, Observations, Property, SourceSays, Stations, columns_of
from tocsin.terms.errors import BadForm

__all__ = ["plain_layout"]

_STATION = ("station", "stream", "feature", "gauge", "sensor")
_MOMENT = ("observed_at", "time", "timestamp")


def plain_layout(paths: Sequence[Path], units: Mapping[str, str] | None = None) -> tuple[Path, Layout]:
    """Folder and layout for one folder, or for some files, of long tables: a row is station, moment, property, value,
    unit; a ``stations.csv`` beside them gives places. ``units``: property -> unit in which it is judged, and so
    registered, whatever unit the files are in. Raises BadForm naming the columns that are not there."""
    folder = paths[0] if paths[0].is_dir() else paths[0].parent
    files = sorted(p for p in folder.iterdir() if _is_long(p)) if paths[0].is_dir() else list(paths)
    if not files:
        raise BadForm(str(folder), "holds no file with the columns station, observed_at, property, value, unit",
                      "rename the columns, or say with --mapping FILE which columns to read")  # fmt: skip
    properties: dict[str, Property] = {}
    specs = []
    for file in files:
        if not _is_long(file):
            raise BadForm(str(file), f"has the columns {', '.join(columns_of(file))}; needs station, observed_at, "
                          "property, value, unit", "rename them, or give --mapping FILE")  # fmt: skip
        columns = columns_of(file)
        specs.append(
            Observations(
                file=str(file.resolve()),
                station=_first(columns, _STATION),
                observed_at=_first(columns, _MOMENT),
                property_column="property",
                unit_column="unit",
            )
        )
        pairs = read_table(file).select(["property", "unit"]).group_by(["property", "unit"]).aggregate([])
        for row in pairs.set_column(0, "property", pc.cast(pairs["property"], "string")).to_pylist():
            properties.setdefault(row["property"], Property(unit=(units or {}).get(row["property"], row["unit"])))
    stations = folder / "stations.csv"
    source = SourceSays("recorded", "Recorded files", "not stated")
    return folder, Layout(
        name="plain",
        title={"en": "Recorded files without a known truth", "zh-hans": "没有已知真值的记录文件"},
        source=source,
        observations=tuple(specs),
        properties=properties,
        stations=_stations(stations) if stations.is_file() else None,
    )


def _is_long(path: Path) -> bool:
    if path.suffix not in (".csv", ".parquet"):
        return False
    columns = set(columns_of(path))
    return {"property", "value", "unit"} <= columns and bool(columns & set(_STATION)) and bool(columns & set(_MOMENT))


def _first(columns: list[str], wanted: tuple[str, ...]) -> str:
    return next(name for name in wanted if name in columns)


def _stations(path: Path) -> Stations:
    """Numeric columns ending in ``_m`` or ``_level`` are not guessed to be stages: only labels by their own names."""
    columns = columns_of(path)
    known = {"station", "lon", "lat"}
    labels = {
        name: name for name in columns if name not in known and name in ("basin", "river", "rain_group", "setting")
    }
    return Stations(file=str(path.resolve()), labels=labels)
