"""Moments as CAP writes them: ``2025-07-20T14:35:00+08:00``, always a numeric offset, UTC as ``-00:00``, never ``Z``.

Read more widely than written: many services send ``Z``, fractions or ``+00:00``; each is named as a defect (rules R5, R6,
R7) and understood where it can only mean one thing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from tocsin.terms.errors import BadTime

__all__ = ["read_time", "strict_time", "write_time"]

_STRICT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
_LOOSE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?[ ]?(?:([Zz])|([+,-])(\d\d):?(\d\d))?", re.ASCII
)
_DAY = timedelta(days=1)
_REMEDY = "write it as 2025-07-20T14:35:00+08:00"


def write_time(moment: datetime) -> str:
    """The text of a moment; UTC as ``-00:00``. Raises BadTime for one without zone or with fractions of a second, and for
    an offset that is no whole number of minutes or beyond 14 hours."""
    offset = moment.utcoffset()
    if offset is None:
        raise BadTime(f"time {moment}", "it has no zone", "give it one")
    minutes, rest = divmod(offset, timedelta(minutes=1))
    if moment.microsecond or rest or abs(minutes) > 14 * 60:
        raise BadTime(f"time {moment}", "CAP knows whole seconds and offsets of whole minutes up to 14:00",
                      "cut the fraction of the second, or convert it to UTC")  # fmt: skip
    sign = "+" if minutes > 0 else "-"  # RFC 3339: -00:00 is UTC with no statement about the place
    hours, minutes = divmod(abs(minutes), 60)
    return f"{moment.replace(tzinfo=None).isoformat()}{sign}{hours:02d}:{minutes:02d}"


def strict_time(text: str) -> datetime:
    """The moment of a text in CAP's own form. Raises BadTime."""
    moment, rule, what = read_time(text)
    if moment is None or rule in ("R5", "R7"):
        raise BadTime(f"time {text!r}", what, _REMEDY)
    return moment


def read_time(text: str) -> tuple[datetime | None, str, str]:
    """(moment, rule broken, what is wrong): the moment is None where it cannot be understood, the rule "" where all is
    well. Spaces around the text mean nothing, as in the schema."""
    text = text.strip(" \t\r\n")
    return _known(text) if len(text) <= 40 else _understood(text)  # nobody fills the memory with long ones


def _understood(text: str) -> tuple[datetime | None, str, str]:
    if _STRICT.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return _odd(text)
        if -50_400 <= moment.utcoffset().total_seconds() <= 50_400 and text[-2:] < "60":  # type: ignore[union-attr]
            return (moment, "R6", "UTC is written +00:00") if text.endswith("+00:00") else (moment, "", "")
        return None, "R7", f"there is no offset {text[-6:]}"
    found = _LOOSE.fullmatch(text)
    if found is None:
        return None, "R5", f"{text[:60]!r} is no time" if text else "it is empty"
    return _loose(found)


# The times of a message are looked at twice and said in each language.
_known = lru_cache(maxsize=1024)(_understood)


def _odd(text: str) -> tuple[datetime | None, str, str]:
    """A text of the right form that Python refuses: 24:00:00 is midnight of the next day, all else does not exist."""
    if text[11:19] == "24:00:00":
        moment, rule, what = read_time(f"{text[:11]}00:00:00{text[19:]}")
        try:
            return (moment + _DAY if moment is not None else None), rule, what
        except OverflowError:
            pass
    return None, "R7", f"there is no moment {text}"


def _loose(found: re.Match[str]) -> tuple[datetime | None, str, str]:
    year, month, day, hour, minute, second, fraction, zulu, sign, hours, minutes = found.groups()
    if sign == ",":
        return None, "R7", "the sign of the offset is a comma"
    if not (zulu or sign):
        return None, "R5", "it has no offset, so it can be any of 27 moments"
    offset = timedelta() if zulu else timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        zone = UTC if not offset else timezone(offset)
        micro = int((fraction or "0")[:6].ljust(6, "0"))
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), micro, zone)
    except ValueError:
        return None, "R7", f"there is no moment {found.group()}"
    return moment, "R5", "it is written with Z" if zulu else f"{found.group()!r} is not CAP's form of a time"
