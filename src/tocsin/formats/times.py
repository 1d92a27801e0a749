"""Moments from text, integers and Arrow timestamps, a column at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.formats.columns import TextOf, Times, text_of_array
from tocsin.formats.refused import Reason, as_sent
from tocsin.terms.errors import BadForm, BadTime
from tocsin.terms.moment import EPOCH

__all__ = ["times_of_array", "times_of_list", "zone_named"]

_UNREADABLE, _NO_ZONE, _NOT_US, _TWICE = 1, 2, 3, 4
_FAULTS = (
    Reason(BadTime.code, "the time cannot be read", "write it as 2026-07-20T08:00:00Z (RFC 3339)"),
    Reason(
        BadTime.code,
        "the time has no zone",
        "end it with Z or an offset such as +08:00, or name the zone in the mapping",
    ),
    Reason(
        BadTime.code,
        "a whole number before 1973: it looks like seconds or milliseconds",
        "send microseconds since 1970",
    ),
    Reason(
        BadTime.code,
        "the local time comes twice or never (clocks change there)",
        "send it with an offset such as +08:00",
    ),
)
_UTC_US = pa.timestamp("us", tz="UTC")
_NAIVE_US = pa.timestamp("us")
_NOT_US_BELOW = 100_000_000_000_000  # 1973-03-03: seconds and milliseconds of our days are smaller
_EARLIEST_US, _LATEST_US = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999
_BLOCK_US = 900_000_000  # zones change their offset on quarter hours

_DATE = (
    r"[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-9]))"
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-9]|2[0-3]):?[0-5][0-9])"
_NAIVE = f"^{_DATE}(?:[T ]{_CLOCK})?$"
_ZONED = f"^{_DATE}[T ]{_CLOCK}{_OFFSET}$"
_LEAP_DAY = re.compile(r"\d{4}-02-29")


def zone_named(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises BadTime."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadTime(
            f"zone {name!r}", "it is no IANA time zone", "write a name such as Asia/Shanghai or UTC"
        ) from None


def times_of_list(values: Sequence[object]) -> Times:
    """Moments of a JSON list: RFC 3339 text, or whole numbers of microseconds."""
    kinds = set(map(type, values))
    text: TextOf = lambda rows: as_sent([values[row] for row in rows])  # noqa: E731
    try:
        if kinds <= {int, type(None)}:
            return _of_integers(pa.array(values, pa.int64()), text)
        if kinds <= {str, type(None)}:
            return _of_strings(pa.array(values, pa.string()), None, "", text)
    except (OverflowError, UnicodeEncodeError, pa.ArrowInvalid):
        pass  # a number beyond 64 bits, or half a surrogate pair: look at each
    return _of_mixed(values, text)


def times_of_array(array: pa.Array, column: str, zone: ZoneInfo | None = None, pattern: str = "") -> Times:
    """Moments of an Arrow column: timestamps, text, or whole microseconds. ``zone`` is for times without one,
    ``pattern`` (strptime) for text that is not RFC 3339. Raises BadForm for another type."""
    kind = array.type
    text = text_of_array(array)
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if pa.types.is_timestamp(kind):
        return _of_timestamps(array, zone, text)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _of_strings(array.cast(pa.string()), zone, pattern, text)
    if pa.types.is_integer(kind) and not pa.types.is_uint64(kind):
        return _of_integers(array.cast(pa.int64()), text)
    raise BadForm(
        f"column {column}", f"times cannot be of type {kind}", "send timestamps with a zone, text, or microseconds"
    )


def _times(us: pa.Array, fault: npt.NDArray[np.uint8], text: TextOf) -> Times:
    absent = np.asarray(us.is_null()) & (fault == 0)
    numbers = us.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    fault[(numbers < _EARLIEST_US) | (numbers > _LATEST_US)] = _UNREADABLE
    return Times(numbers, absent, fault, _FAULTS, text)


def _of_integers(us: pa.Array, text: TextOf) -> Times:
    times = _times(us, np.zeros(len(us), np.uint8), text)
    times.fault[(np.abs(times.us) < _NOT_US_BELOW) & ~times.absent] = _NOT_US
    return times


def _of_timestamps(array: pa.Array, zone: ZoneInfo | None, text: TextOf) -> Times:
    naive = array.type.tz is None
    fault = np.zeros(len(array), np.uint8)
    try:
        us = array.cast(pa.timestamp("us", tz=array.type.tz), safe=False).cast(pa.int64())
    except pa.ArrowInvalid:  # seconds too large for microseconds
        return _times(pa.nulls(len(array), pa.int64()), np.full(len(array), _UNREADABLE, np.uint8), text)
    if naive and zone is None:
        fault[np.asarray(array.is_valid())] = _NO_ZONE
    elif naive and zone is not None:
        us = _from_local(us, zone, fault)
    return _times(us, fault, text)


def _of_strings(array: pa.Array, zone: ZoneInfo | None, pattern: str, text: TextOf) -> Times:
    fault = np.zeros(len(array), np.uint8)
    if pattern:
        return _of_pattern(array, zone, pattern, text)
    try:
        return _times(array.cast(_UTC_US).cast(pa.int64()), fault, text)
    except pa.ArrowInvalid:
        pass  # at least one has no zone, or cannot be read: sort them out
    tidy = pc.utf8_upper(pc.utf8_trim_whitespace(array))
    tidy = pc.replace_substring_regex(tidy, r"(\.[0-9]{6})[0-9]+", r"\1")
    tidy = pc.if_else(pc.equal(tidy, ""), pa.scalar(None, pa.string()), tidy)
    zoned, naive = _matching(tidy, _ZONED), _matching(tidy, _NAIVE)
    given = np.asarray(tidy.is_valid())
    for row in np.flatnonzero(_matching(tidy, "^[0-9]{4}-02-29")):
        if not _leap(tidy[int(row)].as_py()):
            zoned[row] = naive[row] = False
    fault[given & ~zoned & ~naive] = _UNREADABLE
    us = _where(zoned, tidy).cast(_UTC_US).cast(pa.int64())
    if zone is None:
        fault[naive] = _NO_ZONE
    elif naive.any():
        local = _from_local(_where(naive, tidy).cast(_NAIVE_US).cast(pa.int64()), zone, fault)
        us = pc.coalesce(us, local)
    return _times(us, fault, text)


def _of_pattern(array: pa.Array, zone: ZoneInfo | None, pattern: str, text: TextOf) -> Times:
    fault = np.zeros(len(array), np.uint8)
    tidy = pc.utf8_trim_whitespace(array)
    tidy = pc.if_else(pc.equal(tidy, ""), pa.scalar(None, pa.string()), tidy)
    zoned = "%z" in pattern
    try:
        moments = pc.strptime(tidy, format=pattern, unit="us", error_is_null=True)
    except pa.ArrowInvalid as error:
        raise BadForm("mapping time_format", str(error), "write it as for strptime, such as %Y/%m/%d %H:%M") from error
    fault[np.asarray(tidy.is_valid()) & np.asarray(moments.is_null())] = _UNREADABLE
    us = moments.cast(pa.int64())
    if not zoned and zone is None:
        fault[np.asarray(moments.is_valid())] = _NO_ZONE
    elif not zoned and zone is not None:
        us = _from_local(us, zone, fault)
    return _times(us, fault, text)


def _of_mixed(values: Sequence[object], text: TextOf) -> Times:
    """Row by row: for deliveries that mix numbers and text, or hold what is neither."""
    numbers = pa.array([_small(value) for value in values], pa.int64())
    words = [value if isinstance(value, str) and _encodes(value) else None for value in values]
    by_number, by_text = _of_integers(numbers, text), _of_strings(pa.array(words, pa.string()), None, "", text)
    neither = np.array([value is not None for value in values]) & by_number.absent & by_text.absent
    fault = np.where(by_number.absent, by_text.fault, by_number.fault)
    fault[neither] = _UNREADABLE
    us = np.where(by_number.absent, by_text.us, by_number.us)
    return Times(us, by_number.absent & by_text.absent & ~neither, fault, _FAULTS, text)


def _small(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LATEST_US else None


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _from_local(us: pa.Array, zone: ZoneInfo, fault: npt.NDArray[np.uint8]) -> pa.Array:
    """Civil microseconds to UTC by the offset of their quarter hour; marks times that come twice or never."""
    numbers = us.fill_null(0).to_numpy(zero_copy_only=False)
    inside = (numbers > _EARLIEST_US + 2 * 86_400_000_000) & (numbers < _LATEST_US - 2 * 86_400_000_000)
    blocks, which = np.unique(np.where(inside, numbers, 0) // _BLOCK_US, return_inverse=True)
    offsets = np.empty((2, len(blocks)), np.int64)
    for place, block in enumerate(blocks.tolist()):
        civil = (EPOCH + timedelta(microseconds=block * _BLOCK_US)).replace(tzinfo=zone)
        for fold in (0, 1):
            offset = civil.replace(fold=fold).utcoffset() or timedelta(0)
            offsets[fold, place] = offset // timedelta(microseconds=1)
    valid = np.asarray(us.is_valid())
    fault[valid & (offsets[0] != offsets[1])[which]] = _TWICE
    fault[valid & ~inside] = _UNREADABLE
    return pa.array(numbers - offsets[0][which], mask=~valid)


def _matching(array: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    return np.array(pc.match_substring_regex(array, pattern).fill_null(False))


def _where(mask: npt.NDArray[np.bool_], array: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(mask), array, pa.scalar(None, pa.string()))


def _leap(text: str) -> bool:
    year = int(text[:4])
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
