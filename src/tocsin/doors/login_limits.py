"""How often somebody may try to log in: a name from one address a few times, one address ten times as often.

A name is never locked for every address: otherwise anybody could keep the duty officer out on the night of the flood.
"""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest

__all__ = ["ADDRESS_FACTOR", "LoginLimits"]

ADDRESS_FACTOR = 10  # a whole office may sit behind one address


class LoginLimits(AxesDatabaseHandler):  # type: ignore[misc] # axes has no types
    """axes' handler with a second limit: failures of one address, whatever name was tried."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether either limit is reached."""
        if super().is_locked(request, credentials):
            return True
        return self._of_address(request) >= ADDRESS_FACTOR * settings.AXES_FAILURE_LIMIT

    def _of_address(self, request: Any) -> int:
        since = request.axes_attempt_time - get_cool_off(request)
        rows = AccessAttempt.objects.filter(ip_address=request.axes_ip_address, attempt_time__gte=since)
        return rows.aggregate(n=Sum("failures_since_start"))["n"] or 0
