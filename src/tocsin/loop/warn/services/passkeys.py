"""Passkeys of signers: kept here, verified at the door that spoke with the browser."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.warn.changing import clean
from tocsin.loop.warn.models import PasskeyRow
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadValue, TooBig

__all__ = ["PasskeyLine", "add_passkey", "note_use", "passkeys_of", "remove_passkey"]

_AT_MOST = 10  # of one account


@dataclass(frozen=True, slots=True)
class PasskeyLine:
    """One of an account. ``credential``: id, algorithm and public key as the browser gave them."""

    fingerprint: str
    credential: bytes
    name: str
    count: int
    made_at: datetime
    used_at: datetime | None


def passkeys_of(account: str) -> list[PasskeyLine]:
    """Of an account, the oldest first."""
    rows = PasskeyRow.objects.filter(account=account).order_by("made_at", "id")
    return [PasskeyLine(r.fingerprint, bytes(r.credential), r.name, r.count, r.made_at, r.used_at) for r in rows]


def add_passkey(
    credential_id: bytes, credential: bytes, name: str, *, count: int, actor: Actor, now: datetime
) -> str:  # fmt: skip
    """Keep a credential that was just made and verified; its fingerprint. Raises NotAllowed, TooBig, BadValue where it belongs
    to another account."""
    actor.require(Act.SIGN_WARNING)
    fingerprint = hashlib.sha256(credential_id).hexdigest()
    said = clean(_("name"), name, 60, lines=False) or _("Passkey")
    with transaction.atomic():
        held = PasskeyRow.objects.select_for_update().filter(fingerprint=fingerprint).first()
        if held is not None and held.account != actor.account:
            raise BadValue(_("passkey"), _("it belongs to another account"), _("make a new one"))
        if held is not None:
            return fingerprint
        if PasskeyRow.objects.filter(account=actor.account).count() >= _AT_MOST:
            raise TooBig(_("passkeys"), _("there are {n} already").format(n=_AT_MOST), _("remove one first"))
        PasskeyRow.objects.create(account=actor.account, credential=credential, fingerprint=fingerprint, name=said, count=count,
                                  made_at=now)  # fmt: skip
        _note("passkey_added", fingerprint, actor, now)
    return fingerprint


def remove_passkey(fingerprint: str, *, actor: Actor, now: datetime) -> None:
    """Nobody signs by it any more. Again is nothing."""
    with transaction.atomic():
        gone, _rows = PasskeyRow.objects.filter(fingerprint=fingerprint, account=actor.account).delete()
        if gone:
            _note("passkey_removed", fingerprint, actor, now)


def note_use(fingerprint: str, count: int, *, now: datetime) -> None:
    """It was used. Raises BadValue where its counter went back: then there is a copy of it somewhere (WebAuthn, 6.1.1)."""
    with transaction.atomic():
        row = PasskeyRow.objects.select_for_update().get(fingerprint=fingerprint)
        if (count or row.count) and count <= row.count:
            raise BadValue(_("passkey"), _("its counter went back, so it may have been copied"),
                           _("remove it, make a new one, and tell the administrator"))  # fmt: skip
        row.count, row.used_at = count, now
        row.save(update_fields=["count", "used_at"])


def _note(verb: str, fingerprint: str, actor: Actor, now: datetime) -> None:
    ledger.append("warn", verb, {"passkey": fingerprint[:16], "account": actor.account}, actor=actor.name, now=now)
