"""Frame: what every page of the console carries around its own content - who reads it in which post, time, language, theme,
freshness, the synthetic banner."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import tzinfo
from hashlib import sha256
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.doors.access import actor_of_request, posts_of_request
from tocsin.doors.console.ages import absolute
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.feed_health import FeedHealth, feed_health
from tocsin.doors.console.marks import level_word
from tocsin.doors.console.navigation import links
from tocsin.doors.console.pack_words import PackWords, pack_words
from tocsin.doors.console.plain import THEME_COOKIE, THEMES, present_language, theme_of
from tocsin.doors.console.register import Register, register
from tocsin.loop.respond import queries as respond
from tocsin.records import clock
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.records.org.services import PostLine
from tocsin.records.places import queries as places

__all__ = [
    "Frame", "THEMES", "THEME_COOKIE", "frame_of", "open_frame", "present_language", "responses_running", "theme_of", "whose",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything a page needs besides its own content. ``actor`` reads it and ``scope`` is what the actor may read;
    ``now_us`` is the server's clock, once a page."""

    actor: Actor
    now_us: int
    zone: tzinfo
    language: str
    words: PackWords
    register: Register
    health: FeedHealth

    @property
    def scope(self) -> Scope:
        """What every query of this page is asked with."""
        return self.actor.scope

    @property
    def may_read_sources(self) -> bool:
        """Whether the figures of the feeds may be followed to their pages."""
        return self.actor.may(Act.READ_SOURCES)

    def context(self, request: HttpRequest, page: str, *sheets: str) -> dict[str, Any]:
        """Template context; ``page`` names the entry of the navigation, ``sheets`` the page's own style sheets."""
        health = self.health
        return {
            "page": page,
            "frame": self,
            "actor": self.actor,
            "links": links(self.actor),
            "post_title": self._post_title(posts_of_request(request)),
            "area_title": self._area_title(),
            "posts_held": len(posts_of_request(request)),
            "whose": whose(self.actor),
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
            "responses_running": responses_running(self.actor),
            "rank_words": json.dumps(self.rank_words(), ensure_ascii=False),
            "stylesheets": tuple(asset_url(sheet) for sheet in ("console.css", "scheme.css", *sheets)),
            "script": asset_url("duty.js"),
            "drafts_script": asset_url("drafts.js"),
            "here": request.get_full_path() if request.method in ("GET", "HEAD") else "/",
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

    def _post_title(self, held: list[PostLine]) -> str:
        title = next((post.title for post in held if post.id == self.actor.post), {})
        return title.get(self.language) or title.get("en") or self.actor.post

    def _area_title(self) -> str:
        path = self.actor.jurisdiction
        if not path:
            return _("All areas")
        area = places.area(self.scope, path)
        return (area and (area.title.get(self.language) or area.title.get("en"))) or path


def open_frame(request: HttpRequest) -> Frame:
    """The frame now, for who asks, in the present language. Raises NotAllowed where nobody acts (``@acting`` stands before
    every page of the console)."""
    return frame_of(actor_of_request(request))


def frame_of(actor: Actor) -> Frame:
    """The frame of an actor, where there is no request (the live stream)."""
    now_us = clock.now_us()
    book = register()
    return Frame(actor, now_us, timezone.get_current_timezone(), present_language(), pack_words(), book,
                 feed_health(actor.scope, book, now_us))  # fmt: skip


def responses_running(actor: Actor) -> int:
    """How many responses run where the actor may know of them: the office is in emergency mode while one does."""
    return respond.how_many_run(actor.scope) if actor.may(Act.READ_RESPONSE) else 0


def whose(actor: Actor) -> str:
    """A name for the pair of account and post, in the address of the live stream: a page of one post never shows what
    another post, chosen later in the same browser, is told."""
    return sha256(actor.name.encode()).hexdigest()[:16]
