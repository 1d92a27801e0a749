"""The row of a case: read for writing, guarded, saved, told of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.facts import CaseChanged
from tocsin.records.cases.kinds import kind_of
from tocsin.records.cases.models import CaseRow
from tocsin.records.cases.refusals import merged, purged, stale
from tocsin.records.ledger import services as ledger
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import Scope
from tocsin.records.org.services import PostLine
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = [
    "covers",
    "held",
    "kind_of_row",
    "other_post",
    "require_open",
    "require_owner",
    "row_of",
    "save",
    "tell",
    "thing_of",
]


def row_of(case_id: str) -> CaseRow:
    """The row, held until the transaction ends. Raises UnknownName."""
    row = CaseRow.objects.select_for_update().filter(id=case_id).first()
    if row is None:
        raise UnknownName(_("case"), _("there is none with this address"), _("open the list of cases"))
    return row


def held(case_id: str, version: int, actor: Actor) -> CaseRow:
    """The row for an act of staff on an open case as they saw it. Raises NotAllowed outside their area, Stale."""
    row = row_of(case_id)
    covers(row.jurisdiction, row.facility, actor)
    if row.survivor:
        raise merged(row.number, CaseRow.objects.get(id=row.survivor).number)
    if row.purged_at is not None:
        raise purged(row.number)
    if row.version != version:
        raise stale(row.number)
    return row


def covers(jurisdiction: str, facility: str, actor: Actor) -> None:
    """Raises NotAllowed where a case lies outside an actor's area, or is not about the facility that it operates."""
    if actor.role == Role.FACILITY_OPERATOR:
        actor.require(Act.WORK_CASES)
        if not actor.facility or actor.facility != facility:
            raise NotAllowed(_("case"), _("it is not about your facility"), _("open the list of cases"))
    else:
        actor.require(Act.WORK_CASES, jurisdiction)


def require_owner(row: CaseRow, actor: Actor) -> None:
    """Raises NotAllowed for who does not hold the post that owns the case."""
    if actor.post != row.owner:
        raise NotAllowed(thing_of(row), _("another post owns it"), _("ask {post}").format(post=row.owner))


def require_open(row: CaseRow) -> None:
    """Raises Stale for a case in which nothing more has to happen."""
    if row.over_at is not None:
        raise Stale(thing_of(row), _("it is over"), _("reopen it first"))


def kind_of_row(row: CaseRow) -> CaseKind:
    """Its kind as it was when the case began."""
    return kind_of(row.kind, row.declaration_id)


def other_post(post_id: str, row: CaseRow, *, but: str) -> PostLine:
    """A post that a case may go to. Raises UnknownName, BadValue where it has it already, NotAllowed where its area does not
    reach so far."""
    if not post_id:
        raise BadValue(_("post"), _("nobody is named to go on with it"), _("choose the post that is responsible"))
    post = org.post(post_id)
    if post.id == but:
        raise BadValue(_("post {post}").format(post=post.id), _("it has it already"), _("choose another post"))
    blind = (Role.ADMINISTRATOR, Role.AUDITOR, *kind_of_row(row).states[row.state].hidden_from)
    if not Scope(post.jurisdiction, post.role).covers(row.jurisdiction) or post.role in blind:
        raise NotAllowed(
            _("post {post}").format(post=post.id), _("it does not answer for this area"), _("choose another post")
        )
    return post


def save(row: CaseRow) -> None:
    """Keep it, one version later."""
    row.version += 1
    row.save()


def tell(row: CaseRow, verb: str, actor: str, now: datetime, **body: Any) -> None:
    """An entry in its chain and a fact."""
    ledger.append(row.id, verb, {"number": row.number, "kind": row.kind, **body}, actor=actor, now=now)
    outbox.put([CaseChanged(row.id, row.kind, row.jurisdiction, to_us(now), verb)], now=now)


def thing_of(row: CaseRow) -> str:
    """How a refusal names it."""
    return _("case {number}").format(number=row.number)
