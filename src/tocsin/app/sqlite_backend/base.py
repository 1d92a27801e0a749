"""Django's SQLite backend, with WAL and our writer lock. (Django demands this file's name.)

Every transaction begins IMMEDIATE, so it is a write transaction: it takes the writer lock first and gives it back at
commit, rollback or close. A single statement that writes outside a transaction does the same around itself. Reads
outside a transaction take nothing and never wait: WAL lets them read beside the writer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from tocsin.app.sqlite_backend.writer_lock import WriterLock

__all__ = ["DatabaseWrapper"]

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER", "DROP", "VACUUM", "REINDEX")


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that waits its turn before it writes."""

    writer: WriterLock | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open the file (its directory 0700), in WAL mode."""
        if self.is_in_memory_db():
            return super().get_new_connection(conn_params)
        path = Path(self.settings_dict["NAME"])
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.writer = WriterLock(f"{path}.writer", conn_params.get("timeout", 30.0))
        connection = super().get_new_connection(conn_params)
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            self._take_turn()  # SQLite does not wait when two processes change the mode at once
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            finally:
                self.writer.release()
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor whose single writing statements wait their turn too."""
        cursor = self.connection.cursor(factory=_TurnTakingCursor)
        cursor.database = self
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._give_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc] # where this fails the transaction is still open: the rollback gives the turn back
        self._give_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._give_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            if self.writer is not None:
                self.writer.close()

    def _take_turn(self) -> None:
        if self.writer is not None:
            try:
                self.writer.acquire()
            except TimeoutError as error:
                raise OperationalError(
                    f"database is locked: {error}; another process holds a transaction open"
                ) from error

    def _give_turn(self) -> None:
        if self.writer is not None:
            self.writer.release()


class _TurnTakingCursor(base.SQLiteCursorWrapper):
    database: DatabaseWrapper

    def execute(self, query: str, params: Any = None) -> Any:
        return self._in_turn(query, super().execute, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        return self._in_turn(query, super().executemany, param_list)

    def _in_turn(self, query: str, run: Any, params: Any) -> Any:
        writer = self.database.writer
        if writer is None or writer.held or not query.lstrip()[:9].upper().startswith(_WRITES):
            return run(query, params)
        self.database._take_turn()
        try:
            return run(query, params)
        finally:
            self.database._give_turn()
