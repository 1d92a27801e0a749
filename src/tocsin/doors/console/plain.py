"""Plain pages: those that stand before the console - log-in, post, password, a refusal. They show nothing of any room."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language

from tocsin.doors.console.assets import asset_url

__all__ = ["THEMES", "THEME_COOKIE", "onward", "plain_context", "present_language", "theme_of"]

THEMES = ("dark", "light")
THEME_COOKIE = "tocsin_theme"


def plain_context(request: HttpRequest, page: str) -> dict[str, Any]:
    """Template context of ``console/plain.html``; asks no database."""
    theme = theme_of(request)
    return {
        "page": page,
        "language": present_language(),
        "theme": theme,
        "other_theme": "light" if theme == "dark" else "dark",
        "stylesheets": (asset_url("console.css"), asset_url("staff.css")),
        "drafts_script": asset_url("drafts.js"),
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else "/",
    }


def onward(request: HttpRequest, wanted: str) -> str:
    """Where to go on: a path of our own, else the first page. Never another site, whatever a link says."""
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if own and wanted.startswith("/") and not wanted.startswith("//") else "/"


def present_language() -> str:
    """``en`` or ``zh-hans``."""
    return "zh-hans" if (get_language() or "en").startswith("zh") else "en"


def theme_of(request: HttpRequest) -> str:
    """The chosen theme; the console is dark until somebody chooses."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "dark"
