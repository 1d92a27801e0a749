"""Nothing typed into a form of a case or a consultation is lost: what was refused, or came after the session had ended, is kept
for its author and offered again; a form sent twice acts once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.said_again import recognised, worded
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records import clock
from tocsin.records.cases.kinds import kinds_in_use
from tocsin.records.cases.refusals import AnswersRefused, fault_words, in_words
from tocsin.records.drafts import queries
from tocsin.records.drafts import services as drafts
from tocsin.records.drafts.queries import DraftLine
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import TocsinError
from tocsin.terms.moment import to_us

__all__ = [
    "DraftOnPage",
    "chosen_draft",
    "discard",
    "done_once",
    "drafts_on_page",
    "form_title",
    "keep_fields",
    "keep_typed",
]

_NEVER = {"csrfmiddlewaretoken", "once", "version", "carried"}
_SILENT = {"what", "parent", "area", "facility", "upheld", "event", "case", "digest", "task", "posts", "n", "unit",
           "opinion", "post-1", "post-2", "post-3"}  # fmt: skip # chosen, not typed
_CONSULTATION = ("new_consultation", "change_consultation")


@dataclass(frozen=True, slots=True)
class DraftOnPage:
    """A draft with its words. ``back``: the address that puts it back into its form."""

    id: int
    title: str
    fields: list[tuple[str, str]]
    why: str
    kept_us: int
    back: str


def done_once(request: HttpRequest, actor: Actor, now: datetime, act: Callable[[], object]) -> bool:
    """Act for a form, once for each page it stood on; whether it was done now. What was kept of it is thrown away."""
    once = request.POST.get("once", "")[:64]
    if not once:
        act()
        done = True
    else:
        files = [(name, f"{one.name} {one.size}") for name, given in request.FILES.lists() for one in given]
        fields = [(name, text) for name, text in _pairs(request) if name not in ("csrfmiddlewaretoken", "once")]
        key = drafts.sent_key(actor.account, request.path, once, [*fields, *files])
        done = drafts.act_once(key, act, now=now)
    drafts.discard(actor.account, form=_form_of(request.path, _pairs(request)))
    return done


def keep_typed(request: HttpRequest, error: TocsinError) -> None:
    """Keep what a refused form held."""
    said: list[Any] = [recognised(error.thing)]
    if isinstance(error, AnswersRefused):
        said += [{"field": one.field, "fault": one.what} for one in error.faults]
    else:
        said.append(recognised(error.rule))
    keep_fields(actor_of_request(request).account, request.path, _pairs(request), said)


def keep_fields(account: str, path: str, fields: list[tuple[str, str]], said: Sequence[Any] = ()) -> None:
    """Keep the fields of a form of cases or consultations; of another address nothing is kept."""
    found = _found(path)
    if found is None or not (found.app_name == "cases" or found.url_name in _CONSULTATION):
        return
    kind = kinds_in_use().get(f"{found.kwargs.get('pack')}/{found.kwargs.get('code')}")
    typed = [(name.replace("\0", ""), text.replace("\0", "")) for name, text in fields if name not in _NEVER]
    if any(text.strip() for name, text in typed if name not in _SILENT):
        case, sealed = str(found.kwargs.get("case_id", "")), bool(kind and kind.sealed)
        drafts.keep(account, _form_of(path, fields), typed, said, case=case, sealed=sealed, now=clock.now())


def chosen_draft(request: HttpRequest, actor: Actor, under: str) -> DraftLine | None:
    """The draft that the reader asked to have back into its form on this page."""
    number = request.GET.get("draft", "")
    if request.method == "POST" or not number.isdecimal() or len(number) > 15:
        return None
    found = queries.draft(actor.account, int(number))
    return found if found and found.form.startswith(under) else None


def drafts_on_page(actor: Actor, under: str, kind: CaseKind | None) -> list[DraftOnPage]:
    """The reader's drafts of the forms of a page, or of all pages."""
    return [_on_page(line, kind) for line in queries.drafts(actor.account, under)]


@require_POST
@acting(Act.WORK_CASES, Act.READ_CONSULTATIONS)
def discard(request: HttpRequest, number: int) -> HttpResponseRedirect:
    """Throw a draft away."""
    form = drafts.discard(actor_of_request(request).account, number=number)
    return HttpResponseRedirect(_page_of(form) if form else reverse("cases:cases"))


def form_title(form: str, kind: CaseKind | None) -> str:
    """What a form is called on its page."""
    found = _found(form)
    if found is None:
        return form
    if found.url_name == "change_consultation":
        return {"sign": _("Sign this post's opinion"), "decide": _("Decide"), "withdraw": _("Withdraw it")}.get(
            str(found.kwargs["verb"]), _("It is done"))  # fmt: skip
    if found.url_name == "move" and kind is not None:
        move = kind.moves.get(str(found.kwargs["code"]))
        return in_words(move.title) if move else form
    if found.url_name == "new":
        opened = kinds_in_use().get(f"{found.kwargs['pack']}/{found.kwargs['code']}")
        return _("New: {kind}").format(kind=in_words(opened.title)) if opened else form
    return {
        "hand": _("Hand it to another post"), "ask": _("Ask a helper"), "leg": _("Reply"), "time": _("Deadlines"),
        "merge": _("Take another case into this one"), "split": _("It is a case of its own: split it again"),
        "message": _("Write to the requester"), "appeal": _("Decide the appeal"), "move": _("Next step"),
        "new_consultation": _("Ask for opinions"),
    }.get(str(found.url_name), _("form"))  # fmt: skip


def _on_page(line: DraftLine, kind: CaseKind | None) -> DraftOnPage:
    shown = [
        (_field_title(name, kind or _kind_of(line.form)), text)
        for name, text in line.fields
        if text and name not in _SILENT
    ]
    page = _page_of(line.form)
    back = f"{page}{'&' if '?' in page else '?'}draft={line.id}"
    return DraftOnPage(line.id, form_title(line.form, kind), shown, _why(line, kind), to_us(line.kept_at), back)


def _why(line: DraftLine, kind: CaseKind | None) -> str:
    """Why it was refused, in the reader's language; drafts of earlier versions say it as it was said."""
    if not line.said:
        return line.why
    titles = [
        title for one in kinds_in_use().values() for title in (
            one.title, *(state.title for state in one.states.values()), *(move.title for move in one.moves.values()))
    ]  # fmt: skip
    words = {word: in_words(title) for title in titles for word in title.values()}
    thing, *rules = [
        f"{_field_title('a_' + one['field'], kind or _kind_of(line.form))}: {fault_words(one['fault'])}"
        if isinstance(one, dict) else worded(one, words) for one in line.said
    ]  # fmt: skip
    return f"{thing}: {'; '.join(rules)}"


def _field_title(name: str, kind: CaseKind | None) -> str:
    asked = name.removeprefix("a_")
    if kind is not None and asked != name:
        found = next((one for form in kind.forms.values() if (one := form.question(asked))), None)
        return in_words(found.title) if found else asked
    words: Mapping[str, str] = {"why": _("Reason"), "words": _("Message"), "post": _("Post"), "place": _("Place"),
                                "number": _("Number"), "question": _("What we ask"), "reasons": _("Reasons"),
                                "decision": _("Decision"), "answer": _("To those who object or set conditions"),
                                "remarks": _("Remarks"), "note": _("Note"), "title": _("Task"),
                                "due": _("Answer by")}  # fmt: skip
    stem, _dash, number = name.rpartition("-")
    return f"{words.get(stem, stem)} {number}" if stem and number.isdecimal() else words.get(name, name)


def _kind_of(form: str) -> CaseKind | None:
    found = _found(form)
    return kinds_in_use().get(f"{found.kwargs.get('pack')}/{found.kwargs.get('code')}") if found else None


def _page_of(form: str) -> str:
    """The page on which a form stands."""
    found = _found(form)
    if found is None:
        return reverse("cases:cases")
    if "consultation_id" in found.kwargs:
        return reverse("console:consultation", args=[found.kwargs["consultation_id"]])
    return reverse("cases:case", args=[found.kwargs["case_id"]]) if "case_id" in found.kwargs else form


def _form_of(path: str, fields: list[tuple[str, str]]) -> str:
    """The address of a form. One form asks for opinions on all events and cases: what it is about belongs to its address."""
    found = _found(path)
    if found is None or found.url_name != "new_consultation":
        return path
    about = {name: text[:60] for name, text in fields if name in ("event", "case") and text}
    return f"{path.partition('?')[0]}?{urlencode(about)}"


def _found(form: str) -> ResolverMatch | None:
    try:
        return resolve(form.partition("?")[0])
    except Resolver404:
        return None


def _pairs(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, values in request.POST.lists() for value in values]
