"""Bytes <-> terms. Pure: no network, no clock, no database."""

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
