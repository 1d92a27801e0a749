"""The vault of an event: personal data that is needed while it lasts (who waits for help, who was taken where), each item
under the event's own data key. It is destroyed with a certificate when the event is closed, unless an assessment that is on
the ledger keeps it until a day; and in any case 30 days after its signals ended. An item that has served is taken out
at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tocsin.records.cases.commitment import commitment, new_salt, salt_of
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Act
from tocsin.records.row_remains import forget_in_copies, no_remains
from tocsin.records.seal import services as seal
from tocsin.records.seal.certificate import issue
from tocsin.records.seal.envelope import DataKey
from tocsin.records.seal.models import VaultItemRow, VaultRow
from tocsin.records.seal.vault_kinds import KINDS, PURPOSES
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = [
    "AFTER_SIGNALS", "LONGEST_KEPT", "MOST_ITEMS", "MOST_READ", "VaultItem", "destroy", "destroy_again", "keep_on",
    "living", "note_ended", "put", "read", "subject_of", "sweep", "take_out",
]  # fmt: skip

RULE = service("rule:retention")
AFTER_SIGNALS = timedelta(days=30)
LONGEST_KEPT = timedelta(days=366)
MOST_ITEMS = 5000
MOST_READ = 100  # by one reading
_MOST = 4000
_EVENT = re.compile(r"[A-Za-z0-9_.-]{1,50}")


@dataclass(frozen=True, slots=True)
class VaultItem:
    """An item, opened. ``kind``: of KINDS; ``by``: who put it there."""

    id: int
    kind: str
    words: str
    at: datetime
    by: str


def subject_of(event: str) -> str:
    """How ledger, key and certificate call an event's vault."""
    return f"vault:{event}"


def put(event: str, kind: str, words: str, *, jurisdiction: str, actor: Actor, now: datetime) -> int:
    """Put something in; its number. The first item makes the vault. The same words twice in a row, by one actor, are one item.
    Rooms call it, which know the event (``loop/respond/keeping.py``). Raises NotAllowed, BadValue, Stale for a vault that was
    destroyed."""
    actor.require(Act.KEEP_VAULT, jurisdiction)
    said, subject = words.strip(), subject_of(event)
    if kind not in KINDS:
        raise BadValue(_("vault item"), _("it is of no kind that a vault takes"), _("choose a kind"))
    if not said or len(said) > _MOST or not _EVENT.fullmatch(event):
        raise BadValue(_("vault item"), _("it is empty or too long"), _("write at most 4000 characters"))
    with transaction.atomic():
        row, key = _vault_to_write(event, jurisdiction, actor, now)
        last = row.items.filter(by=actor.name).order_by("-id").first()
        if last is not None and last.name == kind and key.open(last.words, f"item/{kind}") == said:
            return int(last.pk)
        if row.items.count() >= MOST_ITEMS:
            raise BadValue(
                _("vault item"), _("the vault holds very many already"), _("keep the rest with who needs it")
            )
        made = VaultItemRow.objects.create(
            vault=row, name=kind, words=key.close(said, f"item/{kind}"), at=now, by=actor.name
        )
        body = {"event": event, "item": made.pk, "kind": kind, "words": commitment(said, salt_of(row))}
        ledger.append(subject, "vault_put", body, actor=actor.name, now=now)
    return int(made.pk)


def read(
    event: str, purpose: str, kind: str, *, item: int | None = None, after: int = 0, actor: Actor, now: datetime
) -> list[VaultItem]:
    """The items of one kind, or one of them, for a purpose of PURPOSES for which that kind is kept; at most MOST_READ, those
    with numbers behind ``after``. On the ledger before they are shown. Raises BadValue, NotAllowed, UnknownName, Stale."""
    if purpose not in PURPOSES:
        raise BadValue(_("vault"), _("no purpose is said for which it is read"), _("choose one of the purposes"))
    if kind not in KINDS:
        raise BadValue(_("vault item"), _("it is of no kind that a vault takes"), _("choose a kind"))
    if purpose not in KINDS[kind].purposes:
        raise NotAllowed(str(KINDS[kind].title), _("it is not opened for this purpose"),
                         _("it is kept for: {purposes}").format(purposes=KINDS[kind].for_words))  # fmt: skip
    with transaction.atomic():
        row = _vault(event)
        actor.require(Act.KEEP_VAULT, row.jurisdiction)
        key = seal.open_key(row.seal_key)
        wanted = Q(id__gt=after) if item is None else Q(id=item)
        items = [
            VaultItem(one.pk, one.name, key.open(one.words, f"item/{one.name}"), one.at, one.by)
            for one in row.items.filter(wanted, name=kind).order_by("id")[:MOST_READ]
        ]
        if item is not None and not items:
            raise _no_item(item)
        body = {"event": event, "purpose": purpose, "kind": kind, "items": len(items)}
        body |= {"item": item} if item is not None else {}
        ledger.append(subject_of(event), "vault_read", body, actor=actor.name, now=now)
    return items


def take_out(event: str, item: int, *, actor: Actor, now: datetime) -> None:
    """Destroy one item that has served, or was wrong. Raises NotAllowed, UnknownName, Stale."""
    with no_remains(), transaction.atomic():
        row = _vault(event)
        actor.require(Act.KEEP_VAULT, row.jurisdiction)
        found = row.items.filter(id=item).first()
        if found is None:
            raise _no_item(item)
        body = {"event": event, "item": item, "kind": found.name}
        found.delete()
        ledger.append(subject_of(event), "vault_taken_out", body, actor=actor.name, now=now)


def keep_on(event: str, until: datetime, why: str, *, actor: Actor, now: datetime) -> None:
    """A recorded assessment keeps it beyond the event's end, at most LONGEST_KEPT. Raises NotAllowed, BadValue, UnknownName,
    Stale."""
    with transaction.atomic():
        row = _vault(event)
        actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)
        said = why.strip()
        if not said or len(said) > _MOST or not now < until <= now + LONGEST_KEPT:
            raise BadValue(_("assessment"), _("it needs a reason and a day within a year"), _("write both"))
        row.kept_until, row.kept_why = until, seal.open_key(row.seal_key).close(said, "assessment")
        row.save()
        body = {"event": event, "until_us": to_us(until), "why": commitment(said, salt_of(row))}
        ledger.append(subject_of(event), "vault_kept_on", body, actor=actor.name, now=now)


def living() -> list[str]:
    """The events that have a vault."""
    return list(VaultRow.objects.order_by("event").values_list("event", flat=True))


def note_ended(event: str, *, now: datetime) -> None:
    """Its signals ended: from now on AFTER_SIGNALS runs."""
    VaultRow.objects.filter(event=event, ended_at=None).update(ended_at=now)


def destroy(event: str, why: str, *, now: datetime, actor: Actor = RULE, kept_too: bool = False) -> bool:
    """Destroy it; whether there was one to destroy. One that an assessment keeps waits for its day unless ``kept_too``."""
    if not VaultRow.objects.filter(event=event).exists():  # most events: nothing is to be cleaned after them
        return False
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


def _vault_to_write(event: str, jurisdiction: str, actor: Actor, now: datetime) -> tuple[VaultRow, DataKey]:
    row, subject = VaultRow.objects.select_for_update().filter(event=event).first(), subject_of(event)
    if row is not None:
        return row, seal.open_key(row.seal_key)
    if subject in settings.CONFIGURATION.home.destroyed():
        raise _gone(event)
    key_id, key = seal.new_key(subject, now=now)
    row = VaultRow.objects.create(event=event, seal_key=key_id, salt=new_salt(), jurisdiction=jurisdiction, made_at=now)
    ledger.append(subject, "vault_opened", {"event": event}, actor=actor.name, now=now)
    return row, key


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


def _no_item(item: int) -> UnknownName:
    return UnknownName(
        _("vault item {n}").format(n=item),
        _("the vault holds none of this number and kind"),
        _("read the list of its kind"),
    )
