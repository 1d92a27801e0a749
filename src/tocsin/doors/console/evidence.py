"""The evidence of a transition in words: "171.2 mm in 3 h; threshold 100 mm"."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from tocsin.doors.console.ages import age_words, length_words
from tocsin.terms.signal import Measure

__all__ = ["amount", "measure_words", "sentence", "unit_words"]

# UCUM codes that people write otherwise; a code that is not here is shown as it is.
_UNITS = {"Cel": "°C", "ug/m3": "µg/m³", "mg/m3": "mg/m³", "m3/s": "m³/s", "deg": "°", "1": "", "[ppm]": "ppm",
          "ppm": "ppm", "%[LEL]": "% LEL"}  # fmt: skip
_TIMES = ("silent", "stuck")  # how long something has lasted, in seconds
_TESTS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_CALL = re.compile(r"^\s*(?P<name>[a-z_]+)\s*\((?P<inside>.*)\)\s*$", re.DOTALL)
_LENGTH = re.compile(r"^\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|min|h|d)\s*$")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def unit_words(code: str) -> str:
    """A UCUM code as people write it."""
    return _UNITS.get(code, code)


def amount(value: float, unit: str) -> str:
    """``171.2 mm``: at most four significant figures below 1000, whole numbers above."""
    if math.isnan(value):
        return _("no value")
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    shown = unit_words(unit)
    return f"{text} {shown}".strip() if shown != "%" else f"{text}%"


def measure_words(measure: Measure) -> str:
    """One measure with the threshold that it meets, or no longer meets."""
    said = _computed(measure)
    if measure.threshold is None:
        return said
    threshold = _amount_of(measure.what, measure.threshold, measure.unit)
    pattern = (
        _("{measured}; threshold {comparison} {threshold}")
        if _met(measure)
        else _("{measured}; no longer {comparison} {threshold}")
    )
    return pattern.format(measured=said, comparison=_comparison(measure.comparison), threshold=threshold)


def sentence(measures: Iterable[Measure]) -> str:
    """All measures of a transition, or plainly that there are none."""
    said = [measure_words(measure) for measure in measures]
    return _(" and ").join(said) if said else _("No evidence was recorded.")


def _met(measure: Measure) -> bool:
    """Whether the comparison holds of the recorded value; what cannot be judged is said as it was recorded."""
    test = _TESTS.get(measure.comparison)
    return (
        test is None or measure.threshold is None or math.isnan(measure.value) or test(measure.value, measure.threshold)
    )


def _amount_of(what: str, value: float, unit: str) -> str:
    return age_words(value) if what.strip() in _TIMES else amount(value, unit)


def _comparison(sign: str) -> str:
    return {">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}.get(sign, sign)


def _computed(measure: Measure) -> str:
    value = _amount_of(measure.what, measure.value, measure.unit)
    if measure.what.strip() == "value":
        return value
    if said := _plain_words(measure.what.strip(), value):
        return said
    call = _CALL.match(measure.what)
    if call is None:
        return _("{what}: {value}").format(what=measure.what.replace("@", ""), value=value)
    window = _LENGTH.match(call["inside"])
    if window is None:
        return _call_words(call["name"], call["inside"], value) or f"{measure.what}: {value}"
    length = length_words(float(window["number"]) * _SECONDS[window["unit"]])
    return _window_words(call["name"], value, length) or f"{measure.what}: {value}"


def _plain_words(what: str, value: str) -> str:
    said = {
        "silent": _("no observation for {value}"),
        "stuck": _("exactly the same value for {value}"),
        "spike": _("a jump of {value}"),
        "value - previous": _("change of {value} since the observation before"),
        "previous - value": _("fall of {value} since the observation before"),
    }.get(what)
    return said.format(value=value) if said else ""


def _window_words(name: str, value: str, length: str) -> str:
    said = {
        "sum": _("{value} in {length}"),
        "mean": _("mean {value} over {length}"),
        "min": _("lowest {value} in {length}"),
        "max": _("highest {value} in {length}"),
        "count": _("{value} observations in {length}"),
        "delta": _("change of {value} in {length}"),
        "rate": _("change of {value} a second over {length}"),
        "first": _("{value}, {length} ago"),
    }.get(name)
    return said.format(value=value, length=length) if said else ""


def _call_words(name: str, inside: str, value: str) -> str:
    if inside.strip() == "today":
        said = {"max": _("highest today {value}"), "min": _("lowest today {value}"),
                "sum": _("{value} since midnight"), "mean": _("mean today {value}")}.get(name)  # fmt: skip
    elif inside.strip() == "day":
        said = {"max": _("highest of the day {value}"), "min": _("lowest of the day {value}"),
                "sum": _("{value} in the day"), "mean": _("mean of the day {value}")}.get(name)  # fmt: skip
    else:
        said = {"how_many": _("{value} places at once"), "share": _("{value} of the places at once"),
                "days": _("{value} days in a row"), "index": _("index {value}")}.get(name)  # fmt: skip
    return said.format(value=value) if said else ""
