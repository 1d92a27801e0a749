"""Fixed space-time cells: the only ground on which "nothing happened and nobody warned" can be counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from tocsin.measure.episode import Episode
from tocsin.terms.errors import BadValue, TooBig

__all__ = ["MOST_CELLS", "covered_cells"]

MOST_CELLS = 200_000_000


def covered_cells(
    episodes: Iterable[Episode], places: Sequence[str], began_us: int, ended_us: int, cell_us: int
) -> npt.NDArray[np.bool_]:
    """Which cells episodes cover: an array (place, cell of ``cell_us``) from ``began_us`` on, true where an episode lasts in
    any part of the cell. One of no place covers all places; one of a place not listed covers none.

    Raises BadValue for an empty time or cell, TooBig above ``MOST_CELLS``."""
    if cell_us <= 0 or ended_us < began_us:
        raise BadValue("cells", "need a time that passes and cells of some length", "give for example 1 h")
    count = (ended_us - began_us) // cell_us + 1
    if count * len(places) > MOST_CELLS:
        raise TooBig("cells", f"{count:,} times {len(places):,} places", "use longer cells")
    index = {place: n for n, place in enumerate(places)}
    edges = np.zeros((len(places), count + 1), np.int32)
    for episode in episodes:
        first, last = (episode.start_us - began_us) // cell_us, (episode.end_us - began_us) // cell_us
        if last < 0 or first >= count or (episode.place and episode.place not in index):
            continue
        rows = slice(None) if not episode.place else index[episode.place]
        edges[rows, max(first, 0)] += 1
        edges[rows, min(last, count - 1) + 1] -= 1
    return np.cumsum(edges[:, :-1], axis=1) > 0
