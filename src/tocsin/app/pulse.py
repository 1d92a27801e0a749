"""The pulse of the worker: which of its threads did a round, and when. In memory; whoever hangs or has ended falls silent."""

from __future__ import annotations

import threading
import time

__all__ = ["beat", "forget", "silent"]

_lock = threading.Lock()
_beats: dict[str, float] = {}


def beat(name: str) -> None:
    """A thread has done a round, or has begun."""
    with _lock:
        _beats[name] = time.monotonic()


def silent(longer_than_s: float) -> list[str]:
    """Names of threads that did a round once and none for so long, in order."""
    with _lock:
        now = time.monotonic()
        return sorted(name for name, at in _beats.items() if now - at > longer_than_s)


def forget() -> None:
    """All of them; for tests."""
    with _lock:
        _beats.clear()
