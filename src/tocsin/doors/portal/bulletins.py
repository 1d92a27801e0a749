"""Warnings of other authorities for everybody: only of feeds that are relayed, byte for byte as they came, with whose they are
and whether that was verified. Never a test, never an exercise (R57)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.bulletin_bytes import bulletin_response
from tocsin.doors.console.bulletin_words import language_code
from tocsin.doors.portal.frame import kept, language_of, page_context
from tocsin.doors.portal.public import LANGUAGES, OtherWarning, OtherWords
from tocsin.formats.cap import FeedEntry, entry_id, entry_of, feed, read
from tocsin.formats.sms import shown
from tocsin.loop.observe.bulletins import queries
from tocsin.loop.observe.bulletins.queries import BulletinLine
from tocsin.loop.observe.bulletins.understanding import words_in
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import EPOCH, to_us

__all__ = ["FEED_PATH", "PublicBulletin", "cap", "others", "others_now", "others_page", "relayed_feed"]

FEED_PATH = "/bulletins/feed.atom"
MOST_ON_OUR_PAGE = 20  # the others stand on the page of their own
_FOR_GOOD = "public, max-age=31536000, immutable"
_SHORTLY = "public, max-age=15"


@dataclass(frozen=True, slots=True)
class PublicBulletin:
    """One relayed warning in the words that its authority chose; ``lang``: their language."""

    identifier: str
    level: int
    authority: str
    feed: str
    verified: bool
    lang: str
    headline: str
    event: str
    grading: str
    description: str
    instruction: str
    area: str
    begins: str
    ends: str


def others(names: Names, language: str, now: datetime) -> list[PublicBulletin]:
    """What other authorities warn of now, the highest first."""
    return [_public(line, names, language) for line in queries.relayed(now=now) if line.holds(now)]


def others_now(names: Names, now: datetime) -> list[OtherWarning]:
    """The same in few words and every language, for the page of our own warnings."""
    lines = [line for line in queries.relayed(now=now, at_most=MOST_ON_OUR_PAGE) if line.holds(now)]
    return [
        OtherWarning(line.id, line.level, line.verified, to_us(line.until) if line.until else None,
                     {language: _few_words(_public(line, names, language)) for language in LANGUAGES})
        for line in lines
    ]  # fmt: skip


def _few_words(bulletin: PublicBulletin) -> OtherWords:
    return OtherWords(bulletin.lang, bulletin.authority, bulletin.headline, bulletin.area[:300], bulletin.ends)


@require_safe
def others_page(request: HttpRequest) -> HttpResponse:
    """All of them on a page."""
    language = language_of(request)
    with translation.override(language):
        now, names = clock.now(), Names.read()
        context = page_context(request, language, names, now) | {"others": others(names, language, now)}
        return kept(render(request, "portal/bulletins.html", context), language)


@require_safe
def cap(request: HttpRequest, bulletin_id: str) -> HttpResponseBase:
    """A message as it came; its bytes never change."""
    try:
        line, document = queries.relayed_document(bulletin_id)
    except UnknownName as error:
        return HttpResponse(f"{error}\n", status=404, content_type="text/plain; charset=utf-8")
    return _conditional(request, bulletin_response(line, document), line.sha256, line.received_at, _FOR_GOOD)


@require_safe
def relayed_feed(request: HttpRequest) -> HttpResponseBase:
    """The Atom feed of what is relayed, each entry naming its authority, and whether it was verified; 304 where the reader
    has it already."""
    public, entries, updated = settings.CONFIGURATION.public_address, {}, EPOCH
    for line in queries.relayed(now=clock.now(), holding=False, at_most=100):
        alert = read(queries.relayed_document(line.id)[1]).alert
        if alert is not None:
            entries[entry_id(alert)] = _entry(line, entry_of(alert, f"{public}/bulletins/{line.id}.xml"))
            updated = max(updated, line.received_at)
    with translation.override(settings.LANGUAGE_CODE):
        title = _("Warnings of other authorities, relayed unchanged")
    document = feed(
        entries.values(), feed_id=f"{public}{FEED_PATH}", title=title, updated=updated, self_url=f"{public}{FEED_PATH}",
        author=settings.CONFIGURATION.cap_sender,
    )  # fmt: skip
    response = HttpResponse(document, content_type="application/atom+xml; charset=utf-8")
    return _conditional(request, response, hashlib.sha256(document).hexdigest(), updated, _SHORTLY)


def _entry(line: BulletinLine, entry: FeedEntry) -> FeedEntry:
    verified = "verified" if line.verified else "not verified"
    return FeedEntry(
        entry.entry_id, shown(f"[{line.sender}, {verified}] {entry.title}"), entry.updated, entry.href, shown(entry.summary),
        entry.published, entry.categories, language_code(entry.language),
    )  # fmt: skip


def _conditional(
    request: HttpRequest, response: HttpResponse, digest: str, changed: datetime, cache: str
) -> HttpResponseBase:
    etag, at = f'"{digest}"', int(changed.timestamp())
    response["ETag"], response["Last-Modified"], response["Cache-Control"] = etag, http_date(at), cache
    response["Access-Control-Allow-Origin"] = "*"
    answer = get_conditional_response(request, etag=etag, last_modified=at, response=response)
    return answer if answer is not None else response


def _public(line: BulletinLine, names: Names, language: str) -> PublicBulletin:
    spoken = words_in(line.texts, language)
    words: Mapping[str, str] = line.texts.get(spoken, {})

    def moment(at: datetime | None) -> str:
        return names.moment(at, line.areas, language) if at else ""

    return PublicBulletin(
        line.id, line.level, words.get("sender_name") or line.sender,
        line.feed_title.get(language) or line.feed_title.get("en") or line.feed, line.verified, language_code(spoken),
        words.get("headline") or words.get("event") or line.identifier, words.get("event", ""), words.get("grading", ""),
        words.get("description", ""), words.get("instruction", ""), words.get("area", ""), moment(line.begins),
        moment(line.until),
    )  # fmt: skip
