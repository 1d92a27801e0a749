"""Anchors: the subjects of a joint rule, and which of them a signal, a report's cell or a bulletin's area reaches."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.engine.group import selects
from tocsin.engine.language.rule import Rule
from tocsin.geo import PointIndex, cell_centroid, common_path, distance_km, is_inside
from tocsin.terms.bulletin import Bulletin
from tocsin.terms.errors import BadValue
from tocsin.terms.signal import Subject
from tocsin.terms.stream import Catalogue, Stream

__all__ = ["Anchor", "Anchors"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """One subject and where it is. An area lies at the mean of its members; coordinates NaN = not known."""

    subject: Subject
    lon: float
    lat: float
    feature: str = ""
    jurisdiction: str = ""
    cells: frozenset[str] = frozenset()

    @property
    def located(self) -> bool:
        """Whether distances to it mean anything."""
        return math.isfinite(self.lon) and math.isfinite(self.lat)


class Anchors:
    """The anchors of one rule, in order of appearance: those of the catalogue first, cells that only reports name later."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.all: list[Anchor] = []
        self.index: dict[str, int] = {}
        self.catalogue = Catalogue()
        self._select = tuple(sorted((name, tuple(values)) for name, values in rule.select.items()))
        self._near: dict[float, PointIndex[int]] = {}
        self._labelled: dict[str, dict[str, list[int]]] = {}
        self._features: dict[str, list[int]] = {}
        self._reached: dict[tuple[float, Subject], tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self.all)

    def update(self, catalogue: Catalogue) -> None:
        """Follow a changed catalogue: known subjects keep their place in the order."""
        self.catalogue = catalogue
        chosen = [stream for stream in catalogue if selects(self._select, stream)]
        if self.rule.per == "stream":
            made = [_of_stream(stream) for stream in chosen]
        else:
            members: dict[str, list[Stream]] = {}
            for stream in chosen:
                if key := stream.label(self.rule.per):
                    members.setdefault(key, []).append(stream)
            made = [_of_area(self.rule.per, key, streams) for key, streams in members.items()]
        here = {anchor.subject.key for anchor in made}
        for anchor in self.all:
            if anchor.subject.key not in here and anchor.subject.kind != "cell":
                self._put(_gone(anchor.subject))
        for anchor in made:
            self._put(anchor)
        self._forget()

    def arrange(self, keys: Iterable[str]) -> None:
        """The anchors in the order of a saved state, and after them what it does not know."""
        known = {anchor.subject.key: anchor for anchor in self.all}
        self.all, self.index = [], {}
        for key in keys:
            if key not in known and self.rule.per == "cell":
                known[key] = _of_area("cell", key, ())
            self._put(known.pop(key, _gone(Subject(self.rule.per, key))))
        for anchor in known.values():
            self._put(anchor)
        self._forget()

    def add_cell(self, cell: str) -> bool:
        """A cell that a report names, where the rule judges cells. True if it was not known."""
        if self.rule.per != "cell" or cell in self.index:
            return False
        self._put(_of_area("cell", cell, ()))
        self._forget()
        return True

    def _put(self, anchor: Anchor) -> None:
        at = self.index.setdefault(anchor.subject.key, len(self.all))
        if at == len(self.all):
            self.all.append(anchor)
        else:
            self.all[at] = anchor

    def _forget(self) -> None:
        for cache in (self._near, self._labelled, self._features, self._reached):
            cache.clear()

    # ---------------------------------------------------------------- who is reached
    def of_signal(self, subject: Subject, within_m: float) -> tuple[int, ...]:
        """Anchors that lie here (0) or within a distance of the subject of a signal."""
        key = (within_m, subject)
        if key not in self._reached:
            found = self._here(subject) if within_m == 0 else self._around(*self._place(subject), within_m)
            self._reached[key] = tuple(sorted(found))
        return self._reached[key]

    def of_cell(self, cell: str, within_m: float) -> list[int]:
        """Anchors in the cell itself (0), or within a distance of its centre."""
        if within_m == 0:
            return [self.index[cell]] if self.rule.per == "cell" and cell in self.index else []
        return sorted(self._around(*cell_centroid(cell), within_m))

    def of_bulletin(self, bulletin: Bulletin) -> list[int]:
        """Anchors that its area holds."""
        return [at for at, anchor in enumerate(self.all) if _holds(bulletin, anchor)]

    def member(self, subject: Subject) -> str:
        """What makes a subject count once: its ``distinct`` label, else itself."""
        if self.rule.distinct and subject.kind == "stream" and subject.key in self.catalogue:
            stream = self.catalogue.streams[self.catalogue.index(subject.key)]
            if label := stream.label(self.rule.distinct):
                return f"{self.rule.distinct}:{label}"
        return str(subject)

    def _here(self, subject: Subject) -> list[int]:
        """Of the same feature, of the same area, or an area that the anchor is in."""
        if subject.kind == self.rule.per and subject.kind != "stream":
            return [self.index[subject.key]] if subject.key in self.index else []
        if subject.kind != "stream":
            return self._members(subject.kind).get(subject.key, []) if self.rule.per == "stream" else []
        if subject.key not in self.catalogue:
            return []
        stream = self.catalogue.streams[self.catalogue.index(subject.key)]
        if self.rule.per != "stream":
            key = stream.label(self.rule.per)
            return [self.index[key]] if key in self.index else []
        if not self._features:
            for at, anchor in enumerate(self.all):
                self._features.setdefault(anchor.feature, []).append(at)
        return self._features.get(stream.feature, [])

    def _members(self, label: str) -> dict[str, list[int]]:
        if label not in self._labelled:
            found: dict[str, list[int]] = {}
            for at, anchor in enumerate(self.all):
                if anchor.subject.key not in self.catalogue:
                    continue
                stream = self.catalogue.streams[self.catalogue.index(anchor.subject.key)]
                found.setdefault(stream.label(label), []).append(at)
            self._labelled[label] = found
        return self._labelled[label]

    def _around(self, lon: float, lat: float, within_m: float) -> Iterable[int]:
        if not (math.isfinite(lon) and math.isfinite(lat)):
            return ()
        if within_m not in self._near:
            index: PointIndex[int] = PointIndex(within_m / 1000)
            for at, anchor in enumerate(self.all):
                if anchor.located:
                    index.add(at, anchor.lon, anchor.lat)
            self._near[within_m] = index
        return [at for _, at in self._near[within_m].near(lon, lat)]

    def _place(self, subject: Subject) -> tuple[float, float]:
        if subject.kind == "stream":
            if subject.key not in self.catalogue:
                return math.nan, math.nan
            stream = self.catalogue.streams[self.catalogue.index(subject.key)]
            return stream.lon, stream.lat
        area = _of_area(subject.kind, subject.key, [s for s in self.catalogue if s.label(subject.kind) == subject.key])
        return area.lon, area.lat


def _gone(subject: Subject) -> Anchor:
    """A subject that is in the catalogue no more, or not selected: it keeps its slot, and nothing reaches it."""
    return Anchor(subject, math.nan, math.nan, "\x00")


def _of_stream(stream: Stream) -> Anchor:
    cells = frozenset((stream.cell,)) - {""}
    return Anchor(Subject("stream", stream.id), stream.lon, stream.lat, stream.feature, stream.jurisdiction, cells)


def _of_area(label: str, key: str, streams: Iterable[Stream]) -> Anchor:
    members = list(streams)
    located = [stream for stream in members if math.isfinite(stream.lon) and math.isfinite(stream.lat)]
    lon = sum(stream.lon for stream in located) / len(located) if located else math.nan
    lat = sum(stream.lat for stream in located) / len(located) if located else math.nan
    if label == "cell" and _is_cell(key):
        lon, lat = cell_centroid(key)
    path = key if label == "jurisdiction" else common_path([stream.jurisdiction for stream in members])
    cells = frozenset(stream.cell for stream in members) - {""} | ({key} if label == "cell" else set())
    return Anchor(Subject(label, key), lon, lat, "", path, cells)


def _is_cell(text: str) -> bool:
    """Whether a stream's label is the H3 cell that it ought to be."""
    try:
        cell_centroid(text)
    except BadValue:
        return False
    return True


def _holds(bulletin: Bulletin, anchor: Anchor) -> bool:
    if any(path and anchor.jurisdiction and is_inside(anchor.jurisdiction, path) for path in bulletin.jurisdictions):
        return True
    if not anchor.cells.isdisjoint(bulletin.cells):
        return True
    if bulletin.circle is None or not anchor.located:
        return False
    lon, lat, km = bulletin.circle
    return distance_km(anchor.lon, anchor.lat, lon, lat) <= km
