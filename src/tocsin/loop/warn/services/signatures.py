"""Two people: sent for approval by the one, sent back or signed by the other; what is signed goes out at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.formats.cap import Reference, write
from tocsin.loop.warn import facts, telling
from tocsin.loop.warn.cap_message import cap_message, our_producer
from tocsin.loop.warn.changing import clean
from tocsin.loop.warn.content import LANGUAGES, Content
from tocsin.loop.warn.deployment_key import sealed
from tocsin.loop.warn.lifecycle import Kind, WarningState
from tocsin.loop.warn.models import AlertRow, SignatureRow, WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.services.guards import require_everywhere, require_signer, require_sound
from tocsin.loop.warn.services.rows import (
    log,
    move,
    require_move,
    require_version,
    row_of,
    stale,
    tell,
    told_of,
    with_account,
)
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import BadValue
from tocsin.terms.moment import to_us

__all__ = ["send_back", "sign", "submit"]


def submit(warning_id: str, *, version: int, actor: Actor, now: datetime) -> str:
    """Send it to a second person; the digest that waits for a signature. Raises BadValue naming every item that is empty,
    BadTime for a period that is over, NotAllowed for a body without authority, Stale, UnknownName."""
    with transaction.atomic():
        row = row_of(warning_id)
        content = Content.of(row.content)
        require_everywhere(actor, Act.DRAFT_WARNING, content)
        if row.state == WarningState.SUBMITTED and row.version == version:
            return content.digest
        require_version(row, version)
        require_move(row, WarningState.SUBMITTED)
        names = Names.read()
        require_sound(row, content, names, now)
        move(row, WarningState.SUBMITTED)
        row.submitted_at, row.unsigned_told_at, row.changed_at, row.changed_by = now, None, now, actor.name
        row.authors = with_account(row.authors, actor.account)
        row.save()
        tell(row, "warning_submitted", facts.WarningSubmitted, actor, now, version=version, digest=content.digest)
        return content.digest


def send_back(warning_id: str, reason: str, *, version: int, actor: Actor, now: datetime) -> None:
    """The second person wants it changed, and says why. Raises BadValue without a reason, NotAllowed, Stale, UnknownName."""
    with transaction.atomic():
        row = row_of(warning_id)
        content = Content.of(row.content)
        require_signer(row, content, actor)
        why = clean(_("reason"), reason, 1000)
        if not why:
            raise BadValue(_("reason"), _("it is empty"), _("say what should be changed"))
        require_version(row, version)
        require_move(row, WarningState.RETURNED)
        move(row, WarningState.RETURNED)
        row.returned_at, row.returned_by, row.returned_why, row.changed_at = now, actor.name, why, now
        row.save()
        digest = hashlib.sha256(why.encode()).hexdigest()
        tell(
            row, "warning_returned", facts.WarningReturned, actor, now, version=version, reason=digest, length=len(why)
        )


def sign(warning_id: str, *, version: int, digest: str, actor: Actor, now: datetime) -> str:
    """Sign this version with this digest and issue it; the identifier of its CAP message. Everything happens in one
    transaction. The same signer signing the same version again gets the same identifier. Raises NotAllowed for whoever
    wrote any of it, is of another body or signs for a body without authority; BadValue for an empty item or a broken rule
    of CAP; BadTime for a period that is over; Stale for another version, a warning that does not wait or one whose
    predecessor is over; UnknownName."""
    with transaction.atomic():
        row = row_of(warning_id)
        content = Content.of(row.content)
        require_signer(row, content, actor)
        if found := _signed_before(row, version, digest, actor):
            return found
        require_version(row, version)
        require_move(row, WarningState.ISSUED)
        if digest != content.digest:
            raise stale(row, _("what you saw is not what it says now"))
        names = Names.read()
        require_sound(row, content, names, now)
        replaced = _replaced(row)
        alert = cap_message(
            content, names, identifier=row.id, sent=now, references=[_reference(old) for old in replaced]
        )
        document = sealed(write(alert, now=now, producer=our_producer(names)), now=now)
        sha256 = hashlib.sha256(document).hexdigest()
        SignatureRow.objects.create(warning=row, account=actor.account, post=actor.post, name=actor.name, version=version,
                                    digest=digest, at=now)  # fmt: skip
        AlertRow.objects.create(
            identifier=row.id, warning=row, lineage=row.lineage, sender=alert.sender, sent=alert.sent,
            msg_type=alert.msg_type, status=alert.status, document=document, sha256=sha256,
            references=[old.identifier for old in replaced],
        )  # fmt: skip
        _issue(row, content, names, now)
        _end_replaced(row, replaced, now)
        told = telling.tell_everybody(row, content, names, actor=actor, now=now)
        _tell_signed(row, content, actor, now, version=version, digest=digest, identifier=row.id, sha256=sha256,
                     references=[old.identifier for old in replaced], posts=told)  # fmt: skip
        return row.id


def _issue(row: WarningRow, content: Content, names: Names, now: datetime) -> None:
    spec = names.spec(content.hazard)
    words = spec.levels.get(content.level) if spec else None
    lead = timedelta(microseconds=words.remind_us) if words else timedelta(minutes=30)
    move(row, WarningState.ISSUED)
    row.issued_at, row.changed_at = now, now
    row.remind_at = content.expires - min(lead, (content.expires - now) / 2)
    row.save()


def _replaced(row: WarningRow) -> list[AlertRow]:
    """All earlier messages of the lineage that are in force, oldest first: what this message cites, and ends."""
    if row.kind == Kind.ALERT:
        return []
    alerts = (
        AlertRow.objects.select_for_update(of=("self",))
        .select_related("warning")
        .filter(lineage=row.lineage, warning__state=WarningState.ISSUED)
    )
    return list(alerts.order_by("sent", "identifier"))


def _end_replaced(row: WarningRow, replaced: Sequence[AlertRow], now: datetime) -> None:
    after = WarningState.CANCELLED if row.kind == Kind.CANCEL else WarningState.SUPERSEDED
    for old in replaced:
        move(old.warning, after)
        old.warning.ended_at, old.warning.successor = now, row.id
        old.warning.save(update_fields=["state", "ended_at", "successor"])


def _reference(alert: AlertRow) -> Reference:
    return Reference(alert.sender, alert.identifier, alert.sent.astimezone(_zone_of(alert)))


def _zone_of(alert: AlertRow) -> Any:
    """The zone in which the message was written, so that the citation has its very words."""
    return Names.read().zone(Content.of(alert.warning.content).areas.paths)


def _signed_before(row: WarningRow, version: int, digest: str, actor: Actor) -> str:
    signature = SignatureRow.objects.filter(warning=row, account=actor.account, version=version, digest=digest).first()
    return row.id if signature else ""


def _tell_signed(row: WarningRow, content: Content, actor: Actor, now: datetime, **more: Any) -> None:
    told = told_of(row, to_us(now))
    body = {**told, **more, "kind": row.kind, "body": row.body, "expires_us": to_us(content.expires),
            "areas": list(content.areas.paths),
            "headline": {language: content.text(language).headline for language in LANGUAGES}}  # fmt: skip
    log(row, "warning_signed", {name: value for name, value in body.items() if name != "event"}, actor, now)
    made: object = facts.WarningIssued(**told)
    if row.kind == Kind.UPDATE:
        made = facts.WarningUpdated(**told, predecessor=row.predecessor)
    elif row.kind == Kind.CANCEL:
        made = facts.WarningCancelled(**told, predecessor=row.predecessor)
    outbox.put([facts.WarningSigned(**told), made], now=now)
