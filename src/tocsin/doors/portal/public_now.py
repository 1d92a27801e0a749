"""Reading what is public from the database, into the value that files are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import shapely
from django.utils import timezone

from tocsin.doors.portal.bulletins import others_now
from tocsin.doors.portal.public import (
    LANGUAGES,
    Archive,
    ArchiveLine,
    Choice,
    LineWords,
    Public,
    PublicMessage,
    Words,
)
from tocsin.formats.cap import Area, read
from tocsin.loop.warn import queries
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.outline import circle_shape
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.moment import to_us

__all__ = ["archive_line", "archive_now", "public_message", "public_now"]

SMALLEST_RANK = 4  # streets and towns


def public_now(names: Names, *, now: datetime, build: str = "") -> Public:
    """All but the archive."""
    alerts, newest = queries.alerts_mark()
    lines = queries.in_force(EVERYWHERE, now=now)
    areas = sorted((area for area in names.areas.values() if area.rank <= SMALLEST_RANK), key=lambda area: area.path)
    return Public(
        to_us(now), alerts, newest, build, [public_message(line, names, geometry=True) for line in lines],
        [Choice(area.path, {one: names.area(area.path, one) for one in LANGUAGES}, area.rank) for area in areas],
        [Choice(code, {one: names.hazard(code, one) for one in LANGUAGES}) for code in names.hazards],
        others_now(names, now),
    )  # fmt: skip


def archive_now(names: Names, known: Mapping[str, ArchiveLine]) -> Archive:
    """The archive; ``known`` lines that have not changed are taken as they are."""
    lines = []
    for line in queries.issued(EVERYWHERE):
        had = known.get(line.id)
        same = had is not None and (had.state, had.successor) == (line.state, line.successor)
        lines.append(had if had is not None and same else archive_line(line, names))
    return Archive(lines)


def public_message(line: queries.WarningLine, names: Names, *, geometry: bool = False) -> PublicMessage:
    """One message in every language."""
    content = line.content
    alert = queries.alert(line.id)
    return PublicMessage(
        line.id, line.level, line.hazard, content.areas.paths, line.kind.value, line.state.value, line.successor,
        alert.sha256, to_us(line.issued_at) if line.issued_at else 0, to_us(content.onset), to_us(content.expires),
        content.exercise, content.exercise_note, content.contact, content.verdict,
        {language: _words(line, names, language) for language in LANGUAGES},
        _features(alert.document) if geometry else [],
    )  # fmt: skip


def archive_line(line: queries.WarningLine, names: Names) -> ArchiveLine:
    """One line of the archive."""
    issued = line.issued_at or line.drafted_at
    month = timezone.localtime(issued).strftime("%Y-%m")
    words = {language: _words(line, names, language) for language in LANGUAGES}
    return ArchiveLine(
        line.id, line.level, line.hazard, line.kind.value, line.state.value, line.successor, to_us(issued),
        to_us(line.expires_at), month, line.exercise,
        {one: LineWords(said.hazard, said.headline, said.area, said.issued, said.ends) for one, said in words.items()},
    )  # fmt: skip


def _words(line: queries.WarningLine, names: Names, language: str) -> Words:
    content = line.content
    texts, paths = content.text(language), content.areas.paths
    return Words(
        names.hazard(line.hazard, language), texts.headline, texts.description, texts.beware, texts.instruction,
        names.area_list(paths, language), names.moment(content.onset, paths, language),
        names.moment(content.expires, paths, language), names.body(content.body, language),
        names.moment(line.issued_at, paths, language) if line.issued_at else "",
    )  # fmt: skip


def _features(document: bytes) -> list[dict[str, Any]]:
    message = read(document).alert
    areas: Iterable[Area] = message.infos[-1].areas if message and message.infos else ()
    return [{"area": area.area_desc, "geometry": _geometry(area)} for area in areas]


def _geometry(area: Area) -> dict[str, Any] | None:
    parts = [shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in area.polygons]
    parts += [circle_shape(*circle) for circle in area.circles]
    if not parts:
        return None
    shape: dict[str, Any] = json.loads(shapely.to_geojson(shapely.MultiPolygon(parts)))
    return shape
