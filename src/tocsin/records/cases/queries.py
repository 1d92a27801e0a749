"""Reading cases. Each reader takes a scope: its role must read cases, and it sees its area; the operator of a facility sees
what is about that facility, and nothing in a state that is hidden from it. A requester reads by the code alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from tocsin.packkit.case_moves import EARLIER
from tocsin.packkit.checklists import form_of
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.blobs import read_blob
from tocsin.records.cases.kinds import kind_of, kinds_in_use
from tocsin.records.cases.models import (
    STANDS_IN,
    AppealRow,
    CaseRow,
    ClockRow,
    DocumentRow,
    HandRow,
    LegRow,
    MessageRow,
    RatingRow,
    ReadingRow,
)
from tocsin.records.cases.sealing import answered, answers_opened, opened, place_opened
from tocsin.records.cases.services.opening import code_digest
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import Scope
from tocsin.records.seal import services as seal
from tocsin.records.seal.envelope import DataKey
from tocsin.terms.errors import NotAllowed, UnknownName

__all__ = [
    "AppealLine", "CaseFile", "CaseLine", "ClockLine", "DocumentLine", "Filter", "HandLine", "LegLine", "MessageLine",
    "ReadingLine", "ReceiptFile",
    "case_file", "case_file_for", "cases", "children", "count", "document", "documents", "file_of_code", "opened_key",
    "picture", "require_seen",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case as lists show it; ``due_at``: the nearest deadline that runs, ``overdue``: one has passed and still runs."""

    id: str
    number: str
    kind: CaseKind
    state: str
    version: int
    owner: str
    jurisdiction: str
    facility: str
    place: str
    event: str
    parent: str
    values: dict[str, Any]
    makers: dict[str, str]
    opened_at: datetime
    opened_by: str
    replied_at: datetime | None
    put_right_at: datetime | None
    over_at: datetime | None
    purged_at: datetime | None
    reopened: int
    legs_open: int
    contested_at: datetime | None
    ruled_at: datetime | None
    survivor: str
    has_requester: bool
    pack_sha: str
    due_at: datetime | None = None
    overdue: bool = False
    provisional: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more has to happen."""
        return self.over_at is not None


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A clock of a case. ``extensions``: how many were granted."""

    id: int
    leg: int | None
    code: str
    purpose: str
    started_at: datetime
    strict_at: datetime
    rolled_at: datetime
    due_at: datetime
    warn_at: datetime | None
    provisional: bool
    standing: bool
    warned_at: datetime | None
    overdue_at: datetime | None
    ended_at: datetime | None
    ended_how: str
    extensions: int


@dataclass(frozen=True, slots=True)
class LegLine:
    """A helper's part."""

    id: int
    post: str
    words: str
    asked_at: datetime
    reply: str
    waived_why: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class HandLine:
    """The case changed hands."""

    what: str
    before: str
    after: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MessageLine:
    """Between office and requester."""

    from_requester: bool
    is_reply: bool
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A picture of a case; ``step``: the move it came with, "open", or "" for neither."""

    digest: str
    thumbnail: str
    step: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AppealLine:
    """An appeal; ``upheld`` None while it is open."""

    owner: str
    words: str
    at: datetime
    upheld: bool | None
    reason: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """Somebody opened sealed content, or asks to (``at`` None): which post, for which purpose; ``second``: who let them in."""

    id: int
    post: str
    purpose: str
    asked_at: datetime
    second: str
    at: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case with everything that belongs to it. ``joined``: (id, number) of cases merged into it. Of a sealed case the words
    are UNDER_SEAL unless ``opened``; ``reads``: who opened it, and who asks to."""

    line: CaseLine
    clocks: list[ClockLine]
    legs: list[LegLine]
    hands: list[HandLine]
    messages: list[MessageLine]
    documents: list[DocumentLine]
    appeals: list[AppealLine]
    joined: list[tuple[str, str]]
    children: list[CaseLine]
    survivor_number: str = ""
    parent_number: str = ""
    opened: bool = False
    reads: list[ReadingLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    """What a requester sees of a case: its number, state, deadlines, who has it, messages; names of posts only."""

    line: CaseLine
    clocks: list[ClockLine]
    hands: list[HandLine]
    messages: list[MessageLine]
    appeals: list[AppealLine]
    survivor_number: str
    rated: bool
    reads: list[ReadingLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is asked for. ``which``: open, overdue, unowned (some post stands in for an owner that there is not), over or
    all; empty texts ask for nothing; ``ids``: those at
    most."""

    which: str = "open"
    kind: str = ""
    state: str = ""
    owner: str = ""
    event: str = ""
    facility: str = ""
    number: str = ""
    legs_of: str = field(default="")
    ids: tuple[str, ...] | None = None


def cases(scope: Scope, wanted: Filter | None = None, *, at_most: int = 100, after: int = 0) -> list[CaseLine]:
    """Cases of a scope: those with the nearest deadline first where they are open, else the newest first."""
    rows = _filtered(scope, wanted or Filter())
    return _with_deadlines(list(rows.order_by("-opened_at", "-id")[after : after + at_most]))


def count(scope: Scope, wanted: Filter | None = None) -> int:
    """How many a list holds in all."""
    return _filtered(scope, wanted or Filter()).count()


def case_file(scope: Scope, case_id: str) -> CaseFile:
    """One case; a sealed one closed. Raises UnknownName where there is none in the scope."""
    return _file(scope, case_id, "", None)


def case_file_for(actor: Actor, case_id: str, *, now: datetime) -> CaseFile:
    """The same for an account; opened where it has opened it for a purpose that stands (``services.read_sealed``)."""
    return _file(actor.scope, case_id, actor.account, now)


def _file(scope: Scope, case_id: str, account: str, now: datetime | None) -> CaseFile:
    row = _seen(scope).filter(id=case_id).first()
    if row is None:
        raise UnknownName(_("case"), _("there is none with this address in your area"), _("open the list of cases"))
    key = _key_for(row, account, now)
    line = _with_deadlines([row])[0]
    if key is not None:
        values = _in_order(line.kind, answers_opened(row, row.values, row.sealed, key))
        line = replace(line, values=values, place=place_opened(row.sealed, key))
    joined = [(one.id, one.number) for one in _seen(scope).filter(survivor=row.id).order_by("number")]
    children = _with_deadlines(list(_seen(scope).filter(parent=row.id).order_by("opened_at", "id")[:100]))
    return CaseFile(
        line, _clocks(row), _legs(row, key), _hands(row, key),
        _messages(row, key), [_made(DocumentLine, one) for one in DocumentRow.objects.filter(case=row).order_by("id")],
        _appeals(row, key),
        joined, children, _number(row.survivor), _number(row.parent), key is not None, _reads(row),
    )  # fmt: skip


def picture(actor: Actor, case_id: str, number: int, *, small: bool, now: datetime) -> tuple[bytes, bool]:
    """The bytes of a document or its small copy, by its place from 1, and whether it was under seal. Raises UnknownName, and
    NotAllowed where the account has not opened a sealed case."""
    found = document(actor.scope, case_id, number)
    content = read_blob(found.thumbnail if small else found.digest)
    row = CaseRow.objects.get(id=case_id)
    if not row.seal_key:
        return content, False
    key = _key_for(row, actor.account, now)
    if key is None:
        raise NotAllowed(
            _("document"), _("it lies under seal, and you have said no purpose"), _("open the case and choose one")
        )
    return key.open_bytes(content, "thumbnail" if small else "document"), True


def document(scope: Scope, case_id: str, number: int) -> DocumentLine:
    """One document by its place, from 1. Raises UnknownName."""
    found = case_file(scope, case_id).documents
    if not 1 <= number <= len(found):
        raise UnknownName(_("document"), _("the case has no such document"), _("open it from its case"))
    return found[number - 1]


def file_of_code(code: str) -> ReceiptFile:
    """The case of a receipt code. Raises UnknownName, in the same words whatever is wrong with the code."""
    row = CaseRow.objects.filter(receipt=code_digest(code)).first()
    if row is None:
        raise UnknownName(
            _("receipt code"), _("there is no case with this code"), _("type it as it stands on the receipt")
        )
    goes_on = (
        CaseRow.objects.get(id=row.survivor) if row.survivor else row
    )  # what happens to a merged one happens there
    own = seal.open_key(row.seal_key) if row.seal_key else None  # it is the requester's own
    rated = RatingRow.objects.filter(case=row, closing=row.reopened).exists()
    return ReceiptFile(_with_deadlines([goes_on])[0], [*_clocks(goes_on), *(_clocks(row) if row.survivor else [])],
                       _hands(goes_on, None), _messages(row, own), _appeals(row, own), _number(row.survivor), rated,
                       _reads(row))  # fmt: skip


def _filtered(scope: Scope, wanted: Filter) -> QuerySet[CaseRow]:
    rows = _seen(scope).filter(survivor="")
    named = {
        "kind": wanted.kind,
        "state": wanted.state,
        "event": wanted.event,
        "facility": wanted.facility,
    }
    rows = rows.filter(**{name: value for name, value in named.items() if value})
    if wanted.owner:  # whose appeal it is has it in hand too
        rows = rows.filter(
            Q(owner=wanted.owner) | Q(id__in=_appeals_open().filter(owner=wanted.owner).values("case_id"))
        )
    if wanted.number:
        rows = rows.filter(number__startswith=wanted.number.strip().upper()[:30])
    if wanted.ids is not None:
        rows = rows.filter(id__in=wanted.ids)
    if wanted.legs_of:
        rows = rows.filter(id__in=LegRow.objects.filter(post=wanted.legs_of, ended_at=None).values("case_id"))
    if wanted.which == "open":
        return rows.filter(Q(over_at=None) | Q(id__in=_appeals_open().values("case_id")))
    if wanted.which == "unowned":
        handed = HandRow.objects.filter(case_id=OuterRef("case_id")).exclude(what=STANDS_IN)  # by whoever stood in
        stands_in = HandRow.objects.filter(~Exists(handed), what=STANDS_IN)
        return rows.filter(over_at=None, id__in=stands_in.values("case_id"))
    if wanted.which == "over":
        return rows.exclude(over_at=None)
    if wanted.which == "overdue":
        late = ClockRow.objects.filter(ended_at=None).exclude(overdue_at=None)
        return rows.filter(id__in=late.values("case_id"))
    return rows


def _appeals_open() -> QuerySet[AppealRow]:
    return AppealRow.objects.filter(decided_at=None)


def _seen(scope: Scope) -> QuerySet[CaseRow]:
    scope.require(Act.READ_CASES)
    rows = CaseRow.objects.all()
    for kind in kinds_in_use().values():
        states = [state.code for state in kind.states.values() if scope.role in state.hidden_from]
        if states:
            rows = rows.exclude(kind=kind.name, state__in=states)
    if scope.role != Role.FACILITY_OPERATOR:
        return rows.filter(scope.rows())
    if not scope.facility:
        return CaseRow.objects.none()  # an operator's post without a facility operates none
    return rows.filter(facility=scope.facility)


def require_seen(scope: Scope, case_id: str) -> None:
    """Raises UnknownName where a case is not in the scope."""
    if not _seen(scope).filter(id=case_id).exists():
        raise UnknownName(_("case"), _("there is none with this address in your area"), _("open the list of cases"))


def documents(scope: Scope, case_id: str) -> list[DocumentLine]:
    """The pictures of a case in the order in which they came; none where it is not in the scope."""
    if not _seen(scope).filter(id=case_id).exists():
        return []
    return [_made(DocumentLine, one) for one in DocumentRow.objects.filter(case_id=case_id).order_by("id")]


def children(scope: Scope, kind: str, case_ids: Sequence[str]) -> dict[str, str]:
    """Of cases the newest case of a kind that came of each, by the parent."""
    found = _seen(scope).filter(kind=kind, parent__in=case_ids).order_by("opened_at", "id")
    return dict(found.values_list("parent", "id"))


def _with_deadlines(rows: Sequence[CaseRow]) -> list[CaseLine]:
    nearest: dict[str, ClockRow] = {}
    overdue: set[str] = set()
    running = ClockRow.objects.filter(case_id__in=[row.id for row in rows], ended_at=None, leg=None).order_by(
        "due_at", "id"
    )
    for clock in running:
        if not clock.standing:
            nearest.setdefault(clock.case_id, clock)
        if clock.overdue_at is not None:
            overdue.add(clock.case_id)
    lines = []
    for row in rows:
        clock_row = nearest.get(row.id)
        values = {name: getattr(row, name) for name in CaseLine.__slots__ if name not in _OWN}
        kind = kind_of(row.kind, row.declaration_id)
        values["values"] = _in_order(kind, answered(row.values, row.sealed))
        lines.append(CaseLine(**values, kind=kind, has_requester=row.receipt is not None,
                              pack_sha=row.declaration_id, due_at=clock_row.due_at if clock_row else None,
                              overdue=row.id in overdue, provisional=bool(clock_row and clock_row.provisional)))  # fmt: skip
    return lines


def _in_order(kind: CaseKind, values: dict[str, Any]) -> dict[str, Any]:
    """Answers as their forms ask them, the opening's first: PostgreSQL keeps the names of an object in an order of its own.
    Earlier answers to a form that is asked again stand together, each time before the next."""
    places: dict[str, tuple[int, int]] = {}
    for at, form in enumerate(
        dict.fromkeys([kind.form, *(form_of(kind, move, values) for move in kind.moves.values())])
    ):
        for nth, question in enumerate(kind.forms[form].questions if form else ()):
            places.setdefault(question.name, (at, nth))

    def place(name: str) -> tuple[int, float, int]:
        asked, _sign, times = name.partition(EARLIER)
        at, nth = places.get(asked, (len(kind.moves) + 1, 0))
        return at, int(times) if times else inf, nth

    return {name: values[name] for name in sorted(values, key=place)}


_OWN = ("kind", "has_requester", "pack_sha", "due_at", "overdue", "provisional")


def _clocks(row: CaseRow) -> list[ClockLine]:
    rows = ClockRow.objects.filter(case=row).order_by("-ended_at", "due_at", "id")
    return sorted(
        (ClockLine(one.pk, one.leg_id, **{name: getattr(one, name) for name in ClockLine.__slots__
                                           if name not in ("id", "leg", "extensions")}, extensions=len(one.extensions))
         for one in rows), key=lambda clock: (clock.ended_at is not None, clock.due_at, clock.id),
    )  # fmt: skip


def opened_key(actor: Actor, case_id: str, *, now: datetime) -> DataKey | None:
    """The data key of a sealed case that the account has opened; None where it has not, or the case is not sealed."""
    row = CaseRow.objects.filter(id=case_id).first()
    return _key_for(row, actor.account, now) if row else None


def _key_for(row: CaseRow, account: str, now: datetime | None) -> DataKey | None:
    if not row.seal_key or not account or now is None:
        return None
    stands = ReadingRow.objects.filter(case=row, account=account, at__lte=now, until__gt=now).exists()
    return seal.open_key(row.seal_key) if stands else None


def _legs(row: CaseRow, key: DataKey | None) -> list[LegLine]:
    return [
        LegLine(one.pk, one.post, opened(row, one.words, "leg", key), one.asked_at, opened(row, one.reply, "reply", key),
                opened(row, one.waived_why, "waived", key), one.ended_at)
        for one in LegRow.objects.filter(case=row).order_by("id")
    ]  # fmt: skip


def _hands(row: CaseRow, key: DataKey | None) -> list[HandLine]:
    return [HandLine(one.what, one.before, one.after, opened(row, one.why, "hand", key), one.at)
            for one in HandRow.objects.filter(case=row).order_by("id")]  # fmt: skip


def _messages(row: CaseRow, key: DataKey | None) -> list[MessageLine]:
    return [MessageLine(one.from_requester, one.is_reply, opened(row, one.words, "message", key), one.at)
            for one in MessageRow.objects.filter(case=row).order_by("id")]  # fmt: skip


def _appeals(row: CaseRow, key: DataKey | None) -> list[AppealLine]:
    return [AppealLine(one.owner, opened(row, one.words, "appeal", key), one.at, one.upheld,
                       opened(row, one.reason, "decision", key), one.decided_at)
            for one in AppealRow.objects.filter(case=row).order_by("id")]  # fmt: skip


def _reads(row: CaseRow) -> list[ReadingLine]:
    return [_made(ReadingLine, one) for one in ReadingRow.objects.filter(case=row).order_by("id")]


def _number(case_id: str) -> str:
    return CaseRow.objects.filter(id=case_id).values_list("number", flat=True).first() or "" if case_id else ""


def _made(line: Any, row: object) -> Any:
    return line(**{name: getattr(row, name) for name in line.__slots__})
