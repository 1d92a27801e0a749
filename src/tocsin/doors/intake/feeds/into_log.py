"""Bulletins into the log, each begin and end once.

Before the first attempt it is noted how long the log is. Whoever was killed between the log's answer and noting it looks there
first: what the log has is not appended again.
"""

from __future__ import annotations

from pathlib import Path

from tocsin.doors.intake.socket.client import EngineClient
from tocsin.loop.observe.bulletins import queries, services
from tocsin.loop.observe.bulletins.queries import Unlogged
from tocsin.loop.observe.log import LogReader
from tocsin.terms.errors import Damaged, Unavailable
from tocsin.terms.record import RecordKind

__all__ = ["deliver"]


def deliver(client: EngineClient, log: Path) -> int:
    """Hand over what the log is still to be told, in order; how many. Raises Unavailable where the engine does not answer:
    the rest waits."""
    done = 0
    while waiting := queries.unlogged():
        for record in waiting:
            services.note_logged(record.id, seq=_place(record, client, log))
            done += 1
    return done


def _place(record: Unlogged, client: EngineClient, log: Path) -> int:
    """Where the log has it, appended if need be."""
    if record.after_seq is not None and (found := _found(record, log)) is not None:
        return found
    if record.after_seq is None:
        length = client.health().get("next_seq")
        if not isinstance(length, int):
            raise Unavailable("engine", "does not say how long its log is", "start it with `tocsin serve`")
        services.note_attempt(record.id, after_seq=length)
    return client.bulletin(record.body, source=f"feed:{record.feed}")


def _found(record: Unlogged, log: Path) -> int | None:
    try:
        for one in LogReader(log).read(record.after_seq or 0, skip_damaged=True):
            if one.kind is RecordKind.BULLETIN and one.body == record.body:
                return one.seq
    except (Damaged, OSError):
        return None  # then the engine has it twice, which is once: same id, same sent
    return None
