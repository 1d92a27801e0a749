"""Neighbours: registered areas whose border touches an area, and the posts that answer for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import shapely

from tocsin.geo import is_inside, lineage
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.records.places import queries as places

__all__ = ["beside", "named", "posts_of"]

_TOUCHES_DEGREES = 0.0005  # some 50 m: borders of two registers never meet to the metre


def beside(areas: Sequence[str]) -> list[str]:
    """The registered areas whose border touches one of these, and that neither hold one nor lie in one. Areas without a border
    have no neighbours here: the plan names them."""
    known = {area.path: area.boundary for area in places.jurisdictions(EVERYWHERE) if area.boundary}
    own = [_shape(known[path]) for path in areas if path in known]
    return sorted(
        path for path, border in known.items()
        if not any(is_inside(path, area) or is_inside(area, path) for area in areas)
        and any(_shape(border).dwithin(shape, _TOUCHES_DEGREES) for shape in own)
    )  # fmt: skip


def named(areas: Iterable[str], declared: Mapping[str, Sequence[str]]) -> list[str]:
    """The neighbours that the plan names for these areas or for what holds them."""
    return list(dict.fromkeys(path for area in areas for above in lineage(area) for path in declared.get(above, ())))


def posts_of(paths: Iterable[str], areas: Sequence[str]) -> list[PostLine]:
    """The duty officers who answer for these areas: of the nearest that has any, never one who answers for ``areas`` too and
    knows it already."""
    officers = [post for post in org.posts(EVERYWHERE) if post.role == Role.DUTY_OFFICER]
    strangers = [post for post in officers if not any(is_inside(area, post.jurisdiction) for area in areas)]
    found: dict[str, PostLine] = {}
    for path in paths:
        for above in lineage(path):
            theirs = [post for post in strangers if post.jurisdiction == above]
            found |= {post.id: post for post in theirs}
            if theirs:
                break
    return [found[post] for post in sorted(found)]


def _shape(rings: Sequence[Sequence[Sequence[float]]]) -> shapely.Geometry:
    shapes = [shapely.Polygon(ring) for ring in rings if len(ring) >= 4]
    return shapely.unary_union([shape if shape.is_valid else shapely.make_valid(shape) for shape in shapes])
