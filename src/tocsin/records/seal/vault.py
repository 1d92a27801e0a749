"""The vault of an event: personal data that is needed while it lasts (who waits for help, who was taken where), each item
under the event's own data key. It is destroyed with a certificate when the event is closed, unless an assessment that is on
the ledger keeps it until a day; and in any case 30 days after its signals ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.records.cases.commitment import commitment, new_salt
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Act
from tocsin.records.row_remains import forget_in_copies, no_remains
from tocsin.records.seal import services as seal
from tocsin.records.seal.certificate import issue
from tocsin.records.seal.models import VaultItemRow, VaultRow
from tocsin.terms.errors import BadValue, Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = [
    "AFTER_SIGNALS", "LONGEST_KEPT", "MOST_ITEMS", "PURPOSES", "VaultItem", "destroy", "destroy_again", "keep_on",
    "note_ended", "put", "read", "subject_of", "sweep",
]  # fmt: skip

RULE = service("rule:retention")
AFTER_SIGNALS = timedelta(days=30)
LONGEST_KEPT = timedelta(days=366)
MOST_ITEMS = 5000
PURPOSES = {
    "rescue": gettext_lazy("Reach somebody and help"),
    "relief": gettext_lazy("Shelter and relief"),
    "reunite": gettext_lazy("Answer a family that asks"),
}
_MOST = 4000
_EVENT = re.compile(r"[A-Za-z0-9_.-]{1,50}")


@dataclass(frozen=True, slots=True)
class VaultItem:
    """An item, opened."""

    id: int
    name: str
    words: str
    at: datetime


def subject_of(event: str) -> str:
    """How ledger, key and certificate call an event's vault."""
    return f"vault:{event}"


def put(event: str, name: str, words: str, *, jurisdiction: str, actor: Actor, now: datetime) -> int:
    """Put something in; its number. The first item makes the vault. Raises NotAllowed, BadValue, Stale for a vault that was
    destroyed."""
    actor.require(Act.DO_TASK, jurisdiction)
    said, subject = words.strip(), subject_of(event)
    if not said or len(said) > _MOST or not name or len(name) > 40 or not _EVENT.fullmatch(event):
        raise BadValue(_("vault item"), _("it is empty or too long"), _("write a name and at most 4000 characters"))
    with transaction.atomic():
        row = VaultRow.objects.select_for_update().filter(event=event).first()
        if row is None:
            if subject in settings.CONFIGURATION.home.destroyed():
                raise _gone(event)
            key_id, key = seal.new_key(subject, now=now)
            row = VaultRow.objects.create(
                event=event, seal_key=key_id, salt=new_salt(), jurisdiction=jurisdiction, made_at=now
            )
            ledger.append(subject, "vault_opened", {"event": event}, actor=actor.name, now=now)
        else:
            key = seal.open_key(row.seal_key)
        if row.items.count() >= MOST_ITEMS:
            raise BadValue(
                _("vault item"), _("the vault holds very many already"), _("keep the rest with who needs it")
            )
        made = VaultItemRow.objects.create(
            vault=row, name=name, words=key.close(said, f"item/{name}"), at=now, by=actor.name
        )
        ledger.append(subject, "vault_put", {"event": event, "item": made.pk, "words": commitment(said, row.salt)},
                      actor=actor.name, now=now)  # fmt: skip
    return int(made.pk)


def read(event: str, purpose: str, *, actor: Actor, now: datetime) -> list[VaultItem]:
    """What it holds, for a purpose of PURPOSES; on the ledger before it is shown. Raises BadValue, NotAllowed, UnknownName."""
    if purpose not in PURPOSES:
        raise BadValue(_("vault"), _("no purpose is said for which it is read"), _("choose one of the purposes"))
    with transaction.atomic():
        row = _vault(event)
        actor.require(Act.DO_TASK, row.jurisdiction)
        key = seal.open_key(row.seal_key)
        items = [
            VaultItem(one.pk, one.name, key.open(one.words, f"item/{one.name}"), one.at)
            for one in row.items.order_by("id")
        ]
        body = {"event": event, "purpose": purpose, "items": len(items)}
        ledger.append(subject_of(event), "vault_read", body, actor=actor.name, now=now)
    return items


def keep_on(event: str, until: datetime, why: str, *, actor: Actor, now: datetime) -> None:
    """A recorded assessment keeps it beyond the event's end, at most LONGEST_KEPT. Raises NotAllowed, BadValue, UnknownName."""
    with transaction.atomic():
        row = _vault(event)
        actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)
        said = why.strip()
        if not said or not now < until <= now + LONGEST_KEPT:
            raise BadValue(_("assessment"), _("it needs a reason and a day within a year"), _("write both"))
        row.kept_until, row.kept_why = until, seal.open_key(row.seal_key).close(said, "assessment")
        row.save()
        body = {"event": event, "until_us": to_us(until), "why": commitment(said, row.salt)}
        ledger.append(subject_of(event), "vault_kept_on", body, actor=actor.name, now=now)


def note_ended(event: str, *, now: datetime) -> None:
    """Its signals ended: from now on AFTER_SIGNALS runs."""
    VaultRow.objects.filter(event=event, ended_at=None).update(ended_at=now)


def destroy(event: str, why: str, *, now: datetime, actor: Actor = RULE, kept_too: bool = False) -> bool:
    """Destroy it; whether there was one to destroy. One that an assessment keeps waits for its day unless ``kept_too``."""
    with no_remains(), transaction.atomic():
        row = VaultRow.objects.select_for_update().filter(event=event).first()
        if row is None:
            return False
        if row.kept_until is not None and row.kept_until > now and not kept_too:
            VaultRow.objects.filter(event=event, ended_at=None).update(ended_at=now)
            return False
        subject = subject_of(event)
        facts = {
            "what": f"vault of event {event}", "event": event, "rule": why, "items": row.items.count(), "key": row.seal_key,
            "files": [], "ended_us": to_us(row.ended_at) if row.ended_at else 0,
        }  # fmt: skip
        settings.CONFIGURATION.home.note_destroyed(subject, to_us(now))
        seal.destroy_key(row.seal_key)
        row.items.all().delete()
        row.delete()
        issue(subject, "vault_destroyed", facts, actor=actor.name, now=now)
    forget_in_copies(settings.CONFIGURATION.home.backups, [subject])
    return True


def destroy_again(*, now: datetime) -> list[str]:
    """Destroy vaults that had been destroyed and have come back out of a backup; their events."""
    noted = {subject.removeprefix("vault:") for subject in settings.CONFIGURATION.home.destroyed() if ":" in subject}
    back = list(VaultRow.objects.filter(event__in=noted).values_list("event", flat=True)) if noted else []
    return [
        event for event in back if destroy(event, "destroyed before; came back out of a backup", now=now, kept_too=True)
    ]


def sweep(*, now: datetime) -> int:
    """Destroy what outlived its event or its assessment; how many."""
    late = Q(ended_at__lte=now - AFTER_SIGNALS, kept_until=None) | Q(ended_at__lte=now, kept_until__lte=now)
    due = list(VaultRow.objects.filter(late).values_list("event", flat=True)[:20])
    return sum(destroy(event, "the event or its assessment ended", now=now) for event in due)


def _vault(event: str) -> VaultRow:
    row = VaultRow.objects.select_for_update().filter(event=event).first()
    if row is None:
        if subject_of(event) in settings.CONFIGURATION.home.destroyed():
            raise _gone(event)
        raise UnknownName(_("vault"), _("the event has none"), _("put something in first"))
    return row


def _gone(event: str) -> Stale:
    return Stale(_("vault of {event}").format(event=event), _("it was destroyed when the event ended"),
                 _("its certificate says when and by which rule"))  # fmt: skip
