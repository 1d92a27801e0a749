"""Refused rows: what was sent, as text, and why it was not taken."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["REFUSED"]

# code: a code of terms.errors; rule and remedy: the same sentences an error would carry.
REFUSED = pa.schema(
    [
        pa.field("received_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("stream", pa.string(), nullable=False),
        pa.field("observed_at", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("code", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("remedy", pa.string(), nullable=False),
    ]
)
