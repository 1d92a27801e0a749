"""Cases: the list, one case with everything of it, the form of a new one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting, actor_of_request, posts_of_request
from tocsin.doors.console.case_grade import grade_on_page
from tocsin.doors.console.case_papers import papers_of
from tocsin.doors.console.cases_drafts import chosen_draft, drafts_on_page
from tocsin.doors.console.cases_form import shown_value
from tocsin.doors.console.cases_words import (
    case_on_page,
    clocks_on_page,
    hand_words,
    letters_on_page,
    levels_on_page,
    moves_on_page,
    own_page,
    told,
)
from tocsin.doors.console.consultation_words import line_on_page
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.respond_pages import SHEETS
from tocsin.doors.console.seal_shown import seal_on_page
from tocsin.doors.console.standing import post_title
from tocsin.doors.photographs import MOST_PHOTOS, picture_response
from tocsin.doors.refusals import status_of
from tocsin.loop.review.reconstructing import may_reconstruct
from tocsin.packkit.answers import AnswerFault
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records import clock
from tocsin.records.cases import queries
from tocsin.records.cases.kinds import kinds_in_use
from tocsin.records.cases.letters import APPEAL, GRADE, NEAR, PASSED
from tocsin.records.cases.queries import CaseFile, Filter
from tocsin.records.cases.refusals import in_words
from tocsin.records.consultation import queries as consultation
from tocsin.records.dispatch import queries as dispatch
from tocsin.records.files.queries import files_for
from tocsin.records.ledger import queries as ledger
from tocsin.records.one_moment import one_moment
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.terms.errors import Refused, TocsinError
from tocsin.terms.moment import from_us, to_us

__all__ = ["AT_ONCE", "SHEETS", "case", "case_page", "cases", "document", "document_small", "may_open"]

AT_ONCE = 50
_WHICH = ("open", "overdue", "unowned", "over", "all")
_TIMELINE = 60


@require_safe
@acting(Act.READ_CASES)
@one_moment()
def cases(request: HttpRequest) -> HttpResponse:
    """The list: what waits for this post first, then what the filter asks for."""
    frame = open_frame(request)
    wanted, start = _filter(request, frame.actor), _start(request)
    total = queries.count(frame.scope, wanted)
    shown = [
        case_on_page(line, frame.language) for line in queries.cases(frame.scope, wanted, at_most=AT_ONCE, after=start)
    ]
    kinds = kinds_in_use()
    states = kinds[wanted.kind].states.values() if wanted.kind in kinds else ()
    context = frame.context(request, "cases", *SHEETS) | {
        "shown": shown, "total": total, "wanted": wanted, "first_row": start + 1, "last_row": start + len(shown),
        "previous": _page(request, max(start - AT_ONCE, 0)) if start else "",
        "next": _page(request, start + AT_ONCE) if start + AT_ONCE < total else "", "mine": request.GET.get("mine") == "1",
        "which": [("open", _("Open")), ("overdue", _("A deadline has passed")),
                  ("unowned", _("Without an owner")), ("over", _("Over")), ("all", _("All"))],
        "kinds": [(name, in_words(kind.title)) for name, kind in kinds.items()],
        "states": [(state.code, in_words(state.title)) for state in states],
        "opens": [(kind.pack, kind.code, in_words(kind.title)) for kind in may_open(frame.actor)],
        "drafts": drafts_on_page(frame.actor, "/", None),
        "unowned": [case_on_page(line, frame.language) for line in queries.cases(frame.scope, Filter("unowned"), at_most=20)],
    }  # fmt: skip
    return render(request, "console/cases.html", context)


@require_safe
@acting(Act.READ_CASES)
def case(request: HttpRequest, case_id: str) -> HttpResponse:
    """One case."""
    return case_page(request, case_id)


def case_page(
    request: HttpRequest, case_id: str, errors: Sequence[TocsinError] = (), *, move: str = "",
    faults: Sequence[AnswerFault] = (), receipt: str = "",
) -> HttpResponse:  # fmt: skip
    """The page, with what was refused on top and what was typed still in its fields."""
    with one_moment():
        frame = open_frame(request)
        file = queries.case_file_for(frame.actor, case_id, now=from_us(frame.now_us))
        context = _context(request, frame, file, move, faults) | {"errors": errors, "receipt": receipt}
    status = 422 if faults else (status_of(errors[0]) if isinstance(errors[0], Refused) else 503) if errors else 200
    response = render(request, "console/case.html", context, status=status)
    if file.line.kind.sealed:
        response["Cache-Control"] = "no-store"  # what was opened stays in no browser
    return response


@require_safe
@acting(Act.READ_CASES)
def document(request: HttpRequest, case_id: str, number: int) -> HttpResponse:
    """A picture, for who may read its case."""
    return _picture(request, case_id, number, small=False)


@require_safe
@acting(Act.READ_CASES)
def document_small(request: HttpRequest, case_id: str, number: int) -> HttpResponse:
    """Its small copy."""
    return _picture(request, case_id, number, small=True)


def _picture(request: HttpRequest, case_id: str, number: int, *, small: bool) -> HttpResponse:
    content, sealed = queries.picture(actor_of_request(request), case_id, number, small=small, now=clock.now())
    return picture_response(content, cache="no-store" if sealed else "private, max-age=3600")


def may_open(actor: Actor) -> list[CaseKind]:
    """The kinds of case that this actor opens."""
    return [kind for kind in kinds_in_use().values()
            if actor.role in kind.opens and not kind.room and actor.may(Act.WORK_CASES)]  # fmt: skip


def _context(
    request: HttpRequest, frame: Frame, file: CaseFile, move: str, faults: Sequence[AnswerFault]
) -> dict[str, Any]:
    line, actor, now = file.line, frame.actor, from_us(frame.now_us)
    typed = dict.fromkeys(("words", "why", "post", "number"), "")
    if request.method == "POST":
        typed |= {name: request.POST.get(name, "") for name in request.POST}
    under = f"/cases/{line.id}/"
    draft = chosen_draft(request, actor, under)
    if draft:
        typed |= dict(draft.fields)
        move = draft.form.removeprefix(under).removeprefix("move/")
    operates = bool(line.facility) and any(post.facility == line.facility for post in posts_of_request(request))
    works = actor.may(Act.WORK_CASES) and not line.survivor
    chain = ledger.chain(line.id)
    return frame.context(request, "cases", *SHEETS) | {
        "case": case_on_page(line, frame.language), "typed": typed, "works": works, "owns": works and actor.post == line.owner,
        "clocks": clocks_on_page(file, actor, now),
        "letters": letters_on_page(dispatch.told_about(line.id, (NEAR, PASSED, APPEAL, GRADE), at_most=20), frame.language),
        "moves": moves_on_page(line, actor, typed, move, faults, operates=operates, running=_running(file, now))
                 if works and not line.kind.room else [],
        "own_page": own_page(line), "grade": grade_on_page(file, chain, frame.language),
        "wrong": bool(faults),
        "values": [shown_value(line.kind, name, value, frame.zone) for name, value in line.values.items()
                   if line.kind.grade is None or name != line.kind.grade.name],  # its own block says it
        "legs": [(leg, post_title(leg.post, frame.language), to_us(leg.asked_at), works and leg.ended_at is None
                  and leg.post == actor.post) for leg in file.legs],
        "hands": [(hand_words(one.what), post_title(one.after, frame.language), one.why, to_us(one.at)) for one in file.hands],
        "messages": [(one, to_us(one.at)) for one in file.messages],
        "documents": list(enumerate(file.documents, 1)), "most_photos": MOST_PHOTOS,
        "files": files_for(actor, line.id, now=now), "papers": papers_of(line),
        "drafts": [one for one in drafts_on_page(actor, under, line.kind) if draft is None or one.id != draft.id],
        "appeals": [(one, post_title(one.owner, frame.language), to_us(one.at), level) for one, level in zip(
            file.appeals, levels_on_page(line.kind, [made.upheld for made in file.appeals]), strict=True)],
        "decides": works and any(one.upheld is None and one.owner == actor.post for one in file.appeals),
        "joined": file.joined, "children": [case_on_page(child, frame.language) for child in file.children],
        "survivor_number": file.survivor_number, "parent_number": file.parent_number,
        "timeline": told(chain[-_TIMELINE:], line, frame), "cut": max(len(chain) - _TIMELINE, 0),
        "posts": _posts(line.jurisdiction, frame.language) if works else [], "may_reconstruct": may_reconstruct(frame.scope),
        "rules": works and line.contested_at is not None and line.kind.ruling is not None
                 and actor.role == line.kind.ruling.role and actor.post != line.owner,
        "may_contest": line.kind.ruling is not None and line.ruled_at is None and line.contested_at is None,
        "may_ask": line.kind.legs is not None, "kind_new": [(k.pack, k.code, in_words(k.title)) for k in may_open(actor)],
        "seal": seal_on_page(file, actor, frame.language, now),
        "consultations": [line_on_page(one, frame) for one in consultation.about(frame.scope, actor.post, case=line.id)],
        "may_consult": works and not line.is_over and not line.kind.sealed and actor.may(Act.ASK_CONSULTATION),
        "may_split": actor.may(Act.WORK_CASES) and bool(line.survivor), "once": secrets.token_urlsafe(16),
    }  # fmt: skip


def _running(file: CaseFile, now: datetime) -> list[str]:
    """The clocks whose deadline lies ahead, or that stand still."""
    return [one.code for one in file.clocks if one.ended_at is None and (one.standing or one.due_at > now)]


def _posts(jurisdiction: str, language: str) -> list[tuple[str, str]]:
    """Posts that answer for a place."""
    found = [post for post in org.posts(EVERYWHERE) if Scope(post.jurisdiction, "").covers(jurisdiction)
             and post.role not in (Role.ADMINISTRATOR, Role.AUDITOR, Role.ANALYST)]  # fmt: skip
    return sorted(((post.id, post.title.get(language) or post.title.get("en") or post.id) for post in found),
                  key=lambda pair: pair[1])  # fmt: skip


def _filter(request: HttpRequest, actor: Actor) -> Filter:
    given: Mapping[str, str] = request.GET
    which = given.get("which", "open")
    return Filter(
        which if which in _WHICH else "open", given.get("kind", "")[:110], given.get("state", "")[:40],
        actor.post if given.get("mine") == "1" else "", given.get("event", "")[:60], given.get("facility", "")[:100],
        given.get("number", "").strip()[:30],
    )  # fmt: skip


def _start(request: HttpRequest) -> int:
    text = request.GET.get("start", "0")
    return int(text) if text.isdecimal() and len(text) < 8 else 0


def _page(request: HttpRequest, start: int) -> str:
    kept = {name: value for name, value in request.GET.items() if name != "start" and value}
    return "?" + urlencode(kept | ({"start": str(start)} if start else {}))
