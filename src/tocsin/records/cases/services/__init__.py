"""The only writer of cases. Each verb: guard, change, ledger entry, outbox fact, return."""

from __future__ import annotations

from tocsin.records.cases.keeper import Keeper
from tocsin.records.cases.services.appeals import appeal, decide_appeal
from tocsin.records.cases.services.calendars import Loaded, load_years
from tocsin.records.cases.services.clocks import extend, pause, resume
from tocsin.records.cases.services.counting import counts_sweep
from tocsin.records.cases.services.documents import keep_documents
from tocsin.records.cases.services.hands import contest, rule, transfer
from tocsin.records.cases.services.legs import ask_helper, reply_leg, waive_leg
from tocsin.records.cases.services.merging import merge, split
from tocsin.records.cases.services.moving import MOST_AT_ONCE, Moved, Step, move, move_many
from tocsin.records.cases.services.opening import Opened, open_case
from tocsin.records.cases.services.purging import purge_sweep
from tocsin.records.cases.services.reading import ask_to_read, let_read, read_sealed
from tocsin.records.cases.services.requester import rate, write_as_requester, write_to_requester
from tocsin.records.cases.services.sweeping import sweep

__all__ = [
    "MOST_AT_ONCE", "Keeper", "Loaded", "Moved", "Opened", "Step", "appeal", "ask_helper", "ask_to_read", "contest",
    "counts_sweep", "decide_appeal",
    "extend", "keep_documents", "let_read", "load_years", "merge", "move", "move_many", "open_case", "pause",
    "purge_sweep", "rate", "read_sealed", "reply_leg", "resume", "rule", "split", "sweep", "transfer", "waive_leg",
    "write_as_requester", "write_to_requester",
]  # fmt: skip
