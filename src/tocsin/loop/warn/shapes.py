"""Shapes: what may be drawn. A reader of the message must find the same place that was meant: no outline that crosses itself or
encloses nothing, no two that overlap."""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from django.utils.translation import gettext as _

from tocsin.geo import cell_ring
from tocsin.loop.warn.content import Areas
from tocsin.loop.warn.outline import circle_shape, rings_shape
from tocsin.terms.errors import BadValue, TooBig

__all__ = ["CELLS_AT_MOST", "require_sound_shapes"]

CELLS_AT_MOST = 500
_OVERLAP = 0.005  # of the whole: less is rounding between neighbours
_NOTHING = 1e-12  # square degrees, about a hundredth of a square metre


def require_sound_shapes(areas: Areas) -> None:
    """Raises BadValue, TooBig, each in words that say what to do."""
    if len(areas.cells) > CELLS_AT_MOST:
        raise TooBig(_("cells"), _("there are {n}, {most} at most").format(n=len(areas.cells), most=CELLS_AT_MOST),
                     _("choose whole areas, larger cells or an outline"))  # fmt: skip
    for number, ring in enumerate(areas.polygons, 1):
        _require_ring(number, ring)
    shapes = [
        *(rings_shape([ring]) for ring in areas.polygons),
        *(rings_shape([cell_ring(cell)]) for cell in areas.cells),
        *(circle_shape(*circle) for circle in areas.circles),
    ]
    whole = shapely.unary_union(shapes)
    if len(shapes) > 1 and sum(shape.area for shape in shapes) - whole.area > _OVERLAP * whole.area:
        raise BadValue(
            _("drawn area"), _("two of its parts overlap"), _("take one of them out, or draw both as one outline")
        )


def _require_ring(number: int, ring: Sequence[tuple[float, float]]) -> None:
    thing = _("outline {n}").format(n=number)
    if len(ring) < 4 or len(set(ring)) < 3:
        raise BadValue(
            thing, _("it has less than three different points"), _("give at least three, in order around the area")
        )
    shape = shapely.Polygon(ring)
    if not shape.is_valid:
        where = shapely.is_valid_reason(shape).partition("[")[2].rstrip("]").split()
        said = ""
        if len(where) > 1:
            said = _(" near {lat}, {lon}").format(lat=f"{float(where[1]):.4f}", lon=f"{float(where[0]):.4f}")
        raise BadValue(thing, _("it crosses or touches itself{where}").format(where=said),
                       _("put the points in order around the area, or draw two outlines"))  # fmt: skip
    if shape.area < _NOTHING:
        raise BadValue(thing, _("it encloses nothing"), _("give points that lie around an area"))
