"""The only writer of releases. Each verb: guard, change, ledger entry, outbox fact, return; atomic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.dispatch import services as dispatch
from tocsin.records.dispatch.message import Message, Recipient, Text
from tocsin.records.dispatch.notify import tell_posts
from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org import queries as org
from tocsin.records.org.actor import SYSTEM, Actor, service
from tocsin.records.org.roles import Role
from tocsin.records.outbox import services as outbox
from tocsin.records.release.facts import ReleaseMissing, ReleaseReceipted
from tocsin.records.release.models import ReleaseRow
from tocsin.terms.errors import BadValue
from tocsin.terms.moment import to_us

__all__ = ["CHANNEL", "MISSING_AFTER", "Signed", "ask", "note_receipt", "sweep"]

CHANNEL = "release"
MISSING_AFTER = timedelta(
    minutes=10
)  # kernel_warning_response.yaml#public_reach: what is released reaches the public by then
RECEIPT_AT_MOST = 100
RULE = service("rule:release")
_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed message: ``warning`` its identifier, ``sha256`` of its bytes, ``headline`` what a list calls it."""

    warning: str
    lineage: str
    chain: str
    level: int
    jurisdiction: str
    sha256: str
    until: datetime
    headline: str


def ask(signed: Signed, *, actor: Actor, now: datetime) -> str:
    """Put a signed message on its way to the official platform; the id. The same message again is the same release."""
    with transaction.atomic():
        if (known := ReleaseRow.objects.filter(warning=signed.warning).first()) is not None:
            return known.id
        row = ReleaseRow.objects.create(
            id=new_id("rel", now=now), warning=signed.warning, lineage=signed.lineage, chain=signed.chain,
            level=signed.level, jurisdiction=signed.jurisdiction, sha256=signed.sha256, asked_at=now, until=signed.until,
        )  # fmt: skip
        # the channel takes the message's bytes from where they are kept; the letter only names it
        message = Message(
            "release", {"en": Text(signed.headline, signed.warning)}, row.id, "", signed.level, signed.until
        )
        dispatch.put(message, [Recipient("platform", signed.warning, "en")], channel=CHANNEL, actor=actor, now=now)
        body = {"release": row.id, "warning": row.warning, "sha256": row.sha256}
        ledger.append(row.chain, "release_asked", body, actor=actor.name, now=now)
    return row.id


def note_receipt(warning: str, receipt: str, *, now: datetime) -> bool:
    """The platform's number for a message; False where there is one already, or nobody asked. Raises BadValue for what is no
    number that can be kept."""
    receipt = receipt.strip()
    if not 0 < len(receipt) <= RECEIPT_AT_MOST or not receipt.isprintable():
        raise BadValue(_("receipt number"), _("it is empty, too long or cannot be read"), _("ask the platform for it"))
    with transaction.atomic():
        row = ReleaseRow.objects.select_for_update().filter(warning=warning, received_at=None).first()
        if row is None:
            return False
        _see_deadline(row, now)
        row.receipt, row.received_at = receipt, now
        row.save(update_fields=["receipt", "received_at"])
        body = {"release": row.id, "warning": row.warning, "receipt": receipt}
        ledger.append(row.chain, "release_receipted", body, actor=RULE.name, now=now)
        outbox.put([ReleaseReceipted(row.id, row.warning, row.level, to_us(now), receipt)], now=now)
    return True


def sweep(*, now: datetime) -> int:
    """What has no receipt after ``MISSING_AFTER`` is told of once; how many. It goes on being tried until it expires."""
    late = ReleaseRow.objects.filter(received_at=None, missing_at=None, asked_at__lte=now - MISSING_AFTER)
    if not late.exists():
        return 0
    with transaction.atomic():
        rows = list(late.select_for_update().order_by("asked_at", "id")[:_AT_MOST])
        for row in rows:
            _see_deadline(row, now)
            _tell(row, now)
    return len(rows)


def _see_deadline(row: ReleaseRow, now: datetime) -> None:
    due = row.asked_at + MISSING_AFTER
    if row.missing_at is None and due <= now:
        row.missing_at = now
        row.save(update_fields=["missing_at"])
        ledger.append(
            row.chain, "release_missing", {"release": row.id, "warning": row.warning}, actor=RULE.name, now=now
        )
        outbox.put([ReleaseMissing(row.id, row.warning, row.level, to_us(due))], now=now)


def _tell(row: ReleaseRow, now: datetime) -> None:
    def write(language: str) -> Text:
        body = _("The official release platform has given no receipt number yet. Telephone it. Tocsin goes on trying.")
        return Text(_("Not receipted by the release platform"), body)

    posts = org.on_duty(Role.DUTY_OFFICER, row.jurisdiction, now=now)
    tell_posts("release_missing", posts, write, about=row.id, level=row.level, link=f"/console/warnings/{row.warning}",
               actor=SYSTEM, now=now)  # fmt: skip
