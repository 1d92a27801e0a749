"""What observe does when facts arrive. Each calls one service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tocsin.loop.observe import services

__all__ = ["ACTOR", "note_heard", "note_silence"]

ACTOR = "rule:silence"


def note_silence(since_us: Mapping[str, int], now: datetime) -> None:
    """Quality signals of silence were raised at these streams."""
    services.mark_silent(since_us, actor=ACTOR, now=now)


def note_heard(at_us: Mapping[str, int], now: datetime) -> None:
    """Quality signals of silence were cleared at these streams."""
    services.mark_heard(at_us, actor=ACTOR, now=now)
