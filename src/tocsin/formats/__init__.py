"""Bytes <-> terms. Pure: no network, no clock, no database."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tocsin.formats.arrow_body import read_arrow
    from tocsin.formats.columns_json import read_columns_json
    from tocsin.formats.csv import csv_parts, read_csv
    from tocsin.formats.intake import Intake, Parsed
    from tocsin.formats.mapping import ColumnMapping, read_mapping
    from tocsin.formats.parquet import parquet_parts, read_parquet

__all__ = [
    "ColumnMapping", "Intake", "Parsed", "csv_parts", "parquet_parts", "read_arrow", "read_columns_json", "read_csv",
    "read_mapping", "read_parquet",
]  # fmt: skip

_HOME = {
    "ColumnMapping": "mapping", "Intake": "intake", "Parsed": "intake", "csv_parts": "csv", "parquet_parts": "parquet",
    "read_arrow": "arrow_body", "read_columns_json": "columns_json", "read_csv": "csv", "read_mapping": "mapping",
    "read_parquet": "parquet",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Readers are imported when asked for: an engine needs none of them, and they take long."""
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(f"tocsin.formats.{_HOME[name]}"), name)
