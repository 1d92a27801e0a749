"""Changing thousands of rows by one statement, each in its own way. For bulk transactions only, as ``records.rows``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, models

__all__ = ["as_json", "update_rows"]


def as_json(value: Any) -> Any:
    """A value of a JSON column, for ``put_rows`` and ``update_rows``: text for SQLite, an object of its own for PostgreSQL."""
    body = msgspec.json.encode(value)
    return msgspec.Raw(body) if connection.vendor == "postgresql" else body.decode()


def update_rows(model: type[models.Model], key: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Set ``columns`` of the rows whose ``key`` is the first value of each row. Column names; values are texts, numbers,
    booleans, aware datetimes, None, and what ``as_json`` gives. A key may come only once in one call."""
    values = list(rows)
    if values:
        (_by_json if connection.vendor == "postgresql" else _one_by_one)(model, key, columns, values)


def _one_by_one(model: type[models.Model], key: str, columns: Sequence[str], rows: list[Sequence[Any]]) -> None:
    adapt = connection.ops.adapt_datetimefield_value
    shaped = [[adapt(v) if isinstance(v, datetime) else v for v in (*row[1:], row[0])] for row in rows]
    names = ", ".join(f'"{name}" = %s' for name in columns)
    with connection.cursor() as cursor:
        cursor.executemany(f'UPDATE "{model._meta.db_table}" SET {names} WHERE "{key}" = %s', shaped)  # noqa: S608


def _by_json(model: type[models.Model], key: str, columns: Sequence[str], rows: list[Sequence[Any]]) -> None:
    table = model._meta.db_table
    names = (key, *columns)
    body = msgspec.json.encode([dict(zip(names, row, strict=True)) for row in rows]).decode()
    sets = ", ".join(f'"{name}" = new."{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" AS old SET {sets} '  # noqa: S608 - names are the models' own
            f'FROM json_populate_recordset(NULL::"{table}", %s::json) AS new WHERE old."{key}" = new."{key}"',
            [body],
        )
