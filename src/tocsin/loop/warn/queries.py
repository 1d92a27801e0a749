"""Readers of warn. Each takes a scope; a warning is seen from its areas, from below and from above them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from tocsin.geo import lineage
from tocsin.loop.warn.aid import helping_bodies
from tocsin.loop.warn.authority import AuthorityLine, authorities
from tocsin.loop.warn.content import Content
from tocsin.loop.warn.family import family
from tocsin.loop.warn.lifecycle import EDITABLE, Kind, WarningState
from tocsin.loop.warn.models import AlertRow, SignatureRow, WarningArea, WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.reach import Reach, reach
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName

__all__ = [
    "AlertLine", "Reach", "Signature", "WarningLine", "alert", "alerts", "alerts_mark", "authority", "ending", "family",
    "in_force", "in_force_of_events", "issued", "lineage_of", "may_sign", "reach", "recent", "signature", "to_sign",
    "waiting_for_signature", "warning", "warnings_of",
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
    flow: str
    asked_at: datetime | None
    answered_at: datetime | None
    presigned: str
    countersign_by: datetime | None
    countersigned_at: datetime | None
    countersigned_by: str

    @property
    def is_editable(self) -> bool:
        """Whether it may still be written at."""
        return self.state in EDITABLE

    def in_force(self, now: datetime) -> bool:
        """Whether it holds at a moment, whatever the sweep has got to."""
        return self.state is WarningState.ISSUED and self.kind is not Kind.CANCEL and now < self.expires_at

    @property
    def lacks_countersignature(self) -> bool:
        """Whether it went out on one person's word and a signer must still say that it stands."""
        waits = self.countersign_by is not None and self.countersigned_at is None
        return waits and self.state is WarningState.ISSUED

    @property
    def is_asked(self) -> bool:
        """Whether its keepers were asked whether it must go on, and nobody has answered."""
        return self.asked_at is not None and self.answered_at is None and self.state is WarningState.ISSUED


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed which version, when."""

    account: str
    post: str
    version: int
    digest: str
    at: datetime
    aid: str = ""
    passkey: str = ""


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


_SOON = timedelta(hours=1)


def in_force(scope: Scope, *, now: datetime) -> list[WarningLine]:
    """Warnings in force, the highest level first, then the newest."""
    rows = _rows(scope).filter(state=WarningState.ISSUED, expires_at__gt=now).exclude(kind=Kind.CANCEL)
    return [_line(row) for row in rows.order_by("-level", "-issued_at", "id")]


def ending(scope: Scope, *, now: datetime) -> list[WarningLine]:
    """What must not be forgotten: warnings that end within the hour, that nobody answered for, or that wait for their
    countersignature; the soonest end first."""
    soon = [
        w for w in in_force(scope, now=now) if w.expires_at <= now + _SOON or w.is_asked or w.lacks_countersignature
    ]
    return sorted(soon, key=lambda w: (w.expires_at, w.id))


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


def to_sign(actor: Actor, warning_id: str) -> WarningLine:
    """What a signer is asked to sign: a warning of its scope, or one of another body that it may help (small office). Raises
    UnknownName."""
    actor.require(Act.SIGN_WARNING)
    row = WarningRow.objects.filter(id=warning_id, state=WarningState.SUBMITTED).first()
    if row is not None and not _rows(actor.scope).filter(id=warning_id).exists():
        line = _line(row)
        if org.post(actor.post).department in helping_bodies(line.content, Names.read()):
            return line
    return warning(actor.scope, warning_id)


def may_sign(actor: Actor, line: WarningLine) -> bool:
    """Whether this actor may sign it, as far as role and authorship go (the service asks the rest)."""
    return actor.may(Act.SIGN_WARNING) and actor.account not in line.authors


def signature(scope: Scope, warning_id: str) -> Signature | None:
    """The signature of a warning; None where nobody signed it."""
    warning(scope, warning_id)
    row = SignatureRow.objects.filter(warning_id=warning_id).first()
    if row is None:
        return None
    return Signature(row.account, row.post, row.version, row.digest, row.at, row.aid, row.passkey)


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


def alerts_mark() -> tuple[int, str]:
    """How many messages there are, and the newest's identifier: whether something was issued since somebody last looked.
    Every change of what is public but the passing of time is a message."""
    newest = AlertRow.objects.order_by("-sent", "-identifier").values_list("identifier", flat=True).first()
    return AlertRow.objects.count(), newest or ""


def issued(scope: Scope) -> list[WarningLine]:
    """Every message that was issued, the newest first."""
    rows = _rows(scope).exclude(issued_at=None)
    return [_line(row) for row in rows.order_by("-issued_at", "-id")]


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
