"""JSON columns: one array a column, ``{"stream": [...], "observed_at": [...], "value": [...], "unit": "mm"}``.

``stream``: ids, or whole numbers (index in the catalogue); ``observed_at``: RFC 3339 text or whole microseconds;
``value``: numbers, null = missing; ``unit`` (optional): one for all or a list; ``issued_at`` (optional): for forecasts.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from tocsin.formats.columns import Columns, Names, Streams, TextOf
from tocsin.formats.intake import Intake, Parsed, judge
from tocsin.formats.numbers import numbers_of_list
from tocsin.formats.refused import as_sent
from tocsin.formats.stream_table import StreamTable, stream_table
from tocsin.formats.times import times_of_list
from tocsin.terms.errors import BadForm

__all__ = ["read_columns_json"]

_FORM = 'send {"stream": [...], "observed_at": [...], "value": [...]}, with unit and issued_at where needed'


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    stream: list[Any]
    observed_at: list[Any]
    value: list[Any]
    unit: str | list[Any] | None = None
    issued_at: list[Any] | None = None


_DECODER = msgspec.json.Decoder(_Body)
_KEYS = tuple(_Body.__struct_fields__)


def read_columns_json(body: bytes, intake: Intake) -> Parsed:
    """Read and judge one body. Raises BadForm, TooBig; single bad rows are in ``Parsed.refused``."""
    intake.check_bytes(body)
    columns = _decode(body)
    lengths = {key: len(column) for key in _KEYS if isinstance(column := getattr(columns, key), list)}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} {length}" for key, length in lengths.items())
        raise BadForm("body", f"columns differ in length ({told})", "send one entry a row in every column")
    intake.check_rows(len(columns.stream))
    table = stream_table(intake.catalogue)
    return judge(
        Columns(
            _streams(columns.stream, table),
            times_of_list(columns.observed_at),
            numbers_of_list(columns.value),
            _units(columns.unit, len(columns.stream)),
            times_of_list(columns.issued_at) if columns.issued_at is not None else None,
        ),
        intake,
    )


def _decode(body: bytes) -> _Body:
    try:
        columns = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        if "out of range" not in str(error):
            raise BadForm("body", str(error), _FORM) from error
        columns = _decode_loosely(body, error)
    except msgspec.DecodeError as error:
        columns = _decode_loosely(body, error)
    except (RecursionError, UnicodeDecodeError) as error:
        raise BadForm("body", "it is nested too deeply or no UTF-8", _FORM) from error
    if any(body.count(b'"%b"' % key.encode()) > 1 for key in _KEYS):
        _refuse_twice(body)
    return columns


def _decode_loosely(body: bytes, error: Exception) -> _Body:
    """Many writers put NaN or Infinity into JSON, which is none; take such a body so that only those rows are refused."""
    try:
        return msgspec.convert(json.loads(body), _Body)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        raise BadForm("body", f"{error}", _FORM) from error


def _refuse_twice(body: bytes) -> None:
    """A key that comes twice would silently win over the first."""

    def pairs(members: list[tuple[str, Any]]) -> None:
        twice = [key for key, number in Counter(key for key, _ in members).items() if number > 1]
        if twice:
            raise BadForm("body", f"column {twice[0]} comes twice", "send each column once")

    json.loads(body, object_pairs_hook=pairs)


def _streams(values: list[Any], table: StreamTable) -> Streams:
    text: TextOf = lambda rows: as_sent([values[row] for row in rows])  # noqa: E731
    kinds = set(map(type, values))
    if kinds <= {str}:
        return Streams(table.indices(values, len(values)), text)
    try:
        if kinds <= {int}:
            return Streams(_within(np.array(values, np.int64), len(table.unit)), text)
    except OverflowError:
        pass
    index = [table.indices([value], 1)[0] if type(value) is str else _index(value, len(table.unit)) for value in values]
    return Streams(np.array(index, np.int32), text)


def _within(numbers: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int32]:
    return np.where((numbers >= 0) & (numbers < count), numbers, -1).astype(np.int32)


def _index(value: object, count: int) -> int:
    return value if type(value) is int and 0 <= value < count else -1


def _units(unit: str | list[Any] | None, rows: int) -> Names | None:
    if unit is None:
        return None
    if isinstance(unit, str):
        return Names(np.zeros(rows, np.int32), (unit,))
    if not set(map(type, unit)) <= {str, type(None)}:
        raise BadForm("column unit", "an entry is neither text nor null", "send UCUM codes such as mm")
    words = {word: code for code, word in enumerate(dict.fromkeys(word for word in unit if word is not None))}
    code = np.fromiter((-1 if word is None else words[word] for word in unit), np.int32, rows)
    return Names(code, tuple(words))
