"""Rings and circles as CAP writes them in text: ``lat,lon lat,lon ...`` and ``lat,lon radius``, latitude first."""

from __future__ import annotations

import re

from tocsin.formats.cap.message import Circle, Ring

__all__ = ["read_circle", "read_ring"]

# The form of nearly every polygon, judged in one go: its numbers can then be split off without looking at each point.
_PLAIN = re.compile(r"\s*+(?:[+-]?+[0-9.]++,[+-]?+[0-9.]++(?:\s++|$))*+", re.ASCII)
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_LOOSE_POINT = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})(?=\s|$)")
_CIRCLE = re.compile(rf"({_NUMBER})(\s*),(\s*)({_NUMBER})[\s,]+({_NUMBER})")


def read_ring(text: str) -> tuple[Ring | None, str, str]:
    """(ring, rule broken, what is wrong). None where the text is no list of points; it may still be open or too short."""
    if _PLAIN.fullmatch(text):
        try:
            numbers = map(float, text.replace(",", " ").split())
            return tuple(zip(numbers, numbers, strict=True)), "", ""
        except ValueError:  # 1.2.3 is no number
            pass
    points, at = [], 0
    while found := _LOOSE_POINT.match(text, at):
        points.append((float(found.group(1)), float(found.group(2))))
        at = found.end()
    if points and not text[at:].strip():
        return tuple(points), "R47", "there are spaces inside its points"
    return None, "R39", f"{text[at : at + 30].strip()!r} is no point"


def read_circle(text: str) -> tuple[Circle | None, str, str]:
    """(circle, rule broken, what is wrong)."""
    found = _CIRCLE.fullmatch(text.strip())
    if found is None:
        return None, "R43", f"{text.strip()[:40]!r} is no circle"
    circle = Circle(float(found.group(1)), float(found.group(4)), float(found.group(5)))
    return (
        (circle, "R47", "there are spaces inside its centre") if found.group(2) or found.group(3) else (circle, "", "")
    )
