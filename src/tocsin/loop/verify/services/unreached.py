"""Letters that did not arrive: one task for a duty officer to reach those posts another way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.loop.verify import letters
from tocsin.loop.verify.invented import is_exercise
from tocsin.loop.verify.models import Dossier
from tocsin.loop.verify.services.dossiers import RULE
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import LANGUAGES, tell_posts
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import PostLine
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks

__all__ = ["UNREACHED", "Failed", "note_event_unreached", "note_unreached", "note_unreached_overdue"]

UNREACHED = "unreached"  # of its tasks
WITHIN = timedelta(minutes=30)  # own: to telephone a handful of posts


@dataclass(frozen=True, slots=True)
class Failed:
    """Letters about a thing that did not arrive: how many, whose area it is, and what it is called in each language."""

    about: str
    event: str
    jurisdiction: str
    level: int
    count: int
    title: Mapping[str, str]


def note_unreached(failed: Failed, *, now: datetime) -> str:
    """Give the task to the nearest duty post of the area that is held, else to the nearest; its id. While one about the same
    thing is open, that one: its page shows by itself who is missing. "" where no duty post is registered."""
    with transaction.atomic():
        for line in task_list.about(EVERYWHERE, failed.about):
            if line.kind == UNREACHED and line.is_open:
                return line.id
        post = _duty_post(failed.jurisdiction, now)
        if post is None:
            return ""
        order = tasks.Order(UNREACHED, _titles(failed), failed.about, failed.event, failed.jurisdiction, post.id, now + WITHIN,
                            level=failed.level, detail={"unreached": failed.count})  # fmt: skip
        return tasks.give(order, actor=RULE, now=now)


def note_event_unreached(event_id: str, about: str, count: int, *, now: datetime) -> str:
    """The same for letters of verify and respond about an event that has a file; "" where it has none."""
    row = Dossier.objects.filter(event=event_id).first()
    if row is None:
        return ""
    titles = {}
    for language in LANGUAGES:
        with translation.override(language):
            titles[language] = letters.title(row, language)
    return note_unreached(Failed(about, event_id, row.jurisdiction, row.level, count, titles), now=now)


def note_unreached_overdue(task_id: str, *, now: datetime) -> None:
    """Nobody has reached them another way in time (told once, by tasks): the commanders are told."""
    with transaction.atomic():
        line = task_list.task(EVERYWHERE, task_id)

        def write(language: str) -> Text:
            what = line.title.get(language) or line.title.get("en") or ""
            return Text(_("Overdue: {what}").format(what=what), _("Nobody has said yet that they were reached."))

        tell_posts("unreached_overdue", org.on_duty(Role.COMMANDER, line.jurisdiction, now=now), write, about=line.about,
                   event=line.event, level=line.level, link=_page(line), exercise=is_exercise(line.event), actor=RULE,
                   now=now)  # fmt: skip


def _page(line: task_list.TaskLine) -> str:
    return letters.event_page(line.event) if line.event else f"/console/warnings/{line.about}"


def _titles(failed: Failed) -> dict[str, str]:
    titles = {}
    for language in LANGUAGES:
        with translation.override(language):
            said = ngettext("{n} letter did not arrive: {what}. Reach that post another way.",
                            "{n} letters did not arrive: {what}. Reach those posts another way.", failed.count)  # fmt: skip
            titles[language] = said.format(n=failed.count, what=failed.title.get(language) or _("a message"))
    return titles


def _duty_post(jurisdiction: str, now: datetime) -> PostLine | None:
    held = org.on_duty(Role.DUTY_OFFICER, jurisdiction, now=now)
    known = [post for post in org.posts(EVERYWHERE) if post.role == Role.DUTY_OFFICER
             and Scope(post.jurisdiction, post.role).covers(jurisdiction)]  # fmt: skip
    return max(held or known, key=lambda post: (len(post.jurisdiction), post.id), default=None)
