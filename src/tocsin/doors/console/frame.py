"""Frame: what every page carries around its own content - time, language, theme, freshness, the synthetic banner."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tocsin.doors.console.ages import absolute
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.feed_health import FeedHealth, feed_health
from tocsin.doors.console.marks import level_word
from tocsin.doors.console.pack_words import PackWords, pack_words
from tocsin.doors.console.register import Register, register
from tocsin.records import clock
from tocsin.records.org.scope import Scope

__all__ = ["CONSOLE_SCOPE", "Frame", "THEMES", "THEME_COOKIE", "open_frame", "present_language", "theme_of"]

# Until posts log in (issue 3) the console reads with the duty officer's eyes over the whole deployment.
CONSOLE_SCOPE = Scope("", "duty_officer")
THEMES = ("dark", "light")
THEME_COOKIE = "tocsin_theme"


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything a page needs besides its own content. ``now_us`` is the server's wall clock, once a page."""

    now_us: int
    zone: tzinfo
    language: str
    words: PackWords
    register: Register
    health: FeedHealth

    def context(self, request: HttpRequest, page: str) -> dict[str, Any]:
        """Template context; ``page`` names the entry of the navigation."""
        health = self.health
        return {
            "page": page,
            "frame": self,
            "now_us": self.now_us,
            "zone": self.zone,
            "language": self.language,
            "scheme": self.words.scheme,
            "theme": theme_of(request),
            "other_theme": "light" if theme_of(request) == "dark" else "dark",
            "health": health,
            "newest_words": self.newest_words(),
            "state": self.state(),
            "synthetic": self.register.synthetic,
            "rank_words": json.dumps(self.rank_words(), ensure_ascii=False),
            "stylesheets": (asset_url("console.css"), asset_url("scheme.css")),
            "script": asset_url("duty.js"),
            "here": request.get_full_path(),
        }

    def newest_words(self) -> str:
        """The newest data time in words, or that there is none."""
        newest = self.health.newest_us
        return absolute(newest, self.zone, self.now_us) if newest is not None else _("no time")

    def state(self) -> str:
        """``empty`` before any data, ``delayed`` when the newest is older than it should be, else ``live``."""
        if self.health.newest_us is None:
            return "empty"
        behind = (self.now_us - self.health.newest_us) / 1e6
        return "delayed" if behind > self.health.delay_after_s else "live"

    def rank_words(self) -> list[str]:
        """Words of the ranks from 0 up, for the script."""
        return [level_word(self.words.scheme, rank, self.language) for rank in range(len(self.words.scheme.levels) + 1)]


def open_frame() -> Frame:
    """The frame now, in the present language."""
    now_us = clock.now_us()
    book = register()
    return Frame(now_us, timezone.get_current_timezone(), present_language(), pack_words(), book,
                 feed_health(CONSOLE_SCOPE, book, now_us))  # fmt: skip


def present_language() -> str:
    """``en`` or ``zh-hans``."""
    return "zh-hans" if (get_language() or "en").startswith("zh") else "en"


def theme_of(request: HttpRequest) -> str:
    """The chosen theme; the console is dark until somebody chooses."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "dark"
