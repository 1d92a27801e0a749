"""The filter of the list of events: level, hazard, verdict, area, whose, words of a place. It stands in the address, so that a
handover is a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from tocsin.doors.console.lines import EventOnPage
from tocsin.doors.console.standing import VERDICTS
from tocsin.loop.detect.queries import EventLine
from tocsin.records.org.scope import Scope

__all__ = ["EventFilter"]

_WORDS_AT_MOST = 80


@dataclass(frozen=True, slots=True)
class EventFilter:
    """``level``: this rank and higher, 0 = all; texts: "" = all. What an address says wrongly is left out."""

    level: int = 0
    hazard: str = ""
    verdict: str = ""
    area: str = ""
    owner: str = ""  # "nobody": unacknowledged only
    words: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> EventFilter:
        """The filter that an address names."""
        level = query.get("level", "")
        verdict, owner = query.get("verdict", ""), query.get("owner", "")
        return cls(
            level=int(level) if level.isdigit() and len(level) == 1 else 0,
            hazard=query.get("hazard", "")[:_WORDS_AT_MOST],
            verdict=verdict if verdict in VERDICTS else "",
            area=query.get("area", "")[:_WORDS_AT_MOST],
            owner=owner if owner == "nobody" else "",
            words=query.get("words", "").strip()[:_WORDS_AT_MOST],
        )

    @property
    def query(self) -> str:
        """As it stands in an address; "" where nothing is filtered."""
        values: Mapping[str, object] = {name: getattr(self, name) for name in self.__slots__}
        return urlencode({name: value for name, value in values.items() if value})

    def chosen(self, events: Iterable[tuple[EventLine, EventOnPage]]) -> list[tuple[EventLine, EventOnPage]]:
        """Those that pass, in their order."""
        return [(line, event) for line, event in events if self._passes(line, event)]

    def _passes(self, line: EventLine, event: EventOnPage) -> bool:
        return (
            line.level >= self.level
            and self.hazard in ("", line.hazard)
            and self.verdict in ("", event.standing.verdict)
            and (not self.area or Scope(self.area, "").covers(line.jurisdiction))
            and (not self.owner or event.standing.is_unacknowledged)
            and self.words.lower() in f"{event.place} {event.what}".lower()
        )
