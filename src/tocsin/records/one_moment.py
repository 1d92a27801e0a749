"""Several reads that see the database as it was at one moment, so that a page never contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

__all__ = ["one_moment"]


@contextmanager
def one_moment() -> Iterator[None]:
    """Reads inside see one snapshot and never wait for the writer; also a decorator. Inside a transaction it adds nothing.

    SQLite: a deferred transaction, which in WAL mode is a read snapshot (Django's own would begin IMMEDIATE and make a
    reader wait its turn to write). PostgreSQL: REPEATABLE READ, READ ONLY.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            if connection.connection is not None and connection.connection.in_transaction:
                connection.connection.execute("ROLLBACK")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
