"""What was answered, as the ledger vouches for it: an entry holds a salted commitment of the answers to its form, never the
answers. Here they are found again among what the case keeps, and given out only where they give that very commitment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocsin.packkit.case_moves import EARLIER
from tocsin.records.cases.commitment import of_answers
from tocsin.records.cases.models import CaseRow
from tocsin.records.cases.queries import require_seen
from tocsin.records.ledger.queries import Line
from tocsin.records.org.scope import Scope

__all__ = ["answers_matching", "vouched_answers"]

_TIMES = 50  # a question asked again more often is told by its entry alone


def vouched_answers(scope: Scope, case_id: str, entries: Iterable[Line]) -> dict[int, dict[str, Any]]:
    """By the number of the entry, the answers of a case that is not sealed; nothing for entries that commit to none or to
    others than the case keeps. What lies under seal, or was destroyed, is vouched for by nobody here. Raises UnknownName."""
    require_seen(scope, case_id)
    row = CaseRow.objects.get(id=case_id)
    if row.seal_key or not row.salt:
        return {}
    out = {}
    for entry in entries:
        names, said = entry.body.get("asked"), entry.body.get("answers")
        if isinstance(names, list) and said and (found := answers_matching(row.values, names, str(said), row.salt)):
            out[entry.number] = found
    return out


def answers_matching(values: Mapping[str, Any], names: Iterable[str], said: str, salt: str) -> dict[str, Any] | None:
    """The answers to ``names``, now or at an earlier time they were asked, whose commitment is ``said``; None where there are
    none."""
    asked = sorted(names)
    for times in (0, *range(1, _TIMES)):
        found = {name: values[kept] for name in asked if (kept := _kept(values, name, times)) in values}
        if len(found) == len(asked) and of_answers(found, salt) == said:
            return found
        if times and not any(f"{name}{EARLIER}{times}" in values for name in asked):
            return None
    return None


def _kept(values: Mapping[str, Any], name: str, times: int) -> str:
    earlier = f"{name}{EARLIER}{times}"
    return earlier if times and earlier in values else name
