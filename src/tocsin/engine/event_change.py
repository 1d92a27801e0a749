"""EventChange: what grouping did to one event, as the detect room records it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tocsin.terms.event import Event

__all__ = ["ChangeKind", "EventChange"]

ChangeKind = Literal["opened", "changed", "merged", "ended", "proposed"]


@dataclass(frozen=True, slots=True)
class EventChange:
    """``event`` as it stands after the change, ``at_us`` event time, ``seq`` the log record that made it known.

    ``opened`` is also said of a proposed event that a first signal confirms; ``merged`` of the event that gave way (its
    ``merged_into`` names the survivor, which follows as ``changed`` or ``opened``).
    ``because`` is a key, not prose: ``signal:<id>`` | ``confirmed:<id>`` and ``retracted:<id>`` (of a signal that was
    provisional) | ``gap`` | ``parent:<event id>`` (the parent ended or gave way) |
    ``merged:<event id>`` | ``cascade:<facility id>``."""

    change: ChangeKind
    event: Event
    at_us: int
    seq: int
    because: str
