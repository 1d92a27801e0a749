"""Pages of other authorities' warnings: the list, one message, its bytes, and the word about one that repeats another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.bulletin_bytes import bulletin_response
from tocsin.doors.console.bulletin_drawing import drawing
from tocsin.doors.console.bulletin_words import (
    kind_word,
    language_code,
    state_word,
    status_word,
    verdict_word,
    why_not_word,
)
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.formats.cap import read
from tocsin.formats.sms import shown as plain
from tocsin.loop.observe.bulletins import queries, services
from tocsin.loop.observe.bulletins.queries import BulletinLine
from tocsin.loop.observe.bulletins.understanding import words_in
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.records.places import queries as places
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import to_us

__all__ = ["BulletinOnPage", "bulletin_page", "bulletins_page", "judge", "on_page", "raw"]

SHEETS = ("loop.css", "warn.css", "map.css", "bulletins.css")


@dataclass(frozen=True, slots=True)
class BulletinOnPage:
    """A bulletin as lists show it, with every word chosen. ``lang``: the language of its own words."""

    id: str
    level: int
    headline: str
    event: str
    authority: str
    lang: str
    grading: str
    area: str
    feed: str
    sender: str
    state: str
    state_word: str
    kind_word: str
    status_word: str
    verified: bool
    verdict_word: str
    until: str
    sent_us: int
    received_us: int
    is_first: bool
    conflicts: int
    holds: bool


def on_page(line: BulletinLine, names: Names, language: str, now: datetime) -> BulletinOnPage:
    """A line with its words."""
    spoken = words_in(line.texts, language)
    words: Mapping[str, str] = line.texts.get(spoken, {})
    title = line.feed_title.get(language) or line.feed_title.get("en") or line.feed
    over = line.until is not None and line.until <= now and line.msg_type in ("Alert", "Update")
    return BulletinOnPage(
        id=line.id, level=line.level if line.msg_type in ("Alert", "Update") else 0,
        headline=words.get("headline") or words.get("event") or line.identifier, event=words.get("event", ""),
        authority=_authority(line, words), lang=language_code(spoken), grading=words.get("grading", ""),
        area=words.get("area", ""), feed=title, sender=line.sender, state=line.state.value.replace(" ", "-"),
        state_word=state_word(line.state, over=over), kind_word=kind_word(line.msg_type),
        status_word=status_word(line.status), verified=line.verified, verdict_word=verdict_word(line.verdict),
        until=names.moment(line.until, line.areas, language) if line.until else "", sent_us=to_us(line.sent),
        received_us=to_us(line.received_at), is_first=line.msg_type == "Alert", conflicts=len(line.conflicts),
        holds=line.holds(now),
    )  # fmt: skip


def _authority(line: BulletinLine, words: Mapping[str, str]) -> str:
    """Who says so. What only claims to be an office, its sender not being registered, is called by its sender."""
    return (words.get("sender_name", "") if line.admitted else "") or line.sender


@require_safe
@acting(Act.READ_WARNINGS)
@one_moment()
def bulletins_page(request: HttpRequest) -> HttpResponse:
    """What is in question, what holds, tests and exercises, the rest, what is over."""
    frame, now, names = open_frame(request), clock.now(), Names.read()
    parts = queries.bulletins(frame.scope, now=now)
    shown: dict[str, Any] = {
        name: [on_page(line, names, frame.language, now) for line in lines] for name, lines in parts.items()
    }
    return render(request, "console/bulletins.html", frame.context(request, "bulletins", *SHEETS) | shown)


@require_safe
@acting(Act.READ_WARNINGS)
@one_moment()
def bulletin_page(request: HttpRequest, bulletin_id: str) -> HttpResponse:
    """One message: whose it is, whether it was verified, its own words, our reading of it, its line, its defects."""
    frame, now, names = open_frame(request), clock.now(), Names.read()
    line = queries.bulletin(frame.scope, bulletin_id)
    alert = read(queries.document(frame.scope, bulletin_id)).alert
    areas = places.jurisdictions(Scope("", frame.scope.role))

    def shown(one: BulletinLine) -> BulletinOnPage:
        return on_page(one, names, frame.language, now)

    context = frame.context(request, "bulletins", *SHEETS) | {
        "bulletin": shown(line), "line": line, "drawing": drawing(alert, areas) if alert else "",
        "texts": _own_words(line), "said": _our_reading(line, names, frame.language),
        "areas_words": names.area_list(line.areas, frame.language), "why_not": why_not_word(line.why_not),
        "lineage": [shown(one) for one in queries.line_of(frame.scope, line.thread)] if line.thread else [],
        "like": _other(frame, line.like, names, now), "ended_by": _other(frame, line.ended_by, names, now),
        "beside": [_other(frame, one, names, now) for one in line.beside],
        "asks": line.state == "asked" and frame.actor.may(Act.JUDGE_BULLETIN),
        "findings": [*line.line_findings, *line.findings], "told_us": to_us(line.told_at) if line.told_at else None,
        "note": plain(alert.note) if alert else "", "begins_words": _moment(line.begins, line, names, frame.language),
        "is_warning": line.msg_type in ("Alert", "Update"), "public": line.relayed and line.status == "Actual",
    }  # fmt: skip
    return render(request, "console/bulletin.html", context)


@require_safe
@acting(Act.READ_WARNINGS)
def raw(request: HttpRequest, bulletin_id: str) -> HttpResponse:
    """The bytes as they came, to be kept and not to be shown by a browser."""
    scope = actor_of_request(request).scope
    line = queries.bulletin(scope, bulletin_id)
    return bulletin_response(line, queries.document(scope, bulletin_id))


@require_POST
@acting(Act.JUDGE_BULLETIN)
def judge(request: HttpRequest, bulletin_id: str) -> HttpResponse:
    """Whether a message that repeats another is a new one or the same again (R54)."""
    is_new = request.POST.get("is") == "new"
    services.judge_repeat(bulletin_id, is_new=is_new, actor=actor_of_request(request), now=clock.now())
    return HttpResponseRedirect(reverse("console:bulletin", args=[bulletin_id]))


def _own_words(line: BulletinLine) -> list[dict[str, Any]]:
    """What it says, in each of its languages as it spells them."""
    return [{"lang": language_code(spoken), "name": spoken, "words": words} for spoken, words in line.texts.items()]


def _our_reading(line: BulletinLine, names: Names, language: str) -> list[dict[str, Any]]:
    return [{"hazard": names.hazard(one["hazard"], language) if one["hazard"] else "", "level": one["rank"],
             "until": names.moment(datetime.fromisoformat(one["until"]), line.areas, language)}
            for one in line.said]  # fmt: skip


def _other(frame: Frame, bulletin_id: str, names: Names, now: datetime) -> BulletinOnPage | None:
    """Another message that is named beside it, where the reader may see it."""
    try:
        return on_page(queries.bulletin(frame.scope, bulletin_id), names, frame.language, now) if bulletin_id else None
    except UnknownName:
        return None


def _moment(at: datetime | None, line: BulletinLine, names: Names, language: str) -> str:
    return names.moment(at, line.areas, language) if at else ""
