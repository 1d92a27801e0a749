"""What a requester is told of a case beside its state: answers that the pack marks so, and which appeal is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.packkit.appeal_levels import next_level
from tocsin.packkit.lifecycle import CaseKind, Desk
from tocsin.records.cases.appeal_owner import appeal_owner
from tocsin.records.cases.kinds import kind_of
from tocsin.records.cases.models import AppealRow, CaseRow, ClockRow
from tocsin.records.cases.sealing import answers_opened
from tocsin.records.cases.services.opening import code_digest
from tocsin.records.seal import services as seal

__all__ = ["NextAppeal", "Told", "next_appeal", "told_answers", "told_by_code"]


@dataclass(frozen=True, slots=True)
class NextAppeal:
    """A level of appeal that may be asked for. ``owner``: the post that would decide, "" where none does here; ``until``: the
    end of the time to ask, None where none runs."""

    desk: Desk
    owner: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """``answers``: by the name of the question; ``appeal``: the level that may be asked for now."""

    answers: list[tuple[str, Any]]
    appeal: NextAppeal | None


def told_by_code(code: str, *, now: datetime) -> Told:
    """Of the case of a receipt code, which is the permission; of a merged one what is told of the case that goes on. Raises
    CaseRow.DoesNotExist for a code that is none: ask ``queries.file_of_code`` first."""
    row = CaseRow.objects.get(receipt=code_digest(code))
    goes_on = CaseRow.objects.get(id=row.survivor) if row.survivor else row
    values = goes_on.values
    if goes_on.seal_key:
        values = answers_opened(goes_on, values, goes_on.sealed, seal.open_key(goes_on.seal_key))
    kind = kind_of(goes_on.kind, goes_on.declaration_id)
    return Told(told_answers(kind, values), next_appeal(row, kind, now=now))


def told_answers(kind: CaseKind, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The answers that are told to the requester, in the order of the pack's forms; each once."""
    names = dict.fromkeys(question.name for form in kind.forms.values() for question in form.questions if question.told)
    return [(name, values[name]) for name in names if name in values]


def next_appeal(row: CaseRow, kind: CaseKind, *, now: datetime) -> NextAppeal | None:
    """The level that is next, None where there is none or its time is over, before there is an answer and while one is open."""
    made = list(AppealRow.objects.filter(case=row).order_by("id").values_list("owner", "upheld"))
    if any(upheld is None for _owner, upheld in made) or (row.replied_at is None and row.over_at is None):
        return None
    desk = next_level(kind, [bool(upheld) for _owner, upheld in made])
    if desk is None:
        return None
    asking = (
        ClockRow.objects.filter(case=row, code=desk.ask, purpose="case").order_by("-id").first() if desk.ask else None
    )
    if asking is not None and asking.due_at <= now:
        return None
    owner = appeal_owner(row, desk, [owner for owner, _upheld in made], now=now)
    return NextAppeal(desk, owner.id if owner else "", asking.due_at if asking else None)
