"""Whose address a request comes from. A header of the caller is believed only where proxies were declared.

Each proxy appends the address that it saw to ``X-Forwarded-For``; with n proxies the n-th from the right is the caller's,
and everything left of it the caller may have invented.
"""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

__all__ = ["client_address"]


def client_address(request: HttpRequest) -> str | None:
    """The address, or None where the server cannot tell (a Unix socket)."""
    seen: str | None = request.META.get("REMOTE_ADDR") or None
    proxies: int = settings.TOCSIN_PROXIES
    if proxies:
        passed = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(passed) >= proxies:
            seen = _address(passed[-proxies]) or seen
    return _address(seen or "")


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None
