"""What a database keeps of rows that are gone: free pages, old versions of rows, its own log. Cleaned where it lets us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

__all__ = ["no_remains"]

_TABLES = ("seal_datakeyrow", "cases_caserow", "cases_messagerow", "seal_vaultitemrow")


@contextmanager
def no_remains() -> Iterator[None]:
    """Around the transactions of a destruction. SQLite writes zeros over what is deleted meanwhile, and its log is moved into
    the file and emptied after it. PostgreSQL takes dead row versions away; its log and its backups hold wrapped keys, which die
    with the deployment's old seal key."""
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if sqlite:
            cursor.execute("PRAGMA secure_delete = ON")
        try:
            yield
        finally:
            if sqlite:
                cursor.execute("PRAGMA secure_delete = OFF")
        if connection.in_atomic_block:
            return  # within somebody else's transaction nothing is gone yet
        if sqlite:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            for table in _TABLES:
                cursor.execute(f'VACUUM "{table}"')
