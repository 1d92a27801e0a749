"""The only writer of the audience.

Targets are put as a whole list by the deployment. A subscriber asks, gets one letter, and is told of warnings only after the
link in it was confirmed (double opt-in); leaving is one click and deletes the row. The ledger holds that somebody asked,
confirmed or left, with the row's random id and never a contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from tocsin.records.audience.contacts import require_contact
from tocsin.records.audience.models import SubscriberRow, TargetRow
from tocsin.records.audience.selection import CONFIRMED, SUBSCRIBERS, leave_link, leave_path, seal
from tocsin.records.audience.wishes import About, Wish, wanted
from tocsin.records.dispatch import services as dispatch
from tocsin.records.dispatch.message import Message, Recipient, Text
from tocsin.records.dispatch.notify import in_every_language
from tocsin.records.dispatch.selection import SEALED
from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.places.models import Jurisdiction
from tocsin.terms.errors import BadValue, NotAllowed

__all__ = [
    "KEPT_UNCONFIRMED", "Subscription", "Target", "ask", "confirm", "join_by_browser", "leave", "put_targets", "sweep", "tell",
]  # fmt: skip

KEPT_UNCONFIRMED = timedelta(hours=48)
LETTERS_AT_MOST = 3  # that ask for confirmation, to one contact, until it is forgotten
PUBLIC_CHANNELS = ("mail", "sms", "web_push")
_BY_LETTER = ("mail", "sms")  # channels on which a letter asks for confirmation
TARGET_CHANNELS = ("mail", "sms", "voice", "webhook", "chat", "mqtt")
_CHAIN = "audience"


@dataclass(frozen=True, slots=True)
class Target:
    """See ``TargetRow``."""

    id: str
    title: Mapping[str, str]
    channel: str
    address: str
    language: str = "zh-hans"
    areas: Sequence[str] = ()
    hazards: Sequence[str] = ()
    least_level: int = 1
    exercises: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """What somebody of the public asks for. ``contact`` is where the channel reaches the person."""

    channel: str
    contact: str = field(repr=False)
    language: str
    places: Sequence[str] = ()
    hazards: Sequence[str] = ()
    least_level: int = 1
    lon: float | None = None
    lat: float | None = None


# ---------------------------------------------------------------- targets
def put_targets(targets: Sequence[Target], *, actor: Actor, now: datetime) -> None:
    """Replace the list of targets. Raises NotAllowed, BadValue for an address that its channel cannot reach."""
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF)
    seen: set[str] = set()
    for target in targets:
        if target.id in seen or target.channel not in TARGET_CHANNELS:
            remedy = _("give each an id of its own and one of {channels}").format(channels=", ".join(TARGET_CHANNELS))
            thing = _("target {id}").format(id=target.id)
            raise BadValue(thing, _("comes twice, or names a channel that does not exist"), remedy)
        seen.add(target.id)
        require_contact(target.channel, target.address)
    with transaction.atomic():
        TargetRow.objects.all().delete()
        TargetRow.objects.bulk_create(
            TargetRow(**asdict(t) | {"areas": list(t.areas), "hazards": list(t.hazards), "title": dict(t.title)})
            for t in targets
        )
        body = {"targets": sorted(seen)}
        ledger.append(_CHAIN, "targets_put", body, actor=actor.name, now=now)


# ---------------------------------------------------------------- subscribers
def ask(wish: Subscription, *, now: datetime) -> None:
    """Note the wish and send the letter that asks for confirmation. Whoever asks again before confirming replaces the wish;
    whoever is confirmed already gets a letter that says so and changes nothing (the page must not tell who is subscribed).
    Raises BadValue."""
    if wish.channel not in _BY_LETTER:
        raise BadValue(_("channel {name}").format(name=wish.channel), _("is not offered"), _("choose one of the list"))
    require_contact(wish.channel, wish.contact)
    _require_places(wish)
    kept = seal()
    with transaction.atomic():
        row = SubscriberRow.objects.select_for_update().filter(
            channel=wish.channel, mark__in=kept.marks(wish.channel, wish.contact)
        ).first()  # fmt: skip
        if row is not None and row.letters_asked >= LETTERS_AT_MOST:
            return  # nobody's mailbox is filled by somebody else's form
        if row is None:
            row = SubscriberRow(id=new_id("sub", now=now), channel=wish.channel, contact=kept.close(wish.contact),
                                mark=kept.marks(wish.channel, wish.contact)[0], letters_asked=0)  # fmt: skip
        if row.state != CONFIRMED:
            _note_wish(row, wish)
            row.asked_at = now
        row.letters_asked += 1
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:  # the same form twice at one moment: the other one sends the letter
            return
        ledger.append(_CHAIN, "subscription_asked", {"subscriber": row.id, "channel": row.channel},
                      actor=SYSTEM.name, now=now)  # fmt: skip
        _send_confirmation(row, now)


def join_by_browser(wish: Subscription, *, now: datetime) -> str:
    """A browser asks for Web Push: the path under which it leaves. Its address is made by the browser after its owner was
    asked, and holds a secret that nobody else has, so that it is both wish and confirmation; whoever asks again replaces the
    wish. Raises BadValue."""
    if wish.channel != "web_push":
        raise BadValue(
            _("channel {name}").format(name=wish.channel), _("is not a browser's"), _("choose one of the list")
        )
    require_contact(wish.channel, wish.contact)
    _require_places(wish)
    kept = seal()
    with transaction.atomic():
        marks = kept.marks(wish.channel, wish.contact)
        row = SubscriberRow.objects.select_for_update().filter(channel=wish.channel, mark__in=marks).first()
        known = row is not None
        row = row or SubscriberRow(id=new_id("sub", now=now), channel=wish.channel, contact=kept.close(wish.contact),
                                   mark=marks[0], asked_at=now)  # fmt: skip
        _note_wish(row, wish)
        row.state, row.confirmed_at, row.letters_asked = CONFIRMED, now, 0
        row.save()
        if not known:
            ledger.append(_CHAIN, "subscription_asked", {"subscriber": row.id, "channel": row.channel}, actor=SYSTEM.name,
                          now=now)  # fmt: skip
            ledger.append(_CHAIN, "subscription_confirmed", {"subscriber": row.id}, actor=SYSTEM.name, now=now)
    return leave_path(kept, row.id)


def confirm(row_id: str, proof: str, *, now: datetime) -> None:
    """The link of the letter was confirmed. Again is nothing. Raises NotAllowed for a link that we did not make or that is
    over."""
    with transaction.atomic():
        row = SubscriberRow.objects.select_for_update().filter(id=row_id).first()
        if row is None or not seal().proves(proof, "confirm", row.id):
            raise _no_link()
        if row.state == CONFIRMED:
            return
        row.state, row.confirmed_at, row.letters_asked = CONFIRMED, now, 0
        row.save(update_fields=["state", "confirmed_at", "letters_asked"])
        ledger.append(_CHAIN, "subscription_confirmed", {"subscriber": row.id}, actor=SYSTEM.name, now=now)


def leave(row_id: str, proof: str, *, now: datetime) -> None:
    """No more: the row is deleted, contact and wish with it. Again is nothing. Raises NotAllowed for a link that we did not
    make."""
    if not seal().proves(proof, "leave", row_id):
        raise _no_link()
    with transaction.atomic():
        gone, _rows = SubscriberRow.objects.filter(id=row_id).delete()
        if gone:
            ledger.append(_CHAIN, "subscription_left", {"subscriber": row_id}, actor=SYSTEM.name, now=now)


def sweep(*, now: datetime) -> int:
    """Forget who asked and did not confirm; how many."""
    over = SubscriberRow.objects.exclude(state=CONFIRMED).filter(asked_at__lte=now - KEPT_UNCONFIRMED)
    if not over.exists():
        return 0
    with transaction.atomic():
        ids = list(over.values_list("id", flat=True)[:1000])
        SubscriberRow.objects.filter(id__in=ids).delete()
        if ids:
            ledger.append(_CHAIN, "subscriptions_forgotten", {"subscribers": ids}, actor=SYSTEM.name, now=now)
    return len(ids)


# ---------------------------------------------------------------- telling
def tell(
    message: Message, about: About, *, instead: Mapping[str, Mapping[str, str]], actor: Actor, now: datetime
) -> int:
    """Put a warning on its way to targets, and, where it is no exercise, to the public; how many shards. ``instead``: what a
    channel says instead of the whole message, by channel and language. Inside a transaction. On a channel that the
    deployment does not have it waits."""
    shards = 0
    for channel in TARGET_CHANNELS:
        people = _targets(channel, about, message.exercise)
        if people:
            said = _said_on(channel, message, instead)
            shards += len(dispatch.put(said, people, channel=channel, actor=actor, now=now))
    if message.exercise:
        return shards
    last = SubscriberRow.objects.aggregate(last=Max("number"))["last"] or 0
    for channel in PUBLIC_CHANNELS:
        if not SubscriberRow.objects.filter(channel=channel, state=CONFIRMED).exists():
            continue
        ranges = [
            {"channel": channel, "from": start, "to": start + dispatch.SHARD, "about": about.as_document()}
            for start in range(0, last + 1, dispatch.SHARD)
        ]
        said = _said_on(channel, message, instead)
        shards += len(dispatch.put_selection(said, SUBSCRIBERS, ranges, channel=channel, actor=actor, now=now))
    return shards


def _said_on(channel: str, message: Message, instead: Mapping[str, Mapping[str, str]]) -> Message:
    """The message as a channel says it."""
    words = instead.get(channel)
    return (
        replace(message, texts={k: Text(message.texts[k].subject, w) for k, w in words.items()}) if words else message
    )


def _targets(channel: str, about: About, exercise: bool) -> list[Recipient]:
    rows = list(TargetRow.objects.filter(channel=channel).order_by("id"))
    wishes = [Wish(row.areas, row.hazards, row.least_level) for row in rows]
    return [
        Recipient(f"target:{row.id}", row.address, row.language)
        for row, wants in zip(rows, wanted(wishes, about, {}), strict=True)
        if wants and (row.exercises or not exercise)
    ]


# ---------------------------------------------------------------- small parts
def _send_confirmation(row: SubscriberRow, now: datetime) -> None:
    """One letter to the sealed contact."""
    kept = seal()
    link = f"{settings.CONFIGURATION.public_address}/subscribe/confirm/{row.id}/{kept.proof('confirm', row.id)}"
    known = row.state == CONFIRMED

    def write(language: str) -> Text:
        if known:
            said = _("You are already told of warnings. To leave: {leave}").format(leave=leave_link(kept, row.id))
            return Text(_("Warnings: you are subscribed"), said)
        said = _("Somebody, we hope you, asked that warnings be sent here. Confirm within 48 hours: {link}\n\nIf it was not "
                 "you, do nothing: this address is then forgotten.").format(link=link)  # fmt: skip
        return Text(_("Warnings: please confirm"), said)

    message = Message("subscription_asked", in_every_language(write), about=row.id)
    who = [Recipient(f"subscriber:{row.id}", f"{SEALED}{row.id}", row.language)]
    dispatch.put(message, who, channel=row.channel, actor=SYSTEM, now=now)


def _note_wish(row: SubscriberRow, wish: Subscription) -> None:
    row.language, row.places, row.hazards = wish.language, list(wish.places), list(wish.hazards)
    row.least_level, row.lon, row.lat = wish.least_level, _about_100_m(wish.lon), _about_100_m(wish.lat)


def _require_places(wish: Subscription) -> None:
    known = set(Jurisdiction.objects.filter(path__in=wish.places).values_list("path", flat=True))
    if len(wish.places) > 20 or set(wish.places) - known:
        raise BadValue(
            _("areas"), _("one of them does not exist, or there are more than 20"), _("choose from the list")
        )
    if not wish.places and wish.lon is None:
        raise BadValue(_("areas"), _("none is chosen"), _("choose at least one area"))
    if not 1 <= wish.least_level <= 4:
        raise BadValue(_("level"), _("is not one of the list"), _("choose from the list"))


def _about_100_m(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, 3)


def _no_link() -> NotAllowed:
    return NotAllowed(_("this link"), _("is not one of ours, or is over"), _("subscribe again"))
