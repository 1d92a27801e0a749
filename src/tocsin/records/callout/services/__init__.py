"""The only writer of call-outs. Each verb: guard, change, ledger entry, outbox fact, return; ``actor`` and ``now`` by name."""

from tocsin.records.callout.services.answering import note_call, on_letter_answered, record_by_hand
from tocsin.records.callout.services.calling import sweep
from tocsin.records.callout.services.plans import plan_in_force, put_plan, told_once
from tocsin.records.callout.services.starting import start_callout, stop_callout

__all__ = [
    "note_call", "on_letter_answered", "plan_in_force", "put_plan", "record_by_hand", "start_callout", "stop_callout",
    "sweep", "told_once",
]  # fmt: skip
