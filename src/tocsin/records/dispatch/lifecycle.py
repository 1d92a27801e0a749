"""States of a delivery: one recipient of one message on one channel. Pure. Only WAITING ever changes."""

from __future__ import annotations

import enum

__all__ = ["DeliveryState"]


class DeliveryState(enum.StrEnum):
    """ACCEPTED: the next hop took it. FAILED: it never will. TOO_LATE: nobody wants it any more (past ``not_after``).
    SUPERSEDED: a newer message of the thread goes instead."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    FAILED = "failed"
    TOO_LATE = "too_late"
    SUPERSEDED = "superseded"
