"""States of a warning and the moves between them. Pure."""

from __future__ import annotations

import enum

__all__ = ["EDITABLE", "MOVES", "Kind", "WarningState", "allowed"]


class WarningState(enum.StrEnum):
    """DRAFT: being written. SUBMITTED: waits for a second person. RETURNED: sent back with a reason. ISSUED: signed and
    published. SUPERSEDED, CANCELLED and EXPIRED: over, by a later message or by time. DISCARDED: a draft nobody wants."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ISSUED = "issued"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DISCARDED = "discarded"


class Kind(enum.StrEnum):
    """What becomes CAP's msgType: a first message, one that replaces it, one that ends it."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"


_S = WarningState
EDITABLE = frozenset({_S.DRAFT, _S.RETURNED, _S.SUBMITTED})  # editing what waits for a signature takes it back to draft

MOVES: frozenset[tuple[WarningState, WarningState]] = frozenset(
    {
        (_S.DRAFT, _S.SUBMITTED),
        (_S.DRAFT, _S.DISCARDED),
        (_S.RETURNED, _S.DRAFT),
        (_S.RETURNED, _S.SUBMITTED),
        (_S.RETURNED, _S.DISCARDED),
        (_S.SUBMITTED, _S.DRAFT),
        (_S.SUBMITTED, _S.RETURNED),
        (_S.SUBMITTED, _S.ISSUED),
        (_S.ISSUED, _S.SUPERSEDED),
        (_S.ISSUED, _S.CANCELLED),
        (_S.ISSUED, _S.EXPIRED),
    }
)


def allowed(before: WarningState, after: WarningState) -> bool:
    """Whether a warning may go from one state to the other.

    >>> allowed(WarningState.DRAFT, WarningState.ISSUED), allowed(WarningState.SUBMITTED, WarningState.ISSUED)
    (False, True)
    """
    return (before, after) in MOVES
