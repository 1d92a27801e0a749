"""What a page says when its address leads nowhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.doors.console.frame import Frame

__all__ = ["not_found"]


def not_found(request: HttpRequest, frame: Frame, said: str) -> HttpResponse:
    """404 with the way back."""
    return render(request, "console/not_found.html", frame.context(request, "not_found") | {"said": said}, status=404)
