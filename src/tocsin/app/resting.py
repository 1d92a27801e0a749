"""Which channels leave targets alone now: written by the worker, whose memory has it, into one small file for the console."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from tocsin.records.dispatch.channel import Channel

__all__ = ["run", "write"]

EVERY_S = 5.0


def write(path: Path, channels: Sequence[Channel]) -> None:
    """How many targets of each channel rest after failures (never which: an address may be a secret)."""
    resting = {channel.name: len(channel.talks.resting()) if hasattr(channel, "talks") else 0 for channel in channels}
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(json.dumps(resting), encoding="ascii")
    os.replace(aside, path)  # noqa: PTH105 - readers see the old file or the new one


def run(path: Path, channels: Sequence[Channel], stop: threading.Event) -> None:
    """Write until ``stop``; what stands afterwards is of a worker that ended, so it is removed."""
    while True:
        try:
            write(path, channels)
        except OSError:  # a full disk: the page then shows no state, which is true
            path.unlink(missing_ok=True)
        if stop.wait(EVERY_S):
            path.unlink(missing_ok=True)
            return
