"""Reach: whom and what a warning would reach, in figures, before anybody signs it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.geo import distance_km, is_inside, parent_of
from tocsin.geo.targeting import PointSet
from tocsin.loop.warn.authority import touched_paths
from tocsin.loop.warn.content import Areas, Content
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.outline import circle_shape, rings_shape, share_inside
from tocsin.records.audience import queries as audience
from tocsin.records.audience.wishes import About
from tocsin.records.org.queries import posts_touched
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import queries as places

__all__ = ["Reach", "reach"]


@dataclass(frozen=True, slots=True)
class Reach:
    """Who a warning tells: posts with an address, posts without one, and in how many areas; ``subscribers`` of the public
    (None = some, fewer than five) and ``targets`` of institutions; ``facilities`` inside. ``people``: who live inside by
    the registered populations, a share of an area counted by its share of the ground; None where none is registered."""

    posts: int
    without_address: int
    areas: int
    subscribers: int | None = 0
    targets: int = 0
    facilities: int = 0
    people: int | None = None


def reach(content: Content, names: Names | None = None) -> Reach:
    """Who would be told, and what lies inside."""
    names = names or Names.read()
    paths = touched_paths(content.areas, names)
    posts = posts_touched(paths)
    about = about_of(content, paths)
    return Reach(
        sum(1 for post in posts if post.mail), sum(1 for post in posts if not post.mail), len(paths),
        0 if content.exercise else audience.subscribers_reached(about),
        audience.targets_reached(about, exercise=content.exercise), _facilities(content.areas, paths),
        _people(content.areas, paths, names),
    )  # fmt: skip


def about_of(content: Content, paths: list[str]) -> About:
    """What audience asks of a warning."""
    shaped = content.areas.shaped
    return About(content.hazard, content.level, tuple(paths),
                 tuple((ring,) for ring in content.areas.rings) if shaped else (),
                 content.areas.circles if shaped else ())  # fmt: skip


def _facilities(areas: Areas, paths: list[str]) -> int:
    near = [f for f in places.facilities(EVERYWHERE) if any(is_inside(f.jurisdiction, path) for path in paths)]
    if not areas.shaped or not near:
        return len(near)
    lon, lat = (np.array([getattr(f, name) for f in near], np.float64) for name in ("lon", "lat"))
    inside = (
        PointSet(lon, lat).inside([(ring,) for ring in areas.rings]) if areas.rings else np.zeros(len(near), np.bool_)
    )
    for n, facility in enumerate(near):
        inside[n] |= any(distance_km(facility.lon, facility.lat, x, y) <= km for y, x, km in areas.circles)
    return int(inside.sum())


def _population(path: str, names: Names) -> int:
    """Of an area, or where none is registered of the areas just below it together."""
    own = names.areas[path].population if path in names.areas else 0
    return own or sum(_population(below, names) for below in names.areas if parent_of(below) == path)


def _people(areas: Areas, paths: list[str], names: Names) -> int | None:
    known = [(population, path) for path in paths if (population := _population(path, names))]
    if not known:
        return None
    if not areas.shaped:
        return sum(population for population, _path in known)
    shapes = [*(circle_shape(*circle) for circle in areas.circles), *(rings_shape([ring]) for ring in areas.rings)]
    total = 0.0
    for population, path in known:
        border = rings_shape(names.areas[path].boundary if path in names.areas else ())
        total += population * min(1.0, sum(share_inside(border, shape) for shape in shapes))
    return round(total)
