"""The service worker of the telephone: keeps its pages for the hours without network. Its scope is the field door alone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from tocsin.doors.console.assets import asset

__all__ = ["worker"]


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The script, at an address inside the field door, as browsers ask; it holds nothing of anybody."""
    response = asset(request, "", "field_worker.js")
    response["Service-Worker-Allowed"] = "/field"
    response["Cache-Control"] = "no-cache"
    return response
