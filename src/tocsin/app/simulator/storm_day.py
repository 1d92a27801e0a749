"""storm_day: one summer day in Simhaven. A gas leak in the morning, a storm in the afternoon, rivers in the evening.

Quiet night; an upslope rain on the ridge from seven; a gas leak at the East Market before eleven; a convective cell
crosses the city about half past three; rivers follow one to four hours later; a gauge falls silent at its peak. On
purpose: a stuck gas sensor, a typing error in a flood, another outside every sane range, a batch with bad rows, a
batch delivered twice, rows in the wrong order, a row hours too late, an hour of "no value". The seed moves the
storm, the leak and every instrument; a draw whose peaks lie too near a threshold is thrown away (``TooClose``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

import numpy as np

from tocsin.app.simulator.city import (
    CALLED_ABOUT,
    FACILITIES,
    GAS_SENSORS,
    RAIN_GAUGES,
    RIVER_GAUGES,
    SOURCES,
    WEATHER_STATIONS,
    call_stream,
    streams,
    where,
)  # fmt: skip
from tocsin.app.simulator.delivery import Delivery
from tocsin.app.simulator.instruments import (
    CLEAN_AIR,
    gas_shown,
    observing_minutes,
    rain_shown,
    river_shown,
    sampled,
)  # fmt: skip
from tocsin.app.simulator.physics import (
    LEAK,
    Column,
    Leak,
    Storm,
    gas_percent,
    rain_mm,
    river_m,
    temperature_cel,
    wind_m_s,
)  # fmt: skip
from tocsin.app.simulator.truth import (
    GAS_ERROR,
    RAIN_ERROR,
    RIVER_ERROR_M,
    TIP_MM,
    Due,
    Flag,
    Proposal,
    Quiet,
    Refusal,
    Silence,
    TooClose,
    Truth,
    crossing,
    rolling_sum,
)  # fmt: skip
from tocsin.engine.hazard import Facility
from tocsin.geo import distance_km
from tocsin.terms.moment import iso, to_us
from tocsin.terms.stream import Source, Stream

__all__ = ["MIDNIGHT", "Scenario", "describe", "storm_day"]

MIDNIGHT = datetime(2025, 7, 19, 16, tzinfo=UTC)  # 00:00 on 20 July 2025 in Simhaven's zone (Asia/Shanghai)
MINUTE_US = 60_000_000
RAIN_EVERY, RIVER_EVERY, GAS_EVERY, WEATHER_EVERY, CALLS_EVERY = 5, 10, 1, 10, 5
RAIN_LEVELS = (
    (1, 720, 50.0),
    (2, 360, 50.0),
    (3, 180, 50.0),
    (4, 180, 100.0),
)  # rank, minutes, mm: CMA order 16 of 2007
GAS_LEVELS = ((2, 10.0), (3, 20.0), (4, 50.0))  # rank, percent of the lower explosive limit: pack simhaven
SILENT_GAUGE, SILENCE_LIMIT_MIN = "river-02", 180
TYPING_GAUGE, TYPING_MIN, TYPING_DROP_M = "river-03", 18 * 60 + 50, 2.7
RANGE_GAUGE, RANGE_MIN = "river-06", 9 * 60
STUCK_SENSOR, STUCK_FROM_MIN = "gas-03", 5 * 60
BAD_BATCH_MIN = 12 * 60 + 5
TWICE_MIN = 14 * 60 + 40
SWAPPED_GAUGE, SWAPPED_MIN = "rain-06", frozenset(range(13 * 60, 13 * 60 + 30, 10))
TOO_LATE_GAUGE, TOO_LATE_MIN, TOO_LATE_BY_MIN = "rain-01", 3 * 60, 180
NO_VALUE_STREAM, NO_VALUE_MIN = "met-02-temperature", range(4 * 60, 5 * 60 + 1)
NEAR_KM, FAR_KM = 2.0, 12.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A day to play: what to register, what arrives when, what people call about, and what is true of it."""

    name: str
    seed: int
    synthetic: bool
    began_us: int
    ends_us: int
    sources: tuple[Source, ...]
    streams: tuple[Stream, ...]
    facilities: tuple[Facility, ...]
    deliveries: tuple[Delivery, ...]
    truth: Truth


@dataclass(frozen=True, slots=True)
class _Day:
    """One draw of nature: the storm and the leak."""

    storm: Storm
    leak: Leak

    def rain(self) -> dict[str, Column]:
        return {spot.id: rain_mm(self.storm, spot) for spot in RAIN_GAUGES}

    def rivers(self) -> dict[str, Column]:
        return {gauge.spot.id: river_m(self.storm, gauge) for gauge in RIVER_GAUGES}

    def gas(self) -> dict[str, Column]:
        return {spot.id: gas_percent(self.leak, spot) for spot in GAS_SENSORS}


def storm_day(seed: int = 20250720) -> Scenario:
    """The scenario for a seed. Same seed, same bytes. Raises RuntimeError if no clear day is found in a hundred
    draws."""
    random = np.random.default_rng(seed)
    for _ in range(100):
        day = _draw(random)
        try:
            due = (*_rain_due(day), *_river_due(day), *_gas_due(day))
        except TooClose:
            continue
        return _play(day, due, seed, random)
    raise RuntimeError(f"seed {seed}: no day with clear margins in 100 draws")


def _draw(random: np.random.Generator) -> _Day:
    storm = Storm(random.uniform(93, 97), random.uniform(-0.8, 0.8), 15.5 * 60 + random.uniform(-20, 20))
    leak = replace(LEAK, start_min=LEAK.start_min + float(random.integers(-20, 20)))
    return _Day(storm, leak)


def _play(day: _Day, due: tuple[Due, ...], seed: int, random: np.random.Generator) -> Scenario:
    shown = _shown(day, random)
    deliveries = tuple(sorted(_deliveries(shown), key=lambda delivery: delivery.arrives_us))
    truth = _truth(day, due, deliveries, shown)
    return Scenario(
        "storm_day", seed, True, _at(0), _at(24 * 60), SOURCES, streams(), FACILITIES, deliveries,
        truth,
    )  # fmt: skip


# ---------------------------------------------------------------- what instruments show
Shown = dict[str, tuple[str, int, Column]]  # stream -> source, minutes between shown, values


def _shown(day: _Day, random: np.random.Generator) -> Shown:
    result: Shown = {}
    for name, rain in day.rain().items():
        result[name] = ("sim-rain", RAIN_EVERY, rain_shown(rain, RAIN_EVERY, random))
    for name, stage in day.rivers().items():
        result[name] = ("sim-river", RIVER_EVERY, river_shown(stage, RIVER_EVERY, random))
    for name, plume in day.gas().items():
        result[name] = ("sim-gas", GAS_EVERY, gas_shown(plume, GAS_EVERY, random))
    for spot in WEATHER_STATIONS:
        warm, wind = temperature_cel(spot), wind_m_s(spot, day.storm)
        result[f"{spot.id}-temperature"] = ("sim-weather", WEATHER_EVERY, sampled(warm, WEATHER_EVERY, 0.3, random))
        result[f"{spot.id}-wind"] = ("sim-weather", WEATHER_EVERY, sampled(wind, WEATHER_EVERY, 0.4, random))
    for thing, spot in CALLED_ABOUT:
        result[call_stream(thing, spot)] = ("sim-hotline", CALLS_EVERY, _calls(thing, day, random))
    _spoil(result, day)
    return result


def _calls(thing: str, day: _Day, random: np.random.Generator) -> Column:
    """Reports of a thing in each five minutes: a Poisson count around what happens there, else none."""
    around, mean = {
        "water_on_road": (day.storm.noon_min + 30, 3.0),
        "tree_down": (day.storm.noon_min + 55, 1.0),
        "gas_smell": (day.leak.start_min + 30, 2.0),
    }[thing]
    minutes = observing_minutes(CALLS_EVERY)
    counts: Column = np.where(np.abs(minutes - around) <= 15, random.poisson(mean, len(minutes)), 0).astype(np.float64)
    return counts


def _spoil(shown: Shown, day: _Day) -> None:
    """The faults that instruments and typists bring (the delivered ones come in ``_deliveries``)."""
    _, every, stage = shown[TYPING_GAUGE]
    stage[TYPING_MIN // every - 1] -= TYPING_DROP_M
    _, every, stage = shown[RANGE_GAUGE]
    stage[RANGE_MIN // every - 1] *= 25  # the decimal point forgotten
    _, every, percent = shown[STUCK_SENSOR]
    percent[STUCK_FROM_MIN // every - 1 :] = 1.3
    source, every, stage = shown[SILENT_GAUGE]
    shown[SILENT_GAUGE] = (source, every, stage[: _last_reading_min(day) // every])


def _last_reading_min(day: _Day) -> int:
    """The silent gauge's last reading: the one nearest its true peak."""
    peak = int(np.argmax(day.rivers()[SILENT_GAUGE]))
    return peak // RIVER_EVERY * RIVER_EVERY


# ---------------------------------------------------------------- what arrives
Row = tuple[int, str, str, int, float | str | None]  # arrives (min), source, stream, observed (min), value


def _deliveries(shown: Shown) -> Iterator[Delivery]:
    rows = sorted(_rows(shown), key=lambda row: (row[0], row[1]))
    for (arrives, source), group in groupby(rows, key=lambda row: (row[0], row[1])):
        members = list(group)
        delivery = Delivery(
            _at(arrives), source, tuple(row[2] for row in members), tuple(_at(row[3]) for row in members),
            tuple(row[4] for row in members), why=_oddity(members),
        )  # fmt: skip
        yield delivery
        if source == "sim-rain" and arrives == TWICE_MIN + 1:
            yield replace(delivery, arrives_us=delivery.arrives_us + MINUTE_US // 2, why="delivered twice")
    yield _bad_batch()


def _rows(shown: Shown) -> Iterator[Row]:
    for stream, (source, every, values) in shown.items():
        for observed, value in zip(observing_minutes(every).tolist(), values.tolist(), strict=False):
            spaced = max(every, 5)  # sources collect for five minutes at least
            arrives = -(-observed // spaced) * spaced + 1
            if stream == SWAPPED_GAUGE and observed in SWAPPED_MIN:
                arrives += RAIN_EVERY  # overtaken by the reading after it, still within the source's lateness
            if stream == TOO_LATE_GAUGE and observed == TOO_LATE_MIN:
                arrives += TOO_LATE_BY_MIN
            missing = stream == NO_VALUE_STREAM and observed in NO_VALUE_MIN
            yield arrives, source, stream, observed, None if missing else value


def _oddity(rows: list[Row]) -> str:
    oddities = []
    for arrives, _, stream, observed, value in rows:
        if value is None:
            oddities.append(f"{stream} has no value")
        if stream == SWAPPED_GAUGE and observed in SWAPPED_MIN:
            oddities.append(f"{stream} comes after its successor")
        if stream == TOO_LATE_GAUGE and arrives - observed > TOO_LATE_BY_MIN:
            oddities.append(f"{stream} comes hours late")
        if stream == TYPING_GAUGE and observed == TYPING_MIN:
            oddities.append(f"{stream} mistyped")
        if stream == RANGE_GAUGE and observed == RANGE_MIN:
            oddities.append(f"{stream} mistyped, outside every sane range")
    return "; ".join(oddities)


def _bad_batch() -> Delivery:
    """Eight rows, one good. What is wrong with each other one is in ``_truth``."""
    now = _at(BAD_BATCH_MIN)
    return Delivery(
        _at(BAD_BATCH_MIN + 1), "sim-weather",
        ("met-03-wind", "met-01-temperature", "met-02-temperature", "met-99-temperature", "met-03-temperature",
         "met-01-wind", "met-02-wind", "met-03-wind"),
        (now, now, now, now, "2100-01-01T00:00:00Z", now, "2025-07-20T12:05:00", now),
        (4.0, "NaN", 21.0, 20.0, 27.5, "Infinity", 3.9, -7.0),
        ("m/s", "Cel", "mm", "Cel", "Cel", "m/s", "m/s", "m/s"),
        "seven bad rows and a good one",
    )  # fmt: skip


# ---------------------------------------------------------------- what is true
def _truth(day: _Day, due: tuple[Due, ...], deliveries: tuple[Delivery, ...], shown: Shown) -> Truth:
    sent = sum(len(delivery.stream) for delivery in deliveries)
    refused = _refusals()
    duplicates = sum(len(delivery.stream) for delivery in deliveries if delivery.why == "delivered twice")
    missing = sum(value is None for delivery in deliveries for value in delivery.value)
    last = _last_reading_min(day)
    return Truth(
        due=due,
        quiet=tuple(_quiet(due)),
        refused=refused,
        proposed=tuple(_proposals(due)),
        never_proposed=_never_proposed(due),
        silent=(Silence(SILENT_GAUGE, _at(last), _at(last + SILENCE_LIMIT_MIN + 15)),),
        flags=(
            Flag("stuck", STUCK_SENSOR, _at(STUCK_FROM_MIN), _at(STUCK_FROM_MIN + 6 * 60 + 30)),
            Flag("spike", TYPING_GAUGE, _at(TYPING_MIN), _at(TYPING_MIN + 2 * RIVER_EVERY)),
            Flag("step", TYPING_GAUGE, _at(TYPING_MIN), _at(TYPING_MIN + 2 * RIVER_EVERY)),
            Flag("not_reporting", SILENT_GAUGE, _at(last), _at(last + SILENCE_LIMIT_MIN + 15)),
        ),
        accepted_rows=sent - sum(refusal.rows for refusal in refused),
        duplicate_rows=duplicates,
        late_rows=1,
        missing_rows=missing,
    )


def _refusals() -> tuple[Refusal, ...]:
    return (
        Refusal("met-01-temperature", "bad_value", 1),  # NaN
        Refusal("met-02-temperature", "bad_unit", 1),  # millimetres of warmth
        Refusal("met-99-temperature", "unknown_name", 1),
        Refusal("met-03-temperature", "bad_time", 1),  # the year 2100
        Refusal("met-01-wind", "bad_value", 1),  # infinite
        Refusal("met-02-wind", "bad_time", 1),  # no zone
        Refusal("met-03-wind", "bad_value", 1),  # below zero
        Refusal(RANGE_GAUGE, "bad_value", 1),  # the decimal point forgotten
    )


def _rain_due(day: _Day) -> Iterator[Due]:
    for name, rain in day.rain().items():
        for rank, width, threshold in RAIN_LEVELS:
            total = rolling_sum(rain, width)
            generous, mean = total * (1 + RAIN_ERROR) + TIP_MM, total * (1 - RAIN_ERROR) - TIP_MM
            found = crossing(generous, mean, threshold, name)
            if found:
                yield _due("rainstorm", name, rank, found, RAIN_EVERY)


def _river_due(day: _Day) -> Iterator[Due]:
    last = _last_reading_min(day)
    for gauge, (name, stage) in zip(RIVER_GAUGES, day.rivers().items(), strict=True):
        seen = stage[: last + 1] if name == SILENT_GAUGE else stage
        for rank, threshold in ((2, gauge.alert_m), (3, gauge.minor_m), (4, gauge.major_m)):
            found = crossing(seen + RIVER_ERROR_M, seen - RIVER_ERROR_M, threshold, name)
            if found:
                yield _due("river_flood", name, rank, found, RIVER_EVERY)


def _gas_due(day: _Day) -> Iterator[Due]:
    for name, plume in day.gas().items():
        if name == STUCK_SENSOR:
            continue
        for rank, threshold in GAS_LEVELS:
            shown = plume + CLEAN_AIR
            found = crossing(shown + GAS_ERROR, shown - GAS_ERROR, threshold, name)
            if found:
                yield _due("gas_leak", name, rank, found, 2 * GAS_EVERY)  # the rule asks for two readings


def _due(hazard: str, stream: str, rank: int, minutes: tuple[int, int], slack_min: int) -> Due:
    return Due(hazard, stream, rank, _at(minutes[0]), _at(minutes[1] + slack_min))


def _quiet(due: tuple[Due, ...]) -> Iterator[Quiet]:
    """Above the highest level that is due at a stream nothing may stand; where none is due, nothing at all."""
    highest: dict[tuple[str, str], int] = {}
    for item in due:
        key = (item.hazard, item.stream)
        highest[key] = max(highest.get(key, 0), item.rank)
    members = {
        "rainstorm": [spot.id for spot in RAIN_GAUGES],
        "river_flood": [gauge.spot.id for gauge in RIVER_GAUGES],
        "gas_leak": [spot.id for spot in GAS_SENSORS],
    }
    for hazard, names in members.items():
        for name in names:
            yield Quiet(hazard, name, highest.get((hazard, name), 0))
    for hazard in ("heat", "gale", "heavy_pollution"):
        yield Quiet(hazard, "*", 0)


def _near(due: tuple[Due, ...], rank: int, facility: Facility, km: float) -> list[Due]:
    spots: Mapping[str, tuple[float, float]] = {spot.id: where(spot.x_km, spot.y_km) for spot in RAIN_GAUGES}
    return [
        item for item in due
        if item.hazard == "rainstorm" and item.rank >= rank
        and distance_km(*spots[item.stream], facility.lon, facility.lat) <= km
    ]  # fmt: skip


def _proposals(due: tuple[Due, ...]) -> Iterator[Proposal]:
    """Low-lying facilities near a gauge that must reach red are proposed at the latest when it does."""
    for facility in FACILITIES:
        red = _near(due, 4, facility, NEAR_KM)
        if red and facility.labels.get("low_lying"):
            earliest = min(item.earliest_us for item in _near(due, 1, facility, 1e9))
            yield Proposal(facility.id, earliest, max(item.latest_us for item in red))


def _never_proposed(due: tuple[Due, ...]) -> tuple[str, ...]:
    return tuple(f.id for f in FACILITIES if not f.labels.get("low_lying") or not _near(due, 1, f, FAR_KM))


def _at(minute: float) -> int:
    return to_us(MIDNIGHT + timedelta(minutes=minute))


def describe(scenario: Scenario) -> str:
    """One line for a person: name, seed, what it is, when it plays."""
    return (
        f"{scenario.name} (seed {scenario.seed}), synthetic 模拟, {iso(scenario.began_us)} to {iso(scenario.ends_us)}"
    )
