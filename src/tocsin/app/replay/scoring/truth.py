"""Reading the truth beside a recorded data set: CSV rows, moments, hours in words."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tocsin.terms.errors import BadPack
from tocsin.terms.moment import from_us, to_us

__all__ = ["HOUR_US", "hours", "local", "moment_us", "needs", "read_rows"]

HOUR_US = 3_600_000_000
_Needs = TypeVar("_Needs", bound=msgspec.Struct)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, all cells as text."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def moment_us(cell: str) -> int | None:
    """Microseconds UTC of an RFC 3339 cell; None for an empty one."""
    return to_us(datetime.fromisoformat(cell)) if cell else None


def hours(us: int | None) -> float | None:
    """Microseconds as hours with one decimal; None stays None."""
    return None if us is None else round(us / HOUR_US, 1)


def local(us: int | None, offset_h: float = 0.0) -> str:
    """``2015-12-07 18:00`` at a fixed offset from UTC; "" for None."""
    return "" if us is None else from_us(us + int(offset_h * HOUR_US)).strftime("%Y-%m-%d %H:%M")


def needs(kind: type[_Needs], score: dict[str, Any], path: str) -> _Needs:
    """The ``[score]`` table of a layout as what its scorer needs. Raises BadPack."""
    try:
        return msgspec.convert(score, kind)
    except msgspec.ValidationError as error:
        raise BadPack(f"{path} [score]", str(error), "correct the layout; docs/replay.md lists its keys") from error
