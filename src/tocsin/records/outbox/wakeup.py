"""Waiting until a fact was put: one small interface over two databases. It may wake for less, never sleep through one.

SQLite: ``PRAGMA data_version`` on a connection of our own, every 20 ms; it changes when any other connection commits.
PostgreSQL: ``LISTEN``; the writers ``NOTIFY`` inside their transaction, which delivers at its commit.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from types import TracebackType
from typing import Any, Protocol

import psycopg
from django.db import connection, connections

__all__ = ["Wakeup", "notify", "wait_for_change"]

_CHANNEL = "tocsin_changes"
_POLL_S = 0.02


class Wakeup:
    """Remembers what it has seen: a change between two calls of ``wait`` makes the second return at once.

    So the pattern is: open, then loop { do all the work there is; wait }. Nothing written in between is missed.
    """

    def __init__(self) -> None:
        settings = connections["default"]
        self._watch: _Watch = _Listen(settings) if settings.vendor == "postgresql" else _Poll(settings)

    def wait(self, timeout_s: float) -> bool:
        """Whether a fact was put since the last call, waiting up to ``timeout_s`` for it.

        On SQLite any commit wakes, on PostgreSQL only one that put facts: look for work again rather than infer it."""
        return self._watch.wait(timeout_s)

    def close(self) -> None:
        """Give the connection back."""
        self._watch.close()

    def __enter__(self) -> Wakeup:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def notify() -> None:
    """Tell the listeners at commit. SQLite needs no telling: every commit is seen."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {_CHANNEL}")


class _Mine(threading.local):
    wakeup: Wakeup | None = None


_mine = _Mine()


def wait_for_change(timeout_s: float) -> bool:
    """``Wakeup.wait`` with one Wakeup kept for each thread. The first call of a thread sees only later changes."""
    if _mine.wakeup is None:
        _mine.wakeup = Wakeup()
    return _mine.wakeup.wait(timeout_s)


class _Watch(Protocol):
    def wait(self, timeout_s: float) -> bool: ...
    def close(self) -> None: ...


class _Poll:
    def __init__(self, database: Any) -> None:
        name = str(database.settings_dict["NAME"])
        self._connection = sqlite3.connect(name, uri=name.startswith("file:"), check_same_thread=False)
        self._seen = self._version()

    def wait(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while (version := self._version()) == self._seen:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(_POLL_S, left))
        self._seen = version
        return True

    def close(self) -> None:
        self._connection.close()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


class _Listen:
    def __init__(self, database: Any) -> None:
        parameters = database.get_connection_params()
        for django_only in ("context", "cursor_factory", "prepare_threshold"):
            parameters.pop(django_only, None)
        self._connection = psycopg.connect(**parameters, autocommit=True)
        self._connection.execute(f"LISTEN {_CHANNEL}")

    def wait(self, timeout_s: float) -> bool:
        heard = False
        for _ in self._connection.notifies(timeout=timeout_s, stop_after=1):
            heard = True
        if heard:  # take along what came with it, so that one burst wakes once
            for _ in self._connection.notifies(timeout=0):
                pass
        return heard

    def close(self) -> None:
        self._connection.close()
