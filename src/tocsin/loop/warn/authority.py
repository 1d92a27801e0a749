"""Authority: which body may warn of which hazard, where, up to which level. A body that is not in the table is refused,
never assumed (facts/kernel_warning_response.yaml#who_may_warn)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tocsin.geo import is_inside
from tocsin.loop.warn.content import Areas
from tocsin.loop.warn.models import AuthorityRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.outline import circle_shape, rings_shape, share_inside
from tocsin.loop.warn.shapes import require_sound_shapes
from tocsin.terms.errors import BadValue, NotAllowed

__all__ = [
    "ANY_HAZARD",
    "AuthorityLine",
    "authorities",
    "bodies_for",
    "require_authority",
    "require_shape",
    "touched_paths",
]

ANY_HAZARD = "*"
_TOUCHES = 0.01  # a shape that lies in a neighbour by less than this share is rounding, not a claim


@dataclass(frozen=True, slots=True)
class AuthorityLine:
    """One row: ``body`` a department's id, ``hazard`` a code or "*", ``jurisdiction`` with everything below it, ranks from
    ``lowest`` to ``highest``, ``source`` where that is written."""

    body: str
    hazard: str
    jurisdiction: str
    lowest: int
    highest: int
    source: str


def authorities() -> list[AuthorityLine]:
    """The whole table, by hazard, area and body."""
    rows = AuthorityRow.objects.order_by("hazard", "jurisdiction", "body")
    return [AuthorityLine(r.body, r.hazard, r.jurisdiction, r.lowest, r.highest, r.source) for r in rows]


def bodies_for(hazard: str, level: int, paths: Iterable[str]) -> list[str]:
    """The bodies that may issue this level for all of these areas; those of the smallest area first, then by id."""
    wanted = list(paths)
    lines = [
        line for line in authorities() if line.hazard in (hazard, ANY_HAZARD) and line.lowest <= level <= line.highest
    ]
    found: dict[str, int] = {}
    for body in {line.body for line in lines}:
        own = [line for line in lines if line.body == body]
        if wanted and all(any(is_inside(path, line.jurisdiction) for line in own) for path in wanted):
            found[body] = max(len(line.jurisdiction) for line in own)
    return sorted(found, key=lambda body: (-found[body], body))


def require_authority(body: str, hazard: str, level: int, areas: Areas, names: Names) -> None:
    """Raises NotAllowed, naming who may, where the body may not issue this level of this hazard for all of the areas, those
    that a shape reaches into among them."""
    paths = touched_paths(areas, names)
    may = bodies_for(hazard, level, paths)
    if body in may:
        return
    what = {"level": names.level(level), "hazard": names.hazard(hazard), "area": names.area_list(paths) or _("no area")}
    remedy = (
        _("choose who may: {bodies}").format(bodies=_(", ").join(map(names.body, may)))
        if may
        else _(
            "nobody is registered for it: ask the administrator to load the authority table, or pass it on to the body that may"
        )
    )
    if not body:
        raise NotAllowed(_("issuing body"), _("none is registered for a {level} {hazard} warning in {area}").format(**what),
                         remedy)  # fmt: skip
    raise NotAllowed(names.body(body), _("may not issue a {level} {hazard} warning in {area}").format(**what), remedy)


def require_shape(areas: Areas, names: Names) -> None:
    """Raises BadValue for an area nobody registered or that lies in another chosen one, for a shape that crosses itself, has
    no area or overlaps another, and for one that lies nowhere in the areas it is said to be in; TooBig for too many cells."""
    for path in areas.paths:
        if path not in names.areas:
            raise BadValue(
                _("area {path}").format(path=path), _("nobody registered it"), _("choose an area from the list")
            )
    _require_apart(areas, names)
    require_sound_shapes(areas)
    borders = [names.areas[path].boundary for path in areas.paths]
    if not areas.shaped or not all(borders):
        return
    home = rings_shape(ring for border in borders for ring in border)
    for shape in _shapes(areas):
        if not share_inside(shape, home):
            raise BadValue(_("drawn area"), _("it lies outside the chosen areas"),
                           _("choose the areas it lies in, or correct its coordinates"))  # fmt: skip


def touched_paths(areas: Areas, names: Names) -> list[str]:
    """The areas that are named, and those beside them that a shape reaches into: the smallest registered ones."""
    paths = list(dict.fromkeys(areas.paths))
    if not areas.shaped:
        return paths
    bordered = {path: area for path, area in names.areas.items() if area.boundary}
    smallest = [path for path in bordered if not any(is_inside(other, path) and other != path for other in bordered)]
    shapes = _shapes(areas)
    for path in sorted(smallest):
        if any(is_inside(path, named) for named in paths):
            continue
        border = rings_shape(bordered[path].boundary)
        if any(share_inside(shape, border) > _TOUCHES for shape in shapes):
            paths.append(path)
    return paths


def _require_apart(areas: Areas, names: Names) -> None:
    for path in areas.paths:
        if above := next((other for other in areas.paths if other != path and is_inside(path, other)), ""):
            raise BadValue(_("area {path}").format(path=names.area(path)),
                           _("it lies in {area}, which is chosen too").format(area=names.area(above)),
                           _("leave one of the two out"))  # fmt: skip


def _shapes(areas: Areas) -> list:  # type: ignore[type-arg] # shapely has no types
    return [*(circle_shape(*circle) for circle in areas.circles), *(rings_shape([ring]) for ring in areas.rings)]
