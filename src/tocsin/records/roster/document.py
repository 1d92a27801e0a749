"""A document of rotations, as TOML. Read whole, or refused with every fault. The form is in docs/duty.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from tocsin.formats.toml import read_toml
from tocsin.records.roster.services import RotationLine
from tocsin.terms.errors import BadForm

__all__ = ["WEEKDAYS", "read_rotations"]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEYS = {"id", "post", "accounts", "start", "end", "shifts", "turn_days", "weekdays", "days", "zone"}
_DOCUMENT_BYTES, _DOCUMENT_PARTS = 1 << 20, 20_000


def read_rotations(content: bytes, name: str, accounts: Mapping[str, str]) -> list[RotationLine]:
    """The rotations of a document; ``accounts``: ids by log-in name. Raises BadForm with every fault that is one of form or
    of a name; what they mean is checked by ``services.put_rotations``."""
    tables, _places = read_toml(content, name, most_bytes=_DOCUMENT_BYTES, most_parts=_DOCUMENT_PARTS)
    faults = [f"{key}: no such table" for key in tables if key != "rotations"]
    entries = tables.get("rotations", [])
    lines = []
    for number, entry in enumerate(entries if isinstance(entries, list) else [None], 1):
        where = f"rotations {number}"
        found = _faults_of(entry, where, accounts)
        faults += found
        if not found:
            lines.append(_line(entry, accounts))
    if faults:
        raise BadForm(name, "; ".join(faults[:50]), "see docs/duty.md for the form")
    return lines


def _faults_of(entry: Any, where: str, accounts: Mapping[str, str]) -> list[str]:
    if not isinstance(entry, dict):
        return [f"{where}: write [[rotations]]"]
    faults = [f"{where}: {key}: no such key" for key in entry if key not in _KEYS]
    faults += [
        f"{where}: {key}: must be a text" for key in ("id", "post", "days", "zone")
        if not isinstance(entry.get(key, "" if key in ("days", "zone") else None), str)
    ]  # fmt: skip
    faults += [f"{where}: {key}: must be a day, like 2026-12-01" for key in ("start", "end")
               if not _is_day(entry.get(key), needed=key == "start")]  # fmt: skip
    named: Any = entry.get("accounts")
    if not _texts(named):
        faults.append(f"{where}: accounts: must be a list of log-in names")
    else:
        faults += [f"{where}: account {one!r} is not there" for one in named if one.casefold() not in accounts]
    if not isinstance(entry.get("shifts"), list) or not all(_is_shift(pair) for pair in entry["shifts"]):
        faults.append(f'{where}: shifts: must be like [["08:00", "20:00"]]')
    if not isinstance(entry.get("turn_days", 7), int) or isinstance(entry.get("turn_days", 7), bool):
        faults.append(f"{where}: turn_days: must be a whole number")
    if not _texts(entry.get("weekdays", ["mon"])) or set(entry.get("weekdays", [])) - set(WEEKDAYS):
        faults.append(f"{where}: weekdays: must be some of {', '.join(WEEKDAYS)}")
    return faults


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_day(value: Any, *, needed: bool) -> bool:
    return (value is None and not needed) or (isinstance(value, date) and not isinstance(value, datetime))


def _is_shift(pair: Any) -> bool:
    if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair)):
        return False
    try:
        return all(time.fromisoformat(one).tzinfo is None for one in pair)
    except ValueError:
        return False


def _line(entry: dict[str, Any], accounts: Mapping[str, str]) -> RotationLine:
    shifts = tuple((time.fromisoformat(begin), time.fromisoformat(end)) for begin, end in entry["shifts"])
    weekdays = tuple(WEEKDAYS.index(day) for day in entry.get("weekdays", WEEKDAYS))
    return RotationLine(
        entry["id"], entry["post"], tuple(accounts[one.casefold()] for one in entry["accounts"]), entry["start"], shifts,
        entry.get("turn_days", 7), weekdays, entry.get("days", "all"), entry.get("end"), entry.get("zone", ""),
    )  # fmt: skip
