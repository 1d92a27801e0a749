"""Numbers with units, durations, and what kind of thing a unit measures."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from tocsin.formats.units import convert_factor
from tocsin.terms.errors import BadUnit
from tocsin.terms.limits import DURATION_DAYS, LARGEST_NUMBER

__all__ = [
    "DURATION_UNITS",
    "LONGEST_US",
    "converts",
    "dimension",
    "duration_text",
    "is_offset_unit",
    "number_text",
    "quantity_parts",
    "rate_unit",
    "split_quantity",
    "tidy",
    "to_microseconds",
]

DURATION_UNITS = {"s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
LONGEST_US = DURATION_DAYS * DURATION_UNITS["d"]
_QUANTITY = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)[ \t]*(?P<unit>.*)")

# One unit for each kind of quantity we can name to a reader; the first that converts is the answer.
_KINDS = {
    "1": "a plain number", "m": "a length", "K": "a temperature", "m/s": "a speed", "s": "a time", "g/m3": "a concentration",
    "Pa": "a pressure", "g": "a mass", "m3/s": "a flow", "deg": "an angle", "K/s": "a temperature rate",
    "Pa/s": "a pressure rate", "m2": "an area", "m3": "a volume", "W": "a power", "J": "an energy", "m/s2": "an acceleration",
    "V": "a voltage", "A": "a current", "Hz": "a frequency",
}  # fmt: skip


def split_quantity(text: str) -> tuple[float, str]:
    """``"10.8 m/s"`` -> (10.8, "m/s"); the unit is "" if none is written. Raises ValueError for a number too large."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number with a unit")
    number = float(match["number"])
    if not math.isfinite(number) or number > LARGEST_NUMBER:
        raise ValueError(f"the number {match['number'][:24]} is larger than {LARGEST_NUMBER:g}")
    return number, match["unit"].strip()


def quantity_parts(text: str) -> tuple[str, str]:
    """Number and unit as they are written: ``"1e3m/s"`` -> ("1e3", "m/s")."""
    match = _QUANTITY.fullmatch(text)
    return (match["number"], match["unit"].strip()) if match else (text, "")


def to_microseconds(number: float, unit: str, *, days: int = DURATION_DAYS) -> int:
    """A duration in whole microseconds. Raises ValueError saying what is wrong: unit, zero, or over ``days``."""
    if unit not in DURATION_UNITS:
        raise ValueError("a duration is written with s, min, h or d, such as 3h")
    microseconds = round(number * DURATION_UNITS[unit])
    if microseconds <= 0:
        raise ValueError("a duration must be above zero")
    if microseconds > days * DURATION_UNITS["d"]:
        raise ValueError(f"a duration may be at most {days} d")
    return microseconds


def duration_text(microseconds: int) -> str:
    """The shortest way to write a duration exactly: ``3h``, ``90min``, ``2d``."""
    for unit in ("d", "h", "min", "s"):
        size = DURATION_UNITS[unit]
        if microseconds % size == 0:
            return f"{microseconds // size}{unit}"
    return f"{microseconds / DURATION_UNITS['s']!r}s"


def number_text(value: float) -> str:
    """A number as a reader writes it: whole where it is whole, else the shortest exact decimal."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def tidy(value: float) -> float:
    """Without the noise of a conversion (12 significant digits): 36 km/h is 10 m/s, not 10.000000000000002."""
    return float(f"{value:.12g}")


def rate_unit(unit: str) -> str:
    """The unit of a change per second: ``m`` -> ``m/s``, ``Cel`` -> ``K/s`` (a difference has no zero point)."""
    return "K/s" if is_offset_unit(unit) else f"{unit}/s"


@lru_cache(maxsize=1024)
def converts(from_unit: str, to_unit: str) -> tuple[float, float] | None:
    """(scale, offset) or None where the two measure different things. Raises BadUnit for an unknown unit."""
    convert_factor(from_unit, from_unit)
    convert_factor(to_unit, to_unit)
    try:
        return convert_factor(from_unit, to_unit)
    except BadUnit:
        return None


@lru_cache(maxsize=256)
def is_offset_unit(unit: str) -> bool:
    """Whether zero of the unit is not zero of the quantity (degrees Celsius): sums of such values mean nothing."""
    to_kelvin = converts(unit, "K")
    return to_kelvin is not None and to_kelvin[1] != 0


def dimension(unit: str) -> str:
    """``mm`` -> "a length"."""
    for reference, kind in _KINDS.items():
        if converts(unit, reference) is not None:
            return kind
    return f"in {unit}"
