"""Evidence chart: a stream's recent values, the threshold that was met, a time axis, a value axis - drawn on the server as
inline SVG, with the same figures as a table beneath it.

Gaps stay gaps: a line is never drawn across missing values or a silence of more than three usual spacings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tocsin.terms.moment import from_us

__all__ = ["Chart", "ticks"]

WIDTH, HEIGHT = 640.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 12.0, 14.0, 30.0
_MINUTE_US = 60_000_000
_STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)


@dataclass(frozen=True, slots=True)
class Chart:
    """``points``: (moment in us, value or NaN) in order; ``threshold`` in the same ``unit``; ``raised_us``: when the signal was
    raised. The drawing is hidden from assistive technology: ``title`` and the table say the same."""

    points: Sequence[tuple[int, float]]
    unit: str
    zone: tzinfo
    threshold: float | None = None
    threshold_words: str = ""
    raised_us: int | None = None
    title: str = ""

    def svg(self) -> SafeString:
        """The drawing with its caption, or nothing where fewer than two values are known."""
        if sum(math.isfinite(value) for _, value in self.points) < 2:
            return SafeString("")
        return format_html(
            '<figure><svg class="chart" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}{}{}{}</svg>'
            "<figcaption>{}</figcaption></figure>",
            f"{WIDTH:g}", f"{HEIGHT:g}", self._value_axis(), self._time_axis(), self._threshold(),
            mark_safe(f'<path class="values" d="{self._path()}"/>'),  # noqa: S308 - numbers only
            self.title,
        )  # fmt: skip

    def rows(self, at_most: int = 24) -> list[tuple[int, float | None]]:
        """The newest values for the table, newest first; None where the source said that it has none."""
        newest = list(self.points)[-at_most:][::-1]
        return [(at, value if math.isfinite(value) else None) for at, value in newest]

    def _bounds(self) -> tuple[float, float]:
        known = [value for _, value in self.points if math.isfinite(value)]
        limits = known if self.threshold is None else [*known, self.threshold]
        low, high = min(limits), max(limits)
        if low == high:
            return low - 1.0, high + 1.0
        room = 0.06 * (high - low)
        return (low if low == 0 else low - room), high + room

    def _x(self, at: int) -> float:
        first, last = self.points[0][0], self.points[-1][0]
        return LEFT + (at - first) / max(last - first, 1) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        low, high = self._bounds()
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def _value_axis(self) -> SafeString:
        lines = [(f"{self._y(value):.1f}", f"{WIDTH - RIGHT:g}", f"{self._y(value) + 4:.1f}", _short(value))
                 for value in ticks(*self._bounds())]  # fmt: skip
        drawn = format_html_join(
            "", '<path class="grid" d="M64 {}H{}"/><text class="tick end" x="58" y="{}">{}</text>', lines
        )
        return format_html('{}<text class="tick" x="2" y="11">{}</text>', drawn, self.unit)

    def _time_axis(self) -> SafeString:
        foot = HEIGHT - BOTTOM
        marks = [
            (f"{self._x(at):.1f}", f"{foot:g}", f"{self._x(at):.1f}", f"{foot + 18:g}", words)
            for at, words in self._moments()
        ]
        drawn = format_html_join(
            "", '<path class="grid" d="M{} {}v5"/><text class="tick middle" x="{}" y="{}">{}</text>', marks
        )
        raised = SafeString("")
        if self.raised_us is not None and self.points[0][0] <= self.raised_us <= self.points[-1][0]:
            raised = format_html(
                '<path class="raised" d="M{} {}V{}"/>', f"{self._x(self.raised_us):.1f}", f"{TOP:g}", f"{foot:g}"
            )
        return format_html(
            '<path class="axis" d="M{} {}H{}"/>{}{}', f"{LEFT:g}", f"{foot:g}", f"{WIDTH - RIGHT:g}", drawn, raised
        )

    def _moments(self) -> Iterator[tuple[int, str]]:
        """Whole civil moments, at most six."""
        first, last = self.points[0][0], self.points[-1][0]
        minutes = max(1.0, (last - first) / _MINUTE_US)
        step = next((step for step in _STEPS_MIN if minutes / step <= 6), _STEPS_MIN[-1]) * _MINUTE_US
        offset = from_us(first).astimezone(self.zone).utcoffset()
        shift = int(offset.total_seconds() * 1e6) if offset else 0
        at = -((-(first + shift)) // step) * step - shift
        while at <= last:
            yield at, _clock(from_us(at).astimezone(self.zone), step)
            at += step

    def _threshold(self) -> SafeString:
        if self.threshold is None:
            return SafeString("")
        y = self._y(self.threshold)
        return format_html('<path class="threshold" d="M{} {}H{}"/><text class="tick strong" x="{}" y="{}">{}</text>',
                           f"{LEFT:g}", f"{y:.1f}", f"{WIDTH - RIGHT:g}", f"{LEFT + 4:g}", f"{max(y - 5, 11):.1f}",
                           self.threshold_words)  # fmt: skip

    def _path(self) -> str:
        steps = sorted(later[0] - earlier[0] for earlier, later in zip(self.points, self.points[1:], strict=False))
        longest = 3 * steps[len(steps) // 2]
        parts: list[str] = []
        pen_down, before = False, self.points[0][0]
        for at, value in self.points:
            if not math.isfinite(value) or at - before > longest:
                pen_down = False
            if math.isfinite(value):
                parts.append(f"{'L' if pen_down else 'M'}{self._x(at):.1f} {self._y(value):.1f}")
                pen_down = True
            before = at
        return "".join(parts)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values from ``low`` to ``high``, some ``about`` of them.

    >>> ticks(0.0, 171.2)
    [0.0, 50.0, 100.0, 150.0]
    """
    raw = (high - low) / about
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= raw * 0.9999)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _short(value: float) -> str:
    return f"{value:,.10g}"


def _clock(moment: datetime, step_us: int) -> str:
    return f"{moment:%m-%d}" if step_us >= 1440 * _MINUTE_US else f"{moment:%H:%M}"
