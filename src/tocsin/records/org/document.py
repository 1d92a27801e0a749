"""A staff document: departments, posts, and accounts with their shifts, as TOML. Read whole, or refused with every fault.

The form is in docs/operate.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tocsin.formats.toml import read_toml
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.terms.errors import BadForm, BadValue
from tocsin.terms.limits import CATALOGUE_BYTES, CATALOGUE_PARTS

__all__ = ["AccountEntry", "Staff", "StaffFaults", "read_staff"]

_Line = TypeVar("_Line")


@dataclass(frozen=True, slots=True)
class ShiftEntry:
    """A shift in a post; ``until_at`` None: until further notice."""

    post: str
    from_at: datetime | None
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account to be opened, with the shifts that it gets."""

    username: str
    display_name: str
    language: str
    shifts: tuple[ShiftEntry, ...]


@dataclass(frozen=True, slots=True)
class Staff:
    """What a document says, in its order."""

    departments: tuple[DepartmentLine, ...]
    posts: tuple[PostLine, ...]
    accounts: tuple[AccountEntry, ...]


class StaffFaults(BadForm):
    """A document with faults, all of them in its rule."""


def read_staff(content: bytes, name: str) -> Staff:
    """The staff of a document. Raises StaffFaults; BadForm where it is no TOML at all."""
    tables, _ = read_toml(content, name, most_bytes=CATALOGUE_BYTES, most_parts=CATALOGUE_PARTS)
    faults: list[str] = []
    for key in tables.keys() - {"departments", "posts", "accounts"}:
        faults.append(f"{key}: no such table")
    staff = Staff(
        tuple(_lines(tables, "departments", _department, faults)),
        tuple(_lines(tables, "posts", _post, faults)),
        tuple(_lines(tables, "accounts", _account, faults)),
    )
    if faults:
        raise StaffFaults(name, "; ".join(faults), "correct these places; see docs/operate.md for the form")
    return staff


def _lines(tables: Mapping[str, Any], kind: str, read: Callable[[_Table], _Line], faults: list[str]) -> Iterator[_Line]:
    rows = tables.get(kind, [])
    if not isinstance(rows, list):
        faults.append(f"{kind}: write [[{kind}]]")
        return
    for number, row in enumerate(rows, start=1):
        where = f"{kind} {number}"
        if not isinstance(row, dict):
            faults.append(f"{where}: must be a table")
            continue
        table = _Table(where, row)
        try:
            yield read(table)
            table.close()
        except BadValue as error:
            faults.append(f"{error.thing}: {error.rule}")


@dataclass(slots=True)
class _Table:
    where: str
    row: dict[str, Any]

    def text(self, key: str, default: str | None = None) -> str:
        value = self.row.pop(key, default)
        if not isinstance(value, str):
            raise self.fault(key, "must be a text" if value is not None else "is missing")
        return value

    def titles(self, key: str) -> dict[str, str]:
        value = self.row.pop(key, None)
        if not isinstance(value, dict) or not value or not all(isinstance(word, str) for word in value.values()):
            raise self.fault(key, 'must be titles by language, like { en = "Water bureau", zh-hans = "水务局" }')
        return value

    def number(self, key: str) -> float | None:
        value = self.row.pop(key, None)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 180):
            raise self.fault(key, "must be degrees")
        return None if value is None else float(value)

    def words(self, key: str) -> tuple[str, ...]:
        value = self.row.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self.fault(key, "must be a list of texts")
        return tuple(value)

    def moment(self, key: str) -> datetime | None:
        value = self.row.pop(key, None)
        if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
            raise self.fault(key, "must be a moment with zone, like 2026-11-26T08:00:00+08:00")
        return value

    def tables(self, key: str) -> list[_Table]:
        value = self.row.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.fault(key, f"write [[{self.where.split()[0]}.{key}]]")
        return [_Table(f"{self.where}, {key} {n}", row) for n, row in enumerate(value, start=1)]

    def close(self) -> None:
        for key in self.row:
            raise self.fault(key, "no such key")

    def fault(self, key: str, rule: str) -> BadValue:
        return BadValue(f"{self.where}: {key}", rule, "correct it")


def _department(table: _Table) -> DepartmentLine:
    return DepartmentLine(table.text("id"), table.titles("title"), table.text("jurisdiction", ""))


def _post(table: _Table) -> PostLine:
    return PostLine(
        table.text("id"), table.titles("title"), table.text("department"), table.text("role"),
        table.text("jurisdiction", ""), table.text("facility", ""), table.number("lon"), table.number("lat"),
        table.text("mail", ""), table.text("language", "zh-hans"), table.words("skills"),
        table.text("phone", ""), table.text("duty", ""),
    )  # fmt: skip


def _account(table: _Table) -> AccountEntry:
    return AccountEntry(
        table.text("username"), table.text("display_name", ""), table.text("language", ""),
        tuple(_shift(shift) for shift in table.tables("shifts")),
    )  # fmt: skip


def _shift(table: _Table) -> ShiftEntry:
    entry = ShiftEntry(table.text("post"), table.moment("from"), table.moment("until"))
    table.close()
    if entry.from_at and entry.until_at and entry.until_at - entry.from_at <= timedelta(0):
        raise table.fault("until", "ends before it begins")
    return entry
