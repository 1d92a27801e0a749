"""The only writer of warn. Each verb: guard, change, ledger entry, outbox fact, return; atomic; ``actor``, ``now``
keyword-only.

A warning is written by a duty officer, signed by a second person of the issuing body, and goes out in the transaction of
the signature: signature, CAP bytes, states, dispatch rows, ledger entry and facts together, or nothing.
"""

from __future__ import annotations

from tocsin.loop.warn.services.authorities import put_authority
from tocsin.loop.warn.services.deadlines import UNSIGNED_AFTER, sweep
from tocsin.loop.warn.services.drafts import discard, draft, draft_cancel, draft_update, edit, refill
from tocsin.loop.warn.services.signatures import send_back, sign, submit

__all__ = [
    "UNSIGNED_AFTER", "discard", "draft", "draft_cancel", "draft_update", "edit", "put_authority", "refill",
    "send_back", "sign", "submit", "sweep",
]  # fmt: skip
