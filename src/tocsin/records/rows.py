"""Writing thousands of rows by one statement. For bulk transactions only (architecture.md section 4); the ORM, which takes
50 microseconds a row, serves everywhere else.

SQLite: one prepared statement over all rows. PostgreSQL: the rows go as one JSON parameter, whose columns take their
types from the table itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, models

__all__ = ["put_rows"]


def put_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    key: str = "",
    replace: Sequence[str] = (),
) -> None:
    """Insert rows in the order given. With ``key``, a row whose key exists has its ``replace`` columns overwritten.

    ``columns`` are column names (``signal_id``); values are texts, numbers, booleans, aware datetimes and None.
    A key may come only once in one call. NaN and infinities are not for tables: convert them to None before.
    """
    values = list(rows)
    if not values:
        return
    write = _by_json if connection.vendor == "postgresql" else _one_by_one
    write(model._meta.db_table, columns, values, _on_conflict(key, replace))


def _on_conflict(key: str, replace: Sequence[str]) -> str:
    if not key:
        return ""
    return f' ON CONFLICT ("{key}") DO UPDATE SET ' + ", ".join(f'"{name}" = excluded."{name}"' for name in replace)


def _one_by_one(table: str, columns: Sequence[str], rows: list[Sequence[Any]], on_conflict: str) -> None:
    adapt = connection.ops.adapt_datetimefield_value
    dated = [n for n, first in enumerate(rows[0]) if isinstance(first, datetime) or first is None]
    if dated:
        rows = [
            [adapt(value) if n in dated and isinstance(value, datetime) else value for n, value in enumerate(row)]
            for row in rows
        ]
    names, places = ", ".join(f'"{name}"' for name in columns), ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places}){on_conflict}', rows)  # noqa: S608


def _by_json(table: str, columns: Sequence[str], rows: list[Sequence[Any]], on_conflict: str) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    body = msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in rows]).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {names} '  # noqa: S608 - names are the models' own
            f'FROM json_populate_recordset(NULL::"{table}", %s::json){on_conflict}',
            [body],
        )
