"""Columns: a delivery after reading and before judging. What each wire format is turned into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tocsin.formats.refused import Reason, as_sent

__all__ = ["Columns", "Names", "Numbers", "Rows", "Streams", "TextOf", "Times", "concatenated", "text_of_array"]

Rows = npt.NDArray[np.intp]
TextOf = Callable[[Rows], list[str]]  # what was sent in these rows, as text


def text_of_array(array: pa.Array) -> TextOf:
    """The text of an Arrow column; moments in UTC (or without zone, as they came), to the microsecond."""

    def text(rows: Rows) -> list[str]:
        taken = array.take(pa.array(rows))
        if pa.types.is_dictionary(taken.type):
            taken = taken.dictionary_decode()
        if not pa.types.is_timestamp(taken.type):
            return as_sent(taken.to_pylist())
        try:
            taken = taken.cast(pa.timestamp("us", tz=taken.type.tz and "UTC"), safe=False)
            return as_sent([moment and moment.isoformat() for moment in taken.to_pylist()])
        except (pa.ArrowInvalid, ValueError, OverflowError):  # beyond the years that can be written
            return as_sent(taken.cast(pa.int64()).to_pylist())

    return text


@dataclass(frozen=True, slots=True)
class Streams:
    """``index`` into the catalogue, -1 where there is no such stream."""

    index: npt.NDArray[np.int32]
    text: TextOf


@dataclass(frozen=True, slots=True)
class Times:
    """Moments in us. ``fault`` is 0 where readable, else 1 + the place in ``faults``; ``absent`` marks nulls."""

    us: npt.NDArray[np.int64]
    absent: npt.NDArray[np.bool_]
    fault: npt.NDArray[np.uint8]
    faults: tuple[Reason, ...]
    text: TextOf


@dataclass(frozen=True, slots=True)
class Numbers:
    """Values; ``missing`` marks what the source says it has no value for, ``wrong`` what is no number at all."""

    value: npt.NDArray[np.float64]
    missing: npt.NDArray[np.bool_]
    wrong: npt.NDArray[np.bool_]
    text: TextOf


@dataclass(frozen=True, slots=True)
class Names:
    """A word a row out of few: ``code`` is the place in ``words``, -1 where none is given."""

    code: npt.NDArray[np.int32]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """One delivery. ``unit`` None: every row is in its stream's own unit."""

    streams: Streams
    observed: Times
    numbers: Numbers
    unit: Names | None = None
    issued: Times | None = None

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.streams.index)


def concatenated(parts: list[TextOf], lengths: list[int]) -> TextOf:
    """The text of columns laid end to end."""
    starts = np.cumsum([0, *lengths])

    def text(rows: Rows) -> list[str]:
        which = np.searchsorted(starts, rows, side="right") - 1
        return [parts[part](np.array([row - starts[part]]))[0] for part, row in zip(which, rows, strict=True)]

    return text
