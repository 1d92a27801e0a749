"""Papers of a case: reports, orders, letters, agreements, from its record, worded by its pack, in either language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.cases_form import shown_value
from tocsin.doors.console.paper_made import filled_paper, paper_day, paper_language, paper_moment, paper_response
from tocsin.doors.console.standing import post_title
from tocsin.formats.paper import Heading, Paper, Part, Table, Text
from tocsin.loop.respond.doers import facility_title
from tocsin.loop.review.story import post_of
from tocsin.loop.review.words import verb_words
from tocsin.loop.warn.names import Names
from tocsin.packkit.case_moves import EARLIER
from tocsin.packkit.concerns.lifecycle import REPLY
from tocsin.packkit.grading import grade_kept
from tocsin.packkit.papers import CASE_PAPERS, PaperSpec, default_papers
from tocsin.records import clock
from tocsin.records.cases import queries
from tocsin.records.cases.queries import CaseFile, CaseLine
from tocsin.records.cases.refusals import in_words
from tocsin.records.cases.reporting import hops_of
from tocsin.records.cases.sealing import UNDER_SEAL
from tocsin.records.files.queries import FileLine, files_for
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger.queries import Line
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Act
from tocsin.records.packs import packs_in_use
from tocsin.terms.errors import NotAllowed, UnknownName

__all__ = ["CasePaper", "case_paper", "paper", "papers_of", "require_opened"]

_LETTER = "reply_letter"
_BY_DAY = ("case_order", _LETTER, "agreement")  # a report is a matter of minutes, these are not


@dataclass(frozen=True, slots=True)
class CasePaper:
    """A paper that a case has: its name, title, and whether it is a draft still."""

    name: str
    title: str
    draft: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What the record holds of a case, for one paper in one language."""

    spec: PaperSpec
    file: CaseFile
    files: Sequence[FileLine]
    chain: Sequence[Line]
    names: Names
    language: str
    zone: tzinfo

    @property
    def line(self) -> CaseLine:
        return self.file.line

    def moment(self, at: datetime) -> str:
        """With its year, as a paper that is filed needs it."""
        return paper_moment(at.astimezone(self.zone), self.language)

    def answers(self, wanted: Sequence[str] | None = None, *, earlier: bool = True) -> dict[str, tuple[str, str]]:
        """By question: its title and what was answered, in words; ``earlier``: also what was answered before that."""
        out = {}
        for name, value in self.line.values.items():
            asked, before, _times = name.partition(EARLIER)
            if value is None or (wanted is not None and asked not in wanted) or (before and not earlier):
                continue
            title, said = shown_value(self.line.kind, name, value, self.zone)
            kinds = {found.kind for form in self.line.kind.forms.values() if (found := form.question(asked))}
            if said == UNDER_SEAL:
                pass
            elif "day" in kinds:
                said = paper_day(date.fromisoformat(value), self.language)
            elif "moment" in kinds:
                said = self.moment(datetime.fromisoformat(value))
            given = self.given_at(name)
            out[name] = (f"{title}, {self.moment(given)}" if earlier and given else title), said
        return out

    def given_at(self, name: str) -> datetime | None:
        """When an answer to a question that was answered more than once was given; None for one that was answered once."""
        asked, _sign, nth = name.partition(EARLIER)
        kept = sorted(int(one.partition(EARLIER)[2]) for one in self.line.values if one.startswith(asked + EARLIER))
        if not kept:
            return None
        given = [one.at for one in self.chain if asked in one.body.get("asked", ())]
        stands = self.line.values.get(asked) is not None
        # Counted from the newest: of a case from before earlier answers were kept, the oldest are gone.
        back = (len(kept) - int(nth) + (2 if stands else 1)) if nth else 1
        return given[-back] if back <= len(given) else None


@require_safe
@acting(Act.READ_CASES)
def paper(request: HttpRequest, case_id: str, name: str, form: str) -> HttpResponse:
    """One paper of a case, as a file. Of a sealed case only for who has opened it."""
    actor, language = actor_of_request(request), paper_language(request)
    file = queries.case_file_for(actor, case_id, now=clock.now())
    require_opened(file)
    made = case_paper(file, name, files_for(actor, case_id, now=clock.now()), ledger.chain(case_id), language)
    return paper_response(made, form, f"{file.line.number}-{name}")


def require_opened(file: CaseFile) -> None:
    """Raises NotAllowed for a sealed case that the reader has not opened: its papers would say what is under seal."""
    if file.line.kind.sealed and not file.opened:
        raise NotAllowed(_("paper"), _("the case is under seal"), _("open the case for a purpose first"))


def papers_of(line: CaseLine) -> list[CasePaper]:
    """The papers that a case has now, in the present language."""
    found = []
    for name in CASE_PAPERS:
        spec = _spec(line, name)
        if spec is not None:
            given = {"kind": in_words(line.kind.title)}
            found.append(CasePaper(name, in_words(spec.title).format_map(_Open(given)), _is_draft(line, name, spec)))
    return found


def case_paper(file: CaseFile, name: str, kept: Sequence[FileLine], chain: Sequence[Line], language: str) -> Paper:
    """The paper of that name. Dated by the move by which it went out; a draft by the newest entry about its case. Raises
    UnknownName where the case has none such."""
    line = file.line
    spec = _spec(line, name)
    if spec is None:
        raise UnknownName(
            _("paper {name}").format(name=name[:40]), _("this kind of case has none such"), _("open the case")
        )
    with translation.override(language):
        names = Names.read()
        known = _Known(spec, file, kept, chain, names, language, names.zone([line.jurisdiction]))
        out = _went_out(spec, chain)
        at, by = (out.at, post_of(out.actor)) if out else (chain[-1].at if chain else line.opened_at, "")
        given = _given(known, by or line.owner, at) | (
            {"dated": paper_day(at.astimezone(known.zone), language)} if name in _BY_DAY else {}
        )
        mark = _("DRAFT") if _is_draft(line, name, spec) else ""
        return filled_paper(spec, given, _SECTIONS[name](known), [mark], language, at)


def _given(known: _Known, post: str, at: datetime) -> dict[str, str]:
    line = known.line
    reply = str(line.values.get(REPLY, "")) or next(
        (one.words for one in reversed(known.file.messages) if one.is_reply), ""
    )
    office = known.names.body(org.post(post).department, known.language)
    return {
        "number": line.number, "kind": in_words(line.kind.title), "state": in_words(line.kind.states[line.state].title),
        "opened": known.moment(line.opened_at), "place": line.place or _area(known),
        "facility": facility_title(line.facility, known.language) if line.facility else "", "reply": reply,
        "office": office, "dated": known.moment(at), **{f"a_{name}": said for name, (_t, said) in known.answers().items()},
    }  # fmt: skip


def _area(known: _Known) -> str:
    area = known.names.areas.get(known.line.jurisdiction)
    return (area.title.get(known.language) or area.title.get("en") or area.path) if area else known.line.jurisdiction


def _spec(line: CaseLine, name: str) -> PaperSpec | None:
    """What the pack declares; a kind with a requester has a reply letter all the same."""
    pack = next((one for one in packs_in_use() if one.name == line.kind.pack), None)
    spec = pack.papers.get(name) if pack else None
    if spec is not None and line.kind.code in spec.cases:
        return spec
    return default_papers()[_LETTER] if name == _LETTER and line.has_requester else None


def _is_draft(line: CaseLine, name: str, spec: PaperSpec) -> bool:
    if name == _LETTER and not spec.after:
        return line.replied_at is None
    return not any(move in line.makers for move in spec.after)


def _went_out(spec: PaperSpec, chain: Sequence[Line]) -> Line | None:
    return next(
        (one for one in reversed(chain) if one.verb == "case_moved" and one.body.get("move") in spec.after), None
    )


def _asked_first(known: _Known) -> list[Part]:
    kind = known.line.kind
    wanted = [question.name for question in kind.forms[kind.form].questions] if kind.form else []
    return [*_answers(known, _("What was reported"), wanted), *_grade(known)]


def _answered_since(known: _Known) -> list[Part]:
    first = known.line.kind.forms[known.line.kind.form].questions if known.line.kind.form else ()
    opening = {question.name for question in first} | set(_graded(known))
    since = [asked for name in known.line.values if (asked := name.partition(EARLIER)[0]) not in opening]
    return [*_answers(known, _("What was reported"), list(opening)), *_answers(known, _("What became known since"), since),
            *_grade(known), *_steps(known)]  # fmt: skip


def _everything(known: _Known) -> list[Part]:
    return [
        *_answers(known, _("What is known"), None),
        *_grade(known),
        *_steps(known),
        *_deadlines(known),
        *_helpers(known),
        *_enclosed(known),
    ]


def _graded(known: _Known) -> list[str]:
    table = known.line.kind.grade
    return [table.name] if table else []


def _grade(known: _Known) -> list[Part]:
    """Who investigates, and how far the report has gone up; nothing where the kind has no grades or no bodies."""
    table, grade = known.line.kind.grade, grade_kept(known.line.kind, known.line.values)
    if table is None or grade is None or not table.bodies:
        return []
    by, to = table.body(grade.investigated_by), table.body(grade.report_to)
    rows = [(_("Grade of the case"), in_words(grade.title))]
    rows += [(_("Investigated by"), in_words(by.title))] if by else []
    rows += [(_("Reported up to"), in_words(to.title))] if to else []
    for hop in hops_of(known.file, known.chain):
        way = _("{sender} to {body}").format(sender=in_words(hop.sender.title), body=in_words(hop.body.title))
        if hop.done_at is not None:
            rows.append((way, _("passed up at {at}").format(at=known.moment(hop.done_at))))
        elif hop.due_at is not None:
            rows.append((way, _("due by {at}").format(at=known.moment(hop.due_at))))
        else:
            rows.append((way, _("to come")))
    return [Heading(_("Grade and reporting chain")), Table((_("Item"), _("Content")), tuple(rows))]


def _agreed(known: _Known) -> list[Part]:
    """What was asked at the opening, and what the moves asked by which the agreement goes out: what one side said meanwhile is
    not for the other."""
    kind = known.line.kind
    forms = [kind.form, *(kind.moves[move].form for move in known.spec.after if move in kind.moves)]
    wanted = [question.name for form in forms if form for question in kind.forms[form].questions]
    return _answers(known, _("What was agreed"), wanted, earlier=False)


def _request(known: _Known) -> list[Part]:
    rows = _asked_first(known)
    return [one for one in rows if not isinstance(one, Heading)]


def _answers(known: _Known, title: str, wanted: Sequence[str] | None, *, earlier: bool = True) -> list[Part]:
    rows = tuple(known.answers(wanted, earlier=earlier).values())
    return [Heading(title), Table((_("Item"), _("Content")), rows)] if rows else []


def _steps(known: _Known) -> list[Part]:
    rows = []
    for one in known.chain:
        if one.verb not in ("case_opened", "case_moved", "case_transferred"):
            continue
        move = known.line.kind.moves.get(one.body.get("move", ""))
        what = in_words(move.title) if move else str(verb_words(one.verb))
        rows.append((what, known.moment(one.at), post_title(post_of(one.actor), known.language)))
    return [Heading(_("Steps")), Table((_("Step"), _("When"), _("Post")), tuple(rows))] if rows else []


def _deadlines(known: _Known) -> list[Part]:
    rows = []
    for one in known.file.clocks:
        spec = known.line.kind.clocks.get(one.code)
        late = one.overdue_at is not None
        ended = known.moment(one.ended_at) if one.ended_at else _("Running")
        became = f"{ended} ({_('late')})" if late else ended
        rows.append(
            (in_words(spec.title) if spec else one.code, known.moment(one.due_at), became, spec.clause if spec else "")
        )
    heads = (_("Item"), _("Due"), _("Ended"), _("Clause"))
    return [Heading(_("Deadlines")), Table(heads, tuple(rows))] if rows else []


def _helpers(known: _Known) -> list[Part]:
    rows = [(post_title(leg.post, known.language), leg.words, leg.reply or leg.waived_why) for leg in known.file.legs]
    return [Heading(_("Helpers")), Table((_("Post"), _("What is asked"), _("Reply")), tuple(rows))] if rows else []


def _enclosed(known: _Known) -> list[Part]:
    """What lies in the file, by digests: whoever has a copy can say that it is the same."""
    rows = [(one.shown_name, one.digest) for one in known.files]
    pictures = len(known.file.documents)
    parts: list[Part] = [Heading(_("Enclosed"))] if rows or pictures else []
    if rows:
        parts.append(Table((_("Document"), "SHA-256"), tuple(rows)))
    if pictures:
        parts.append(Text(_("Pictures in the file: {n}").format(n=pictures)))
    return parts


_SECTIONS: Mapping[str, Callable[[_Known], list[Part]]] = {
    "first_report": _asked_first, "followup_report": _answered_since, "final_report": _everything, "case_order": _everything,
    "reply_letter": _request, "agreement": _agreed,
}  # fmt: skip


class _Open(dict[str, str]):
    """Variables of a title in a list of papers: what is not known yet is left out."""

    def __missing__(self, key: str) -> str:
        return ""
