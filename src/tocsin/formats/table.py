"""From an Arrow table (of a CSV, Parquet or Arrow body) to columns that can be judged."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tocsin.formats.columns import Columns, Names, Numbers, Rows, Streams, Times, concatenated, text_of_array
from tocsin.formats.intake import Intake
from tocsin.formats.mapping import ColumnMapping
from tocsin.formats.numbers import numbers_of_array
from tocsin.formats.refused import as_sent
from tocsin.formats.stream_table import StreamTable, stream_table
from tocsin.formats.times import times_of_array, zone_named
from tocsin.terms.errors import BadForm

__all__ = ["check_names", "columns_of_table"]


def check_names(names: list[str], mapping: ColumnMapping) -> None:
    """Raises BadForm where a column comes twice, or one that the mapping names is absent."""
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:
        raise BadForm(f"column {twice[0]}", "it comes twice", "send each column once")
    for name in mapping.columns():
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise BadForm(f"column {name}", "it is missing", f"{hint}send it, or correct the mapping")


def columns_of_table(table: pa.Table, mapping: ColumnMapping, intake: Intake) -> Columns:
    """The columns of a table whose names were checked. Raises BadForm for a column of a wrong type."""
    streams = stream_table(intake.catalogue)
    zone = zone_named(mapping.zone) if mapping.zone else None
    observed = times_of_array(_column(table, mapping.observed_at), mapping.observed_at, zone, mapping.time_format)
    issued = None
    if mapping.issued_at:
        issued = times_of_array(_column(table, mapping.issued_at), mapping.issued_at, zone, mapping.time_format)
    unit = _units(table, mapping)
    if not mapping.values:
        numbers = numbers_of_array(_column(table, mapping.value), mapping.value, mapping.missing)
        return Columns(_streams(table, mapping, streams, intake.source), observed, numbers, unit, issued)
    parts = [
        Columns(
            _by_feature(table, mapping, streams, intake.source, fixed=name),
            observed,
            numbers_of_array(_column(table, header), header, mapping.missing),
            unit,
            issued,
        )
        for header, name in mapping.values.items()
    ]
    return _end_to_end(parts)


def _column(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    try:
        pa.nulls(0, column.type)
    except (KeyError, pa.ArrowException):  # a type that Arrow has and its Python does not (an interval of months)
        raise BadForm(
            f"column {name}", f"it holds {column.type}, which cannot be read", "send text and numbers"
        ) from None
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    joined = column.combine_chunks()
    if isinstance(joined, pa.ChunkedArray):  # a column without chunks stays chunked
        joined = pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.nulls(0, column.type)
    return joined


def _encoded(table: pa.Table, name: str) -> tuple[npt.NDArray[np.int32], list[str], pa.Array]:
    """Code of each row's word (-1 for null), the distinct words, and the column. Raises BadForm for other than text."""
    array = _column(table, name)
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise BadForm(f"column {name}", f"it holds {kind}, not text", "send text")
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    code = encoded.indices.cast(pa.int64(), safe=False).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    words = encoded.dictionary.to_pylist()
    if None in words:  # a null may also stand among the words of a dictionary
        absent = [place for place, word in enumerate(words) if word is None]
        code[np.isin(code, absent)] = -1
        words = [word or "" for word in words]
    return code, words, array


def _streams(table: pa.Table, mapping: ColumnMapping, streams: StreamTable, source: str) -> Streams:
    if mapping.feature:
        return _by_feature(table, mapping, streams, source, fixed=mapping.property_name)
    array = _column(table, mapping.stream)
    if pa.types.is_integer(array.type):
        given = array.cast(pa.int64(), safe=False).fill_null(-1).to_numpy(zero_copy_only=False)
        index = np.where((given >= 0) & (given < len(streams.unit)), given, -1).astype(np.int32)
        return Streams(index, text_of_array(array))
    code, words, array = _encoded(table, mapping.stream)
    return Streams(_taken(streams.indices(words, len(words)), code), text_of_array(array))


def _by_feature(table: pa.Table, mapping: ColumnMapping, streams: StreamTable, source: str, fixed: str) -> Streams:
    """Streams by feature and property; a pair that no stream of the source has is shown as ``feature/property``."""
    feature, features, _ = _encoded(table, mapping.feature)
    if fixed:
        property_, properties = np.zeros(len(feature), np.int32), [fixed]
    else:
        property_, words, _ = _encoded(table, mapping.property)
        properties = [mapping.properties.get(word, word) for word in words]
    known = streams.features(source)
    pair = feature * np.int64(len(properties) or 1) + property_
    pair[(feature < 0) | (property_ < 0)] = -1
    used, which = np.unique(pair, return_inverse=True)
    index = np.array([
        -1 if code < 0 else known.get((features[code // len(properties)], properties[code % len(properties)]), -1)
        for code in used.tolist()
    ], np.int32)  # fmt: skip

    def text(rows: Rows) -> list[str]:
        return as_sent([f"{_word(features, feature[row])}/{_word(properties, property_[row])}" for row in rows])

    return Streams(_taken(index, which), text)


def _word(words: list[str], code: int) -> str:
    return words[code] if code >= 0 else ""


def _taken(values: npt.NDArray[np.int32], code: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    if not len(values):
        return np.full(len(code), -1, np.int32)
    return np.where(code >= 0, values[np.maximum(code, 0)], np.int32(-1))


def _units(table: pa.Table, mapping: ColumnMapping) -> Names | None:
    translate: Mapping[str, str] = mapping.units
    if mapping.unit:
        code, words, _ = _encoded(table, mapping.unit)
        code[np.isin(code, [place for place, word in enumerate(words) if not word.strip()])] = -1
        return Names(code, tuple(translate.get(word, word) for word in words))
    if mapping.unit_name:
        return Names(np.zeros(table.num_rows, np.int32), (translate.get(mapping.unit_name, mapping.unit_name),))
    return None


def _end_to_end(parts: list[Columns]) -> Columns:
    """The parts of a wide file, one under the other."""
    first, count, lengths = parts[0], len(parts), [part.rows for part in parts]
    streams, numbers = [part.streams for part in parts], [part.numbers for part in parts]
    return Columns(
        Streams(
            np.concatenate([each.index for each in streams]), concatenated([each.text for each in streams], lengths)
        ),
        _repeated(first.observed, count),
        Numbers(
            np.concatenate([each.value for each in numbers]),
            np.concatenate([each.missing for each in numbers]),
            np.concatenate([each.wrong for each in numbers]),
            concatenated([each.text for each in numbers], lengths),
        ),
        None if first.unit is None else replace(first.unit, code=np.tile(first.unit.code, count)),
        None if first.issued is None else _repeated(first.issued, count),
    )


def _repeated(times: Times, count: int) -> Times:
    rows = len(times.us)
    return Times(np.tile(times.us, count), np.tile(times.absent, count), np.tile(times.fault, count), times.faults,
                 lambda at: times.text(at % rows))  # fmt: skip
