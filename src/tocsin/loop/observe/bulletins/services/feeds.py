"""Declaring feeds, and noticing those that fail or are silent for longer than they may."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from tocsin.loop.observe.bulletins.facts import FeedFellSilent
from tocsin.loop.observe.bulletins.feed import Feed
from tocsin.loop.observe.bulletins.models import FeedRow
from tocsin.loop.observe.bulletins.rows import feed_of
from tocsin.loop.observe.bulletins.telling import tell_keepers
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.canonical import digest
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.packs import packs_in_use
from tocsin.records.places import queries as places
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import to_us

__all__ = ["put_feeds", "sweep"]

_DECLARED = ("title", "address", "every_s", "fails_after_s", "silent_after_s", "holds_for_s", "kept_mb", "signature",
             "relay", "gone_ends")  # fmt: skip


def put_feeds(feeds: Sequence[Feed], *, actor: Actor, now: datetime) -> None:
    """Replace the declarations. A feed that is left out is asked no more; its messages stay. Raises UnknownName for a hazard
    that no pack in force knows, and for a jurisdiction that nobody registered."""
    _require_known(feeds)
    with transaction.atomic():
        FeedRow.objects.exclude(id__in=[feed.id for feed in feeds]).filter(retired_at=None).update(retired_at=now)
        for feed in feeds:
            _put(feed, actor, now)
        content = digest({"feeds": [_plain(feed) for feed in feeds]})
        body = {"feeds": [feed.id for feed in feeds], "content": content}
        ledger.append("feeds", "feeds_put", body, actor=actor.name, now=now)


def _put(feed: Feed, actor: Actor, now: datetime) -> None:
    speaks, senders = feed.documents
    values = {name: getattr(feed, name) for name in _DECLARED} | {
        "title": dict(feed.title), "speaks": speaks, "senders": senders, "declared_at": now, "declared_by": actor.name,
        "retired_at": None, "not_before": None,
    }  # fmt: skip
    row = FeedRow.objects.select_for_update().filter(id=feed.id).first()
    if row is not None and row.address != feed.address:
        values |= {"etag": "", "modified": "", "failing_since": None, "failures": 0, "error": "", "newest_at": None}
    if row is not None and row.retired_at is not None:  # the time in which nobody asked is no silence
        values |= {"failing_since": None, "failures": 0, "heard_at": None}
    FeedRow.objects.update_or_create(id=feed.id, defaults=values)


def _plain(feed: Feed) -> dict[str, object]:
    speaks, senders = feed.documents
    return {name: getattr(feed, name) for name in _DECLARED} | {
        "id": feed.id, "title": dict(feed.title), "speaks": speaks, "senders": senders,
    }  # fmt: skip


def _require_known(feeds: Sequence[Feed]) -> None:
    hazards = {code for pack in packs_in_use() for code in pack.hazards}
    paths = {area.path for area in places.jurisdictions(EVERYWHERE)} | {""}
    for feed in feeds:
        for part in feed.speaks:
            if part.hazard not in hazards:
                raise UnknownName(f"feed {feed.id}, hazard {part.hazard}", "no pack in force knows it",
                                  f"known are {', '.join(sorted(hazards))}")  # fmt: skip
            for path in part.jurisdictions:
                if path not in paths:
                    raise UnknownName(f"feed {feed.id}, jurisdiction {path}", "nobody registered it",
                                      "register it first, or correct the path")  # fmt: skip


def sweep(*, now: datetime) -> int:
    """Tell once of each feed that has failed, or said nothing new, for longer than it may (rule 72). How many facts."""
    late = [row.id for row in FeedRow.objects.filter(retired_at=None, trouble="") if _trouble(row, now)[0]]
    return sum(_fall_silent(feed_id, now) for feed_id in late)


def _trouble(row: FeedRow, now: datetime) -> tuple[str, datetime]:
    """What is wrong and since when; "" for nothing."""
    if row.failing_since is not None and row.failing_since + timedelta(seconds=row.fails_after_s) <= now:
        return "failing", row.failing_since
    since = row.newest_at or row.heard_at
    if row.silent_after_s and row.heard_at and since and since + timedelta(seconds=row.silent_after_s) <= now:
        return "silent", since
    return "", now


def _fall_silent(feed_id: str, now: datetime) -> int:
    with transaction.atomic():
        row = FeedRow.objects.select_for_update().get(id=feed_id)
        what, since = _trouble(row, now)
        if not what or row.trouble or row.retired_at:
            return 0
        row.trouble = what
        row.save(update_fields=["trouble"])
        body = {"what": what, "since_us": to_us(since)}
        ledger.append(f"feed:{row.id}", "feed_fell_silent", body, actor=SYSTEM.name, now=now)
        tell_keepers(feed_of(row), what, since, row.error, now=now)
        return outbox.put([FeedFellSilent(row.id, what, to_us(since))], now=now)
