"""CSV files: UTF-8 (with or without mark) and GB 18030 / GBK, columns named by a mapping."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.csv

from tocsin.formats.arrow import OBSERVATIONS
from tocsin.formats.intake import Intake, Parsed, judge
from tocsin.formats.mapping import ColumnMapping
from tocsin.formats.refused import REFUSED, as_sent
from tocsin.formats.table import check_names, columns_of_table
from tocsin.formats.text import decoded
from tocsin.terms.errors import BadForm

__all__ = ["csv_parts", "read_csv"]

_FORM = "send comma-separated text with a line of headers"


def read_csv(data: bytes, intake: Intake, mapping: ColumnMapping | None = None) -> Parsed:
    """Read and judge a whole file. Raises BadForm, TooBig; single bad rows are in ``Parsed.refused``."""
    intake.check_bytes(data)
    table, mapping, broken = _read(data, mapping)
    intake.check_rows(table.num_rows * max(1, len(mapping.values)))
    return _with_broken(judge(columns_of_table(table, mapping, intake), intake), broken, intake)


def csv_parts(
    data: bytes, intake: Intake, mapping: ColumnMapping | None = None, rows: int = 100_000
) -> Iterator[Parsed]:
    """The same in parts of ``rows`` lines, for files over the limits of one delivery. ``row`` counts from each part."""
    table, mapping, broken = _read(data, mapping)
    for start in range(0, max(1, table.num_rows), rows):
        parsed = judge(columns_of_table(table.slice(start, rows), mapping, intake), intake)
        yield _with_broken(parsed, broken, intake) if start == 0 else parsed


def _read(data: bytes, mapping: ColumnMapping | None) -> tuple[pa.Table, ColumnMapping, list[pyarrow.csv.InvalidRow]]:
    broken: list[pyarrow.csv.InvalidRow] = []

    def set_aside(row: pyarrow.csv.InvalidRow) -> str:
        broken.append(row)
        return "skip"

    text = decoded(data, mapping.encoding if mapping is not None else "")
    delimiter = mapping.delimiter if mapping is not None else ","
    first, _, rest = text.partition("\n")
    names = _headers(first, delimiter)
    if mapping is None:
        mapping = ColumnMapping.of_names(names)
    check_names(names, mapping)
    wanted = list(mapping.columns())
    if not rest.strip():
        return pa.table({name: pa.array([], pa.string()) for name in wanted}), mapping, broken
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(rest.encode()),
            pyarrow.csv.ReadOptions(use_threads=False, column_names=names),
            pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=set_aside),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise BadForm("file", str(error).split("\n")[0], _FORM) from error
    return table, mapping, broken


def _headers(first: str, delimiter: str) -> list[str]:
    if not first.strip():
        raise BadForm("file", "its first line is empty", _FORM)
    try:
        names = [name.strip() for name in next(csv.reader([first.rstrip("\r")], delimiter=delimiter))]
    except csv.Error as error:
        raise BadForm("file", f"its first line cannot be read ({error})", _FORM) from error
    return [name or f"column {place}" for place, name in enumerate(names, 1)]  # spreadsheets leave empty columns behind


def _with_broken(parsed: Parsed, broken: list[pyarrow.csv.InvalidRow], intake: Intake) -> Parsed:
    """Lines with too many or too few columns join the refused rows, their text as the value."""
    if not broken:
        return parsed
    count = len(broken)
    now = pa.array(np.full(count, intake.now_us, np.int64)).cast(OBSERVATIONS.field("received_at").type)
    rules = [f"the line has {row.actual_columns} columns, the headers {row.expected_columns}" for row in broken]
    arrays = [
        now, pa.array([intake.source] * count), pa.array([-1 if row.number is None else row.number - 1 for row in broken]),
        pa.array([""] * count), pa.array([""] * count), pa.array(as_sent([row.text for row in broken])),
        pa.array([BadForm.code] * count), pa.array(rules),
        pa.array(["correct the line; text with the delimiter in it needs quotes"] * count),
    ]  # fmt: skip
    refused = pa.concat_tables([parsed.refused, pa.Table.from_arrays(arrays, schema=REFUSED)])
    return Parsed(parsed.batch, refused, parsed.rows + count, parsed.missing)
