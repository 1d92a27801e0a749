"""Which chains a scope may read: those of its own events and cases, and for a scope of the whole all of them. A chain that
belongs to no area (accounts, tokens, catalogue) is seen from the whole alone."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.loop.detect import queries as detect
from tocsin.loop.warn import queries as warn
from tocsin.records.cases import queries as cases
from tocsin.records.ledger.queries import SubjectLine
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import NotAllowed, UnknownName

__all__ = ["may_see", "visible_subjects"]


def may_see(scope: Scope, subject: str) -> bool:
    """Whether a scope may read the chain of a subject. Raises NotAllowed for roles that read no ledger."""
    scope.require(Act.READ_LEDGER)
    if not scope.jurisdiction:
        return True
    try:
        event = subject.removeprefix("vault:")
        if event.startswith("evt_"):
            detect.event(scope, event)
        elif subject.startswith(("cas_", "fnd_")):  # a finding that became a case has the id it had
            cases.require_seen(scope, subject)
        elif subject.startswith("wrn_"):
            warn.warning(scope, subject)
        else:
            return False
    except (UnknownName, NotAllowed):
        return False
    return True


def visible_subjects(scope: Scope, subjects: Sequence[SubjectLine]) -> list[SubjectLine]:
    """Those that the scope may read, in the same order."""
    return [line for line in subjects if may_see(scope, line.subject)]
