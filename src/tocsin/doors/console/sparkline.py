"""Sparkline: a stream's recent values with the threshold that was met, drawn on the server as inline SVG.

Gaps stay gaps: a line is never drawn across missing values or a silence of more than three usual spacings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

__all__ = ["Sparkline"]

_WIDTH, _HEIGHT, _PAD = 320.0, 72.0, 4.0


@dataclass(frozen=True, slots=True)
class Sparkline:
    """``points``: (moment in us, value or NaN) in order; ``threshold`` in the same unit; ``title`` says
    the same in words, beneath it: the drawing itself is hidden from assistive technology."""

    points: Sequence[tuple[int, float]]
    threshold: float | None = None
    title: str = ""

    def svg(self) -> SafeString:
        """The drawing, or nothing where fewer than two values are known."""
        known = [value for _, value in self.points if math.isfinite(value)]
        if len(known) < 2:
            return SafeString("")
        limits = [*known, *([self.threshold] if self.threshold is not None else [])]
        low, high = min(limits), max(limits)
        line = self._path(low, high)
        level = (
            ""
            if self.threshold is None
            else f'<path class="threshold" d="M0 {self._y(self.threshold, low, high)}H{_WIDTH:g}"/>'
        )
        return format_html(
            '<figure><svg class="sparkline" viewBox="0 0 {} {}" aria-hidden="true" focusable="false" '
            'preserveAspectRatio="none">{}{}</svg><figcaption>{}</figcaption></figure>',
            int(_WIDTH), int(_HEIGHT), mark_safe(level),  # noqa: S308 - numbers only
            mark_safe(f'<path class="values" d="{line}"/>'),  # noqa: S308 - numbers only
            self.title,
        )  # fmt: skip

    def _y(self, value: float, low: float, high: float) -> str:
        share = 0.5 if high == low else (value - low) / (high - low)
        return f"{_HEIGHT - _PAD - share * (_HEIGHT - 2 * _PAD):.1f}"

    def _path(self, low: float, high: float) -> str:
        first, last = self.points[0][0], self.points[-1][0]
        span = max(last - first, 1)
        steps = sorted(later[0] - earlier[0] for earlier, later in zip(self.points, self.points[1:], strict=False))
        longest = 3 * steps[len(steps) // 2]
        parts: list[str] = []
        pen_down, before = False, first
        for at, value in self.points:
            if not math.isfinite(value) or at - before > longest:
                pen_down = False
            if math.isfinite(value):
                parts.append(
                    f"{'L' if pen_down else 'M'}{(at - first) / span * _WIDTH:.1f} {self._y(value, low, high)}"
                )
                pen_down = True
            before = at
        return "".join(parts)
