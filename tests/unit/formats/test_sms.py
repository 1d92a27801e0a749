"""Segments of short messages against a slow reader of the standard's table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.sms import segments, shown

GSM = "@£$¥èéABCxyz019 !?&\n"


def slow(text: str, unit: int, alone: int, together: int) -> int:
    """Fill segments character by character, in octets as UTF-16 or as septets."""
    units = [len(c.encode("utf-16-be")) // 2 if unit == 2 else (2 if c in "^{}\\[~]|€\f" else 1) for c in text]
    if sum(units) <= alone:
        return 1 if units else 0
    filled = [0]
    for one in units:
        if filled[-1] + one > together:
            filled.append(0)
        filled[-1] += one
    return len(filled)


@given(st.text(GSM + "^{}[]~|€\\", max_size=700))
def test_plain_letters_fill_septets(text: str) -> None:
    found = segments(text)
    assert found.alphabet == "GSM-7"
    assert found.count == slow(text, 1, 160, 153)


@given(st.text("暴雨红色预警A1🌊", min_size=1, max_size=400).map(lambda t: "雨" + t))
def test_anything_else_fills_utf16(text: str) -> None:
    found = segments(text)
    assert found.alphabet == "UCS-2"
    assert found.count == slow(text, 2, 70, 67)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("雨" * 70, 1), ("雨" * 71, 2), ("雨" * 134, 2),
     ("雨" * 135, 3), ("€" * 80, 1), ("€" * 81, 2), ("雨" + "🌊" * 34, 1), ("雨" + "🌊" * 35, 2)],
)  # fmt: skip
def test_the_borders_of_the_standard(text: str, count: int) -> None:
    assert segments(text).count == count


def test_what_turns_the_writing_around_is_not_sent() -> None:
    assert shown("go\u202eup\x00 \u2066now\u2069\nhelp") == "goup now\nhelp"
