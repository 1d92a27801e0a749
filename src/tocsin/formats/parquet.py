"""Parquet files, dictionary columns included, columns named by a mapping."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.formats.intake import Intake, Parsed, judge
from tocsin.formats.mapping import ColumnMapping
from tocsin.formats.table import check_names, columns_of_table
from tocsin.terms.errors import BadForm, TooBig

__all__ = ["parquet_parts", "read_parquet"]

_LARGEST_GROUP = 1 << 30  # bytes of one row group when unpacked


def read_parquet(data: bytes | pa.Buffer, intake: Intake, mapping: ColumnMapping | None = None) -> Parsed:
    """Read and judge a whole file. Raises BadForm, TooBig; single bad rows are in ``Parsed.refused``."""
    intake.check_bytes(data)
    file, mapping = _open(data, mapping)
    intake.check_rows(file.metadata.num_rows * max(1, len(mapping.values)))
    try:
        table = file.read(columns=list(mapping.columns()), use_threads=False)
        table.validate(full=True)  # its text comes from outside
    except _FAULTS as error:
        raise _damaged(error) from error
    return judge(columns_of_table(table, mapping, intake), intake)


def parquet_parts(
    data: bytes | pa.Buffer, intake: Intake, mapping: ColumnMapping | None = None, rows: int = 100_000
) -> Iterator[Parsed]:
    """The same in parts of ``rows`` rows, for files over the limits of one delivery (a memory-mapped buffer is never
    read whole). ``row`` counts from each part."""
    file, mapping = _open(data, mapping)
    batches = file.iter_batches(rows, columns=list(mapping.columns()), use_threads=False)
    while True:
        try:
            if (batch := next(batches, None)) is not None:
                batch.validate(full=True)
        except _FAULTS as error:
            raise _damaged(error) from error
        if batch is None:
            return
        yield judge(columns_of_table(pa.Table.from_batches([batch]), mapping, intake), intake)


def _open(data: bytes | pa.Buffer, mapping: ColumnMapping | None) -> tuple[pq.ParquetFile, ColumnMapping]:
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        names = file.schema_arrow.names
    except _FAULTS as error:
        raise _damaged(error) from error
    for group in range(file.metadata.num_row_groups):
        if file.metadata.row_group(group).total_byte_size > _LARGEST_GROUP:
            raise TooBig(
                "file", f"row group {group} unpacks to over {_LARGEST_GROUP} bytes", "write smaller row groups"
            )
    if mapping is None:
        mapping = ColumnMapping.of_names(names)
    check_names(names, mapping)
    return file, mapping


_FAULTS = (pa.ArrowException, OSError, ValueError)  # a damaged name in the footer is a UnicodeDecodeError


def _damaged(error: Exception) -> BadForm:
    return BadForm(
        "file", f"it is no whole Parquet file ({str(error).splitlines()[0]})", "send the file again, unaltered"
    )
