"""The clock."""

from __future__ import annotations

from datetime import datetime

from tocsin.loop.rectify.services.look_backs import give_look_backs
from tocsin.loop.rectify.services.looking import give_rechecks
from tocsin.loop.rectify.services.orders import overdue_orders

__all__ = ["sweep"]


def sweep(*, now: datetime, at_most: int = 100) -> int:
    """Deadlines that passed are told once an order, also after a stop; a re-check that had nobody is given as soon as somebody
    is on duty, and so is a look-back whose day has come. How many of all."""
    return overdue_orders(now, at_most) + give_rechecks(now, at_most) + give_look_backs(now, at_most)
