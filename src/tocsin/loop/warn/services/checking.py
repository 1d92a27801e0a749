"""Checking: what went out in the urgent flow is read in peace afterwards, within half an hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.warn import telling
from tocsin.loop.warn.content import Content
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.names import Names
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import in_every_language
from tocsin.records.org import queries as org
from tocsin.records.org.actor import service
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks

__all__ = ["CHECK", "ask_to_check", "note_check_overdue"]

CHECK = "warning_check"  # of its tasks
WITHIN = timedelta(minutes=30)
_RULE = service("rule:urgent_warning")


def ask_to_check(row: WarningRow, content: Content, names: Names, *, now: datetime) -> str:
    """Give the task to a duty officer of the area who did not write it, else to whoever did; its id."""
    others = [
        post.id for post in org.on_duty(Role.DUTY_OFFICER, row.jurisdiction, now=now) if post.id != row.author_post
    ]
    said = in_every_language(
        lambda language: Text(
            _("Read what went out urgently: {what}. Correct it by an update where it is wrong.").format(
                what=telling.what_of(row, names, language)), "")
    )  # fmt: skip
    order = tasks.Order(CHECK, {language: text.subject for language, text in said.items()}, row.id, row.event,
                        row.jurisdiction, (others or [row.author_post])[0], now + WITHIN, level=content.level)  # fmt: skip
    return tasks.give(order, actor=_RULE, now=now)


def note_check_overdue(task_id: str, *, now: datetime) -> None:
    """Nobody has read it in time (told once, by tasks): the commanders are told."""
    with transaction.atomic():
        line = task_list.task(EVERYWHERE, task_id)
        row = WarningRow.objects.filter(id=line.about).first()
        if row is None:
            return

        def write(language: str) -> Text:
            return Text(_("Not checked: {what}").format(what=telling.what_of(row, Names.read(), language)),
                        _("It went out urgently half an hour ago and nobody has said that its text is right."))  # fmt: skip

        telling.tell_commanders(row, "warning_unchecked", write, now)
