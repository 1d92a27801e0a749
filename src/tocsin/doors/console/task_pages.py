"""The tasks of a post, of every kind: the receipt by one click, done with a note. Works in one hand."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.ages import age_words
from tocsin.doors.console.frame import open_frame
from tocsin.doors.console.respond_pages import SHEETS
from tocsin.doors.console.respond_words import task_state
from tocsin.doors.refusals import status_of
from tocsin.loop.respond import queries, services
from tocsin.records import clock
from tocsin.records.one_moment import one_moment
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.tasks.queries import TaskLine
from tocsin.terms.errors import Refused
from tocsin.terms.moment import from_us, to_us

__all__ = ["done", "my_tasks", "receive", "task"]

_OVER_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class TaskOnPage:
    """A task with its words. ``page``: where it is answered, "" = here. ``event``: its event, where the post may read it."""

    id: str
    title: str
    said: str
    late: str
    level: int
    page: str
    event: str
    due_us: int
    ended_us: int | None
    is_given: bool
    is_open: bool
    note: str


@require_safe
@acting(Act.DO_TASK)
def my_tasks(request: HttpRequest) -> HttpResponse:
    """What this post has to do, the earliest due first, and what it did last."""
    return _page(request)


@require_safe
@acting(Act.DO_TASK)
def task(request: HttpRequest, task_id: str) -> HttpResponse:
    """One task: its place in the list."""
    return HttpResponseRedirect(f"{reverse('respond:tasks')}#{task_id}")


@require_POST
@acting(Act.DO_TASK)
def receive(request: HttpRequest, task_id: str) -> HttpResponse:
    """The receipt."""
    try:
        services.receive_task(task_id, actor=actor_of_request(request), now=clock.now())
    except Refused as error:
        return _page(request, error)
    return HttpResponseRedirect(f"{reverse('respond:tasks')}#{task_id}")


@require_POST
@acting(Act.DO_TASK)
def done(request: HttpRequest, task_id: str) -> HttpResponse:
    """It is done."""
    note = request.POST.get("note", "").replace("\r\n", "\n")
    try:
        services.finish_task(task_id, note, actor=actor_of_request(request), now=clock.now())
    except Refused as error:
        return _page(request, error, task_id)
    return HttpResponseRedirect(reverse("respond:tasks"))


def _page(request: HttpRequest, error: Refused | None = None, of: str = "") -> HttpResponse:
    with one_moment():
        frame = open_frame(request)
        actor = frame.actor
        waiting = queries.tasks_for(actor)
        over = sorted(queries.tasks_for(actor, is_open=False), key=lambda t: t.ended_at or t.given_at, reverse=True)
        lines = [*waiting, *over[:_OVER_AT_MOST]]
        notes = queries.remarks(actor.scope, [line.id for line in lines])
        shown = [_shown(line, actor, frame.language, frame.now_us, notes.get(line.id, [])) for line in lines]
        context = frame.context(request, "tasks", *SHEETS) | {
            "waiting": [one for one in shown if one.is_open], "over": [one for one in shown if not one.is_open],
            "error": error, "error_of": of, "typed": request.POST.get("note", ""),
        }  # fmt: skip
    return render(request, "console/my_tasks.html", context, status=status_of(error) if error else 200)


def _shown(line: TaskLine, actor: Actor, language: str, now_us: int, notes: list[queries.RemarkLine]) -> TaskOnPage:
    now = from_us(now_us)
    late = ""
    if line.is_open and now > line.due_at:
        late = _("Overdue by {age}").format(age=age_words((now - line.due_at).total_seconds()))
    title = line.title.get(language) or line.title.get("en") or line.kind
    return TaskOnPage(
        line.id, title, task_state(str(line.state)), late, line.level, _page_of(line),
        line.event if line.event and actor.may(Act.READ_EVENTS) else "", to_us(line.due_at),
        to_us(line.ended_at) if line.ended_at else None, line.state == "given", line.is_open,
        notes[-1].text if notes else "",
    )  # fmt: skip


def _page_of(line: TaskLine) -> str:
    """Tasks of other rooms are answered on pages of their own."""
    if line.kind == "verification":
        return reverse("field:task", args=[line.about])
    if line.kind in ("rectification", "recheck", "look_back"):
        return reverse("rectify:finding", args=[line.about])
    if line.kind == "consultation":
        return reverse("console:consultation", args=[line.about])
    return ""
