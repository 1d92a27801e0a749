"""Short messages as they are sent: the GSM 7-bit alphabet or UCS-2, in segments (3GPP TS 23.038 and 23.040).

One segment holds 160 septets or 70 UTF-16 units; several together 153 or 67 each, since each carries six octets that say
which part it is. Chinese is UCS-2: a warning of 90 characters is two segments, not one.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

__all__ = ["Segments", "segments", "shown"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape and a septet
_KEPT = {"\n", "\r"}


@dataclass(frozen=True, slots=True)
class Segments:
    """``alphabet``: ``GSM-7`` or ``UCS-2``; ``units``: septets or UTF-16 units; ``count``: segments that are paid and sent."""

    alphabet: str
    units: int
    count: int


def segments(text: str) -> Segments:
    """How a text goes over the air.

    >>> segments("暴雨" * 35).count, segments("暴雨" * 36).count
    (1, 2)
    """
    if all(character in _BASIC or character in _EXTENDED for character in text):
        costs = [2 if character in _EXTENDED else 1 for character in text]
        return _cut("GSM-7", costs, 160, 153)
    return _cut("UCS-2", [len(character.encode("utf-16-be", "surrogatepass")) // 2 for character in text], 70, 67)


def shown(text: str) -> str:
    """The text without what a telephone must not get: control characters, and those that turn the direction of writing
    (CAP rule R31)."""
    return "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))


def _cut(alphabet: str, costs: list[int], alone: int, together: int) -> Segments:
    """A character of two units is never divided between segments."""
    units = sum(costs)
    if units <= alone:
        return Segments(alphabet, units, 1 if units else 0)
    count, room = 1, together
    for cost in costs:
        if cost > room:
            count, room = count + 1, together
        room -= cost
    return Segments(alphabet, units, count)
