"""What every public page shares: its language, its frame, how long it may be kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from tocsin.doors.console.ages import absolute
from tocsin.doors.console.assets import asset_url
from tocsin.loop.observe.tallies import read_tallies
from tocsin.loop.warn.names import Names
from tocsin.terms.moment import to_us

__all__ = ["kept", "language_of", "page_context"]

_SHORTLY = "public, max-age=15"
_LANGUAGES = ("zh-hans", "en")


def page_context(request: HttpRequest, language: str, names: Names, now: datetime) -> dict[str, Any]:
    """What the frame of a public page needs."""
    zone = timezone.get_current_timezone()
    newest = _newest_data()
    now_us = to_us(now)
    other = "en" if language == "zh-hans" else "zh-hans"
    return {
        "language": language, "scheme": names.scheme, "now_us": now_us, "zone": zone,
        "stylesheets": (asset_url("portal.css"), asset_url("scheme.css")),
        "as_of": absolute(now_us, zone, now_us), "data_as_of": absolute(newest, zone, now_us) if newest else "",
        "other_language": other, "other_address": f"{request.path}?{urlencode({'lang': other})}", "suffix": _suffix(request),
        "here": request.get_full_path(), "public": settings.CONFIGURATION.public_address,
    }  # fmt: skip


def _newest_data() -> int | None:
    tallies = read_tallies(settings.HOME.run)
    return tallies.newest if tallies else None


def _suffix(request: HttpRequest) -> str:
    """A language chosen by a link is carried on by links: no cookie is needed."""
    chosen = request.GET.get("lang", "")
    return f"?lang={chosen}" if chosen in _LANGUAGES else ""


def language_of(request: HttpRequest) -> str:
    """That of the link, else what the browser asks for (Django's LocaleMiddleware has chosen it)."""
    chosen = request.GET.get("lang", "")
    return chosen if chosen in _LANGUAGES else "zh-hans" if (get_language() or "en").startswith("zh") else "en"


def kept(response: HttpResponse, language: str) -> HttpResponse:
    """The page, which others may keep for some seconds."""
    response["Cache-Control"] = _SHORTLY if response.status_code == 200 else "no-cache"
    response["Content-Language"] = language
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response
