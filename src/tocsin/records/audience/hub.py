"""The hub of our own feed (W3C WebSub, Recommendation of 23 January 2018): systems ask to be told of changes, prove that they
want it, and get the feed itself, signed, whenever it changes. It serves one topic, ours.

Everything goes out through dispatch, so that a crash loses nothing and a dead subscriber delays nobody: the question whether
somebody meant it (verification of intent, 5.3) and the feed (7). The channel ``websub`` does the talking. The callback and
the secret are sealed, as contacts are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tocsin.records.audience.models import HubRow
from tocsin.records.audience.selection import seal
from tocsin.records.dispatch import failures
from tocsin.records.dispatch import queries as dispatched
from tocsin.records.dispatch import services as dispatch
from tocsin.records.dispatch.facts import DispatchSettled
from tocsin.records.dispatch.message import Message, Recipient, Text
from tocsin.records.dispatch.selection import SEALED, Revealed, Selection
from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org.actor import SYSTEM
from tocsin.terms.errors import BadValue, TooBig

__all__ = [
    "AT_MOST", "CHANNEL", "LEASE", "LONGEST", "SHORTEST", "ask", "feed_changed", "feed_url", "hubs", "on_dispatch_settled",
    "subscribers", "sweep", "systems",
]  # fmt: skip

CHANNEL = "websub"
AT_MOST = 1000  # systems
LEASE, SHORTEST, LONGEST = timedelta(days=10), timedelta(minutes=5), timedelta(days=30)
VERIFIED_WITHIN = timedelta(minutes=10)
TOLD_WITHIN = timedelta(days=1)
AGAIN_AFTER = timedelta(seconds=30)  # nobody's server is asked again and again through our form
_CHAIN = "audience"
_VERIFY, _CHANGED = "hub_verify", "feed_changed"
_PREFIX = "hub_"


def feed_url() -> str:
    """The one topic."""
    return f"{settings.CONFIGURATION.public_address}/warnings/feed.atom"


def hubs() -> list[str]:
    """Where somebody asks to be told of our feed: here, and at the hub that the settings name."""
    named = settings.CONFIGURATION.websub_hub
    return [f"{settings.CONFIGURATION.public_address}/hub", *([named] if named else [])]


def ask(mode: str, callback: str, topic: str, *, lease_s: int, secret: str, now: datetime) -> None:
    """Note the wish and ask the callback whether it is meant. The caller has checked where the callback leads. The answer is
    the same whether it was known. Raises BadValue, TooBig."""
    if topic != feed_url():
        raise BadValue(
            "hub.topic", _("is not a topic of this hub"), _("give {topic}").format(topic=feed_url())
        )  # fmt: skip
    if mode not in ("subscribe", "unsubscribe"):
        raise BadValue("hub.mode", _("is neither subscribe nor unsubscribe"), _("give one of them"))
    if not callback or len(callback) > 500 or len(secret.encode()) >= 200:
        raise BadValue("hub.callback, hub.secret", _("is missing or too long"),
                       _("give at most 500 characters, and a secret under 200 bytes"))  # fmt: skip
    kept = seal()
    with transaction.atomic():
        row = HubRow.objects.select_for_update().filter(mark__in=kept.marks(CHANNEL, callback)).first()
        if row is None:
            if mode == "unsubscribe":
                return
            if HubRow.objects.count() >= AT_MOST:
                raise TooBig(_("this hub"), _("has no room for another subscriber"), _("read the feed instead"))
            row = HubRow(
                id=new_id("hub", now=now), callback=kept.close(callback), mark=kept.marks(CHANNEL, callback)[0]
            )
        elif row.asked_dispatch and now - row.asked_at < AGAIN_AFTER:
            return
        lease = min(max(timedelta(seconds=lease_s) if lease_s else LEASE, SHORTEST), LONGEST)
        row.asked_mode, row.asked_at, row.asked_lease_s = mode, now, int(lease.total_seconds())
        row.asked_secret = kept.close(secret) if secret else ""
        row.save()
        message = Message(_VERIFY, {"en": Text("verify", "")}, row.id, not_after=now + VERIFIED_WITHIN)
        (row.asked_dispatch,) = dispatch.put(message, [_recipient(row.id)], channel=CHANNEL, actor=SYSTEM, now=now)
        row.save(update_fields=["asked_dispatch"])
        ledger.append(
            _CHAIN, "subscription_asked", {"subscriber": row.id, "channel": CHANNEL}, actor=SYSTEM.name, now=now
        )


def feed_changed(digest: str, now: datetime) -> None:
    """Tell all, and the hub of the settings, where the feed is another one than they were told of last. Inside a
    transaction."""
    about = f"feed:{digest[:40]}"
    if dispatched.newest_about(_CHANGED) == about:
        return
    people = [
        _recipient(row_id)
        for row_id in HubRow.objects.filter(until__gt=now).order_by("id").values_list("id", flat=True)
    ]
    if outside := settings.CONFIGURATION.websub_hub:
        people.append(Recipient("hub:outside", outside, "en"))
    if people:
        message = Message(_CHANGED, {"en": Text("feed", "")}, about, not_after=now + TOLD_WITHIN, thread="feed")
        dispatch.put(message, people, channel=CHANNEL, actor=SYSTEM, now=now)


def on_dispatch_settled(told: Sequence[DispatchSettled], now: datetime) -> None:
    """Who confirmed is told from now on, or has left; who did not is forgotten; whose address is gone has left."""
    for fact in told:
        if fact.kind == _VERIFY:
            _settle_wish(fact, now)
        elif fact.kind == _CHANGED and fact.failed:
            gone = [
                name.removeprefix("hub:")
                for name, said in failures.refused(fact.dispatch)
                if said[:3] in ("404", "410")
            ]
            _drop(gone, now)


def sweep(*, now: datetime) -> int:
    """Leases that are over, and wishes that nobody confirmed; how many rows."""
    ended = Q(until__lte=now) | Q(until=None, asked_at__lte=now - 2 * VERIFIED_WITHIN)
    over = HubRow.objects.filter(ended).order_by("id").values_list("id", flat=True)
    if not over.exists():
        return 0  # every second: nobody's turn to write is taken where nothing waits
    with transaction.atomic():
        return _drop(list(over[:1000]), now)


def systems(*, now: datetime) -> int:
    """How many are told now."""
    return HubRow.objects.filter(until__gt=now).count()


def subscribers() -> Selection:
    """What audience registers with dispatch: addresses of the hub are opened just before they are used."""
    return Selection(lambda criteria: (), _open)


def _settle_wish(fact: DispatchSettled, now: datetime) -> None:
    row = HubRow.objects.select_for_update().filter(id=fact.about, asked_dispatch=fact.dispatch).first()
    if row is None:
        return  # asked anew meanwhile: that question decides
    if fact.accepted and row.asked_mode == "unsubscribe":
        _drop([row.id], now)
    elif fact.accepted:
        row.secret, row.until = row.asked_secret, now + timedelta(seconds=row.asked_lease_s)
        row.asked_dispatch = ""
        row.save()
        ledger.append(_CHAIN, "subscription_confirmed", {"subscriber": row.id}, actor=SYSTEM.name, now=now)
    elif row.until is None:
        _drop([row.id], now)
    else:
        row.asked_dispatch = ""
        row.save(update_fields=["asked_dispatch"])


def _drop(ids: Sequence[str], now: datetime) -> int:
    gone, _rows = HubRow.objects.filter(id__in=ids).delete()
    if gone:
        for row_id in ids:
            ledger.append(_CHAIN, "subscription_left", {"subscriber": row_id}, actor=SYSTEM.name, now=now)
    return gone


def _recipient(row_id: str) -> Recipient:
    return Recipient(f"hub:{row_id}", f"{SEALED}{row_id}", "en")


def _open(addresses: Sequence[tuple[str, str]]) -> Mapping[str, Revealed]:
    """What the channel needs, as JSON: callback, secret, and what is to be confirmed."""
    ids = [address.removeprefix(SEALED) for address, _language in addresses]
    kept, opened = seal(), {}
    for row in HubRow.objects.filter(id__in=[one for one in ids if one.startswith(_PREFIX)]):
        given = {
            "callback": kept.open(row.callback), "secret": kept.open(row.secret) if row.secret else "", "topic": feed_url(),
            "mode": row.asked_mode, "lease": row.asked_lease_s, "challenge": kept.proof("hub", row.id, row.asked_dispatch),
        }  # fmt: skip
        opened[f"{SEALED}{row.id}"] = Revealed(json.dumps(given))
    return opened
