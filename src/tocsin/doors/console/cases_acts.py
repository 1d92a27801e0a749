"""What is done to a case. Each is a plain form: one service, then back to the page; what is refused is said on the page, and
what was typed is still in its field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.cases_drafts import done_once, keep_typed
from tocsin.doors.console.cases_form import answers_of
from tocsin.doors.console.cases_pages import case_page
from tocsin.doors.photographs import photos_of, pictures_of
from tocsin.packkit.checklists import form_of
from tocsin.records import clock
from tocsin.records.cases import queries, services
from tocsin.records.cases.queries import Filter
from tocsin.records.cases.refusals import AnswersRefused
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadValue, Refused, Stale, TocsinError, Unavailable, UnknownName

__all__ = ["appeal", "ask", "documents", "hand", "leg", "merge", "message", "move", "seal", "split", "time"]


@require_POST
@acting(Act.WORK_CASES)
def move(request: HttpRequest, case_id: str, code: str) -> HttpResponse:
    """Make a move, with the answers of its form."""
    actor, now = _who(request, case_id)
    line = queries.case_file(actor.scope, case_id).line
    form = form_of(line.kind, line.kind.moves[code], line.values) if code in line.kind.moves else ""
    answers = answers_of(request.POST, line.kind, form, line.values, timezone.get_current_timezone())
    pictures, refused = ([], []) if line.kind.sealed else photos_of(request)
    if refused:
        keep_typed(request, refused[0])
        return case_page(request, case_id, refused, move=code)
    try:
        done_once(request, actor, now, lambda: services.move(
            case_id, code, answers, pictures, version=_version(request), actor=actor, now=now))  # fmt: skip
    except AnswersRefused as error:
        keep_typed(request, error)
        return case_page(request, case_id, [error], move=code, faults=error.faults)
    except Refused as error:
        keep_typed(request, error)
        return case_page(request, case_id, [error], move=code)
    try:
        queries.case_file(actor.scope, case_id)
    except UnknownName:  # the move took it out of the reader's sight
        return HttpResponseRedirect(reverse("cases:cases"))
    return _to(case_id)


@require_POST
@acting(Act.WORK_CASES)
def hand(request: HttpRequest, case_id: str) -> HttpResponse:
    """Hand it on, dispute it, or decide whose it is."""
    verbs = {"transfer": services.transfer, "contest": services.contest, "rule": services.rule}
    verb = verbs.get(request.POST.get("what", ""))
    if verb is None:
        raise _no_act()
    return _then(request, case_id, lambda actor, now: verb(
        case_id, _post(request), _text(request, "why"), version=_version(request), actor=actor, now=now))  # fmt: skip


@require_POST
@acting(Act.WORK_CASES)
def ask(request: HttpRequest, case_id: str) -> HttpResponse:
    """Ask a helper."""
    return _then(request, case_id, lambda actor, now: services.ask_helper(
        case_id, _post(request), _text(request, "words"), version=_version(request), actor=actor, now=now))  # fmt: skip


@require_POST
@acting(Act.WORK_CASES)
def leg(request: HttpRequest, case_id: str, number: int) -> HttpResponse:
    """A helper replies, or the owner goes on without."""
    if request.POST.get("what") == "waive":
        return _then(request, case_id, lambda actor, now: services.waive_leg(
            case_id, number, _text(request, "words"), version=_version(request), actor=actor, now=now))  # fmt: skip
    return _then(request, case_id, lambda actor, now: services.reply_leg(
        case_id, number, _text(request, "words"), actor=actor, now=now))  # fmt: skip


@require_POST
@acting(Act.WORK_CASES)
def time(request: HttpRequest, case_id: str, number: int) -> HttpResponse:
    """Stop a clock, let it go on, extend it."""
    verb = {"pause": services.pause, "resume": services.resume, "extend": services.extend}.get(
        request.POST.get("what", "")
    )
    if verb is None:
        raise _no_act()
    return _then(request, case_id, lambda actor, now: verb(
        case_id, number, _text(request, "why"), version=_version(request), actor=actor, now=now))  # fmt: skip


@require_POST
@acting(Act.WORK_CASES)
def merge(request: HttpRequest, case_id: str) -> HttpResponse:
    """Take another case into this one, by its number."""

    def do(actor: Actor, now: datetime) -> None:
        number = request.POST.get("number", "").strip().upper()
        found = [line for line in queries.cases(actor.scope, Filter("all", number=number)) if line.number == number]
        if not number or not found:
            raise UnknownName(
                _("case {number}").format(number=number[:40]), _("there is none in your area"), _("correct the number")
            )
        services.merge(found[0].id, case_id, _text(request, "why"), version=found[0].version, actor=actor, now=now)

    return _then(request, case_id, do)


@require_POST
@acting(Act.WORK_CASES)
def split(request: HttpRequest, case_id: str) -> HttpResponse:
    """Undo its merge."""
    return _then(
        request, case_id, lambda actor, now: services.split(case_id, _text(request, "why"), actor=actor, now=now)
    )


@require_POST
@acting(Act.WORK_CASES)
def message(request: HttpRequest, case_id: str) -> HttpResponse:
    """Write to the requester."""
    return _then(request, case_id, lambda actor, now: services.write_to_requester(
        case_id, _text(request, "words"), version=_version(request), actor=actor, now=now))  # fmt: skip


@require_POST
@acting(Act.WORK_CASES)
def appeal(request: HttpRequest, case_id: str) -> HttpResponse:
    """Decide an appeal."""
    upheld = request.POST.get("upheld") == "1"
    return _then(request, case_id, lambda actor, now: services.decide_appeal(
        case_id, upheld, _text(request, "why"), version=_version(request), actor=actor, now=now))  # fmt: skip


@require_POST
@acting(Act.READ_CASES)
def seal(request: HttpRequest, case_id: str) -> HttpResponse:
    """Read what lies under seal, ask to, or let somebody."""
    what, purpose = request.POST.get("what", ""), request.POST.get("purpose", "")[:40]
    if what == "ask":
        return _then(request, case_id, lambda actor, now: services.ask_to_read(
            case_id, purpose, _text(request, "why"), actor=actor, now=now))  # fmt: skip
    if what == "let":
        number = request.POST.get("reading", "")
        chosen = int(number) if number.isdecimal() and len(number) < 10 else 0
        return _then(request, case_id, lambda actor, now: services.let_read(case_id, chosen, actor=actor, now=now))
    return _then(request, case_id, lambda actor, now: services.read_sealed(case_id, purpose, actor=actor, now=now))


@require_POST
@acting(Act.WORK_CASES)
def documents(request: HttpRequest, case_id: str) -> HttpResponse:
    """Keep pictures with it."""
    _who(request, case_id)
    pictures, refused = pictures_of(request)
    if refused:
        return case_page(request, case_id, refused)
    return _then(request, case_id, lambda actor, now: services.keep_documents(
        case_id, pictures, version=_version(request), actor=actor, now=now))  # fmt: skip


def _who(request: HttpRequest, case_id: str) -> tuple[Actor, datetime]:
    """The actor, who must be able to read the case at all."""
    actor = actor_of_request(request)
    queries.case_file(actor.scope, case_id)
    return actor, clock.now()


def _then(request: HttpRequest, case_id: str, do: Callable[[Actor, datetime], object]) -> HttpResponse:
    actor, now = _who(request, case_id)
    try:
        done_once(request, actor, now, lambda: do(actor, now))
    except (Refused, Unavailable) as error:
        refused: TocsinError = error
        keep_typed(request, error)
        return case_page(request, case_id, [refused])
    return _to(case_id)


def _to(case_id: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("cases:case", args=[case_id]))


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n")


def _post(request: HttpRequest) -> str:
    return request.POST.get("post", "")[:60]


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    if not text.isdecimal() or len(text) > 9:
        raise Stale(_("form"), _("it says not which state it was made for"), _("load the page again"))
    return int(text)


def _no_act() -> BadValue:
    return BadValue(_("form"), _("it asks for nothing that can be done here"), _("load the page again"))
