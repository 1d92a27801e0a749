"""The typed tree of a rule. Numbers are in the unit of the stream's property, times in microseconds.

Two kinds of node: ``Number`` (a float column, NaN = not known) and ``Truth`` (a three-valued column: true, false,
not known). "Not known" is never false: a comparison with NaN neither raises nor clears.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tocsin.engine.language.joint import Reports, Signals, Stands, Then

__all__ = [
    "Aggregate", "And", "Arithmetic", "AreaNumber", "Attribute", "Changed", "Civil", "Compare", "ConsecutiveDays",
    "Constant", "Index", "Not", "Number", "Or", "Previous", "Quantile", "SameHour", "Silent", "Sister", "Spike", "Stuck",
    "Truth", "Value", "Window",
]  # fmt: skip

Aggregate = Literal["sum", "mean", "min", "max", "count", "delta", "rate", "first", "stddev"]


# ---------------------------------------------------------------- numbers
@dataclass(frozen=True, slots=True)
class Constant:
    """A literal, already in the unit of what it is compared with."""

    value: float
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class Value:
    """``value``: the observation itself."""


@dataclass(frozen=True, slots=True)
class Previous:
    """``previous``: the value of the stream's observation before this one."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """``@alert_level``: one of the stream's own stages; NaN where the stream has none."""

    name: str


@dataclass(frozen=True, slots=True)
class Window:
    """``sum(3h)``: aggregate over (t - width, t]. ``delta`` = value - oldest in window; ``rate`` = delta / elapsed, per
    second, not known until ``over_us`` has elapsed; ``first`` = oldest value; ``stddev`` = standard deviation of the
    window's own values (divided by n). ``grows``: a sum of a property that its pack says is never negative, so that what
    is seen of it is a lower bound."""

    how: Aggregate
    width_us: int
    over_us: int = 0
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Quantile:
    """``quantile(3h, 0.9)``: the value that the share ``q`` of the window's values lies below, interpolated between the
    two beside (type 7 of Hyndman and Fan 1996)."""

    width_us: int
    q: float


@dataclass(frozen=True, slots=True)
class SameHour:
    """``same_hour(7d)``: what is usual in this hour of the local clock: the mean (or ``median``) over the last ``days``
    local calendar days, this one not counted, of the mean of each day's values in the hour. A day without a value in the
    hour does not count; with fewer such days than ``coverage`` of them, or with none, it is not known. Where the clock is put
    back, both hours of one name are one; where it is put forward, the hour left out has no value on that day."""

    days: int
    how: Literal["mean", "median"] = "mean"


@dataclass(frozen=True, slots=True)
class Civil:
    """``max(today)``: running since local midnight; ``mean(day)``: the last *completed* local calendar day (not known if
    the day before the observation's day has fewer than ``coverage`` of its expected observations)."""

    how: Literal["sum", "mean", "min", "max", "count"]
    which: Literal["today", "day"]


@dataclass(frozen=True, slots=True)
class ConsecutiveDays:
    """``days(max(day) >= 35 Cel)``: how many local calendar days in a row, up to the last completed one, the daily
    aggregate compared true; for max/sum with >,>= and min with <,<= today counts as soon as it is true."""

    how: Literal["sum", "mean", "min", "max"]
    comparison: Literal["<", "<=", ">", ">="]
    threshold: float


@dataclass(frozen=True, slots=True)
class Index:
    """``index(mean(24h), "cn_pm25_24h")``: piecewise-linear index through ``points`` ((x, y), x rising), 0 below the
    first x, held at the last y above; ``rounding`` as the table states."""

    of: Number
    table: str
    points: tuple[tuple[float, float], ...]
    rounding: Literal["none", "nearest", "up"] = "none"


@dataclass(frozen=True, slots=True)
class Sister:
    """``sister("pm25")``: the value of another property of the same feature at the same ``observed_at``; rows without
    one are not judged."""

    property: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``left op right``."""

    op: Literal["+", "-", "*", "/"]
    left: Number
    right: Number


@dataclass(frozen=True, slots=True)
class AreaNumber:
    """Only in rules with ``per`` other than stream. Over the streams of the area:
    ``how_many(cond, 5min)``: streams (or distinct groups) for which cond was true at some observation in (t - w, t];
    ``share(cond, 5min)``: the same / streams of the area that observed anything in (t - w, t];
    ``highest(number, 2h)`` / ``average(number, 2h)``: over each stream's newest known value in (t - w, t]."""

    how: Literal["how_many", "share", "highest", "average"]
    width_us: int
    truth: Truth | None = None
    number: Number | None = None


# ---------------------------------------------------------------- truths
@dataclass(frozen=True, slots=True)
class Compare:
    """``left >= right``. ``text`` is how the author wrote the left side (for evidence), ``unit`` its unit."""

    comparison: Literal["<", "<=", ">", ">=", "==", "!="]
    left: Number
    right: Number
    text: str = ""
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class And:
    """Both (Kleene: false if either is false, else not known if either is)."""

    left: Truth
    right: Truth


@dataclass(frozen=True, slots=True)
class Or:
    """Either (Kleene)."""

    left: Truth
    right: Truth


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; not known stays not known."""

    of: Truth


@dataclass(frozen=True, slots=True)
class Silent:
    """``silent(3h)``: no good observation for that long. Stamped when it fell due: last ``observed_at`` + the source's
    declared delay + limit. A rule with ``silent`` is judged only when silence begins and ends; beside it only
    ``value`` (the last one), attributes and constants may stand."""

    limit_us: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """``stuck(6h)``: the value has been exactly the same for at least that long (and at least 3 observations)."""

    width_us: int


@dataclass(frozen=True, slots=True)
class Changed:
    """``changed``: the value differs from the stream's observation before; not known at its first."""


@dataclass(frozen=True, slots=True)
class Spike:
    """``spike(1.5 m)``: the observation before this one departed from both its neighbours, to the same side, by at
    least that much. True at the observation after the departure, false at the next."""

    size: float


Number = (
    Constant
    | Value
    | Previous
    | Attribute
    | Window
    | Quantile
    | SameHour
    | Civil
    | ConsecutiveDays
    | Index
    | Sister
    | Arithmetic
    | AreaNumber
    | Reports
    | Signals
)
Truth = Compare | And | Or | Not | Silent | Stuck | Spike | Changed | Stands | Then
