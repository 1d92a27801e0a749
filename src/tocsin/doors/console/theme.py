"""The theme switch: a plain form post that sets a cookie and goes back."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.views.decorators.http import require_POST

from tocsin.doors.console.plain import THEME_COOKIE, THEMES, onward

__all__ = ["theme"]

_YEAR_S = 365 * 86400


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme for a year in this browser."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponseBadRequest(f"theme must be one of {', '.join(THEMES)}")
    response = HttpResponseRedirect(onward(request, request.POST.get("next", "/")))
    response.set_cookie(THEME_COOKIE, chosen, max_age=_YEAR_S, httponly=True, samesite="Lax",
                        secure=settings.SESSION_COOKIE_SECURE)  # fmt: skip
    return response
