"""The city of Simhaven 汐港: invented, on open sea, so that no real place is ever meant by it.

Positions are kilometres east and north of the harbour clock (123.00 E, 30.20 N, WGS 84). Every source is registered
with ``synthetic=True``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tocsin.engine.hazard import Facility
from tocsin.geo import cell_of
from tocsin.terms.stream import Source, Stream

__all__ = ["CALLED_ABOUT", "FACILITIES", "GAS_SENSORS", "RAIN_GAUGES", "RIVER_GAUGES", "SOURCES", "WEATHER_STATIONS", "ZONE",
           "RiverGauge", "Spot", "call_stream", "streams", "where"]  # fmt: skip

ZONE = "Asia/Shanghai"
ORIGIN_LON, ORIGIN_LAT = 123.0, 30.2
KM_PER_DEGREE = 111.32


@dataclass(frozen=True, slots=True)
class Spot:
    """A located thing: ``x_km`` east, ``y_km`` north, and its five-level path (province ... community grid)."""

    id: str
    name: str
    x_km: float
    y_km: float
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class RiverGauge:
    """A river gauge: its spot, how it answers to rain (``base_m`` stage without rain, ``gain_m`` metres for each
    millimetre an hour of routed catchment rain, ``lag_h`` travel time), the rain gauges that stand for its
    catchment, and its own three stages in metres."""

    spot: Spot
    river: str
    base_m: float
    gain_m: float
    lag_h: float
    catchment: tuple[str, ...]
    alert_m: float
    minor_m: float
    major_m: float


def where(x_km: float, y_km: float) -> tuple[float, float]:
    """Longitude and latitude (degrees, WGS 84) of a point of the city; good to metres at this size."""
    lat = ORIGIN_LAT + y_km / KM_PER_DEGREE
    return ORIGIN_LON + x_km / (KM_PER_DEGREE * math.cos(math.radians(ORIGIN_LAT))), lat


def _path(district: str, street: str, grid: int) -> str:
    return f"simprovince/simhaven/{district}/{street}/grid-{grid:02d}"


# The storm of storm_day runs along y = x / 3; what lies on it, beside it and far from it is chosen here.
RAIN_GAUGES = (
    Spot("rain-01", "Southern Cape 南岬", -10.0, -22.0, _path("south", "cape", 1)),
    Spot("rain-02", "Westgate 西门", -14.0, 1.6, _path("west", "westgate", 2)),
    Spot("rain-03", "Millpond 磨坊塘", -12.0, -4.0, _path("west", "millpond", 4)),
    Spot("rain-04", "Salt Flats 盐滩", 14.0, -18.0, _path("south", "saltflats", 3)),
    Spot("rain-05", "Harbour Clock 港钟楼", 0.0, 0.0, _path("centre", "harbour", 1)),
    Spot("rain-06", "Old Arsenal 旧军械库", -2.0, 5.6, _path("centre", "arsenal", 6)),
    Spot("rain-07", "Lighthouse 灯塔", 26.0, -14.0, _path("south", "lighthouse", 2)),
    Spot("rain-08", "East Market 东市", 11.0, 3.7, _path("east", "eastmarket", 5)),
    Spot("rain-09", "University 大学城", 9.0, 9.3, _path("east", "university", 7)),
    Spot("rain-10", "West Reservoir 西水库", -33.0, 14.0, _path("west", "reservoir", 9)),
    Spot("rain-11", "North Ridge 北岭", -6.0, 27.0, _path("north", "ridge", 1)),
    Spot("rain-12", "Tea Hills 茶山", 8.0, 30.0, _path("north", "teahills", 2)),
)

_UPPER = ("rain-02", "rain-03")
_MIDDLE = ("rain-03", "rain-05", "rain-06")
_EAST = ("rain-08", "rain-09")
_HILLS = ("rain-11", "rain-12")
_SOUTH = ("rain-01", "rain-04")
RIVER_GAUGES = (
    RiverGauge(Spot("river-01", "Xi River, Westgate 汐河西门", -13.0, -1.0, _path("west", "westgate", 1)),
               "Xi", 1.2, 0.12, 0.5, _UPPER, 2.5, 3.2, 7.0),
    RiverGauge(Spot("river-02", "Xi River, Stone Bridge 汐河石桥", -6.0, -1.5, _path("centre", "stonebridge", 2)),
               "Xi", 1.0, 0.12, 1.0, _UPPER, 2.2, 2.7, 3.2),
    RiverGauge(Spot("river-03", "Xi River, Harbour 汐河港口", 1.0, -1.0, _path("centre", "harbour", 3)),
               "Xi", 0.8, 0.12, 1.5, _MIDDLE, 2.2, 2.8, 4.6),
    RiverGauge(Spot("river-04", "Heron Brook, Market 鹭溪东市", 10.5, 5.0, _path("east", "eastmarket", 3)),
               "Heron", 0.6, 0.11, 0.5, _EAST, 1.8, 2.5, 4.0),
    RiverGauge(Spot("river-05", "Heron Brook, Mouth 鹭溪口", 13.0, -2.0, _path("east", "brookmouth", 1)),
               "Heron", 0.5, 0.09, 1.5, _EAST, 1.6, 5.0, 6.5),
    RiverGauge(Spot("river-06", "Tea Stream, Weir 茶溪堰", 4.0, 22.0, _path("north", "teahills", 5)),
               "Tea", 0.9, 0.12, 0.5, _HILLS, 2.4, 3.2, 4.0),
    RiverGauge(Spot("river-07", "Tea Stream, Paddies 茶溪稻田", 1.0, 14.0, _path("north", "paddies", 4)),
               "Tea", 0.9, 0.10, 1.5, _HILLS, 2.6, 3.4, 4.2),
    RiverGauge(Spot("river-08", "Cape Channel 南岬水道", -6.0, -18.0, _path("south", "cape", 4)),
               "Cape", 0.7, 0.12, 1.0, _SOUTH, 2.0, 2.8, 3.6),
)  # fmt: skip

GAS_SENSORS = (
    Spot("gas-01", "Harbour vault 港口阀室", -0.4, 0.3, _path("centre", "harbour", 2)),
    Spot("gas-02", "Arsenal vault 军械库阀室", -1.9, 5.2, _path("centre", "arsenal", 5)),
    Spot("gas-03", "Millpond vault 磨坊塘阀室", -11.6, -3.8, _path("west", "millpond", 3)),
    Spot("gas-04", "Westgate vault 西门阀室", -13.6, 1.2, _path("west", "westgate", 3)),
    Spot("gas-05", "Station square vault 站前阀室", 2.4, 1.5, _path("centre", "station", 1)),
    Spot("gas-06", "University vault 大学城阀室", 9.2, 9.0, _path("east", "university", 6)),
    Spot("gas-07", "East Market hall 东市大厅", 11.2, 3.4, _path("east", "eastmarket", 4)),
    Spot("gas-08", "East Market lane 东市巷", 11.4, 3.5, _path("east", "eastmarket", 4)),
    Spot("gas-09", "Paddies governor 稻田调压站", 1.4, 14.2, _path("north", "paddies", 2)),
    Spot("gas-10", "Cape governor 南岬调压站", -9.6, -21.6, _path("south", "cape", 2)),
)

WEATHER_STATIONS = (
    Spot("met-01", "Observatory 观象台", -1.0, 2.0, _path("centre", "arsenal", 1)),
    Spot("met-02", "North Ridge mast 北岭风塔", -5.5, 26.5, _path("north", "ridge", 2)),
    Spot("met-03", "Lighthouse mast 灯塔风塔", 26.2, -13.8, _path("south", "lighthouse", 1)),
)

# Where the hotline is called about which *thing* (closed list of scope.md): counts by cell and 5 minutes, no text, no
# caller, no case.
CALLED_ABOUT = (
    ("water_on_road", RAIN_GAUGES[2]), ("water_on_road", RAIN_GAUGES[4]), ("water_on_road", RAIN_GAUGES[7]),
    ("tree_down", RAIN_GAUGES[5]), ("tree_down", RAIN_GAUGES[8]), ("gas_smell", GAS_SENSORS[6]),
)  # fmt: skip

SOURCES = (
    Source("sim-rain", "Simhaven rain gauges 汐港雨量站 (synthetic 模拟)", "Simhaven weather bureau (invented)",
           lateness_s=420.0, delay_s=60.0, synthetic=True, licence="Apache-2.0"),
    Source("sim-river", "Simhaven river gauges 汐港水位站 (synthetic 模拟)", "Simhaven water bureau (invented)",
           delay_s=60.0, synthetic=True, licence="Apache-2.0"),
    Source("sim-gas", "Simhaven gas sensors 汐港燃气传感器 (synthetic 模拟)", "Simhaven gas works (invented)",
           delay_s=60.0, synthetic=True, licence="Apache-2.0"),
    Source("sim-weather", "Simhaven weather masts 汐港气象塔 (synthetic 模拟)", "Simhaven weather bureau (invented)",
           delay_s=60.0, synthetic=True, licence="Apache-2.0"),
    Source("sim-hotline", "Simhaven hotline, counts only 汐港热线计数 (synthetic 模拟)", "Simhaven hotline (invented)",
           delay_s=60.0, synthetic=True, licence="Apache-2.0"),
)  # fmt: skip


def _facility(fid: str, kind: str, en: str, zh: str, x: float, y: float, path: str, low: bool = False) -> Facility:
    lon, lat = where(x, y)
    labels = {"low_lying": "yes"} if low else {}
    return Facility(fid, kind, {"en": f"{en} (synthetic)", "zh-hans": f"{zh}（模拟）"}, lon, lat, path, labels)


FACILITIES = (
    _facility("fac-underpass-clock", "underpass", "Clock underpass", "钟楼下穿隧道", 0.3, 0.2,
              _path("centre", "harbour", 1), True),
    _facility("fac-underpass-market", "underpass", "Market underpass", "东市下穿隧道", 10.8, 3.9,
              _path("east", "eastmarket", 5), True),
    _facility("fac-underpass-mill", "underpass", "Mill underpass", "磨坊下穿隧道", -11.8, -4.2,
              _path("west", "millpond", 4), True),
    _facility("fac-underpass-ridge", "underpass", "Ridge underpass", "北岭下穿隧道", -6.2, 27.3,
              _path("north", "ridge", 1), True),
    _facility("fac-underpass-cape", "underpass", "Cape underpass", "南岬下穿隧道", -9.7, -22.2,
              _path("south", "cape", 1), True),
    _facility("fac-metro-station", "metro_entrance", "Station square metro, gate B", "站前地铁B口", 2.2, 1.2,
              _path("centre", "station", 2), True),
    _facility("fac-metro-market", "metro_entrance", "East Market metro, gate A", "东市地铁A口", 11.3, 3.2,
              _path("east", "eastmarket", 4), True),
    _facility("fac-metro-lighthouse", "metro_entrance", "Lighthouse metro, gate C", "灯塔地铁C口", 25.8, -14.3,
              _path("south", "lighthouse", 2), True),
    _facility("fac-hospital-harbour", "hospital", "Harbour hospital", "港口医院", -0.8, 1.0,
              _path("centre", "harbour", 4)),
    _facility("fac-school-university", "school", "Attached school", "大学城附属学校", 9.6, 9.8,
              _path("east", "university", 7)),
    _facility("fac-substation-mill", "substation", "Millpond substation", "磨坊塘变电站", -12.6, -3.5,
              _path("west", "millpond", 5)),
    _facility("fac-substation-tea", "substation", "Tea Hills substation", "茶山变电站", 7.4, 29.3,
              _path("north", "teahills", 2)),
)  # fmt: skip


def streams() -> tuple[Stream, ...]:
    """Every stream of the city, in order of registration."""
    rain = [_stream(s, "sim-rain", "precipitation", "mm", 300, 0.0, 60.0) for s in RAIN_GAUGES]
    river = [
        _stream(g.spot, "sim-river", "river_stage", "m", 600, -1.0, 15.0,
                {"alert_level": g.alert_m, "minor_flood_level": g.minor_m, "major_flood_level": g.major_m},
                {"river": g.river, "basin": g.river})
        for g in RIVER_GAUGES
    ]  # fmt: skip
    gas = [_stream(s, "sim-gas", "combustible_gas", "%", 60, 0.0, 100.0) for s in GAS_SENSORS]
    warm = [_stream(s, "sim-weather", "air_temperature", "Cel", 600, -40.0, 55.0, suffix="temperature")
            for s in WEATHER_STATIONS]  # fmt: skip
    wind = [_stream(s, "sim-weather", "wind_speed", "m/s", 600, 0.0, 90.0, suffix="wind") for s in WEATHER_STATIONS]
    return (*rain, *river, *gas, *warm, *wind, *(_calls(thing, spot) for thing, spot in CALLED_ABOUT))


def call_stream(thing: str, spot: Spot) -> str:
    """Id of the stream that counts reports of a thing in the cell of a spot."""
    return f"calls-{thing}-{cell_of(*where(spot.x_km, spot.y_km))}"


def _calls(thing: str, spot: Spot) -> Stream:
    lon, lat = where(spot.x_km, spot.y_km)
    cell = cell_of(lon, lat)
    return Stream(
        id=call_stream(thing, spot), source="sim-hotline", feature=f"cell-{cell}", property=f"reports_{thing}", unit="1",
        lon=lon, lat=lat, cell=cell, jurisdiction=spot.jurisdiction, zone=ZONE, low=0.0, high=1000.0, cadence_s=300.0,
        labels={"title": f"{thing}, {spot.name}"},
    )  # fmt: skip


def _stream(
    spot: Spot, source: str, observed: str, unit: str, cadence_s: float, low: float, high: float,
    stages: dict[str, float] | None = None, labels: dict[str, str] | None = None, suffix: str = "",
) -> Stream:  # fmt: skip
    lon, lat = where(spot.x_km, spot.y_km)
    return Stream(
        id=f"{spot.id}-{suffix}" if suffix else spot.id, source=source, feature=spot.id, property=observed, unit=unit,
        lon=lon, lat=lat, cell=cell_of(lon, lat), jurisdiction=spot.jurisdiction, zone=ZONE, low=low, high=high,
        cadence_s=cadence_s, stages=stages or {}, labels={"title": spot.name, **(labels or {})},
    )  # fmt: skip
