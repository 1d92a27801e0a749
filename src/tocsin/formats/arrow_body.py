"""Arrow IPC bodies (stream or file form) with the columns of ``columns_json``: stream, observed_at, value, unit, issued_at."""

from __future__ import annotations

import struct

import pyarrow as pa

from tocsin.formats.intake import Intake, Parsed, judge
from tocsin.formats.mapping import ColumnMapping
from tocsin.formats.table import check_names, columns_of_table
from tocsin.terms.errors import BadForm, TooBig

__all__ = ["read_arrow"]

_FORM = "send an Arrow IPC stream with the columns stream, observed_at and value"
_COLUMNS = ("stream", "observed_at", "value", "unit", "issued_at")
_FILE_MAGIC = b"ARROW1"
_UNPACKED_BYTES = 1 << 28


def read_arrow(body: bytes, intake: Intake) -> Parsed:
    """Read and judge one body. Raises BadForm, TooBig; single bad rows are in ``Parsed.refused``."""
    intake.check_bytes(body)
    try:
        table = _read(body, intake)
        columns = columns_of_table(table, ColumnMapping.of_names(table.column_names), intake)
    except (pa.ArrowException, OSError, ValueError, IndexError, struct.error) as error:
        rule = f"it is no whole Arrow IPC body ({(str(error) or type(error).__name__).splitlines()[0]})"
        raise BadForm("body", rule, _FORM) from error
    return judge(columns, intake)


def _read(body: bytes, intake: Intake) -> pa.Table:
    if body.startswith(_FILE_MAGIC):
        body = body[8:]  # the file form is a stream between its magic and a footer; the stream ends before the footer
    _check_unpacked(body)
    with pa.ipc.open_stream(body) as reader:
        _check_schema(reader.schema)
        batches, rows = [], 0
        for batch in reader:
            rows += batch.num_rows
            intake.check_rows(rows)
            batch.validate(full=True)  # offsets, text and dictionary places come from outside
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)


def _check_schema(schema: pa.Schema) -> None:
    unknown = [name for name in schema.names if name not in _COLUMNS]
    if unknown:
        raise BadForm(f"column {unknown[0]}", "it is not known", f"send only {', '.join(_COLUMNS)}")
    check_names(schema.names, ColumnMapping.of_names(schema.names))


def _check_unpacked(body: bytes) -> None:
    """Raises TooBig where compressed buffers would unpack to more than a limit; they say so in their first bytes."""
    reader = pa.ipc.MessageReader.open_stream(body)
    total = 0
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return
        if message.type in ("record batch", "dictionary"):
            total += _unpacked(memoryview(message.metadata), memoryview(message.body), message.type == "dictionary")
        if total > _UNPACKED_BYTES:
            raise TooBig("body", f"it unpacks to over {_UNPACKED_BYTES} bytes", "send it in several parts")


# Arrow's Message.fbs: Message { version, header_type, header, ... }; DictionaryBatch { id, data, isDelta };
# RecordBatch { length, nodes, buffers: [struct { offset: int64, length: int64 }], compression, ... }.
def _unpacked(metadata: memoryview, body: memoryview, dictionary: bool) -> int:
    header = _field(metadata, _u32(metadata, 0), 2)
    batch = _field(metadata, header, 1) if dictionary and header else header
    if not batch or not _field(metadata, batch, 3):
        return 0
    buffers = _field(metadata, batch, 2)
    total = 0
    for place in range(_u32(metadata, buffers) if buffers else 0):
        offset, length = struct.unpack_from("<qq", metadata, buffers + 4 + 16 * place)
        if length >= 8:
            total += max(0, struct.unpack_from("<q", body, offset)[0])  # -1: not compressed after all
    return total


def _u32(data: memoryview, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _field(data: memoryview, table: int, number: int) -> int:
    """Place of what a flatbuffer table's field points to; 0 where the field is absent."""
    vtable = table - int(struct.unpack_from("<i", data, table)[0])
    slot = 4 + 2 * number
    if slot >= struct.unpack_from("<H", data, vtable)[0]:
        return 0
    offset = int(struct.unpack_from("<H", data, vtable + slot)[0])
    return table + offset + _u32(data, table + offset) if offset else 0
