"""The only writer of verify. Each verb: guard, change, ledger entry, outbox fact, return; atomic; ``actor``, ``now``
keyword-only. Everything about an event is told in the ledger chain of that event."""

from __future__ import annotations

from tocsin.loop.verify.services.answering import MOST_PHOTOS, NOTE_AT_MOST, Position, answer, arrive
from tocsin.loop.verify.services.asking import KIND
from tocsin.loop.verify.services.deadlines import note_overdue, sweep
from tocsin.loop.verify.services.dossiers import RULE
from tocsin.loop.verify.services.following import note_change, note_ended, note_merged, open_dossier
from tocsin.loop.verify.services.taking import acknowledge, ask, close, note_sound, withdraw
from tocsin.loop.verify.services.unreached import (
    UNREACHED,
    Failed,
    note_event_unreached,
    note_unreached,
    note_unreached_overdue,
)

__all__ = [
    "KIND", "MOST_PHOTOS", "NOTE_AT_MOST", "RULE", "UNREACHED", "Failed", "Position", "acknowledge", "answer", "arrive", "ask",
    "close", "note_change", "note_ended", "note_event_unreached", "note_merged", "note_overdue", "note_sound", "note_unreached",
    "note_unreached_overdue", "open_dossier", "sweep", "withdraw",
]  # fmt: skip
