"""Moments: aware UTC outside, integer microseconds since 1970-01-01T00:00Z in columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["EPOCH", "SECOND_US", "from_us", "iso", "to_us"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US = 1_000_000


def to_us(moment: datetime) -> int:
    """Microseconds since the epoch. Raises ValueError for a moment without zone."""
    if moment.tzinfo is None:
        raise ValueError("moment without zone")
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_us(microseconds: int) -> datetime:
    """The aware UTC moment of a count of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=int(microseconds))


def iso(microseconds: int) -> str:
    """RFC 3339 text in UTC with a trailing ``Z``; fractions only where there are some."""
    return from_us(microseconds).isoformat().replace("+00:00", "Z")
