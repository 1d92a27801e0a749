"""The log: an append-only sequence of records, the only input of the engine. See README.md of this folder."""

from tocsin.loop.observe.log.history import History
from tocsin.loop.observe.log.losses import Loss, accept_losses
from tocsin.loop.observe.log.quarantine import Quarantine
from tocsin.loop.observe.log.reader import LogDamaged, LogReader
from tocsin.loop.observe.log.segments import Entry, SegmentLog

__all__ = ["Entry", "History", "LogDamaged", "LogReader", "Loss", "Quarantine", "SegmentLog", "accept_losses"]
