"""The only writer of warn. Each verb: guard, change, ledger entry, outbox fact, return; atomic; ``actor``, ``now``
keyword-only.

A warning is written by a duty officer, signed by a second person of the issuing body, and goes out in the transaction of
the signature: signature, CAP bytes, states, dispatch rows, ledger entry and facts together, or nothing.
"""

from __future__ import annotations

from tocsin.loop.warn.services.authorities import put_authority
from tocsin.loop.warn.services.checking import CHECK, note_check_overdue
from tocsin.loop.warn.services.deadlines import UNSIGNED_AFTER, answer, sweep
from tocsin.loop.warn.services.drafts import discard, draft, draft_cancel, draft_update, edit, refill
from tocsin.loop.warn.services.presigning import (
    countersign,
    presign,
    propose_presigned,
    release,
    withdraw_presigned,
)
from tocsin.loop.warn.services.signatures import send_back, sign, submit

__all__ = [
    "CHECK", "UNSIGNED_AFTER", "answer", "countersign", "discard", "draft", "draft_cancel", "draft_update", "edit",
    "note_check_overdue", "presign", "propose_presigned", "put_authority", "refill", "release", "send_back", "sign",
    "submit", "sweep", "withdraw_presigned",
]  # fmt: skip
