"""Consultations as pages show them: words for codes, moments as microseconds, the minutes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from tocsin.doors.console.ages import absolute
from tocsin.doors.console.frame import Frame
from tocsin.doors.console.standing import post_title
from tocsin.records.consultation.queries import ConsultationFile, ConsultationLine
from tocsin.records.org.roles import Act
from tocsin.records.tasks import queries as tasks
from tocsin.terms.moment import to_us

__all__ = ["line_on_page", "minutes_text", "opinion_words", "opinions_on_page", "tasks_on_page"]


def opinion_words() -> dict[str, str]:
    """The three opinions."""
    return {"agree": _("Agrees"), "object": _("Objects"), "conditions": _("Agrees under conditions")}


def line_on_page(line: ConsultationLine, frame: Frame) -> dict[str, Any]:
    """A consultation in words."""
    state = _("Decided") if line.decided_at else _("Withdrawn") if line.withdrawn_at else _("Open")
    return {
        "line": line, "state": state, "asker": post_title(line.post, frame.language), "asked_us": to_us(line.asked_at),
        "due_us": to_us(line.due_at), "overdue": line.is_open and to_us(line.due_at) <= frame.now_us,
        "decided_us": to_us(line.decided_at) if line.decided_at else None,
        "withdrawn_us": to_us(line.withdrawn_at) if line.withdrawn_at else None,
        "reads_event": frame.actor.may(Act.READ_EVENTS) and frame.scope.covers(line.jurisdiction),
        "reads_case": frame.actor.may(Act.READ_CASES) and frame.scope.covers(line.jurisdiction),
    }  # fmt: skip


def opinions_on_page(file: ConsultationFile, frame: Frame) -> list[dict[str, Any]]:
    """Who was asked, and what they said."""
    words = opinion_words()
    return [
        {"post": post_title(post, frame.language), "given": given, "word": words.get(given.opinion, "") if given else "",
         "signed_us": to_us(given.signed_at) if given else None, "short": given.digest[:12] if given else ""}
        for post, given in file.asked
    ]  # fmt: skip


def tasks_on_page(line: ConsultationLine, frame: Frame) -> list[dict[str, Any]]:
    """The tasks that came of it; ``mine``: this post can say that it is done."""
    if not (frame.actor.may(Act.DO_TASK) or frame.actor.may(Act.READ_RESPONSE)):
        return []
    return [
        {"task": one, "title": one.title.get(frame.language) or one.title.get("en", ""), "due_us": to_us(one.due_at),
         "post": post_title(one.post, frame.language), "note": str(one.outcome.get("note", "")),
         "ended_us": to_us(one.ended_at) if one.ended_at else None, "late": one.is_open and to_us(one.due_at) <= frame.now_us,
         "mine": one.is_open and one.post == frame.actor.post and frame.actor.may(Act.DO_TASK)}
        for one in tasks.about(frame.scope, line.id)
    ]  # fmt: skip


def minutes_text(file: ConsultationFile, frame: Frame) -> str:
    """The minutes, made of what the record holds."""
    line = file.line

    def moment(at_us: int) -> str:
        return absolute(at_us, frame.zone, frame.now_us)

    out = [_("Minutes of the consultation on {thing}").format(thing=line.thing), "",
           _("Asked by {post}, {moment}; answers by {due}").format(
               post=post_title(line.post, frame.language), moment=moment(to_us(line.asked_at)), due=moment(to_us(line.due_at))),
           "", line.question, ""]  # fmt: skip
    for one in opinions_on_page(file, frame):
        given = one["given"]
        said = f"{one['word']}, {moment(one['signed_us'])}, SHA-256 {given.digest}" if given else _("has not answered")
        out.append(f"- {one['post']}: {said}")
        if given and given.reasons:
            out.append(f"  {given.reasons}")
    if line.decided_at:
        by = post_title(line.decided_by.partition("/")[0], frame.language)
        out += [
            "",
            _("Decided by {post}, {moment}").format(post=by, moment=moment(to_us(line.decided_at))),
            line.decision,
        ]
        out += [f"{_('To those who object or set conditions')}: {line.answer}"] if line.answer else []
        out += [f"{_('Remarks')}: {line.remarks}"] if line.remarks else []
    elif line.withdrawn_at:
        out += ["", f"{_('Withdrawn')}: {line.withdrawn_why}"]
    else:
        out += ["", _("Not decided yet.")]
    for task in tasks_on_page(line, frame):
        out.append(f"- {_('Task')}: {task['title']}, {task['post']}, {moment(task['due_us'])}")
    return "\n".join(out) + "\n"
