"""Checks that every door makes before it hands streams to the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from tocsin.formats.units import convert_factor
from tocsin.geo import cell_of
from tocsin.terms.errors import BadValue
from tocsin.terms.stream import Stream

__all__ = ["checked"]


def checked(streams: Sequence[Stream]) -> list[Stream]:
    """The streams with their cell filled in from their place. Raises BadUnit, BadValue."""
    return [_checked(stream) for stream in streams]


def _checked(stream: Stream) -> Stream:
    convert_factor(stream.unit, stream.unit)
    try:
        ZoneInfo(stream.zone)
    except (ValueError, KeyError, OSError):
        raise BadValue(f"stream {stream.id}", f"{stream.zone!r} is no IANA zone", "write Asia/Shanghai") from None
    if stream.low > stream.high:
        raise BadValue(f"stream {stream.id}", f"low {stream.low} is above high {stream.high}", "exchange the two")
    return replace(stream, cell=cell_of(stream.lon, stream.lat)) if not stream.cell else stream
