"""The register as pages need it: the catalogue, kept until its version changes, with what people call its streams."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from tocsin.loop.observe import queries as observe
from tocsin.terms.signal import Subject
from tocsin.terms.stream import Catalogue, Stream

__all__ = ["Register", "register"]

_lock = threading.Lock()
_kept: tuple[Path, Register] | None = None


@dataclass(frozen=True)
class Register:
    """``titles``: feature -> what people call it, where a stream carries a ``title`` label."""

    catalogue: Catalogue
    titles: dict[str, str]

    def subject(self, subject: Subject) -> str:
        """Where a signal is judged, in words: the station's title, or the area."""
        if subject.kind != "stream":
            return self.place(subject.key)
        if subject.key not in self.catalogue:
            return subject.key
        return self.place(self.stream(subject.key).feature)

    def place(self, place: str) -> str:
        """A place of an event: the title of the feature of that name, else the name itself."""
        return self.titles.get(place, place)

    def stream(self, stream_id: str) -> Stream:
        """The stream of this id. Raises UnknownName."""
        return self.catalogue.streams[self.catalogue.index(stream_id)]

    @property
    def synthetic(self) -> bool:
        """Whether any source is of invented data: then every page says so."""
        return any(source.synthetic for source in self.catalogue.sources.values())

    @property
    def shortest_cadence_s(self) -> float:
        """The shortest usual spacing of any stream that has one; 0 where none has."""
        return min((stream.cadence_s for stream in self.catalogue if stream.cadence_s > 0), default=0.0)


def register() -> Register:
    """The register now; asks the database only for the version when nothing changed."""
    global _kept  # noqa: PLW0603 - one catalogue a deployment, whoever asks
    root, version = settings.HOME.root, observe.catalogue_version()
    with _lock:
        if _kept is not None and _kept[0] == root and _kept[1].catalogue.version == version:
            return _kept[1]
    catalogue = observe.load_catalogue()
    titles = {stream.feature: title for stream in catalogue if (title := stream.label("title"))}
    fresh = Register(catalogue, titles)
    with _lock:
        _kept = root, fresh
    return fresh
