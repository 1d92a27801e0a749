"""What rectify says to posts, and its words for fields and faults. Part of services: mails are put inside its transactions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.loop.rectify.queries import FindingLine
from tocsin.loop.respond import doers
from tocsin.loop.verify.invented import is_exercise
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import tell_posts
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Role
from tocsin.records.org.services import PostLine
from tocsin.records.places import queries as places

__all__ = [
    "fault_word", "field_word", "grade_word", "look_back_asked", "look_back_overdue", "look_back_title", "order_served",
    "order_title", "overdue", "recheck_asked", "recheck_overdue", "recheck_title", "recorded", "release_wanted", "reopened",
]  # fmt: skip

RULE = service("rule:rectify")


def grade_word(grade: str) -> str:
    """The grade in the present language."""
    return {"general": _("general finding"), "major": _("major finding")}[grade]


def field_word(field: str) -> str:
    """One of the five, in the present language."""
    return {"person": _("person responsible"), "measures": _("measures"), "money": _("money"), "deadline": _("deadline"),
            "plan": _("emergency plan")}[field]  # fmt: skip


def fault_word(what: str) -> str:
    """What is wrong with one of the five."""
    return {
        "empty": _("is empty"), "too_long": _("is too long"), "negative": _("is below 0"), "too_much": _("is too large"),
        "past": _("has passed already"), "after_limit": _("is later than the order allows"), "unreadable": _("cannot be read"),
    }[what]  # fmt: skip


def order_title(row: FindingLine, language: str) -> str:
    """The title of the operator's task."""
    place = doers.facility_title(row.facility, language)
    return f"{place}：整改隐患" if language == "zh-hans" else f"{place}: put the finding right"


def recheck_title(row: FindingLine, language: str) -> str:
    """The title of the task to look again."""
    place = doers.facility_title(row.facility, language)
    return f"{place}：复查整改" if language == "zh-hans" else f"{place}: look again at what was put right"


def look_back_title(row: FindingLine, language: str) -> str:
    """The title of the task to look back."""
    place = doers.facility_title(row.facility, language)
    return f"{place}：回头看已整改的隐患" if language == "zh-hans" else f"{place}: look back at what was put right"


def look_back_asked(row: FindingLine, post: PostLine, *, actor: Actor, now: datetime) -> None:
    """To the inspector who looks back."""

    def write(language: str) -> Text:
        body = _("It was closed on {day}. Look whether it is still in order.").format(day=_day(row, row.closed_at))
        return Text(_("Please look back at a closed finding"), f"{_about(row, language)}\n{body}")

    _to([post], row, "look_back_asked", write, actor, now)


def look_back_overdue(row: FindingLine, *, now: datetime) -> None:
    """To the case handlers: nobody has looked back."""
    _to_handlers(row, "look_back_overdue", lambda language: Text(_("Overdue: nobody has looked back"), _about(row, language)),
                 now)  # fmt: skip


def recorded(row: FindingLine, *, now: datetime) -> None:
    """To the case handlers: a finding waits for an order. Where there is none, to the post that stands in."""
    owner = org.post(row.owner)
    if owner.role != Role.CASE_HANDLER:
        _to([owner], row, "finding_recorded", lambda language: Text(
            _("A finding has no owner"), f"{_about(row, language)}\n{row.words}\n" + _(
                "No case handler's post covers this area, so it lies with you. Have the administrator make one, then hand it"
                " on: until then nobody can serve an order.")), RULE, now)  # fmt: skip
        return

    def write(language: str) -> Text:
        return Text(_("A finding waits for an order"), f"{_about(row, language)}\n{row.words}")

    _to_handlers(row, "finding_recorded", write, now)


def order_served(row: FindingLine, post: PostLine, *, actor: Actor, now: datetime) -> None:
    """To the facility: what is wrong, what is demanded, until when."""

    def write(language: str) -> Text:
        parts = [_about(row, language), row.words, row.demand, _("Until {day}.").format(day=_day(row, row.limit_at)),
                 _("Enter person, measures, money, deadline and emergency plan before work starts.")]  # fmt: skip
        if row.grade == "major":
            parts.append(_("Keep people out of the danger zone until it is released."))
        return Text(_("Order to put a finding right"), "\n".join(part for part in parts if part))

    _to([post], row, "order_served", write, actor, now)


def recheck_asked(row: FindingLine, post: PostLine, *, actor: Actor, now: datetime) -> None:
    """To the inspector who looks again."""
    _to([post], row, "recheck_asked", lambda language: Text(_("Please look again"), _about(row, language)), actor, now)


def recheck_overdue(row: FindingLine, *, now: datetime) -> None:
    """To the case handlers: nobody has looked again."""
    _to_handlers(row, "recheck_overdue", lambda language: Text(_("Overdue: nobody has looked again"), _about(row, language)),
                 now)  # fmt: skip


def reopened(row: FindingLine, post: PostLine | None, why: str, *, actor: Actor, now: datetime) -> None:
    """To the facility and the case handlers: it is not fixed."""

    def write(language: str) -> Text:
        return Text(_("Not put right yet"), f"{_about(row, language)}\n{why}")

    _to([post] if post else [], row, "finding_reopened", write, actor, now)
    _to_handlers(row, "finding_reopened", write, now)


def release_wanted(row: FindingLine, *, now: datetime) -> None:
    """To the case handlers: a major finding waits for the authority's release."""
    _to_handlers(row, "release_wanted", lambda language: Text(_("A major finding waits for release"), _about(row, language)),
                 now)  # fmt: skip


def overdue(row: FindingLine, at: datetime, *, now: datetime) -> None:
    """To the case handlers and the facility: the deadline has passed."""

    def write(language: str) -> Text:
        due = _("It was due on {day}.").format(day=_day(row, at))
        return Text(_("Overdue: a finding is not put right"), f"{_about(row, language)}\n{due}")

    _to_handlers(row, "finding_overdue", write, now)
    post = doers.operator_post(row.facility, now=now, must_be_held=False)
    _to([post] if post else [], row, "finding_overdue", write, RULE, now)


def _about(row: FindingLine, language: str) -> str:
    place = doers.facility_title(row.facility, language)
    return f"{place}：{grade_word(row.grade)}" if language == "zh-hans" else f"{place}: {grade_word(row.grade)}"


def _day(row: FindingLine, moment: datetime | None) -> str:
    """By the clocks of where the facility is."""
    return places.local_time(moment, row.jurisdiction).strftime("%Y-%m-%d %H:%M") if moment else ""


def _to_handlers(row: FindingLine, kind: str, write: Callable[[str], Text], now: datetime) -> None:
    _to(org.on_duty(Role.CASE_HANDLER, row.jurisdiction, now=now), row, kind, write, RULE, now)


def _to(
    posts: list[PostLine], row: FindingLine, kind: str, write: Callable[[str], Text], actor: Actor, now: datetime
) -> None:
    tell_posts(kind, posts, write, about=row.id, link=f"/findings/{row.id}/", exercise=is_exercise(row.event), actor=actor,
               now=now)  # fmt: skip
