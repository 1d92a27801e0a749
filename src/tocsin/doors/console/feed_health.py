"""Feed health: how many streams are live, silent, never heard; how new the newest data is; what was refused.

"No data", "normal" and "refused" are three different things (promise 0) and three different displays.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from tocsin.doors.console.register import Register
from tocsin.doors.refused_rows import rows_in_scope
from tocsin.loop.observe import queries as observe
from tocsin.loop.observe.log.quarantine import read_quarantine
from tocsin.loop.observe.tallies import Tallies, read_tallies
from tocsin.records.org.scope import Scope
from tocsin.terms.moment import SECOND_US

__all__ = ["DELAY_FACTOR", "FeedHealth", "feed_health", "refusals"]

DELAY_FACTOR = 3.0  # data older than three usual spacings of the quickest stream is said to be delayed
_SHORTEST_DELAY_S = 60.0
_DRIVEN_DELAY_S = (
    3600.0  # a demo drives the clock so fast that a second is many minutes: data cannot be newer than that
)
_DAY_US = 86_400 * SECOND_US
_KEEP_S = 5.0
_refused: tuple[float, str, pa.Table] | None = None


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """Counts of streams, the newest ``observed_at`` (None = nothing yet), refused rows of the last 24 hours, how old
    data may be before it is called delayed. ``counted_at_us`` None: no engine has counted yet."""

    streams: int
    live: int
    silent: int
    never_heard: int
    newest_us: int | None
    refused: int
    delay_after_s: float
    counted_at_us: int | None


def feed_health(scope: Scope, register: Register, now_us: int) -> FeedHealth:
    """The figures now, of the streams in the scope."""
    tallies = read_tallies(settings.HOME.run)
    silent = set(observe.silent_streams(scope))
    never = live = seen = 0
    newest: int | None = None
    for index, stream in enumerate(register.catalogue):
        if not scope.covers(stream.jurisdiction):
            continue
        seen += 1
        at_us = tallies.newest_of(index) if tallies and index < len(tallies.newest_us) else None
        if at_us is not None and (newest is None or at_us > newest):
            newest = at_us
        if stream.id not in silent:
            live += at_us is not None
            never += at_us is None
    return FeedHealth(
        streams=seen, live=live, silent=len(silent), never_heard=never,
        newest_us=newest, refused=refusals(scope, register, now_us).num_rows,
        delay_after_s=_delay_after_s(register),
        counted_at_us=tallies.at_us if tallies else None,
    )  # fmt: skip


def _delay_after_s(register: Register) -> float:
    usual = max(_SHORTEST_DELAY_S, DELAY_FACTOR * register.shortest_cadence_s)
    return usual if settings.TOCSIN_DRIVEN_CLOCK is None else max(usual, _DRIVEN_DELAY_S)


def heard_streams(register: Register, tallies: Tallies | None) -> set[str]:
    """Ids of the streams that ever gave an accepted observation."""
    if tallies is None:
        return set()
    flags = tallies.heard()
    return {stream.id for stream, heard in zip(register.catalogue, flags, strict=False) if heard}


def refusals(scope: Scope, register: Register, now_us: int) -> pa.Table:
    """Refused rows of the last 24 hours in the scope, newest first."""
    return rows_in_scope(scope, lambda: register.catalogue, _refusals(now_us))


def _refusals(now_us: int) -> pa.Table:
    """All of them; read at most once in five seconds."""
    global _refused  # noqa: PLW0603 - one quarantine a process
    root = settings.HOME.quarantine
    if _refused and _refused[1] == str(root) and time.monotonic() - _refused[0] < _KEEP_S:
        return _refused[2]
    table, _damaged = read_quarantine(root, now_us - _DAY_US)
    table = table.take(pc.sort_indices(table, sort_keys=[("received_at", "descending")]))
    _refused = (time.monotonic(), str(root), table)
    return table
