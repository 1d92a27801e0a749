"""tables.toml: piecewise-linear index tables, for example an air-quality index."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, Literal, cast

from tocsin.engine.language.faults import nearest
from tocsin.engine.language.quantity import converts
from tocsin.engine.language.vocabulary import IndexTable
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import Section, tables_of
from tocsin.terms.errors import BadUnit

__all__ = ["read_tables"]

_KEYS = ("unit", "points", "rounding", "title", "source", "verified", "note")
_ROUNDINGS = ("none", "nearest", "up")


def read_tables(folder: Folder, faults: Faults) -> Mapping[str, IndexTable]:
    """The index tables by name, faults reported. Faulty points leave the table out."""
    document = folder.document("tables.toml")
    Section(document, (), document.data, faults).known(("table",))
    out = {}
    for name, section in tables_of(document, "table", faults):
        section.known(_KEYS)
        unit, rounding = section.text("unit", need=True), section.text("rounding", "none")
        try:
            converts(unit, unit)
        except BadUnit as error:
            section.fault(f"{error.thing}: {error.rule}", error.remedy, "unit")
        if rounding not in _ROUNDINGS:
            section.fault(f"no rounding {rounding!r}", nearest(rounding, _ROUNDINGS), "rounding")
            rounding = "none"
        points = _points(section)
        table = IndexTable(name, unit, points, cast("Literal['none']", rounding), section.text("source"),
                           section.boolean("verified", need=True), section.words("title"))  # fmt: skip
        if points:
            out[name] = table
    return out


def _points(section: Section) -> tuple[tuple[float, float], ...]:
    points: Any = section.data.get("points")
    if not isinstance(points, list) or len(points) < 2 or len(points) > 100:
        section.fault(
            "points must be a list of 2 to 100 pairs [x, index]", "write points = [[0, 0], [35, 50]]", "points"
        )
        return ()
    for index, point in enumerate(points):
        if not isinstance(point, list) or len(point) != 2 or not all(type(part) in (int, float) for part in point):
            section.fault(f"point {index + 1} is not a pair of numbers", "write [x, index]", "points", index)
            return ()
    for index, (before, after) in enumerate(itertools.pairwise(points)):
        if after[0] <= before[0] or after[1] < before[1]:
            section.fault(
                f"point {index + 2} does not rise above the one before", "order the points", "points", index + 1
            )
            return ()
    return tuple((float(x), float(y)) for x, y in points)
