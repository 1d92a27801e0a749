"""Ages and absolute moments as people read them: age first, the absolute time beside it (interface.md, rule 4)."""

from __future__ import annotations

from datetime import datetime, tzinfo

from django.utils.translation import gettext as _

from tocsin.terms.moment import SECOND_US, from_us

__all__ = ["AGE_UNITS", "absolute", "age_words"]

# Seconds below which a unit is used, the unit's seconds. The page's script uses the same table (duty.js, `age`).
AGE_UNITS = (("s", 60, 1), ("min", 3600, 60), ("h", 48 * 3600, 3600), ("d", 0, 86400))


def _unit_words(unit: str) -> str:
    # Translators: ages and lengths of time; {n} is a whole number.
    return {"s": _("{n} s"), "min": _("{n} min"), "h": _("{n} h"), "d": _("{n} d")}[unit]


def age_words(seconds: float) -> str:
    """``4 min`` in the present language: whole units, rounded down; under 48 hours in hours.

    A moment ahead of the clock (a forecast, a clock running fast) is said as such, never as zero."""
    whole = int(abs(seconds))
    for unit, below, size in AGE_UNITS:
        if not below or whole < below:
            text = _unit_words(unit).format(n=whole // size)
            return text if seconds >= 0 or whole == 0 else _("in {age}").format(age=text)
    raise AssertionError("the last unit has no bound")


def absolute(at_us: int, zone: tzinfo, now_us: int) -> str:
    """``11-22 03:41 +08:00``; the year is said when it is not the present one, seconds when the moment is a minute old
    or less would not help: they are left to the ``datetime`` attribute."""
    moment = from_us(at_us).astimezone(zone)
    year = "" if moment.year == from_us(now_us).astimezone(zone).year else f"{moment.year}-"
    return f"{year}{moment:%m-%d %H:%M} {_offset(moment)}"


def _offset(moment: datetime) -> str:
    text = moment.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def seconds_between(earlier_us: int, later_us: int) -> float:
    """Seconds from one moment to a later one (negative if it is earlier)."""
    return (later_us - earlier_us) / SECOND_US
