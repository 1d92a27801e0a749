"""What leaves the house on paper: a statement, an order, a review, as .docx or PDF in either language, by packs' templates.

The file is made anew each time from what the record holds; the same record gives the same bytes.
"""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import open_frame
from tocsin.doors.console.lines import EventOnPage, events_on_page
from tocsin.doors.console.paper_made import filled_paper, paper_day, paper_language, paper_moment, paper_response
from tocsin.doors.console.standing import post_title
from tocsin.formats.paper import Heading, Items, Part, Table, Text
from tocsin.loop.detect import queries as detect
from tocsin.loop.rectify import queries as rectify
from tocsin.loop.rectify.notices import grade_word
from tocsin.loop.respond import queries as respond
from tocsin.loop.respond.doers import facility_title
from tocsin.loop.respond.lifecycle import StatementState
from tocsin.loop.respond.written import kind_word
from tocsin.loop.review import queries as review
from tocsin.loop.review import services as reviewing
from tocsin.loop.review.story import post_of
from tocsin.loop.warn.names import Names
from tocsin.packkit.papers import PaperSpec, default_papers
from tocsin.records import clock
from tocsin.records.one_moment import one_moment
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Act
from tocsin.records.packs import packs_in_use
from tocsin.terms.errors import UnknownName

__all__ = ["order", "review_paper", "statement_paper"]

_READERS = (Act.READ_LEDGER, Act.PUBLISH_REVIEW, Act.CLOSE_EVENT)


@require_safe
@acting(Act.READ_RESPONSE)
@one_moment()
def statement_paper(request: HttpRequest, statement_id: str, form: str) -> HttpResponse:
    """A statement; one that nobody has released says so on every page."""
    scope, language = actor_of_request(request).scope, paper_language(request)
    line = respond.statement(scope, statement_id)
    said, names = respond.paper(scope, statement_id, language), Names.read()
    with translation.override(language):
        event, shown = _event(request, line.event, language)
        sections: list[Part] = []
        for section in said.sections:
            sections += [Heading(section.title), Items(section.lines)]
        sections += [] if said.sections else [Text(said.nothing_new)]
        if said.remark:
            sections += [Heading(said.remark_title), Text(said.remark)]
        at = line.released_at or line.drafted_at
        given = {
            "kind": kind_word(line.kind), "number": str(line.number), "event": shown.what, "place": shown.place,
            "office": _office(line.released_by or line.drafted_by, names, language),
            "dated": paper_moment(at.astimezone(names.zone([line.jurisdiction])), language),
        }  # fmt: skip
        draft = _("DRAFT") if line.state == StatementState.DRAFT else ""
        marks = [draft, _("EXERCISE") if line.exercise else ""]
        paper = filled_paper(_spec("statement", event.hazard), given, sections, marks, language, at)
    return paper_response(paper, form, line.id)


@require_safe
@acting(Act.READ_FINDINGS)
@one_moment()
def order(request: HttpRequest, finding_id: str, form: str) -> HttpResponse:
    """The order about a finding, once it was served."""
    scope, language = actor_of_request(request).scope, paper_language(request)
    line, names = rectify.finding(scope, finding_id), Names.read()
    if line.ordered_at is None or line.limit_at is None:
        raise UnknownName(_("order"), _("none was served about this finding"), _("serve the order first"))
    with translation.override(language):
        zone = names.zone([line.jurisdiction])

        def moment(at: datetime) -> str:
            return paper_moment(at.astimezone(zone), language)

        given = {
            "number": line.number, "facility": facility_title(line.facility, language), "condition": line.words,
            "grade": grade_word(line.grade), "found": moment(line.recorded_at), "demand": line.demand,
            "limit": moment(line.limit_at), "office": _office(line.ordered_by, names, language),
            "dated": paper_day(line.ordered_at.astimezone(zone), language),
        }  # fmt: skip
        hazard = detect.events(scope, [line.event]).get(line.event) if line.event else None
        spec = _spec("order", hazard.hazard if hazard else "")
        paper = filled_paper(spec, given, [], [], language, line.ordered_at)
    return paper_response(paper, form, line.id)


@require_safe
@acting(*_READERS)
def review_paper(request: HttpRequest, event_id: str, form: str) -> HttpResponse:
    """The review of an event, once it is published. Looking at it is an entry in the ledger, as the page is."""
    actor, language, now = actor_of_request(request), paper_language(request), clock.now()
    found, names = review.review(actor.scope, event_id), Names.read()
    if found.published_at is None:
        raise UnknownName(_("review"), _("it is not published yet"), _("publish the review first"))
    reviewing.note_read("timeline_read", {"event": event_id}, actor=actor, now=now)
    told = review.timeline(actor.scope, event_id, now=now)
    with translation.override(language):
        event, shown = _event(request, event_id, language)
        where = [event.jurisdiction]
        sections: list[Part] = [Heading(_("What was learned")), Text(found.lessons)]
        if found.measures:
            rows = tuple((m.words, post_title(m.post, language), names.moment(m.due_at, where)) for m in found.measures)
            sections += [Heading(_("Measures")), Table((_("Measure"), _("Post"), _("Due")), rows)]
        missed = [gap for gap in told.gaps if gap.missed]
        sections += [
            Heading(_("Deadlines and gaps")),
            Text(_("{n} deadlines, {missed} of them missed.").format(n=len(told.gaps), missed=len(missed))),
            Text(_("Told from {n} entries of the ledger; digest of the timeline {digest}.").format(
                n=found.entries, digest=found.digest)),
        ]  # fmt: skip
        given = {
            "event": shown.what, "place": shown.place, "office": _office(found.published_by, names, language),
            "dated": paper_day(found.published_at.astimezone(names.zone(where)), language),
        }  # fmt: skip
        paper = filled_paper(_spec("review", event.hazard), given, sections, [], language, found.published_at)
    return paper_response(paper, form, event_id)


def _event(request: HttpRequest, event_id: str, language: str) -> tuple[detect.EventLine, EventOnPage]:
    frame = open_frame(request)
    line = detect.event(frame.scope, event_id).event
    return line, events_on_page([line], frame.words, frame.register, language)[0]


def _office(actor: str, names: Names, language: str) -> str:
    """The department of the post that acted; a machine's draft is the product's."""
    post = post_of(actor)
    return names.body(org.post(post).department, language) if post else "Tocsin"


def _spec(kind: str, hazard: str) -> PaperSpec:
    pack = next((pack for pack in packs_in_use() if hazard in pack.hazards), None)
    return (pack.papers if pack else {}).get(kind) or default_papers()[kind]
