"""What a database keeps of rows that are gone: free pages, old versions of rows, its own log. Cleaned where it lets us."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection
from django.db.backends.utils import CursorWrapper

__all__ = ["forget_in_copies", "no_remains"]

_TABLES = ("cases_caserow", "cases_messagerow", "seal_vaultrow", "seal_vaultitemrow")
_KEYS = "seal_datakeyrow"
_TRIES, _PAUSE_S = 150, 0.2  # half a minute
# Who writes in another database of the server counts too: the snapshot of VACUUM FULL reaches back to the oldest of all.
_OLDER = """SELECT count(*) FROM pg_stat_activity, (SELECT txid_snapshot_xmax(txid_current_snapshot()) - %s AS since) AS now
WHERE pid <> pg_backend_pid() AND (age(backend_xid) > since OR (datname = current_database() AND age(backend_xmin) > since))"""
_log = logging.getLogger(__name__)


@contextmanager
def no_remains() -> Iterator[None]:
    """Around the transactions of a destruction. SQLite writes zeros over what is deleted meanwhile, and its log is moved into
    the file and emptied after it. PostgreSQL writes the small table of keys anew: its plain VACUUM marks dead rows as free and
    leaves their bytes in the page until something else needs the place. Of the other tables it leaves ciphertexts and what
    makes no salt without the key. It keeps rows that a transaction which began before may still see, so those are waited for,
    half a minute at most. Its log and its backups hold wrapped keys, which die with the deployment's old seal key."""
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
            _wait_for_older(cursor)
            cursor.execute(f'VACUUM FULL "{_KEYS}"')
            for table in _TABLES:
                cursor.execute(f'VACUUM "{table}"')


def _wait_for_older(cursor: CursorWrapper) -> None:
    """Until no transaction is left that began before now and may still see what is gone. A role that may not read others'
    activity (``pg_read_all_stats``) sees its own only."""
    cursor.execute("SELECT txid_snapshot_xmax(txid_current_snapshot())")
    (now,) = cursor.fetchone()
    for _ in range(_TRIES):
        cursor.execute(_OLDER, [now])
        if cursor.fetchone() == (0,):
            return
        time.sleep(_PAUSE_S)
    _log.warning("destroyed keys may still stand in the pages of %s: a transaction that began before still runs", _KEYS)


def forget_in_copies(folder: Path, subjects: Collection[str]) -> int:
    """Take the data keys of subjects, and the salts of their commitments, out of the copies that were made before migrations;
    how many keys. What such a copy holds of them cannot be opened again."""
    gone = 0
    for copy in sorted(folder.glob("db-*.sqlite3")):
        with closing(sqlite3.connect(copy)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "seal_datakeyrow" not in tables:
                continue  # older than the seal
            database.execute("PRAGMA secure_delete = ON")
            for subject in subjects:
                gone += database.execute("DELETE FROM seal_datakeyrow WHERE subject = ?", (subject,)).rowcount
                database.execute("UPDATE cases_caserow SET salt = '' WHERE id = ?", (subject,))
            database.commit()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return gone
