"""Values from JSON lists, text and Arrow columns, a column at a time."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.formats.columns import Numbers, TextOf, text_of_array
from tocsin.formats.refused import as_sent
from tocsin.terms.errors import BadForm

__all__ = ["numbers_of_array", "numbers_of_list"]

_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_NOT_FINITE = r"^(?i:[+-]?(?:nan|inf|infinity))$"  # numbers by name: refused as such, not as unreadable


def numbers_of_list(values: Sequence[object]) -> Numbers:
    """Values of a JSON list: numbers, and null for missing."""
    text: TextOf = lambda rows: as_sent([values[row] for row in rows])  # noqa: E731
    if set(map(type, values)) <= {float, int, type(None)}:
        try:
            return _numbers(pa.array(values, pa.float64()), None, text)
        except (pa.ArrowInvalid, OverflowError):
            pass  # a whole number that a float64 does not hold exactly
    wrong = np.array([value is not None and not _is_number(value) for value in values], np.bool_)
    rounded = [_rounded(value) if _is_number(value) else None for value in values]
    return _numbers(pa.array(rounded, pa.float64()), wrong, text)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rounded(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf


def numbers_of_array(array: pa.Array, column: str, missing: Collection[str] = ("",)) -> Numbers:
    """Values of an Arrow column of numbers or text. Null, and the words of ``missing``, are missing values.
    Raises BadForm for another type."""
    kind, text = array.type, text_of_array(array)
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _of_strings(array.cast(pa.string()), missing, text)
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return _numbers(array.cast(pa.float64(), safe=False), None, text)
    if pa.types.is_null(kind):
        return _numbers(pa.nulls(len(array), pa.float64()), None, text)
    raise BadForm(f"column {column}", f"values cannot be of type {kind}", "send float64, another number type, or text")


def _of_strings(array: pa.Array, missing: Collection[str], text: TextOf) -> Numbers:
    tidy = pc.utf8_trim_whitespace(array)
    blank = pc.is_in(tidy, value_set=pa.array(list(missing), pa.string()))
    tidy = pc.if_else(blank, pa.scalar(None, pa.string()), tidy)
    readable = pc.match_substring_regex(tidy, _NUMBER)
    by_name = pc.match_substring_regex(tidy, _NOT_FINITE)
    plain = pc.replace_substring_regex(tidy, r"^\+", "")
    value = pc.if_else(readable, plain, pa.scalar(None, pa.string())).cast(pa.float64())
    value = pc.if_else(by_name, pa.scalar(math.nan), value)
    wrong = np.array(pc.invert(pc.or_(readable, by_name)).fill_null(False))
    return _numbers(value, wrong, text)


def _numbers(array: pa.Array, wrong: npt.NDArray[np.bool_] | None, text: TextOf) -> Numbers:
    if wrong is None:
        wrong = np.zeros(len(array), np.bool_)
    missing = np.asarray(array.is_null()) & ~wrong
    return Numbers(array.fill_null(math.nan).to_numpy(zero_copy_only=False), missing, wrong, text)
