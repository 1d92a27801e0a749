"""StreamTable: the catalogue as columns, for judging many rows at once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import repeat

import numpy as np
import numpy.typing as npt

from tocsin.terms.stream import Catalogue

__all__ = ["StreamTable", "stream_table"]


class StreamTable:
    """One row a stream, in order of the catalogue's index. ``unit`` counts in ``units``, ``source`` in ``sources``."""

    def __init__(self, catalogue: Catalogue) -> None:
        streams = catalogue.streams
        self.catalogue = catalogue
        self.low = np.array([stream.low for stream in streams], np.float64)
        self.high = np.array([stream.high for stream in streams], np.float64)
        self.forecast = np.array([stream.forecast for stream in streams], np.bool_)
        self.sources = list(catalogue.sources)
        self.source = _codes((stream.source for stream in streams), self.sources)
        self.units = list(dict.fromkeys(stream.unit for stream in streams))
        self.unit = _codes((stream.unit for stream in streams), self.units)
        self._by_id = catalogue.indices()
        self._features: dict[str, dict[tuple[str, str], int]] = {}

    def indices(self, ids: Iterable[object], count: int) -> npt.NDArray[np.int32]:
        """The index of each id, -1 for one that is not in the catalogue."""
        return np.fromiter(map(self._by_id.get, ids, repeat(-1)), np.int32, count)  # type: ignore[arg-type]

    def features(self, source: str) -> dict[tuple[str, str], int]:
        """Index by (feature, property), among the streams of one source."""
        if source not in self._features:
            self._features[source] = {
                (stream.feature, stream.property): index
                for index, stream in enumerate(self.catalogue.streams)
                if stream.source == source
            }
        return self._features[source]


def _codes(words: Iterable[str], known: list[str]) -> npt.NDArray[np.int32]:
    place = {word: code for code, word in enumerate(known)}
    return np.array([place[word] for word in words], np.int32)


@lru_cache(maxsize=4)
def stream_table(catalogue: Catalogue) -> StreamTable:
    """The table of a catalogue; the last few are kept, since a catalogue never changes."""
    return StreamTable(catalogue)
