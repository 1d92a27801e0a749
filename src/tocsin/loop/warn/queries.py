"""Readers of warn. Each takes a scope; a warning is seen from its areas, from below and from above them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from tocsin.geo import lineage
from tocsin.loop.warn.authority import AuthorityLine, authorities, touched_paths
from tocsin.loop.warn.content import Content
from tocsin.loop.warn.family import family
from tocsin.loop.warn.lifecycle import EDITABLE, Kind, WarningState
from tocsin.loop.warn.models import AlertRow, SignatureRow, WarningArea, WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.telling import posts_touched
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName

__all__ = [
    "AlertLine", "Reach", "Signature", "WarningLine", "alert", "alerts", "authority", "family", "in_force",
    "in_force_of_events", "lineage_of", "may_sign", "reach", "recent", "signature", "waiting_for_signature", "warning",
    "warnings_of",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class WarningLine:
    """A warning as it is read. ``state`` is that of the database; ``in_force`` asks the clock as well."""

    id: str
    lineage: str
    predecessor: str
    successor: str
    kind: Kind
    state: WarningState
    version: int
    event: str
    content: Content
    template: dict[str, Any]
    hazard: str
    level: int
    jurisdiction: str
    body: str
    exercise: bool
    expires_at: datetime
    author: str
    author_post: str
    authors: tuple[str, ...]
    drafted_at: datetime
    changed_at: datetime
    changed_by: str
    submitted_at: datetime | None
    returned_at: datetime | None
    returned_by: str
    returned_why: str
    issued_at: datetime | None
    ended_at: datetime | None

    @property
    def is_editable(self) -> bool:
        """Whether it may still be written at."""
        return self.state in EDITABLE

    def in_force(self, now: datetime) -> bool:
        """Whether it holds at a moment, whatever the sweep has got to."""
        return self.state is WarningState.ISSUED and self.kind is not Kind.CANCEL and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed which version, when."""

    account: str
    post: str
    version: int
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AlertLine:
    """A CAP message as it went out; ``document`` are its very bytes."""

    identifier: str
    lineage: str
    sender: str
    sent: datetime
    msg_type: str
    status: str
    references: tuple[str, ...]
    document: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Who a warning tells: posts with an address, posts without one, and in how many areas."""

    posts: int
    without_address: int
    areas: int


def in_force(scope: Scope, *, now: datetime) -> list[WarningLine]:
    """Warnings in force, the highest level first, then the newest."""
    rows = _rows(scope).filter(state=WarningState.ISSUED, expires_at__gt=now).exclude(kind=Kind.CANCEL)
    return [_line(row) for row in rows.order_by("-level", "-issued_at", "id")]


def in_force_of_events(scope: Scope, events: Collection[str], *, now: datetime) -> dict[str, WarningLine]:
    """Of each of these events its highest warning in force."""
    found: dict[str, WarningLine] = {}
    for line in in_force(scope, now=now):
        if line.event in events:
            found.setdefault(line.event, line)
    return found


def warnings_of(scope: Scope, event_id: str) -> list[WarningLine]:
    """All warnings of an event and of those that merged into it, in the order in which they were drafted."""
    rows = _rows(scope).filter(event__in=family(event_id))
    return [_line(row) for row in rows.order_by("drafted_at", "id")]


def warning(scope: Scope, warning_id: str) -> WarningLine:
    """One warning. Raises UnknownName where there is none in the scope."""
    row = _rows(scope).filter(id=warning_id).first()
    if row is None:
        raise UnknownName(_("warning {id}").format(id=warning_id), _("no such warning in your scope"),
                          _("open the list of warnings"))  # fmt: skip
    return _line(row)


def lineage_of(scope: Scope, lineage_id: str) -> list[WarningLine]:
    """A first message and what followed it, issued ones only, oldest first."""
    rows = _rows(scope).filter(lineage=lineage_id).exclude(issued_at=None)
    return [_line(row) for row in rows.order_by("issued_at", "id")]


def waiting_for_signature(scope: Scope) -> list[WarningLine]:
    """What waits for a second person, the highest level first, then the longest waiting."""
    rows = _rows(scope).filter(state=WarningState.SUBMITTED)
    return [_line(row) for row in rows.order_by("-level", "submitted_at", "id")]


def recent(scope: Scope, *, drafts: bool, at_most: int = 50) -> list[WarningLine]:
    """Drafts (returned ones among them), or what is over; the last changed first."""
    states = (WarningState.DRAFT, WarningState.RETURNED)
    over = (WarningState.SUPERSEDED, WarningState.CANCELLED, WarningState.EXPIRED)
    rows = _rows(scope)
    if drafts:
        rows = rows.filter(state__in=states)
    else:
        rows = rows.filter(Q(state__in=over) | Q(state=WarningState.ISSUED, kind=Kind.CANCEL))
    return [_line(row) for row in rows.order_by("-changed_at", "id")[:at_most]]


def may_sign(actor: Actor, line: WarningLine) -> bool:
    """Whether this actor may sign it, as far as role and authorship go (the service asks the rest)."""
    return actor.may(Act.SIGN_WARNING) and actor.account not in line.authors


def signature(scope: Scope, warning_id: str) -> Signature | None:
    """The signature of a warning; None where nobody signed it."""
    warning(scope, warning_id)
    row = SignatureRow.objects.filter(warning_id=warning_id).first()
    return Signature(row.account, row.post, row.version, row.digest, row.at) if row else None


def reach(content: Content) -> Reach:
    """Who would be told."""
    paths = touched_paths(content.areas, Names.read())
    posts = posts_touched(paths)
    return Reach(sum(1 for post in posts if post.mail), sum(1 for post in posts if not post.mail), len(paths))


def authority(scope: Scope) -> list[AuthorityLine]:
    """The table of who may warn."""
    scope.require(Act.READ_WARNINGS)
    return authorities()


# ---------------------------------------------------------------- what is public
def alert(identifier: str) -> AlertLine:
    """One message by its identifier, for everybody: a warning is public from its signature on. Raises UnknownName."""
    row = AlertRow.objects.filter(identifier=identifier).first()
    if row is None:
        raise UnknownName(
            f"warning {identifier}", "no such warning was issued here", "open the list of warnings in force"
        )
    return _alert(row)


def alerts(*, at_most: int | None = None, exercise: bool | None = None) -> list[AlertLine]:
    """Messages, the newest first. ``exercise``: only those, or none of them."""
    rows = AlertRow.objects.order_by("-sent", "-identifier")
    if exercise is not None:
        rows = rows.filter(status="Exercise") if exercise else rows.filter(status="Actual")
    return [_alert(row) for row in rows[:at_most]]


def _rows(scope: Scope) -> QuerySet[WarningRow]:
    scope.require(Act.READ_WARNINGS)
    if not scope.jurisdiction:
        return WarningRow.objects.all()
    seen = WarningArea.objects.filter(
        scope.rows() | Q(jurisdiction__in=lineage(scope.jurisdiction)), warning_id=OuterRef("id")
    )
    return WarningRow.objects.filter(Exists(seen))


def _line(row: WarningRow) -> WarningLine:
    values = {name: getattr(row, name) for name in WarningLine.__slots__}
    return WarningLine(**values | {
        "kind": Kind(row.kind), "state": WarningState(row.state), "content": Content.of(row.content),
        "authors": tuple(row.authors),
    })  # fmt: skip


def _alert(row: AlertRow) -> AlertLine:
    return AlertLine(row.identifier, row.lineage, row.sender, row.sent, row.msg_type, row.status, tuple(row.references),
                     bytes(row.document), row.sha256)  # fmt: skip
