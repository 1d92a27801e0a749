"""From when to when an info holds (R27, R55). That time has passed is no all-clear: it says only that nobody renewed it."""

from __future__ import annotations

from datetime import datetime, timedelta

from tocsin.formats.cap.message import Alert, Info

__all__ = ["ends_at", "has_ended", "starts_at"]


def starts_at(alert: Alert, info: Info) -> datetime:
    """When the info takes effect: ``effective``, else ``sent``."""
    return info.effective or alert.sent


def ends_at(alert: Alert, info: Info, without_expires: timedelta) -> datetime:
    """When it is over. ``without_expires``: the recipient's own policy, counted from the latest time that is given."""
    if info.expires is not None:
        return info.expires
    return max(moment for moment in (alert.sent, info.effective, info.onset) if moment is not None) + without_expires


def has_ended(alert: Alert, now: datetime, without_expires: timedelta) -> bool:
    """Whether every info is over at ``now``; a message without info never is by time alone."""
    return bool(alert.infos) and all(ends_at(alert, info, without_expires) <= now for info in alert.infos)
