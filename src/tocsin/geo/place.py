"""Place: a located thing, as much of it as grouping and pages need."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """``lon``/``lat`` degrees WGS 84 (NaN: not known), ``cell`` an H3 index ("" where not known), ``jurisdiction`` a
    path such as ``simcity/east``, ``title`` what people call it."""

    lon: float
    lat: float
    cell: str = ""
    jurisdiction: str = ""
    title: str = ""

    @property
    def located(self) -> bool:
        """Whether it has coordinates; a place without them is near nothing."""
        return math.isfinite(self.lon) and math.isfinite(self.lat)
