"""Refused rows: what was sent, as text, and why it was not taken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from tocsin.terms.errors import TocsinError

__all__ = ["REFUSED", "Reason", "as_sent"]

# row: place in the delivery, from 0 (-1 unknown); stream, observed_at and value are the words that were sent;
# code: a code of terms.errors; rule and remedy: the sentences such an error carries.
REFUSED = pa.schema(
    [
        pa.field("received_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("stream", pa.string(), nullable=False),
        pa.field("observed_at", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("code", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("remedy", pa.string(), nullable=False),
    ]
)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were refused: an error's code, rule and remedy."""

    code: str
    rule: str
    remedy: str

    @classmethod
    def of(cls, error: TocsinError) -> Reason:
        """The reason that an error states."""
        return cls(error.code, error.rule, error.remedy)


def as_sent(values: Sequence[object]) -> list[str]:
    """Values as text, each cut to 200 characters; None is the empty text."""
    return [_text(value)[:_LONGEST] for value in values]


def _text(value: object) -> str:
    if isinstance(value, str):
        # A lone surrogate (JSON "\\ud800") has no UTF-8 form.
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if value is None:
        return ""
    if isinstance(value, int) and abs(value) >= 10**30:
        return f"a whole number of {value.bit_length()} bits"  # Python refuses to write out very long ones
    if isinstance(value, float | int) and not isinstance(value, bool):
        return repr(value)
    return json.dumps(value, default=str) if isinstance(value, bool | list | dict) else str(value)
