"""Responses, their actions and their statements as pages show them, every word chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.doors.console.ages import age_words
from tocsin.doors.console.standing import post_title
from tocsin.loop.respond.lifecycle import IncidentState, StatementState
from tocsin.loop.respond.queries import ActionLine, IncidentLine, RemarkLine, StatementLine
from tocsin.loop.respond.written import kind_word
from tocsin.records.org.roles import Role, role_title
from tocsin.terms.moment import to_us
from tocsin.terms.response_level import RESPONSE_LEVELS, response_level

__all__ = [
    "ActionOnPage", "IncidentOnPage", "StatementOnPage", "action_on_page", "incident_on_page", "level_choices", "post_of",
    "state_word", "statement_on_page", "task_state",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class IncidentOnPage:
    """``level`` and ``advised`` in words; moments in microseconds, None where they did not happen. ``wanting``: how long a
    decision has been wanting, "" where it is not."""

    line: IncidentLine
    level: str
    advised: str
    state: str
    commander: str
    proposed_us: int
    opened_us: int | None
    expected_us: int | None
    ended_us: int | None
    cancelled_us: int | None
    wanting: str = ""


@dataclass(frozen=True, slots=True)
class ActionOnPage:
    """``late``: what is late, in words, "" where nothing is. ``tone``: done, open, late, nobody or waits. ``due_us`` of an
    early action that waits: by when it should be decided; ``refused``: the reason, where it was."""

    line: ActionLine
    title: str
    role: str
    post: str
    said: str
    late: str
    tone: str
    due_us: int | None
    done_us: int | None
    remarks: Sequence[RemarkLine]
    refused: str = ""


@dataclass(frozen=True, slots=True)
class StatementOnPage:
    """A statement with its words."""

    line: StatementLine
    kind: str
    state: str
    at_us: int
    by: str


def incident_on_page(line: IncidentLine, language: str, now: datetime) -> IncidentOnPage:
    """An incident with its words."""
    return IncidentOnPage(
        line, response_level(line.level).word(language),
        response_level(line.advised).word(language) if line.advised else "", state_word(line.state),
        post_title(line.commander, language), to_us(line.proposed_at), _us(line.opened_at), _us(line.expected_until),
        _us(line.ended_at), _us(line.warning_cancelled_at), _wanting(line.decide_by, now),
    )  # fmt: skip


def state_word(state: IncidentState) -> str:
    """The state of a response in the reader's language."""
    return {
        IncidentState.PROPOSED: _("Waits for the commander"), IncidentState.OPEN: _("Response runs"),
        IncidentState.ENDED: _("Response ended"), IncidentState.DECLINED: _("Not taken up"),
        IncidentState.MERGED: _("Goes on with another event"),
    }[state]  # fmt: skip


def level_choices(language: str) -> list[tuple[int, str]]:
    """All response levels, the most far-reaching first."""
    return [(level.rank, level.word(language)) for level in reversed(RESPONSE_LEVELS)]


def action_on_page(line: ActionLine, language: str, now: datetime, remarks: Sequence[RemarkLine] = ()) -> ActionOnPage:
    """An action with its words: whose it is, how far it is, what is late."""
    title = line.title.get(language) or line.title.get("en") or line.action
    role, task = role_title(Role(line.role)), line.task
    if line.is_pinned:
        late = _wanting(line.decide_by, now)
        said = _("Proposed early, not decided")
        return ActionOnPage(
            line, title, role, "", said, late, "late" if late else "waits", _us(line.decide_by), None, remarks
        )
    if line.refused_at is not None:
        said, by = _("Refused"), post_title(post_of(line.refused_by), language)
        return ActionOnPage(
            line, title, role, by, said, "", "done", None, _us(line.refused_at), remarks, line.refused_why
        )
    if task is None:
        said = _("Waits for the commander's yes") if line.waits else _("Nobody on duty for this action")
        tone = "waits" if line.waits else "nobody"
        return ActionOnPage(line, title, role, "", said, "", tone, None, None, remarks)
    late = _late(line, now)
    over = task.ended_at
    tone = "done" if over else "late" if late else "open"
    return ActionOnPage(line, title, role, post_title(task.post, language), task_state(str(task.state)), late, tone,
                        None if over else to_us(task.due_at), _us(over), remarks)  # fmt: skip


def task_state(state: str) -> str:
    """The state of a task in the reader's language."""
    return {"given": _("Given, no receipt yet"), "acknowledged": _("Receipt came"), "done": _("Done"),
            "withdrawn": _("Withdrawn")}[state]  # fmt: skip


def statement_on_page(line: StatementLine, language: str) -> StatementOnPage:
    """A statement with its words."""
    states = {StatementState.DRAFT: _("Draft"), StatementState.RELEASED: _("Released"),
              StatementState.DISCARDED: _("Discarded")}  # fmt: skip
    by = line.released_by or line.drafted_by
    return StatementOnPage(line, _("{kind}, no. {n}").format(kind=kind_word(line.kind), n=line.number),
                           states[line.state], to_us(line.released_at or line.drafted_at),
                           post_title(post_of(by), language))  # fmt: skip


def post_of(name: str) -> str:
    """The post in an actor's name (``post/account``); accounts are not shown."""
    return name.partition("/")[0]


def _late(line: ActionLine, now: datetime) -> str:
    task = line.task
    if task is None:
        return ""
    if task.is_open and now > task.due_at:
        return _("Overdue by {age}").format(age=age_words((now - task.due_at).total_seconds()))
    if task.acknowledged_at is None and task.is_open and line.receipt_is_late(now) and line.receipt_due_at:
        return _("No receipt, due {age} ago").format(age=age_words((now - line.receipt_due_at).total_seconds()))
    if line.is_late(now):
        return _("After the deadline")
    return ""


def _wanting(decide_by: datetime | None, now: datetime) -> str:
    if decide_by is None or now <= decide_by:
        return ""
    return _("Not decided, due {age} ago").format(age=age_words((now - decide_by).total_seconds()))


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
