"""What a database keeps of rows that are gone: free pages, old versions of rows, its own log. Cleaned where it lets us."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

from tocsin.records import clock
from tocsin.records.seal.models import RemainsRow

__all__ = ["forget_in_copies", "no_remains", "sweep"]

_TABLES = ("cases_caserow", "cases_messagerow", "seal_vaultrow", "seal_vaultitemrow")
_KEYS = "seal_datakeyrow"
_TRIES, _PAUSE_S = 150, 0.2  # half a minute
_LATE = timedelta(hours=1)
# Who writes in another database of the server counts too: the snapshot of VACUUM FULL reaches back to the oldest of all.
_OLDER = """SELECT count(*) FROM pg_stat_activity, (SELECT txid_snapshot_xmax(txid_current_snapshot()) - %s AS since) AS now
WHERE pid <> pg_backend_pid() AND (age(backend_xid) > since OR (datname = current_database() AND age(backend_xmin) > since))"""
_log = logging.getLogger(__name__)


@contextmanager
def no_remains() -> Iterator[None]:
    """Around the transactions of a destruction. SQLite writes zeros over what is deleted meanwhile, and its log is moved into
    the file and emptied after it. On PostgreSQL it is noted, and ``sweep`` cleans within minutes: nobody who closes an event or
    takes something out waits for a table."""
    if connection.vendor != "sqlite":
        RemainsRow.objects.update_or_create(id=1, defaults={"since": clock.now()})
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete = ON")
        try:
            yield
        finally:
            cursor.execute("PRAGMA secure_delete = OFF")
        if not connection.in_atomic_block:  # within somebody else's transaction nothing is gone yet
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def sweep(*, now: datetime) -> int:
    """Clean what was noted; 1 if there was something and it is clean. PostgreSQL writes the small table of keys anew: its plain
    VACUUM marks dead rows as free and leaves their bytes in the page until something else needs the place. It keeps rows that a
    transaction which began before may still see, so those are waited for, half a minute, and else until the next time; so is
    a backup that holds the table. Of the other tables it leaves ciphertexts and what makes no salt without the key. Its log
    and its backups hold wrapped keys, which die with the deployment's old seal key."""
    noted = RemainsRow.objects.first()
    if noted is None:
        return 0
    with connection.cursor() as cursor:
        if not (_older_are_gone(cursor) and _written_anew(cursor)):
            if noted.since < now - _LATE:
                _log.warning(
                    "destroyed keys may still stand in %s: a transaction or a reader from before still runs",
                    _KEYS,
                )
            return 0
        for table in _TABLES:
            cursor.execute(f'VACUUM "{table}"')
    RemainsRow.objects.filter(since=noted.since).delete()
    return 1


def _older_are_gone(cursor: CursorWrapper) -> bool:
    """Whether every transaction that began before now has ended. A role that may not read others' activity
    (``pg_read_all_stats``) sees its own only."""
    cursor.execute("SELECT txid_snapshot_xmax(txid_current_snapshot())")
    (now,) = cursor.fetchone()
    for _ in range(_TRIES):
        cursor.execute(_OLDER, [now])
        if cursor.fetchone() == (0,):
            return True
        time.sleep(_PAUSE_S)
    return False


def _written_anew(cursor: CursorWrapper) -> bool:
    """Who reads the table for long (a backup) is not waited for: others would stand behind us in the queue."""
    cursor.execute("SET lock_timeout = '2s'")
    try:
        cursor.execute(f'VACUUM FULL "{_KEYS}"')
    except OperationalError:
        return False
    finally:
        cursor.execute("RESET lock_timeout")
    return True


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
