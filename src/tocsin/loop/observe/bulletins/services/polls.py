"""What a poll of a feed found: its entries, its messages, or that it failed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from tocsin.loop.observe.bulletins.facts import FeedWasHeard
from tocsin.loop.observe.bulletins.models import BulletinRow, FeedEntryRow, FeedRow
from tocsin.loop.observe.bulletins.rows import feed_of
from tocsin.loop.observe.bulletins.services.keeping import Came, Refusal, keep
from tocsin.loop.observe.bulletins.services.settling import settle
from tocsin.loop.observe.bulletins.telling import tell_keepers_again
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.outbox import services as outbox
from tocsin.terms.moment import to_us

__all__ = ["MOST_ENTRIES", "Heard", "Listed", "hear", "note_failure", "spread"]

MOST_ENTRIES = 2000  # of a feed that are kept in mind
_PAUSE_AT_MOST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a feed. ``rule`` and ``what``: its fault, "" where it has none; ``wanted``: its message is still to be
    fetched, since that failed or the poll had no time left; ``tries``: how often it failed."""

    key: str
    entry_id: str
    href: str
    title: str
    updated: str
    rule: str = ""
    what: str = ""
    wanted: bool = False
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """A readable answer. ``unchanged``: the feed is as it was (304), and nothing else is said. ``whole``: it lists all that
    it has, without error, so that what it does not list has left it. ``newest_at``: the newest time it gives."""

    entries: Sequence[Listed] = ()
    messages: Sequence[Came] = ()
    etag: str = ""
    modified: str = ""
    newest_at: datetime | None = None
    whole: bool = False
    unchanged: bool = False


def spread() -> float:
    """What a pause is multiplied by, so that polls do not come together."""
    return random.uniform(0.9, 1.1)  # noqa: S311 - no secret


def hear(feed_id: str, heard: Heard, *, now: datetime, jitter: Callable[[], float] = spread) -> int:
    """Keep and settle what a poll brought; how many messages are new. The feed's own mark (ETag) is kept last, so that a
    crash on the way fetches the same again, which changes nothing."""
    kept = 0
    if not heard.unchanged:
        kept, refusals = keep(feed_id, heard.messages, now=now)
        _note_entries(feed_id, heard, refusals, now)
    settle(now=now)
    with transaction.atomic():
        row = FeedRow.objects.select_for_update().get(id=feed_id)
        row.asked_at = row.heard_at = now
        row.failing_since, row.failures, row.error = None, 0, ""
        row.not_before = now + timedelta(seconds=row.every_s * jitter())
        if not heard.unchanged:
            again = any(entry.wanted for entry in heard.entries)  # then everything is asked for once more
            row.etag, row.modified = ("", "") if again else (heard.etag[:300], heard.modified[:100])
            row.newest_at = max(filter(None, (row.newest_at, heard.newest_at)), default=None)
        _recover(row, now)
        row.save()
    return kept


def _recover(row: FeedRow, now: datetime) -> None:
    """The one word that a feed is heard again: at a readable answer, or for a silent one when it says something new."""
    if not row.trouble:
        return
    since = row.newest_at
    if row.trouble == "silent" and (since is None or since + timedelta(seconds=row.silent_after_s) <= now):
        return
    row.trouble = ""
    ledger.append(f"feed:{row.id}", "feed_was_heard", {"at_us": to_us(now)}, actor=SYSTEM.name, now=now)
    tell_keepers_again(feed_of(row), now=now)
    outbox.put([FeedWasHeard(row.id, to_us(now))], now=now)


def note_failure(feed_id: str, error: str, *, now: datetime, jitter: Callable[[], float] = spread) -> None:
    """No readable answer came. The next attempt waits longer and longer, a quarter of an hour at most; that it fails for too
    long is told by ``sweep``."""
    with transaction.atomic():
        row = FeedRow.objects.select_for_update().get(id=feed_id)
        row.asked_at, row.error = now, error[:500]
        row.failing_since = row.failing_since or now
        row.failures += 1
        pause = timedelta(seconds=row.every_s * 2 ** min(row.failures - 1, 10))
        row.not_before = now + max(min(pause, _PAUSE_AT_MOST), timedelta(seconds=row.every_s)) * jitter()
        row.save()


# ---------------------------------------------------------------- entries
def _note_entries(feed_id: str, heard: Heard, refusals: Sequence[Refusal], now: datetime) -> None:
    faults = {refusal.entry_key: refusal for refusal in refusals}
    with transaction.atomic():
        known = {row.key: row for row in FeedEntryRow.objects.filter(feed_id=feed_id)}
        listed = {entry.key: entry for entry in heard.entries[:MOST_ENTRIES]}
        for entry in listed.values():
            _put_entry(feed_id, entry, faults.get(entry.key), known.get(entry.key), now)
        if heard.whole:
            gone = [row for key, row in known.items() if key not in listed and row.gone_at is None]
            FeedEntryRow.objects.filter(pk__in=[row.pk for row in gone]).update(gone_at=now)
            _end_gone(feed_id, {row.key for row in gone}, set(listed), now)
        spare = FeedEntryRow.objects.filter(feed_id=feed_id).exclude(key__in=listed).order_by("-changed_at", "-id")
        FeedEntryRow.objects.filter(pk__in=list(spare.values_list("pk", flat=True)[MOST_ENTRIES:])).delete()


def _put_entry(feed_id: str, entry: Listed, refusal: Refusal | None, row: FeedEntryRow | None, now: datetime) -> None:
    rule, what = (refusal.rule, refusal.what) if refusal else (entry.rule, entry.what)
    values: Mapping[str, object] = {
        "entry_id": entry.entry_id[:500], "href": entry.href[:1000], "title": entry.title[:300],
        "updated": "" if entry.wanted else entry.updated[:40], "rule": rule[:10], "what": what[:300], "tries": entry.tries,
        "gone_at": None,
    }  # fmt: skip
    if row is None:
        FeedEntryRow.objects.create(feed_id=feed_id, key=entry.key, first_at=now, changed_at=now, **values)
        return
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if changed:
        for name in changed:
            setattr(row, name, values[name])
        row.changed_at = now
        row.save(update_fields=[*changed, "changed_at"])


def _end_gone(feed_id: str, gone: set[str], listed: set[str], now: datetime) -> None:
    """Where leaving the feed ends a message (rule 73, off unless declared): mark those that left, unmark those that are
    back; ``settle`` does the rest."""
    row = FeedRow.objects.get(id=feed_id)
    if not row.gone_ends:
        return
    mine = BulletinRow.objects.filter(feed_id=feed_id, admitted=True)
    mine.filter(entry_key__in=gone, gone_at=None).update(gone_at=now, settled_at=None)
    mine.filter(entry_key__in=listed, gone_at__isnull=False).update(gone_at=None, settled_at=None)
