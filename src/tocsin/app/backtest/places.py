"""What the truth calls the places that signals stand at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tocsin.terms.stream import Catalogue, Stream

__all__ = ["Places"]


class Places:
    """A stream's signal stands at the stream, its feature, its cell, one of its labels, or the nearest jurisdiction above
    it: whichever the truth names, in this order. A truth without places is true everywhere."""

    def __init__(self, catalogue: Catalogue, named: Iterable[str]) -> None:
        self.named = frozenset(named) - {""}
        self._of: Mapping[str, tuple[str, ...]] = {stream.id: _names(stream) for stream in catalogue}

    def of(self, subject: str) -> str:
        """The place of a signal's subject in the truth's own words; the subject itself where the truth names none."""
        if not self.named:
            return ""
        names = self._of.get(subject) or (subject, *_upwards(subject))
        return next((name for name in names if name in self.named), subject)

    def judged(self, subjects: Iterable[str]) -> list[str]:
        """All places that a rule over these subjects speaks of, and those the truth names; [""] where it names none."""
        return sorted({self.of(subject) for subject in subjects} | self.named) if self.named else [""]


def _names(stream: Stream) -> tuple[str, ...]:
    return (stream.id, stream.feature, stream.cell, *stream.labels.values(), *_upwards(stream.jurisdiction))


def _upwards(path: str) -> list[str]:
    parts = path.split("/") if path else []
    return ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
