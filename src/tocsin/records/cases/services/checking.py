"""Checklists of a move: what their answers say against each other, and the findings that come of items not met. Written for
``moving``, inside its transaction: an inspection and its findings are kept together, or neither."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from django.utils.translation import gettext as _

from tocsin.packkit.answers import AnswerFault
from tocsin.packkit.checklist import NOTE
from tocsin.packkit.checklists import checklist_faults, unmet
from tocsin.packkit.lifecycle import CaseKind, Move
from tocsin.records.cases.models import CaseRow
from tocsin.records.cases.refusals import in_words
from tocsin.records.cases.services.opening import open_case
from tocsin.records.org.actor import Actor

__all__ = ["against_list", "open_findings"]


class _Case(Protocol):
    id: str
    facility: str
    jurisdiction: str


def against_list(
    case: _Case, kind: CaseKind, move: Move, values: Mapping[str, Any], answers: Mapping[str, Any], *, pictures: bool
) -> list[AnswerFault]:
    """What the answers to a list, each fit in itself, say against each other and against findings recorded before."""
    lists = kind.checklists
    if lists is None or lists.move != move.code:
        return []
    found = CaseRow.objects.filter(parent=case.id, kind=f"{kind.pack}/{lists.finding}").exists()
    return checklist_faults(kind, move, values, answers, recorded=found, pictures=pictures)


def open_findings(
    case: _Case, kind: CaseKind, move: Move, values: Mapping[str, Any], answers: Mapping[str, Any], *, actor: Actor,
    now: datetime,
) -> list[str]:  # fmt: skip
    """Open a finding for each item not met, as a case that comes of this one; their ids. Raises what opening raises."""
    lists, made = kind.checklists, list[str]()
    if lists is None:
        return made
    for item in unmet(kind, move, values, answers):
        note = str(answers.get(item.code + NOTE, "")).strip()
        said = in_words(item.finding)
        given = {
            lists.grade: item.grade,
            lists.what: _("{finding}: {note}").format(finding=said, note=note) if note else said,
        }
        place = CaseRow.objects.values_list("place", flat=True).get(id=case.id)
        made.append(open_case(
            f"{kind.pack}/{lists.finding}", given, jurisdiction=case.jurisdiction, facility=case.facility, place=place,
            parent=case.id, once=f"{case.id}:{item.code}"[:64], actor=actor, now=now,
        ).id)  # fmt: skip
    return made
