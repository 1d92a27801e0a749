"""Layout: how to recognise a folder of recorded data, how to read it, who judges the replay. A TOML file of a pack."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from tocsin.terms.errors import BadForm, BadPack

__all__ = [
    "Observations",
    "Layout",
    "Property",
    "SourceSays",
    "Stations",
    "columns_of",
    "load_layout",
    "load_layouts",
    "recognise",
]


class SourceSays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who observed. Same meaning as ``terms.stream.Source``."""

    id: str
    title: str
    owner: str
    licence: str = ""
    lateness_s: float = 0.0
    delay_s: float = 0.0


class Stations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns of the file of stations. ``stages`` and ``labels``: name in Tocsin -> column; an empty cell = none.
    ``titles``: language -> column. ``zone`` and ``jurisdiction`` hold for all stations."""

    file: str
    id: str = "station"
    lon: str = "lon"
    lat: str = "lat"
    zone: str = "UTC"
    jurisdiction: str = ""
    stages: dict[str, str] = {}
    labels: dict[str, str] = {}


class Observations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of observations, one value a row. Property and unit are either a column or one word for all rows.
    ``no_data_where_empty``: a column whose empty cell means that the source gives no value, whatever number stands
    in the value column. ``source``: its own source, if it is another than the layout's."""

    file: str
    station: str = "station"
    observed_at: str = "observed_at"
    value: str = "value"
    property_column: str = ""
    property: str = ""
    unit_column: str = ""
    unit: str = ""
    no_data_where_empty: str = ""
    source: SourceSays | None = None


class Property(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One property of the stations as Tocsin calls it. ``name_in_file`` if the file calls it otherwise; ``unit`` is
    what streams are registered in (values are converted to it), ``low``/``high`` bound sane values."""

    unit: str
    name_in_file: str = ""
    low: float = float("-inf")
    high: float = float("inf")
    cadence_s: float = 0.0
    forecast: bool = False


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``recognise``: file name -> columns that it must have. ``scorer`` names one of ``scoring.SCORERS`` ("" = none),
    and ``score`` is what that scorer needs to know. ``path`` is where the layout was read."""

    name: str
    title: dict[str, str]
    source: SourceSays
    observations: tuple[Observations, ...]
    properties: dict[str, Property]
    recognise: dict[str, tuple[str, ...]] = {}
    stations: Stations | None = None
    scorer: str = ""
    score: dict[str, Any] = {}
    tick_s: float = 3600.0
    path: str = ""


def load_layout(path: Path) -> Layout:
    """Read one layout. Raises BadPack naming the file and the key at fault."""
    try:
        layout = msgspec.toml.decode(path.read_bytes(), type=Layout)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadPack(str(path), str(error), "correct the layout; docs/replay.md lists its keys") from error
    return msgspec.structs.replace(layout, path=str(path))


def load_layouts(folders: Iterable[Path]) -> list[Layout]:
    """All layouts (``*.toml``) in these folders, in order of file name."""
    return [load_layout(path) for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.toml"))]


def recognise(folder: Path, layouts: Iterable[Layout]) -> Layout | None:
    """The layout whose files are all there with all their columns; the most demanding if several fit, None if none.
    Raises BadForm if two fit equally well."""
    fitting = [(sum(len(c) for c in p.recognise.values()), p) for p in layouts if p.recognise and _fits(folder, p)]
    if not fitting:
        return None
    fitting.sort(key=lambda pair: -pair[0])
    if len(fitting) > 1 and fitting[0][0] == fitting[1][0]:
        names = ", ".join(sorted(p.name for _, p in fitting[:2]))
        raise BadForm(str(folder), f"two layouts fit equally well: {names}", "say which with --layout")
    return fitting[0][1]


def _fits(folder: Path, layout: Layout) -> bool:
    return all(
        (folder / name).is_file() and set(columns) <= set(columns_of(folder / name))
        for name, columns in layout.recognise.items()
    )


def columns_of(path: Path) -> list[str]:
    """Names of the columns of a CSV or Parquet file. Raises BadForm for anything else."""
    import pyarrow.parquet as pq

    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig") as lines:
            return [cell.strip().strip('"') for cell in lines.readline().rstrip("\r\n").split(",")]
    raise BadForm(str(path), "only .csv and .parquet files are read", "export the file in one of these forms")
