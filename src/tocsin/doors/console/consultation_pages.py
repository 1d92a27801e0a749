"""Joint consultation: the list, one with its opinions and its decision, the form that asks, the minutes as text."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.clocks import Period, Unit
from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.cases_drafts import chosen_draft, done_once, drafts_on_page, keep_typed
from tocsin.doors.console.consultation_words import (
    line_on_page,
    minutes_text,
    opinion_words,
    opinions_on_page,
    tasks_on_page,
)
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.standing import post_title
from tocsin.doors.console.typed_moment import typed_moment
from tocsin.doors.refusals import status_of
from tocsin.loop.verify import queries as verify
from tocsin.records import clock
from tocsin.records.cases import queries as cases
from tocsin.records.consultation import queries, services
from tocsin.records.consultation.services import NewTask, Question
from tocsin.records.one_moment import one_moment
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import MAY, Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import BadTime, BadValue, Refused, Stale, UnknownName
from tocsin.terms.moment import from_us

__all__ = ["change", "consultation", "consultations_page", "minutes", "new"]

SHEETS = ("loop.css", "staff.css", "warn.css")
TASKS_ON_FORM = 3
_FIELDS = ("question", "n", "unit", "opinion", "reasons", "decision", "answer", "remarks", "why", "task", "note")
_UNITS = (Unit.WORKING_DAY, Unit.HOUR, Unit.CALENDAR_DAY)


@require_safe
@acting(Act.READ_CONSULTATIONS)
@one_moment()
def consultations_page(request: HttpRequest) -> HttpResponse:
    """What waits for this post's opinion, what else is open, what is over."""
    frame = open_frame(request)
    scope, post = frame.scope, frame.actor.post
    waiting = queries.waiting_for(scope, post)
    mine = {line.id for line in waiting}
    context = frame.context(request, "consultations", *SHEETS) | {
        "waiting": [line_on_page(line, frame) for line in waiting],
        "open": [line_on_page(line, frame) for line in queries.consultations(scope, post) if line.id not in mine],
        "over": [line_on_page(line, frame) for line in queries.consultations(scope, post, is_open=False, at_most=30)],
        "drafts": drafts_on_page(frame.actor, reverse("console:consultations"), None),
    }  # fmt: skip
    return render(request, "console/consultations.html", context)


@require_safe
@acting(Act.READ_CONSULTATIONS)
def consultation(request: HttpRequest, consultation_id: str) -> HttpResponse:
    """One consultation."""
    return _page(request, consultation_id)


@require_safe
@acting(Act.READ_CONSULTATIONS)
def minutes(request: HttpRequest, consultation_id: str) -> HttpResponse:
    """Its minutes as text: nothing of them is typed a second time."""
    frame = open_frame(request)
    file = queries.consultation(frame.scope, frame.actor.post, consultation_id)
    return HttpResponse(minutes_text(file, frame), content_type="text/plain; charset=utf-8")


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.ASK_CONSULTATION)
def new(request: HttpRequest) -> HttpResponse:
    """The form that asks, opened from an event or a case."""
    frame = open_frame(request)
    given: Mapping[str, str] = request.POST if request.method == "POST" else request.GET
    event, case = given.get("event", "")[:60], given.get("case", "")[:40]
    thing, area = _thing(frame, event, case)
    error = None
    if request.method == "POST":
        made: list[str] = []
        try:
            done_once(request, frame.actor, clock.now(), lambda: made.append(services.ask(
                Question(_text(request, "question"), tuple(request.POST.getlist("posts"))[:60], _within(request), event, case,
                         thing, area), actor=frame.actor, now=clock.now())))  # fmt: skip
            return HttpResponseRedirect(
                reverse("console:consultation", args=made) if made else reverse("console:consultations")
            )
        except Refused as refused:
            error = refused
            keep_typed(request, refused)
    typed = _typed(request, frame.actor, reverse("console:new_consultation"))
    chosen = {text for name, text in typed if name == "posts"}
    context = frame.context(request, "consultations", *SHEETS) | {
        "error": error, "typed": _fields(typed), "event": event, "case": case, "thing": thing,
        "once": secrets.token_urlsafe(16),
        "posts": [(post, title, post in chosen) for post, title in _posts(frame, Act.GIVE_OPINION, but=frame.actor.post)],
        "units": [(str(unit), word) for unit, word in zip(_UNITS, (_("working days"), _("hours"), _("days")), strict=True)],
    }  # fmt: skip
    return render(request, "console/consultation_new.html", context, status=status_of(error) if error else 200)


@require_POST
@acting(Act.READ_CONSULTATIONS)
def change(request: HttpRequest, consultation_id: str, verb: str) -> HttpResponse:
    """Sign an opinion, decide, withdraw, or finish a task. A refusal is shown on the page; what was typed is still there."""
    actor, now = actor_of_request(request), clock.now()
    queries.consultation(actor.scope, actor.post, consultation_id)
    try:
        done_once(request, actor, now, lambda: _do(request, consultation_id, verb, actor, now))
    except Refused as error:
        keep_typed(request, error)
        return _page(request, consultation_id, error, verb)
    return HttpResponseRedirect(reverse("console:consultation", args=[consultation_id]))


def _do(request: HttpRequest, consultation_id: str, verb: str, actor: Actor, now: datetime) -> None:
    if verb == "sign":
        services.give_opinion(consultation_id, _text(request, "opinion"), _text(request, "reasons"),
                              digest=_text(request, "digest"), actor=actor, now=now)  # fmt: skip
    elif verb == "decide":
        services.decide(
            consultation_id, _text(request, "decision"), answer=_text(request, "answer"), remarks=_text(request, "remarks"),
            new_tasks=_tasks(request), version=_version(request), actor=actor, now=now,
        )  # fmt: skip
    elif verb == "withdraw":
        services.withdraw(consultation_id, _text(request, "why"), version=_version(request), actor=actor, now=now)
    elif verb == "done":
        services.finish_task(_text(request, "task")[:40], _text(request, "note"), actor=actor, now=now)
    else:
        raise UnknownName(verb[:40], _("there is nothing here"), _("open the list of consultations"))


def _page(request: HttpRequest, consultation_id: str, error: Refused | None = None, verb: str = "") -> HttpResponse:
    with one_moment():
        frame = open_frame(request)
        actor, now = frame.actor, from_us(frame.now_us)
        file = queries.consultation(frame.scope, actor.post, consultation_id)
        line = file.line
        directs = actor.may(Act.DIRECT_RESPONSE) and frame.scope.covers(line.jurisdiction)
        decides = line.is_open and (directs or (actor.post == line.post and actor.may(Act.ASK_CONSULTATION)))
        silent = [post for post, opinion in file.asked if opinion is None]
        page = reverse("console:consultation", args=[line.id])
        draft = chosen_draft(request, actor, page)
        typed = _fields(_typed(request, actor, page) if error or draft else [])
        context = frame.context(request, "consultations", *SHEETS) | {
            "one": line_on_page(line, frame), "error": error,
            "verb": draft.form.removeprefix(page) if draft else verb,
            "typed": typed, "once": secrets.token_urlsafe(16),
            "drafts": [one for one in drafts_on_page(actor, page, None) if not error and (draft is None or one.id != draft.id)],
            "asked": opinions_on_page(file, frame), "earlier": file.earlier, "opinions": opinion_words().items(),
            "signs": line.is_open and actor.may(Act.GIVE_OPINION) and any(post == actor.post for post, _one in file.asked),
            "decides": decides, "waits": bool(silent) and now < line.due_at,
            "against": any(one is not None and one.opinion != "agree" for _post, one in file.asked),
            "tasks": tasks_on_page(line, frame), "decided_by": post_title(line.decided_by.partition("/")[0], frame.language),
            "posts": _posts(frame, Act.DO_TASK) if decides else [],
            "rows": [_task_row(typed, number) for number in range(1, TASKS_ON_FORM + 1)],
        }  # fmt: skip
    return render(request, "console/consultation.html", context, status=status_of(error) if error else 200)


def _thing(frame: Frame, event: str, case: str) -> tuple[str, str]:
    """What it is about, in words, and where; read with the asker's scope. Raises UnknownName."""
    if case:
        line = cases.case_file(frame.scope, case).line
        return line.number, line.jurisdiction
    found = verify.dossiers(frame.scope, {event}).get(event) if event and frame.actor.may(Act.READ_EVENTS) else None
    if found is None:
        raise UnknownName(_("consultation"), _("there is no such event or case in your area"), _("open it from one"))
    return frame.words.hazard(found.hazard, frame.language), found.jurisdiction


def _typed(request: HttpRequest, actor: Actor, under: str) -> list[tuple[str, str]]:
    """What stands in the form: what was sent and refused, or a draft that is put back."""
    if request.method == "POST":
        return [(name, str(text)) for name, texts in request.POST.lists() for text in texts]
    draft = chosen_draft(request, actor, under)
    return list(draft.fields) if draft else []


def _fields(typed: list[tuple[str, str]]) -> dict[str, str]:
    return dict.fromkeys(_FIELDS, "") | dict(typed)


def _task_row(typed: Mapping[str, str], number: int) -> dict[str, object]:
    """A row of the form for a task, with what was typed into it; ``open`` where that is anything."""
    row = {name: typed.get(f"{name}-{number}", "") for name in ("title", "post", "due")}
    return row | {"n": number, "open": any(row.values())}


def _within(request: HttpRequest) -> Period:
    n, unit = _text(request, "n").strip(), _text(request, "unit")
    if not (n.isascii() and n.isdecimal() and len(n) < 4) or int(n) == 0 or unit not in _UNITS:
        raise BadValue(_("deadline"), _("it is no number of hours or days"), _("write for example 3 working days"))
    return Period(int(n), Unit(unit))


def _tasks(request: HttpRequest) -> list[NewTask]:
    """The tasks of the form; a row in which nothing stands is none."""
    found = []
    for number in range(1, TASKS_ON_FORM + 1):
        title, post, due = (_text(request, f"{name}-{number}").strip() for name in ("title", "post", "due"))
        if not (title or post or due):
            continue
        if not post:
            raise BadValue(_("task"), _("no post is chosen for it"), _("choose the post that does it"))
        moment = typed_moment(due[:40])
        if moment is None:
            raise BadTime(_("task"), _("it has no moment by which it is done"), _("give one"))
        found.append(NewTask(post[:60], title, moment))
    return found


def _posts(frame: Frame, act: Act, *, but: str = "") -> list[tuple[str, str]]:
    """Posts of the reader's area and of those above it."""
    found = [
        post for post in org.posts(EVERYWHERE)
        if post.role in MAY[act] and post.id != but and services.within_reach(post.jurisdiction, frame.actor.jurisdiction)
    ]  # fmt: skip
    return sorted(((post.id, post.title.get(frame.language) or post.title.get("en") or post.id) for post in found),
                  key=lambda pair: pair[1])  # fmt: skip


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    if not text.isdecimal() or len(text) > 9:
        raise Stale(_("form"), _("it says not which state it was made for"), _("load the page again"))
    return int(text)


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n")[:5000]
