"""The only writer of data keys: made, opened, destroyed, wrapped anew under the deployment's newest key."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org.actor import Actor
from tocsin.records.seal.envelope import DataKey, KeyRing
from tocsin.records.seal.models import DataKeyRow, EraRow
from tocsin.terms.errors import Stale, Unavailable

__all__ = ["FORGET_AFTER", "SUBJECT", "Rotated", "destroy_key", "forget", "new_key", "open_key", "ring", "rotate"]

SUBJECT = "seal"  # the chain of the ledger in which keys of the deployment are told of
FORGET_AFTER = timedelta(hours=1)  # whoever sealed with the old key as it was replaced has long committed by then
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Rotated:
    """``era``: the key that wraps now; ``rewrapped`` data keys by this call; ``left``: still under an older key."""

    era: str
    rewrapped: int
    left: int


def ring() -> KeyRing:
    """The deployment's keys as the file holds them now."""
    return KeyRing(settings.CONFIGURATION.home.seal_keys())


def new_key(subject: str, *, now: datetime) -> tuple[str, DataKey]:
    """A data key for a subject and its id, inside the transaction that needs it. Raises Unavailable where this machine has not
    the keys of the deployment."""
    keys = ring()
    _require_known(keys, now)
    key = os.urandom(32)
    row = DataKeyRow.objects.create(
        id=new_id("key", now=now), subject=subject, era=keys.newest, wrapped=keys.wrap(subject, key), made_at=now
    )
    return row.id, DataKey(subject, key)


def open_key(key_id: str) -> DataKey:
    """The data key of this id. Raises Unavailable where it was destroyed."""
    row = DataKeyRow.objects.filter(id=key_id).first()
    if row is None:
        raise Unavailable(
            _("sealed content"), _("it has been destroyed"), _("its certificate says when and by which rule")
        )
    return DataKey(row.subject, ring().unwrap(row.subject, row.era, bytes(row.wrapped)))


def destroy_key(key_id: str) -> bool:
    """Destroy it; whether there was one. Its bytes are written over first: they stay in no page of the database."""
    row = DataKeyRow.objects.select_for_update().filter(id=key_id).first()
    if row is None:
        return False
    DataKeyRow.objects.filter(id=key_id).update(wrapped=bytes(len(bytes(row.wrapped))))
    row.delete()
    return True


def rotate(*, actor: Actor, now: datetime) -> Rotated:
    """Wrap all data keys under a new key of the deployment. Broken off, the next call goes on where it stopped and makes no
    further key; content is not touched. An entry in the ledger where it begins and where it is done."""
    home = settings.CONFIGURATION.home
    keys = ring()
    if not DataKeyRow.objects.exclude(era=keys.newest).exists():
        home.add_seal_key()
        keys = ring()
    if not EraRow.objects.filter(era=keys.newest).exists():
        _replaced(keys.newest, actor, now)
    done = 0
    while batch := _rewrap(keys):
        done += batch
    left = DataKeyRow.objects.exclude(era=keys.newest).count()
    with transaction.atomic():
        ledger.append(
            SUBJECT, "seal_keys_rewrapped", {"era": keys.newest, "rewrapped": done}, actor=actor.name, now=now
        )
    return Rotated(keys.newest, done, left)


def forget(*, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Destroy the keys under which nothing lies any more: what an older backup holds cannot be opened again. Raises Stale
    before FORGET_AFTER has passed since the newest took their place, or while something lies under them."""
    home, keys = settings.CONFIGURATION.home, ring()
    old = keys.eras[1:]
    if DataKeyRow.objects.filter(era__in=old).exists():
        raise Stale("seal keys", "data keys lie still under an older one", "run `tocsin seal rotate` first")
    newest = EraRow.objects.filter(era=keys.newest).first()
    if old and (newest is None or newest.since > now - FORGET_AFTER):
        raise Stale(
            "seal keys", "the newest is younger than an hour", "wait until whoever sealed with the old one is done"
        )
    with transaction.atomic():
        EraRow.objects.filter(era__in=old).update(forgotten_at=now)
        if old:
            ledger.append(SUBJECT, "seal_keys_forgotten", {"eras": list(old)}, actor=actor.name, now=now)
    home.keep_seal_keys(1)
    return old


def _rewrap(keys: KeyRing) -> int:
    with transaction.atomic():
        rows = list(DataKeyRow.objects.select_for_update().exclude(era=keys.newest).order_by("id")[:_AT_ONCE])
        for row in rows:
            row.wrapped = keys.wrap(row.subject, keys.unwrap(row.subject, row.era, bytes(row.wrapped)))
            row.era = keys.newest
            row.save(update_fields=["wrapped", "era"])
    return len(rows)


def _replaced(era: str, actor: Actor, now: datetime) -> None:
    with transaction.atomic():
        EraRow.objects.filter(replaced_at=None).exclude(era=era).update(replaced_at=now)
        EraRow.objects.get_or_create(era=era, defaults={"since": now})
        ledger.append(SUBJECT, "seal_key_added", {"era": era}, actor=actor.name, now=now)


def _require_known(keys: KeyRing, now: datetime) -> None:
    """The first key is noted at its first use; after that a machine with other keys seals nothing that others cannot open."""
    newest = EraRow.objects.filter(replaced_at=None).order_by("-since").first()
    if newest is None:
        EraRow.objects.get_or_create(era=keys.newest, defaults={"since": now})
    elif newest.era not in keys.eras:
        raise Unavailable(_("sealed content"), _("this machine has not the seal keys of the deployment"),
                          _("give it the file seal_keys of the others"))  # fmt: skip
