"""What a watcher outside makes of heartbeats: when to call for help, when to call again, when to say that all is well again.
Pure; time is an argument, in seconds of any steady clock."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

__all__ = ["Call", "Watch"]


class Call(enum.StrEnum):
    """What is to be said now."""

    NOTHING = "nothing"
    STOPPED = "stopped"
    STILL = "still"
    BACK = "back"


@dataclass(slots=True)
class Watch:
    """``after_s`` without a good beat it has stopped; ``again_s`` later that is said again, until it beats. It begins as if a
    beat had been seen at ``since``: a Tocsin that was dead before its watcher is noticed too."""

    after_s: float
    again_s: float
    since: float
    said_at: float | None = field(default=None)

    def look(self, well: bool, now: float) -> Call:
        """What follows from one look. ``said`` must be called once it was said, else it comes again at the next look."""
        if well:
            self.since = now
            return Call.BACK if self.said_at is not None else Call.NOTHING
        if now - self.since < self.after_s:
            return Call.NOTHING
        if self.said_at is None:
            return Call.STOPPED
        return Call.STILL if now - self.said_at >= self.again_s else Call.NOTHING

    def said(self, call: Call, now: float) -> None:
        """It reached somebody."""
        self.said_at = None if call is Call.BACK else now
