"""Losses: damaged records that somebody decided to go on without, on record beside the segments.

A damaged acknowledged record stops whoever reads the log in order, until its segment is restored from a backup, history
holds it, or it is named here (`tocsin log repair --accept-loss`). A lost catalogue record names what stands in its
place, since the numbers of streams hang on it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tocsin.loop.observe.log.disk import sync_folder
from tocsin.terms.errors import Damaged

__all__ = ["Loss", "accept_losses", "read_losses", "uncovered"]

_NAME = "accepted-losses.json"


class Loss(msgspec.Struct, frozen=True):
    """Records ``seq`` up to and without ``until``. ``catalogue``: the body of a catalogue record that stands in their
    place (it is given the moment of the record before them), empty where none does."""

    seq: int
    until: int
    segment: str
    offset: int
    what: str
    accepted_at_us: int = 0
    accepted_by: str = ""
    catalogue: str = ""


def read_losses(root: Path) -> tuple[Loss, ...]:
    """All accepted losses of the log in ``root``. Raises Damaged where the file is no list of them."""
    path = root / _NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Loss, ...])
    except FileNotFoundError:
        return ()
    except msgspec.MsgspecError as error:
        raise Damaged(
            str(path), f"is no list of losses ({error})", "restore it from a backup; the ledger names each loss"
        ) from error


def accept_losses(root: Path, losses: Iterable[Loss]) -> None:
    """Add to the accepted losses; durable on return. Raises OSError."""
    every = sorted({loss.seq: loss for loss in (*read_losses(root), *losses)}.values(), key=lambda loss: loss.seq)
    aside = root / f"{_NAME}.tmp"
    with aside.open("wb") as file:
        file.write(msgspec.json.encode(every))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(root / _NAME)
    sync_folder(root)


def uncovered(losses: Sequence[Loss], seq: int, until: int) -> bool:
    """Whether any record of [seq, until) is in no accepted loss."""
    for loss in sorted(losses, key=lambda loss: loss.seq):
        if loss.seq <= seq < loss.until:
            seq = loss.until
    return seq < until
