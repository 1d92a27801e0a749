"""Source and stream: who reports, and one property of one feature at one place over time in one unit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tocsin.terms.errors import UnknownName

__all__ = ["Catalogue", "Source", "Stream"]


@dataclass(frozen=True, slots=True)
class Source:
    """Who reports. ``lateness_s``: how far behind its newest an observation may come and still be put in place.
    ``delay_s``: how long the source needs, as it declares, from observing to delivering. ``synthetic`` marks invented data."""

    id: str
    title: str
    owner: str
    lateness_s: float = 0.0
    delay_s: float = 0.0
    synthetic: bool = False
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """One property of one feature, in one unit (SensorThings Datastream).

    ``id`` is what doors and files call it, ``feature`` the gauge or station (several streams share one), ``unit`` a
    UCUM code; ``lon``/``lat`` degrees WGS 84; ``jurisdiction`` a path such as ``simcity/east``; ``zone`` an IANA zone
    for civil days. ``low``/``high`` bound sane values, outside is refused. ``cadence_s`` is the usual spacing,
    0 = irregular. ``stages`` are the stream's own numbers (``alert_level``), ``labels`` its own words (``rain_group``).
    ``forecast`` streams observe a valid time ahead and carry the moment of issue.
    """

    id: str
    source: str
    feature: str
    property: str
    unit: str
    lon: float = math.nan
    lat: float = math.nan
    cell: str = ""
    jurisdiction: str = ""
    zone: str = "UTC"
    low: float = -math.inf
    high: float = math.inf
    cadence_s: float = 0.0
    forecast: bool = False
    stages: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def label(self, name: str) -> str:
        """A word to group or select by: a field (``cell``, ``property`` ...) or one of ``labels``; "" if absent."""
        if name in ("id", "source", "feature", "property", "unit", "cell", "jurisdiction", "zone"):
            return str(getattr(self, name))
        return self.labels.get(name, "")


class Catalogue:
    """Sources and streams in order of registration. A stream's *index* (int32 in columns) never changes.

    Immutable: ``with_changes`` gives a new catalogue with the next version.
    """

    __slots__ = ("_by_id", "sources", "streams", "version")

    def __init__(self, sources: Iterable[Source] = (), streams: Iterable[Stream] = (), version: int = 0) -> None:
        self.sources: dict[str, Source] = {source.id: source for source in sources}
        self.streams: tuple[Stream, ...] = tuple(streams)
        self.version = version
        self._by_id = {stream.id: index for index, stream in enumerate(self.streams)}
        if len(self._by_id) != len(self.streams):
            raise ValueError("stream ids must be unique")
        for stream in self.streams:
            if stream.source not in self.sources:
                raise UnknownName(f"stream {stream.id}", f"source {stream.source!r} is not registered",
                                  "register the source first")  # fmt: skip

    def __len__(self) -> int:
        return len(self.streams)

    def __iter__(self) -> Iterator[Stream]:
        return iter(self.streams)

    def __contains__(self, stream_id: object) -> bool:
        return stream_id in self._by_id

    def index(self, stream_id: str) -> int:
        """The int32 by which columns call this stream. Raises UnknownName."""
        try:
            return self._by_id[stream_id]
        except KeyError:
            raise UnknownName(f"stream {stream_id}", "not in the catalogue", "register it or correct its id") from None

    def indices(self) -> Mapping[str, int]:
        """All stream ids with their indices."""
        return self._by_id

    def source_of(self, index: int) -> Source:
        """The source of the stream with this index."""
        return self.sources[self.streams[index].source]

    def with_changes(self, sources: Iterable[Source] = (), streams: Iterable[Stream] = ()) -> Catalogue:
        """A new catalogue: same ids are replaced in place (index kept), new ids are appended in the given order."""
        all_sources = {**self.sources, **{source.id: source for source in sources}}
        rows = list(self.streams)
        index = dict(self._by_id)
        for stream in streams:
            if stream.id in index:
                rows[index[stream.id]] = stream
            else:
                index[stream.id] = len(rows)
                rows.append(stream)
        return Catalogue(all_sources.values(), rows, self.version + 1)
