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
from tocsin.doors.console.pack_words import pack_words
from tocsin.loop.observe.tallies import read_tallies
from tocsin.loop.warn.names import Names
from tocsin.terms.moment import to_us

__all__ = ["frame_context", "kept", "language_of", "page_context"]

_SHORTLY = "public, max-age=15"
_LANGUAGES = ("zh-hans", "en")


def frame_context(path: str, language: str, now_us: int) -> dict[str, Any]:
    """What the frame of a public page needs, from files and the clock alone. Links carry the language on, so that no
    cookie is needed."""
    zone = timezone.get_current_timezone()
    newest = _newest_data()
    other = "en" if language == "zh-hans" else "zh-hans"
    suffix = f"?{urlencode({'lang': language})}"
    return {
        "language": language, "scheme": pack_words().scheme, "now_us": now_us, "zone": zone,
        "made_ms": now_us // 1000 if settings.TOCSIN_DRIVEN_CLOCK is None else "",  # a city clock is nothing to a browser
        "stylesheets": (asset_url("portal.css"), asset_url("scheme.css")), "script": asset_url("portal.js"),
        "widget_sheet": asset_url("widget.css"), "widget_script": asset_url("widget.js"),
        "as_of": absolute(now_us, zone, now_us),
        "data_as_of": absolute(newest, zone, now_us) if newest else "", "other_language": other,
        "other_address": f"{path}?{urlencode({'lang': other})}", "suffix": suffix, "here": f"{path}{suffix}",
        "public": settings.CONFIGURATION.public_address,
    }  # fmt: skip


def page_context(request: HttpRequest, language: str, names: Names, now: datetime) -> dict[str, Any]:
    """The same for a page that answers a form: its script has nothing to call over or old."""
    return frame_context(request.path, language, to_us(now)) | {"scheme": names.scheme, "made_ms": ""}


def _newest_data() -> int | None:
    tallies = read_tallies(settings.HOME.run)
    return tallies.newest if tallies else None


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
