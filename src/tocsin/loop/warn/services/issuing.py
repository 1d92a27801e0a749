"""Issuing: what is signed goes out - message, end of what it replaces, letters, ledger entry and facts, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from tocsin.formats.cap import Reference, write
from tocsin.loop.warn import facts, telling
from tocsin.loop.warn.cap_message import cap_message, our_producer
from tocsin.loop.warn.content import Content
from tocsin.loop.warn.deployment_key import sealed
from tocsin.loop.warn.lifecycle import Kind, WarningState
from tocsin.loop.warn.models import AlertRow, SignatureRow, WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.services.rows import log, move, told_of
from tocsin.records.org.actor import Actor
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import BadTime
from tocsin.terms.moment import to_us

__all__ = ["Signing", "issue"]

_REMIND = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Signing:
    """Whose signature it goes out with, of which version and digest. ``aid``: the body of a signer who helped; ``passkey``:
    fingerprint of the credential; ``at``: when it was signed, where that was before it goes out. No account: nobody signed,
    a clock withdraws what lacks its second person (ADR 16)."""

    account: str
    post: str
    name: str
    version: int
    digest: str
    aid: str = ""
    passkey: str = ""
    at: datetime | None = None


def issue(row: WarningRow, content: Content, names: Names, signing: Signing, *, actor: Actor, now: datetime) -> None:
    """Inside a transaction, after every guard. Raises BadTime where a clock went back, BadValue for a broken rule of CAP or a
    certificate that does not hold."""
    replaced = _replaced(row)
    _require_clock(row, replaced, names, now)
    alert = cap_message(content, names, identifier=row.id, sent=now, references=[_reference(old) for old in replaced])
    document = sealed(write(alert, now=now, producer=our_producer(names)), now=now)
    sha256 = hashlib.sha256(document).hexdigest()
    if signing.account:
        SignatureRow.objects.create(
            warning=row, account=signing.account, post=signing.post, name=signing.name, version=signing.version,
            digest=signing.digest, at=signing.at or now, aid=signing.aid, passkey=signing.passkey,
        )  # fmt: skip
    AlertRow.objects.create(
        identifier=row.id, warning=row, lineage=row.lineage, sender=alert.sender, sent=alert.sent,
        msg_type=alert.msg_type, status=alert.status, document=document, sha256=sha256,
        references=[old.identifier for old in replaced],
    )  # fmt: skip
    _put_in_force(row, content, names, now)
    _end_replaced(row, replaced, now)
    told = telling.tell_everybody(row, content, names, actor=actor, now=now)
    more = {name: value for name, value in (("aid", signing.aid), ("passkey", signing.passkey[:16]),
                                            ("flow", content.flow if content.flow != "ordinary" else ""),
                                            ("presigned", row.presigned)) if value}  # fmt: skip
    _tell_signed(row, content, actor, now, version=signing.version, digest=signing.digest, identifier=row.id,
                 sha256=sha256, references=[old.identifier for old in replaced], posts=told, **more)  # fmt: skip


def _put_in_force(row: WarningRow, content: Content, names: Names, now: datetime) -> None:
    spec = names.spec(content.hazard)
    words = spec.levels.get(content.level) if spec else None
    lead = timedelta(microseconds=words.remind_us) if words else _REMIND
    move(row, WarningState.ISSUED)
    row.issued_at, row.changed_at = now, now
    row.remind_at = content.expires - min(lead, (content.expires - now) / 2)
    row.look_again_at = now + names.stands_at_most(content.hazard)
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


def _require_clock(row: WarningRow, replaced: Sequence[AlertRow], names: Names, now: datetime) -> None:
    """A clock that went back would date a message before what it answers, and readers would drop it."""
    known = [row.submitted_at, row.drafted_at, *(old.sent for old in replaced)]
    newest = max(at for at in known if at is not None)
    if now < newest:
        paths = Content.of(row.content).areas.paths
        rule = _("it shows {now}, and this warning was worked on at {then}").format(
            now=names.moment(now, paths), then=names.moment(newest, paths)
        )
        raise BadTime(_("clock of this server"), rule, _("have the administrator set the clock, then sign again"))


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


def _tell_signed(row: WarningRow, content: Content, actor: Actor, now: datetime, **more: Any) -> None:
    told = told_of(row, to_us(now))
    body = {**told, **more, "kind": row.kind, "body": row.body, "expires_us": to_us(content.expires),
            "areas": list(content.areas.paths),
            "headline": {language: content.text(language).headline for language in content.languages}}  # fmt: skip
    log(row, "warning_signed", {name: value for name, value in body.items() if name != "event"}, actor, now)
    made: object = facts.WarningIssued(**told)
    if row.kind == Kind.UPDATE:
        made = facts.WarningUpdated(**told, predecessor=row.predecessor)
    elif row.kind == Kind.CANCEL:
        made = facts.WarningCancelled(**told, predecessor=row.predecessor)
    outbox.put([facts.WarningSigned(**told), made], now=now)
