"""The sender: takes what is due on one channel, hands it over portion by portion, and writes what became of it.

One thread a channel, so that a dead or slow channel delays no other. Between two portions the most urgent dispatch is
chosen anew, so that a red warning passes a long blue one. Nothing is held in a transaction while a channel is asked.
"""

from __future__ import annotations

import enum
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import psycopg
from django.db import InterfaceError, OperationalError, connection

from tocsin.app import pulse
from tocsin.records.dispatch import services as dispatch
from tocsin.records.dispatch.channel import Channel, KeepsOpen, Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.records.dispatch.selection import reveal
from tocsin.records.outbox.wakeup import Wakeup
from tocsin.terms.errors import Unavailable

__all__ = ["Step", "run", "send_due", "send_next"]

log = logging.getLogger(__name__)
PAUSE_AT_MOST_S = 30.0
_DATABASE_GONE = (OperationalError, InterfaceError, psycopg.OperationalError, sqlite3.OperationalError)


class Step(enum.Enum):
    """What one step did. DOWN: the channel as a whole did not answer."""

    NOTHING_DUE = "nothing due"
    DONE = "done"
    DOWN = "down"


def send_due(channel: Channel, *, now: datetime, jitter: Callable[[], float] = dispatch.spread, node: str = "") -> int:
    """All that is due at ``now``, until a channel that is down ends the round; how many portions were dealt with."""
    steps = 0
    while (step := send_next(channel, now=now, jitter=jitter, node=node)) is not Step.NOTHING_DUE:
        steps += 1
        if step is Step.DOWN:
            break
    return steps


def send_next(
    channel: Channel, *, now: datetime, jitter: Callable[[], float] = dispatch.spread, node: str = ""
) -> Step:
    """One portion of the most urgent dispatch. ``node``: who we are among other workers on the same database."""
    due = dispatch.take_due(channel.name, now=now, at_most=1, node=node)
    if not due:
        return Step.NOTHING_DUE
    try:
        letters = dispatch.letters(due[0], now=now, node=node)
        shown, gone = reveal(letters)
        outcomes = gone + (_every(shown, channel.send(shown)) if shown else [])
        dispatch.settle(due[0], outcomes, now=now, jitter=jitter)
    except Unavailable as error:
        dispatch.put_off(due[0], str(error), now=now, jitter=jitter)
        log.warning("channel %s does not answer: %s", channel.name, error)
        return Step.DOWN
    except _DATABASE_GONE:
        raise
    except Exception as error:  # a fault of ours: this dispatch waits, the thread and all others go on
        dispatch.put_off(due[0], f"{type(error).__name__}: {error}", now=now, jitter=jitter)
        log.exception("channel %s failed on dispatch %s", channel.name, due[0])
    return Step.DONE


def run(
    channel: Channel, stop: threading.Event, clock: Callable[[], datetime], node: str = "", *, idle_s: float = 0.5
) -> None:
    """Send until ``stop``; wakes as soon as something is put. A database that goes away is waited for."""
    while not stop.is_set():
        try:
            with Wakeup() as wakeup:
                _work(channel, stop, clock, wakeup, idle_s, node)
        except Exception as error:  # the thread outlives whatever happens: nobody else sends on this channel
            known = isinstance(error, _DATABASE_GONE)
            log.error("channel %s rests for %g s: %s", channel.name, idle_s, error, exc_info=not known)
            stop.wait(idle_s)
        finally:
            _let_go(channel)
            connection.close()


def _let_go(channel: Channel) -> None:
    if isinstance(channel, KeepsOpen):
        channel.let_go()


def _work(
    channel: Channel, stop: threading.Event, clock: Callable[[], datetime], wakeup: Wakeup, idle_s: float, node: str
) -> None:
    pause = idle_s
    while not stop.is_set():
        pulse.beat(f"channel {channel.name}")
        step = send_next(channel, now=clock(), node=node)
        if step is Step.DOWN:
            stop.wait(pause)
            pause = min(2 * pause, PAUSE_AT_MOST_S)
        elif step is Step.DONE:
            pause = idle_s
        else:
            _let_go(channel)
            wakeup.wait(idle_s)


def _every(letters: Sequence[Letter], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """An outcome for each letter, whatever the channel forgot: a letter nobody speaks of was not handed over."""
    said = {outcome.key: outcome for outcome in outcomes}
    return [said.get(letter.key) or Outcome(letter.key, False, "the channel said nothing of it") for letter in letters]
