"""The pages of the telephone: the list of tasks, one task, the receipt."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting, actor_of_request, posts_of_request
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.frame import responses_running, whose
from tocsin.doors.console.pack_words import pack_words
from tocsin.doors.console.plain import THEME_COOKIE, THEMES, present_language
from tocsin.doors.console.register import register
from tocsin.doors.console.verify_panel import Shown, answer_words, shown
from tocsin.doors.refusals import status_of
from tocsin.loop.verify import queries as verify
from tocsin.loop.verify.queries import VerificationLine
from tocsin.loop.verify.services import KIND, MOST_PHOTOS, NOTE_AT_MOST
from tocsin.records import clock
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.tasks import queries as task_queries
from tocsin.records.tasks.queries import TaskLine
from tocsin.terms.errors import NotAllowed, Refused
from tocsin.terms.moment import from_us, to_us

__all__ = ["receipt", "task", "task_page", "tasks"]

_DONE_AT_MOST = 10


@require_safe
@acting(Act.ANSWER_VERIFICATION)
def tasks(request: HttpRequest) -> HttpResponse:
    """What this post has to look at, the next deadline first, and what it looked at last."""
    actor, context = _frame(request)
    waiting = verify.of_post(actor.scope, actor.post, is_open=True)
    done = verify.of_post(actor.scope, actor.post, is_open=False, at_most=_DONE_AT_MOST)
    others = [line for line in task_queries.of_post(actor.scope, actor.post) if line.kind != KIND]
    context |= {
        "waiting": [_line(line, context) for line in waiting],
        "done": [_line(line, context) for line in done],
        "others": [{"title": _worded(line.title, context), "due_us": to_us(line.due_at), "url": _page_of(line),
                    "level": line.level, "is_overdue": line.overdue_at is not None} for line in others],
    }  # fmt: skip
    return render(request, "field/tasks.html", context)


@require_safe
@acting(Act.ANSWER_VERIFICATION)
def task(request: HttpRequest, verification_id: str) -> HttpResponse:
    """One task: what to look at, three answers."""
    return task_page(request, verification_id)


@require_safe
@acting(Act.ANSWER_VERIFICATION)
def receipt(request: HttpRequest, verification_id: str) -> HttpResponse:
    """What arrived with us."""
    actor, context = _frame(request)
    line = _own(actor, verification_id)
    following = verify.of_post(actor.scope, actor.post, is_open=True, at_most=1)
    context |= {"task": _line(line, context), "following": [_line(one, context) for one in following],
                "finding_url": _finding_url(line)}  # fmt: skip
    return render(request, "field/receipt.html", context)


def task_page(request: HttpRequest, verification_id: str, refused: list[Refused] | None = None) -> HttpResponse:
    """The page of a task; with what was refused on top and what was typed still in its fields."""
    actor, context = _frame(request)
    line = _own(actor, verification_id)
    typed = request.POST
    context |= {
        "task": _line(line, context), "refused": refused or [], "once": typed.get("once") or secrets.token_urlsafe(16),
        "note": typed.get("note", ""), "chosen": typed.get("verdict", ""), "answers": list(answer_words().items()),
        "note_at_most": NOTE_AT_MOST, "most_photos": MOST_PHOTOS, "finding_url": _finding_url(line),
        "lon": typed.get("lon", ""), "lat": typed.get("lat", ""), "accuracy": typed.get("accuracy", ""),
    }  # fmt: skip
    return render(request, "field/task.html", context, status=status_of(refused[0]) if refused else 200)


def _frame(request: HttpRequest) -> tuple[Actor, dict[str, Any]]:
    """Who asks, and what every page of the telephone carries. Light unless somebody chose otherwise: it is read outdoors."""
    actor = actor_of_request(request)
    words, chosen, language = pack_words(), request.COOKIES.get(THEME_COOKIE, ""), present_language()
    held = {post.id: post.title for post in posts_of_request(request)}
    now_us = clock.now_us()
    return actor, {
        "actor": actor, "now_us": now_us, "now": from_us(now_us), "zone": timezone.get_current_timezone(),
        "language": language, "scheme": words.scheme, "words": words, "whose": whose(actor),
        "theme": chosen if chosen in THEMES else "light",
        "other_theme": "dark" if chosen != "dark" else "light",
        "post_title": _worded(held.get(actor.post, {}), {"language": language}) or actor.post,
        "responses_running": responses_running(actor), "synthetic": register().synthetic,
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else "/field",
        "stylesheets": tuple(asset_url(name) for name in ("console.css", "scheme.css", "field.css")),
        "script": asset_url("field.js"),
    }  # fmt: skip


def _own(actor: Actor, verification_id: str) -> VerificationLine:
    line = verify.verification(actor.scope, verification_id)
    if line.post != actor.post:
        raise NotAllowed(_("verification"), _("it was given to another post"), _("open the list of your tasks"))
    return line


def _line(line: VerificationLine, context: dict[str, Any]) -> dict[str, Any]:
    said: Shown = shown(line, context["language"], context["now"])
    place = register().place(line.place) or _("Place not known")
    return {"id": line.id, "shown": said, "place": place, "what": context["words"].hazard(line.hazard, context["language"]),
            "level": line.level, "lon": line.lon, "lat": line.lat, "is_open": line.state == "asked",
            "is_kept": line.state == "kept", "is_withdrawn": line.state == "withdrawn"}  # fmt: skip


def _worded(title: dict[str, str], context: dict[str, Any]) -> str:
    return title.get(context["language"]) or title.get("en") or ""


def _finding_url(line: VerificationLine) -> str:
    """Where a finding made on the way is written down; empty where that room has no page yet."""
    try:
        return f"{reverse('rectify:new')}?{urlencode({'verification': line.id})}"
    except NoReverseMatch:
        return ""


def _page_of(line: TaskLine) -> str:
    """Where a task of another room is done; empty where that room has no page."""
    try:
        if line.kind in ("rectification", "recheck", "look_back"):
            return reverse("rectify:finding", args=[line.about])
        return reverse("respond:task", args=[line.id])
    except NoReverseMatch:
        return ""
