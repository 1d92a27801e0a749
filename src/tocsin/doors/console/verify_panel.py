"""The panel of verify on the event page: what is known by looking, who was asked, what they found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tocsin.doors.console.ages import age_words
from tocsin.doors.console.frame import Frame
from tocsin.doors.console.panels import Next, Panel
from tocsin.doors.console.standing import post_title, verdict_words
from tocsin.loop.detect.queries import EventDetail
from tocsin.loop.verify import queries as verify
from tocsin.loop.verify.lifecycle import VerificationState
from tocsin.loop.verify.queries import DossierLine, VerificationLine
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.moment import from_us, to_us

__all__ = ["Shown", "answer_words", "contribute", "shown"]

_ACKNOWLEDGE, _ASK, _ASK_AGAIN = 100, 80, 40  # urgency, out of 100


@dataclass(frozen=True, slots=True)
class Shown:
    """A verification with its words; moments in microseconds, None where it did not happen."""

    line: VerificationLine
    post: str
    said: str
    checks: tuple[str, ...]
    asked_us: int
    due_us: int
    arrived_us: int | None
    answered_us: int | None
    made_us: int | None
    is_overdue: bool
    is_late: bool
    distance: str


def contribute(request: HttpRequest, frame: Frame, actor: Actor, detail: EventDetail) -> Panel:
    """How far verifying is, and what may be done next."""
    event, now = detail.event.id, from_us(frame.now_us)
    file = verify.dossiers(frame.scope, [event]).get(event)
    lines = verify.verifications(frame.scope, event)
    state, said = _state(file, lines)
    open_lines = [line for line in lines if line.is_open]
    may_ask = actor.may(Act.ASK_VERIFICATION) and _is_live(file)
    context = {
        "event": event, "verdict": verdict_words()[file.verdict.value if file else "unverified"], "file": file,
        "verifications": [shown(line, frame.language, now) for line in reversed(lines)], "may_ask": may_ask,
        "now_us": frame.now_us, "zone": frame.zone, "language": frame.language, "scheme": frame.words.scheme,
    }  # fmt: skip
    html = SafeString(render_to_string("console/panels/verify.html", context, request))
    due = min((line.due_at for line in open_lines), default=None)
    since = max((line.answered_at or line.asked_at for line in lines), default=file.opened_at if file else None)
    return Panel("verify", state, said, html, since, due, _next(actor, event, file, lines, may_ask=may_ask))


def shown(line: VerificationLine, language: str, now: datetime) -> Shown:
    """A verification as panel and phone show it."""
    late = line.answered_at is not None and line.is_late(line.answered_at)
    return Shown(
        line=line, post=post_title(line.post, language) if line.post else _("Nobody on duty yet"), said=_said(line, now),
        checks=tuple(words.get(language) or words.get("en", "") for words in line.checks), asked_us=to_us(line.asked_at),
        due_us=to_us(line.due_at), arrived_us=_us(line.arrived_at), answered_us=_us(line.answered_at),
        made_us=_us(line.made_at), is_overdue=line.is_open and now > line.due_at, is_late=late,
        distance="" if line.distance_km is None else distance_words(line.distance_km),
    )  # fmt: skip


def distance_words(km: float) -> str:
    """How far the duty post is from the place."""
    if km < 1:
        return _("{n} m from the duty post").format(n=round(km * 10) * 100)
    return _("{n} km from the duty post").format(n=f"{km:.0f}" if km >= 10 else f"{km:.1f}")


def answer_words() -> dict[str, str]:
    """The three answers in the reader's language."""
    return {"confirmed": _("Confirmed"), "refuted": _("Not confirmed"), "cannot_tell": _("Cannot tell")}


def _said(line: VerificationLine, now: datetime) -> str:
    if line.state is VerificationState.WAITING:
        return _("Nobody on duty to verify")
    if line.state is VerificationState.WITHDRAWN:
        return _("Taken back")
    if line.state is VerificationState.KEPT:
        return _("{answer}. Came after it was taken back, kept beside").format(answer=answer_words()[line.answer])
    if line.answer:
        return answer_words()[line.answer]
    if now > line.due_at:
        return _("Overdue by {age}").format(age=age_words((now - line.due_at).total_seconds()))
    return _("On the spot") if line.arrived_at else _("Asked")


def _state(file: DossierLine | None, lines: list[VerificationLine]) -> tuple[str, str]:
    open_lines = [line for line in lines if line.is_open]
    verdict = file.verdict.value if file else "unverified"
    if verdict != "unverified":
        return "done", verdict_words()[verdict]
    if any(line.overdue_at for line in open_lines):
        return "overdue", _("Unverified, no answer in time")
    if any(line.state is VerificationState.WAITING for line in open_lines):
        return "todo", _("Unverified, nobody on duty to verify")
    if open_lines:
        return "running", _("Unverified, somebody was asked")
    if any(line.answer == "cannot_tell" for line in lines):
        return "todo", _("Unverified, whoever looked could not tell")
    return "todo" if _is_live(file) else "none", _("Unverified, nobody was asked")


def _next(
    actor: Actor, event: str, file: DossierLine | None, lines: list[VerificationLine], *, may_ask: bool
) -> Next | None:
    nobodys = file is None or file.unacknowledged_since is not None
    if nobodys and _is_live(file) and actor.may(Act.ACKNOWLEDGE_EVENT):
        url = reverse("console:acknowledge", args=[event])
        return Next(_("Acknowledge event"), url, "post", _ACKNOWLEDGE, "a")
    if may_ask and (file is None or file.is_unverified) and not any(line.is_open for line in lines):
        return Next(
            _("Send to verify"), reverse("console:ask", args=[event]), "get", _ASK_AGAIN if lines else _ASK, "v"
        )
    return None


def _is_live(file: DossierLine | None) -> bool:
    return file is None or (file.closed_at is None and not file.merged_into)


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
