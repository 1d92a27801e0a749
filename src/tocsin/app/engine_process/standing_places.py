"""What grouping asks of the catalogue: where a signal's subject lies, and what makes it independent evidence."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from tocsin.geo.cell import cell_centroid
from tocsin.geo.place import Place
from tocsin.terms.signal import Subject
from tocsin.terms.stream import Catalogue, Stream

__all__ = ["PlaceBook"]


class PlaceBook:
    """Places by subject for one catalogue; made anew when the catalogue changes, filled as it is asked."""

    def __init__(self, catalogue: Catalogue, distinct: Collection[str] = ()) -> None:
        """``distinct``: labels whose equal values make streams one witness (a shared rain gauge)."""
        self.catalogue, self._distinct = catalogue, sorted(distinct)
        self._known: dict[Subject, Place] = {}

    def __call__(self, subject: Subject) -> Place:
        """The place; not located where nothing says where it is."""
        place = self._known.get(subject)
        if place is None:
            place = self._known[subject] = self._find(subject)
        return place

    def independent(self, subject: Subject) -> str:
        """Subjects with the same answer count once as evidence."""
        if subject.kind == "stream":
            stream = self.catalogue.streams[self.catalogue.index(subject.key)]
            for name in self._distinct:
                if value := stream.label(name):
                    return f"{name}:{value}"
        return str(subject)

    def _find(self, subject: Subject) -> Place:
        if subject.kind == "stream":
            stream = self.catalogue.streams[self.catalogue.index(subject.key)]
            return Place(stream.lon, stream.lat, stream.cell, stream.jurisdiction, stream.feature)
        members = [stream for stream in self.catalogue if stream.label(subject.kind) == subject.key]
        if subject.kind == "cell" and not members:  # only reports name it
            return Place(*cell_centroid(subject.key), subject.key, "", subject.key)
        return _middle(members, subject)


def _middle(streams: Sequence[Stream], subject: Subject) -> Place:
    # a mean of degrees is good enough for areas of a county; areas across the date line would need the sphere
    located = [stream for stream in streams if math.isfinite(stream.lon) and math.isfinite(stream.lat)]
    cells = {stream.cell for stream in streams}
    cell = cells.pop() if len(cells) == 1 else ""
    jurisdiction = _shared_path([stream.jurisdiction for stream in streams])
    if not located:
        return Place(math.nan, math.nan, cell, jurisdiction, subject.key)
    lon = sum(stream.lon for stream in located) / len(located)
    lat = sum(stream.lat for stream in located) / len(located)
    return Place(lon, lat, cell, jurisdiction, subject.key)


def _shared_path(paths: Sequence[str]) -> str:
    shared: list[str] = []
    for parts in zip(*(path.split("/") for path in paths), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "/".join(shared)
