"""Two people: sent for approval by the one, sent back or signed by the other; what is signed goes out at once."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.warn import facts
from tocsin.loop.warn.changing import clean
from tocsin.loop.warn.content import Content
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.models import SignatureRow, WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.services.checking import ask_to_check
from tocsin.loop.warn.services.guards import require_everywhere, require_passkey, require_signer, require_sound
from tocsin.loop.warn.services.issuing import Signing, issue
from tocsin.loop.warn.services.rows import move, require_move, require_version, row_of, stale, tell, with_account
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadValue

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
        require_signer(row, content, actor, now)
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


def sign(warning_id: str, *, version: int, digest: str, passkey: str = "", actor: Actor, now: datetime) -> str:
    """Sign this version with this digest and issue it; the identifier of its CAP message. Everything happens in one
    transaction. The same signer signing the same version again gets the same identifier. ``passkey``: fingerprint of the
    credential that a door has verified. Raises NotAllowed for whoever wrote any of it, is of another body, signs for a body
    without authority, or signs without a passkey where the deployment asks for one; BadValue for an empty item or a broken
    rule of CAP; BadTime for a period that is over or a clock that went back; Stale for another version, a warning that does
    not wait or one whose predecessor is over; UnknownName."""
    with transaction.atomic():
        row = row_of(warning_id)
        content = Content.of(row.content)
        aid = require_signer(row, content, actor, now)
        if found := _signed_before(row, version, digest, actor):
            return found
        require_version(row, version)
        require_move(row, WarningState.ISSUED)
        if digest != content.digest:
            raise stale(row, _("what you saw is not what it says now"))
        require_passkey(passkey)
        names = Names.read()
        require_sound(row, content, names, now)
        signing = Signing(actor.account, actor.post, actor.name, version, digest, aid, passkey)
        issue(row, content, names, signing, actor=actor, now=now)
        if content.flow == "urgent":
            ask_to_check(row, content, names, now=now)
        return row.id


def _signed_before(row: WarningRow, version: int, digest: str, actor: Actor) -> str:
    signature = SignatureRow.objects.filter(warning=row, account=actor.account, version=version, digest=digest).first()
    return row.id if signature else ""
