"""Truth: what really happened, as a CSV of events with a start, an end and, where known, a place, a level and a hazard."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tocsin.measure.episode import Episode
from tocsin.terms.errors import BadForm, BadTime, BadValue, TooBig
from tocsin.terms.level import Scheme
from tocsin.terms.moment import to_us

__all__ = ["TrueEvent", "read_truth"]

MOST_BYTES, MOST_ROWS = 64 << 20, 1_000_000
_REMEDY = "columns: start, end, and where known place, level, hazard; moments with their zone, 2021-07-20T16:00+08:00"


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """``level`` 0: the table does not say; ``hazard`` "": any."""

    episode: Episode
    hazard: str

    @property
    def level(self) -> int:
        """Its rank, 0 where it is not known."""
        return self.episode.level


def read_truth(path: Path, scheme: Scheme) -> list[TrueEvent]:
    """The events of a CSV file in order of start. Raises BadForm, BadTime, BadValue (file and line), TooBig."""
    if path.stat().st_size > MOST_BYTES:
        raise TooBig(str(path), f"is larger than {MOST_BYTES >> 20} MiB", "split it by year")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := {"start", "end"} - set(reader.fieldnames or ()):
            raise BadForm(str(path), f"has no column {', '.join(sorted(missing))}", _REMEDY)
        try:
            events = [_event(path, n, row, scheme) for n, row in zip(range(2, MOST_ROWS + 2), reader, strict=False)]
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadForm(str(path), f"is no CSV in UTF-8 ({error})", _REMEDY) from error
    return sorted(events, key=lambda event: (event.episode.start_us, event.episode.key))


def _event(path: Path, line: int, row: Mapping[str, str | None], scheme: Scheme) -> TrueEvent:
    start, end = (_moment(path, line, name, row.get(name) or "") for name in ("start", "end"))
    if end < start:
        raise BadTime(f"{path}:{line}", "ends before it starts", "swap or correct its moments")
    word = (row.get("level") or "").strip()
    if word and word not in scheme.codes:
        raise BadValue(f"{path}:{line}", f"no level {word!r} in this scheme", f"one of {', '.join(scheme.codes)}")
    key = (row.get("id") or "").strip() or f"line {line}"
    episode = Episode(start, end, scheme.rank(word) if word else 0, (row.get("place") or "").strip(), key)
    return TrueEvent(episode, (row.get("hazard") or "").strip())


def _moment(path: Path, line: int, name: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadTime(f"{path}:{line}", f"{name} {text!r} is no moment", _REMEDY) from None
    if moment.tzinfo is None:
        raise BadTime(f"{path}:{line}", f"{name} {text!r} has no zone", _REMEDY)
    return to_us(moment)
