"""The composer's form: a warning's content as fields, and what was typed as changes of it. Nothing that was typed is lost:
a field that cannot be read is named beside it and shown as it was."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from tocsin.geo import cell_of, cell_ring
from tocsin.loop.warn.condensing import LIMITS
from tocsin.loop.warn.content import Areas, Content
from tocsin.packkit.warnings import TEXTS
from tocsin.terms.errors import BadValue

__all__ = ["SHOWN_LIMITS", "Composed", "mark_of", "read_form", "texts_in_form", "values_of"]

# How many characters each text should have at most, as its counter shows it.
SHOWN_LIMITS = {"headline": 160, "description": 2000, "beware": 1000, "instruction": 2000, **LIMITS}

_MODES = ("areas", "circle", "polygon", "cells")
_CELL_SIZE = 8  # H3's, of about 0.7 square kilometres
_PAIR = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[,，]\s*(-?\d+(?:\.\d+)?)\s*")
_LOCAL = "%Y-%m-%dT%H:%M"


@dataclass(slots=True)
class Composed:
    """What was typed: ``changes`` for ``services.edit``, ``values`` by field name as typed, ``errors`` by field name,
    ``marks`` of texts as they were first shown: a form that is shown again keeps them, what was typed stays typed."""

    values: dict[str, Any]
    changes: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)


def values_of(content: Content, zone: tzinfo) -> dict[str, Any]:
    """The fields as they stand."""
    areas = content.areas
    mode = "polygon" if areas.polygons else "circle" if areas.circles else "cells" if areas.cells else "areas"
    lat, lon, km = areas.circles[0] if areas.circles else ("", "", "")
    outline = "\n".join(" ".join(f"{y:g},{x:g}" for x, y in ring) for ring in areas.polygons)
    values: dict[str, Any] = {
        "hazard": content.hazard, "level": str(content.level), "onset": _local(content.onset, zone),
        "expires": _local(content.expires, zone), "body": content.body, "mode": mode, "paths": list(areas.paths),
        "lat": _number(lat), "lon": _number(lon), "km": _number(km), "outline": outline,
        "cells": " ".join(areas.cells), "cell_size": "", "flow": content.flow,
        "exercise": content.exercise, "exercise_note": content.exercise_note, "contact": content.contact,
    }  # fmt: skip
    return values | texts_in_form(content)


def texts_in_form(content: Content) -> dict[str, str]:
    """The texts by the names of their fields."""
    return {f"{name}_{k}": getattr(content.text(k), name) for k in content.languages for name in TEXTS}


def mark_of(text: str) -> str:
    """A mark of a text as it was shown: by it the form says which texts nobody touched since, so that what follows the level
    or another text is not taken for typed."""
    plain = text.replace("\r\n", "\n").strip()
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def _typed_texts(posted: QueryDict, values: Mapping[str, Any], language: str) -> dict[str, str]:
    names = {name: f"{name}_{language}" for name in TEXTS}
    return {
        name: values[field] for name, field in names.items() if posted.get(f"was_{field}") != mark_of(values[field])
    }  # fmt: skip


def read_form(posted: QueryDict, content: Content, zone: tzinfo) -> Composed:
    """What was typed, as far as it can be read."""
    made = Composed({name: posted.get(name, "") for name in values_of(content, zone)})
    made.marks = {name: posted.get(f"was_{name}", "") for name in texts_in_form(content) if f"was_{name}" in posted}
    made.values["paths"] = posted.getlist("paths")
    made.values["exercise"] = bool(posted.get("exercise"))
    made.changes = {"hazard": posted.get("hazard", content.hazard), "body": posted.get("body", content.body),
                    "exercise": made.values["exercise"], "exercise_note": made.values["exercise_note"],
                    "contact": made.values["contact"],
                    "flow": "urgent" if made.values["flow"] == "urgent" else "ordinary"}  # fmt: skip
    if made.values["level"].isdigit():
        made.changes["level"] = int(made.values["level"])
    for name, was in (("onset", content.onset), ("expires", content.expires)):
        _moment(made, name, was, zone)
    made.changes["texts"] = {k: _typed_texts(posted, made.values, k) for k in content.languages}
    areas = _areas(made)
    if areas is not None:
        made.changes["areas"] = areas
    return made


def _moment(made: Composed, name: str, was: datetime, zone: tzinfo) -> None:
    typed = made.values[name]
    if typed == _local(was, zone):
        return  # seconds that the field does not show stay as they are
    try:
        made.changes[name] = datetime.fromisoformat(typed).replace(tzinfo=zone)
    except ValueError:
        made.errors[name] = _("This is no date with a time. Write it as 2026-07-20 14:30.")


def _areas(made: Composed) -> Areas | None:
    paths = tuple(dict.fromkeys(made.values["paths"]))
    mode = made.values["mode"] if made.values["mode"] in _MODES else "areas"
    if mode == "areas":
        return Areas(paths)
    if mode == "circle":
        circle = _circle(made)
        return Areas(paths, circles=(circle,)) if circle else None
    if mode == "cells":
        cells = _cells(made)
        return Areas(paths, cells=cells) if cells else None
    rings = _outline(made)
    return Areas(paths, polygons=rings) if rings else None


def _cells(made: Composed) -> tuple[str, ...] | None:
    """H3 cells by their names, or by a point in each."""
    typed = made.values["cell_size"]
    size = int(typed) if typed in map(str, range(4, 12)) else _CELL_SIZE
    found = []
    for word in re.sub(r"\s*[,，]\s*", ",", made.values["cells"]).split():
        point = _point(word)
        try:
            found.append(cell_of(*point, size) if point else word.lower())
            cell_ring(found[-1])
        except BadValue:
            made.errors["cells"] = _("{word} is neither an H3 cell nor latitude,longitude.").format(word=word[:40])
            return None
    if not found:
        made.errors["cells"] = _("Choose at least one cell, by its H3 name or by latitude,longitude.")
    return tuple(dict.fromkeys(found)) or None


def _circle(made: Composed) -> tuple[float, float, float] | None:
    limits = {"lat": (-90.0, 90.0, _("Latitude is a number from -90 to 90.")),
              "lon": (-180.0, 180.0, _("Longitude is a number from -180 to 180.")),
              "km": (0.05, 500.0, _("The radius is a number from 0.05 to 500 kilometres."))}  # fmt: skip
    found = []
    for name, (low, high, said) in limits.items():
        try:
            value = float(made.values[name])
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            made.errors[name] = said
        found.append(value)
    return (found[0], found[1], found[2]) if not {"lat", "lon", "km"} & made.errors.keys() else None


def _outline(made: Composed) -> tuple[tuple[tuple[float, float], ...], ...] | None:
    """Points as latitude,longitude: one ring a line, or one point a line."""
    lines = [line.strip() for line in made.values["outline"].splitlines() if line.strip()]
    single = all(_PAIR.fullmatch(line) for line in lines)
    rings = []
    for text in [" ".join(line.replace(" ", "") for line in lines)] if single else lines:
        points = [_point(part) for part in text.split()]
        if None in points or len(points) < 3:
            made.errors["outline"] = _(
                "Write at least three points as latitude,longitude in WGS 84, separated by spaces."
            )
            return None
        known = [point for point in points if point is not None]
        rings.append(tuple(known if known[0] == known[-1] else [*known, known[0]]))
    if not rings:
        made.errors["outline"] = _("Write at least three points as latitude,longitude in WGS 84, separated by spaces.")
    return tuple(rings) or None


def _point(text: str) -> tuple[float, float] | None:
    found = _PAIR.fullmatch(text)
    if found is None:
        return None
    lat, lon = float(found[1]), float(found[2])
    return (lon, lat) if -90 <= lat <= 90 and -180 <= lon <= 180 else None


def _local(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime(_LOCAL)


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
