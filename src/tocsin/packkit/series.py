"""Series in the compact notation of Prometheus' rule unit tests, with two words of our own.

1 2 3.5        samples, one an interval
1+2x4          1 3 5 7 9       (the first, then four more, each two higher)
10-2x3         10 8 6 4
5x3            5 5 5 5
_  _x3         nothing comes, once or three times
missing        the source sends the row and says that it has no value; missingx3
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from tocsin.engine.language.quantity import tidy
from tocsin.terms.errors import BadForm, TooBig
from tocsin.terms.limits import SERIES_SAMPLES

__all__ = ["Sample", "read_series"]

_NUMBER = r"[-+]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][-+]?[0-9]{1,3})?"
_STEPS = re.compile(
    rf"(?P<first>{_NUMBER})(?P<step>[-+][0-9]{{1,20}}(?:\.[0-9]{{1,20}})?(?:[eE][-+]?[0-9]{{1,3}})?)?(?:x(?P<more>[0-9]{{1,9}}))?"
)
_GAP = re.compile(r"(?P<word>_|missing)(?:x(?P<times>[0-9]{1,9}))?")
_FORM = "write samples such as 1 2 3, 1+2x4, 5x10, _ or missing"


@dataclass(frozen=True, slots=True)
class Sample:
    """The ``place``-th interval of a series and what comes then; NaN: the source says that it has no value."""

    place: int
    value: float


def read_series(text: str) -> tuple[list[Sample], int]:
    """What comes, and how many intervals the series has, those included in which nothing comes. Raises BadForm with the word
    that is none, TooBig."""
    samples: list[Sample] = []
    place = 0
    for word in text.split():
        gap, steps = _GAP.fullmatch(word), _STEPS.fullmatch(word)
        if gap is not None:
            times = int(gap["times"] or 1)
            _within(place + times)
            if gap["word"] == "missing":
                samples += [Sample(place + k, math.nan) for k in range(times)]
            place += times
        elif steps is not None and (steps["step"] is None or steps["more"] is not None):
            more, first, step = int(steps["more"] or 0), float(steps["first"]), float(steps["step"] or 0)
            _within(place + more + 1)
            samples += [Sample(place + k, tidy(first + k * step)) for k in range(more + 1)]
            place += more + 1
        else:
            remedy = "write _ where nothing comes, missing where the source says so" if word == "stale" else _FORM
            raise BadForm("series", f"{word[:40]!r} is no sample", remedy)
    if any(math.isinf(sample.value) for sample in samples):
        raise BadForm("series", "a sample is infinite", _FORM)
    return samples, place


def _within(intervals: int) -> None:
    if intervals > SERIES_SAMPLES:
        raise TooBig(
            "series", f"it has more than {SERIES_SAMPLES} intervals", "write a shorter one, or a longer interval"
        )
