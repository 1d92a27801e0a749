"""Reports as JSON: what a door takes, and the body of a record of the log.

{"source": "hotline", "reports": [{"category": "gas_smell", "cell": "8830e1d8e3fffff",
                                   "bucket": "2026-07-20T01:25:00Z", "count": 2}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from tocsin.terms.errors import BadForm, BadTime, BadValue, TooBig, UnknownName
from tocsin.terms.moment import iso, to_us
from tocsin.terms.report import BUCKET_US, FEWEST, Report

__all__ = [
    "MOST_REPORTS",
    "offered",
    "read_moment",
    "read_reports",
    "read_reports_body",
    "reports_body",
    "require_cell",
]

MOST_REPORTS = 10_000  # in one request or record
MOST_COUNT = 100_000
FUTURE_US = BUCKET_US  # a bucket may begin this far ahead of us, for clocks that differ
_WRITE = 'send {"reports": [{"category", "cell", "bucket", "count"}]}'


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    category: str
    cell: str
    bucket: str | int
    count: int = 1


class _Sent(msgspec.Struct, forbid_unknown_fields=True):
    reports: list[_Row]


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    reports: list[tuple[str, str, int, int]]  # category, cell, bucket_us, count


def read_reports(
    data: bytes, categories: Mapping[str, bool], *, now_us: int, most_bytes: int = 4_000_000
) -> list[Report]:
    """What somebody sent, whole or not at all. ``categories``: the closed list, by name whether it is sealed.

    Raises BadForm (free text and whatever else has no place here is unknown to it), UnknownName, BadValue, BadTime, TooBig."""
    if len(data) > most_bytes:
        raise TooBig("reports", f"at most {most_bytes} bytes", "send fewer at once")
    try:
        sent = msgspec.json.decode(data, type=_Sent)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadForm("reports", str(error), _WRITE) from None
    if len(sent.reports) > MOST_REPORTS:
        raise TooBig("reports", f"at most {MOST_REPORTS} at once", "send fewer at once")
    return [_checked(number, row, categories, now_us) for number, row in enumerate(sent.reports)]


def offered(reports: Iterable[Report], categories: Mapping[str, bool]) -> list[Report]:
    """Without those of sealed categories that are fewer than five in their cell and five minutes, taken together."""
    rows = list(reports)
    total: dict[tuple[str, str, int], int] = {}
    for row in rows:
        key = row.category, row.cell, row.bucket_us
        total[key] = total.get(key, 0) + row.count
    return [
        row for row in rows
        if not categories.get(row.category, True) or total[row.category, row.cell, row.bucket_us] >= FEWEST
    ]  # fmt: skip


def reports_body(source: str, reports: Iterable[Report]) -> bytes:
    """The JSON body of a record."""
    rows = [(row.category, row.cell, row.bucket_us, row.count) for row in reports]
    return msgspec.json.encode(_Body(source, rows))


def read_reports_body(body: bytes) -> tuple[str, list[Report]]:
    """Source and reports of a record. Raises BadForm."""
    try:
        read = msgspec.json.decode(body, type=_Body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadForm("reports record", str(error), "write it with reports_body") from None
    return read.source, [Report(*row) for row in read.reports]


def _checked(number: int, row: _Row, categories: Mapping[str, bool], now_us: int) -> Report:
    thing = f"report {number}"
    if row.category not in categories:
        known = ", ".join(sorted(categories)) or "none is declared"
        raise UnknownName(thing, f"no category {row.category[:60]!r} is declared", f"use one of: {known}")
    require_cell(thing, row.cell)
    if not 1 <= row.count <= MOST_COUNT:
        raise BadValue(thing, f"count must be 1 to {MOST_COUNT}, got {row.count}", "leave out what nobody reported")
    bucket = _moment(thing, row.bucket)
    if bucket % BUCKET_US:
        raise BadTime(thing, f"bucket {iso(bucket)} is no whole five minutes", "send the beginning of the five minutes")
    if bucket > now_us + FUTURE_US:
        raise BadTime(thing, f"bucket {iso(bucket)} lies in the future", "check the clock that sent it")
    return Report(row.category, row.cell, bucket, row.count)


def require_cell(thing: str, cell: str) -> None:
    """Raises BadValue for text that is no H3 cell."""
    import h3  # noqa: PLC0415 - who reads no reports need not wait for it

    if not h3.is_valid_cell(cell[:40]):
        raise BadValue(thing, f"{cell[:40]!r} is no H3 cell", "make it from longitude and latitude, resolution 8")


def _moment(thing: str, given: str | int) -> int:
    if isinstance(given, int):
        if not 0 <= given < 4_102_444_800_000_000:
            raise BadTime(thing, f"bucket {given} is not in microseconds since 1970", "send RFC 3339 with a zone")
        return given
    return read_moment(thing, given)


def read_moment(thing: str, text: str) -> int:
    """An RFC 3339 moment with its zone in us. Raises BadTime."""
    try:
        return to_us(datetime.fromisoformat(text[:40]))
    except (ValueError, OverflowError):
        raise BadTime(thing, f"{text[:40]!r} is no moment with a zone", "write 2026-07-20T01:25:00Z") from None
