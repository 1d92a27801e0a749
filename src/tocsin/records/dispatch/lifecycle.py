"""States of a delivery: one recipient of one message on one channel. Pure. Only what is OPEN ever changes, and
ACCEPTED where the letter comes back."""

from __future__ import annotations

import enum

__all__ = ["OPEN", "DeliveryState", "Receipt"]


class DeliveryState(enum.StrEnum):
    """ACCEPTED: the next hop took it. FAILED: it never will. TOO_LATE: nobody wants it any more (past ``not_after``).
    SUPERSEDED: a newer message of the thread goes instead. HELD: it waits for the end of quiet hours or of a throttle.
    BUNDLED: it went as a line of a letter that counts what was held back."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    FAILED = "failed"
    TOO_LATE = "too_late"
    SUPERSEDED = "superseded"
    HELD = "held"
    BUNDLED = "bundled"


OPEN = (DeliveryState.WAITING, DeliveryState.HELD)


class Receipt(enum.StrEnum):
    """What a receipt says. ACKNOWLEDGED: a person, or the system that it went to, has taken notice."""

    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
