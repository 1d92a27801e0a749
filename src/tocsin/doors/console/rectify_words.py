"""Findings as pages show them, every word chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.doors.console.ages import age_words
from tocsin.doors.console.respond_words import post_of
from tocsin.doors.console.standing import post_title
from tocsin.loop.rectify.lifecycle import FindingState
from tocsin.loop.rectify.notices import grade_word
from tocsin.loop.rectify.queries import FindingLine, PhotoLine
from tocsin.loop.respond.doers import facility_title
from tocsin.terms.moment import to_us

__all__ = ["FindingOnPage", "Step", "finding_on_page", "finding_state", "photos_by_moment", "steps"]

_WAY = (FindingState.RECORDED, FindingState.ORDERED, FindingState.PLANNED, FindingState.FIXED, FindingState.RECHECKED,
        FindingState.CLOSED)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FindingOnPage:
    """A finding with its words; ``late``: what is late, in words; moments in microseconds."""

    line: FindingLine
    place: str
    grade: str
    state: str
    owner: str
    recorded_by: str
    operator: str
    recheck_by: str
    late: str
    recorded_us: int
    ordered_us: int | None
    limit_us: int | None
    due_us: int | None
    deadline_us: int | None
    planned_us: int | None
    fixed_us: int | None
    rechecked_us: int | None
    closed_us: int | None
    looked_back_us: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: been there, or there now."""

    word: str
    been: bool
    is_now: bool


def finding_on_page(line: FindingLine, language: str, now: datetime) -> FindingOnPage:
    """A finding with its words."""
    late = ""
    with_facility = line.state in (FindingState.ORDERED, FindingState.PLANNED, FindingState.REOPENED)
    if with_facility and line.due_at and now > line.due_at:
        late = _("Overdue by {age}").format(age=age_words((now - line.due_at).total_seconds()))
    return FindingOnPage(
        line, facility_title(line.facility, language), grade_word(line.grade), finding_state(line.state),
        post_title(line.owner, language),
        post_title(post_of(line.recorded_by), language), post_title(line.operator, language),
        post_title(post_of(line.rechecked_by) or line.recheck_post, language), late, to_us(line.recorded_at),
        _us(line.ordered_at), _us(line.limit_at), _us(line.due_at) if with_facility else None, _us(line.deadline_at),
        _us(line.planned_at), _us(line.fixed_at), _us(line.rechecked_at), _us(line.closed_at), _us(line.looked_back_at),
    )  # fmt: skip


def finding_state(state: FindingState) -> str:
    """The state in the reader's language."""
    return {
        FindingState.RECORDED: _("Recorded, no order yet"), FindingState.ORDERED: _("Order served"),
        FindingState.PLANNED: _("Five implementations entered"), FindingState.FIXED: _("Reported fixed"),
        FindingState.RECHECKED: _("Looked at again, waits for release"), FindingState.REOPENED: _("Not fixed, open again"),
        FindingState.CLOSED: _("Closed"), FindingState.WITHDRAWN: _("Withdrawn"),
    }[state]  # fmt: skip


def steps(line: FindingLine) -> list[Step]:
    """The way of a finding with where it stands; the release only where the grade asks for it."""
    words = {
        FindingState.RECORDED: _("Recorded"), FindingState.ORDERED: _("Order"), FindingState.PLANNED: _("Plan"),
        FindingState.FIXED: _("Fixed"), FindingState.RECHECKED: _("Looked at again"), FindingState.CLOSED: _("Closed"),
    }  # fmt: skip
    at = FindingState.ORDERED if line.state == FindingState.REOPENED else line.state
    place = _WAY.index(at) if at in _WAY else -1
    return [Step(words[state], number < place, number == place) for number, state in enumerate(_WAY)]


def photos_by_moment(photos: list[PhotoLine]) -> dict[str, list[tuple[int, PhotoLine]]]:
    """Photographs with their numbers, by the moment they belong to."""
    out: dict[str, list[tuple[int, PhotoLine]]] = {"found": [], "fixed": [], "recheck": [], "look_back": []}
    for number, photo in enumerate(photos, 1):
        out.setdefault(photo.moment, []).append((number, photo))
    return out


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
