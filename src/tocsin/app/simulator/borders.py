"""Borders of Simhaven's five districts: invented, without gaps or overlaps, so that every point lies in one of them."""

from __future__ import annotations

from shapely import Polygon, unary_union

from tocsin.app.simulator.city import where

__all__ = ["CITY", "DISTRICTS", "Ring", "boundary_of", "name_of"]

Ring = list[list[float]]
CITY = "simprovince/simhaven"

# Corners in kilometres east and north of the harbour clock. A border that two districts share names the same corners.
_WEST_CENTRE = ((-8.0, -8.0), (-8.8, -2.0), (-7.6, 4.0), (-8.0, 11.0))
_CENTRE_EAST = ((7.0, -8.0), (6.4, -1.0), (7.5, 5.0), (7.0, 11.0))
_WEST_NORTH = ((-8.0, 11.0), (-9.2, 20.0), (-9.0, 35.0))
_NORTH_CENTRE = ((-8.0, 11.0), (0.0, 10.4), (7.0, 11.0))
_NORTH_EAST = ((7.0, 11.0), (14.0, 11.8), (20.0, 11.0))
_SOUTH = ((-40.0, -8.0), (-20.0, -9.0), (-8.0, -8.0), (0.0, -8.7), (7.0, -8.0), (20.0, -8.0))

_CORNERS = {
    "centre": (*_NORTH_CENTRE, *_CENTRE_EAST[-2::-1], _SOUTH[3], *_WEST_CENTRE),
    "east": (*_NORTH_EAST, _SOUTH[5], *_CENTRE_EAST),
    "west": ((-40.0, -8.0), (-43.0, 12.0), (-38.0, 30.0), *_WEST_NORTH[::-1], *_WEST_CENTRE[-2::-1], _SOUTH[1]),
    "north": ((-9.0, 35.0), (8.0, 37.0), (20.0, 33.0), *_NORTH_EAST[::-1], *_NORTH_CENTRE[-2::-1], *_WEST_NORTH[1:]),
    "south": (*_SOUTH, (31.0, -9.0), (33.0, -18.0), (20.0, -27.0), (-6.0, -30.0), (-38.0, -24.0), (-40.0, -8.0)),
}
DISTRICTS = {  # district: (English, Chinese, invented code)
    "centre": ("Centre", "中城区", "990101"),
    "east": ("East", "东城区", "990102"),
    "west": ("West", "西城区", "990103"),
    "north": ("North", "北山区", "990104"),
    "south": ("South", "南岬区", "990105"),
}
STREETS = {  # street (fourth level): (English, Chinese)
    "arsenal": ("Arsenal Street", "军械库街道"),
    "brookmouth": ("Brookmouth Street", "溪口街道"),
    "cape": ("Cape Street", "南岬街道"),
    "eastmarket": ("East Market Street", "东市街道"),
    "harbour": ("Harbour Street", "港口街道"),
    "lighthouse": ("Lighthouse Street", "灯塔街道"),
    "millpond": ("Millpond Street", "磨坊塘街道"),
    "paddies": ("Paddies Town", "稻田镇"),
    "reservoir": ("Reservoir Town", "水库镇"),
    "ridge": ("Ridge Town", "山脊镇"),
    "saltflats": ("Saltflats Town", "盐滩镇"),
    "station": ("Station Street", "车站街道"),
    "stonebridge": ("Stonebridge Street", "石桥街道"),
    "teahills": ("Teahills Town", "茶山镇"),
    "university": ("University Street", "大学街道"),
    "westgate": ("Westgate Street", "西门街道"),
}


def name_of(path: str) -> dict[str, str]:
    """Names of a street or of a community grid, by language. A grid's name holds its street's: a warning for "grid 4"
    alone says nothing to anybody. Raises KeyError for a street that Simhaven does not have."""
    street, _, grid = path.removeprefix(f"{CITY}/").partition("/")[2].partition("/grid-")
    en, zh = STREETS[street]
    number = int(grid) if grid else 0
    return {
        "en": f"{en}, grid {number} (synthetic)" if number else f"{en} (synthetic)",
        "zh-hans": f"{zh}第{number}网格（模拟）" if number else f"{zh}（模拟）",
    }


def boundary_of(district: str) -> list[Ring]:
    """The district's border as one closed ring of [longitude, latitude]; "" gives the whole city's."""
    shapes = [_shape(name) for name in ([district] if district else _CORNERS)]
    outline = unary_union(shapes).exterior
    return [[[round(lon, 6), round(lat, 6)] for lon, lat in outline.coords]]


def _shape(district: str) -> Polygon:
    return Polygon([where(x, y) for x, y in _CORNERS[district]])
