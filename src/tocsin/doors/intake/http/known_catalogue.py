"""The catalogue as a door knows it: read again when its version moved, looked at not more often than needed."""

from __future__ import annotations

import time
from collections.abc import Callable

from tocsin.terms.stream import Catalogue

__all__ = ["KnownCatalogue"]


class KnownCatalogue:
    """``version`` and ``load`` read the database. An index never changes its stream, so an old catalogue can only lack
    streams; ``refreshed`` is for when a row named one that we lack."""

    def __init__(
        self,
        version: Callable[[], int],
        load: Callable[[], Catalogue],
        *,
        keep_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._version, self._load, self._keep, self._clock = version, load, keep_s, clock
        self._catalogue: Catalogue | None = None
        self._at_version = -1
        self._until = 0.0

    def fresh(self) -> Catalogue | None:
        """The catalogue if looked at lately, without reading the database."""
        return self._catalogue if self._clock() < self._until else None

    def current(self) -> Catalogue:
        """The catalogue, at most ``keep_s`` old."""
        fresh = self.fresh()
        return self.refreshed() if fresh is None else fresh  # an empty catalogue is falsy

    def refreshed(self) -> Catalogue:
        """The catalogue as it is now; the same object if nothing changed."""
        version = self._version()
        if self._catalogue is None or version != self._at_version:
            self._catalogue, self._at_version = self._load(), version
        self._until = self._clock() + self._keep
        return self._catalogue
