"""Readers of bulletins and feeds. Each that lists takes a scope; a bulletin is seen from its areas, from below and from
above them, one whose place nobody knows from where its feed speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from tocsin.formats.cap import Verdict
from tocsin.geo.jurisdiction import lineage
from tocsin.loop.observe.bulletins.feed import Feed
from tocsin.loop.observe.bulletins.lifecycle import BulletinState
from tocsin.loop.observe.bulletins.models import BulletinArea, BulletinRecord, BulletinRow, FeedEntryRow, FeedRow
from tocsin.loop.observe.bulletins.rows import feed_of
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName

__all__ = [
    "BulletinLine", "EntryFault", "FeedLine", "Unlogged", "answers_to", "bulletin", "bulletins", "document", "due_feeds",
    "faults_of", "feed", "feeds", "in_force", "known_entries", "line_of", "relayed", "relayed_document",
    "relayed_mark", "unlogged",
]  # fmt: skip

_WARNINGS = ("Alert", "Update")
_RELAYED = (BulletinState.IN_FORCE, BulletinState.REPLACED, BulletinState.CANCELLED, BulletinState.GONE)


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A declared feed and what polling it found."""

    feed: Feed
    asked_at: datetime | None
    heard_at: datetime | None
    newest_at: datetime | None
    failing_since: datetime | None
    error: str
    trouble: str
    retired_at: datetime | None
    etag: str
    modified: str
    faults: int = 0
    bulletins: int = 0


@dataclass(frozen=True, slots=True)
class EntryFault:
    """An entry of a feed that could not be taken, and the rule that it breaks."""

    entry_id: str
    href: str
    title: str
    rule: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BulletinLine:
    """A message as lists and pages show it. ``texts``: its own words by language; ``said``: our reading of it."""

    id: str
    feed: str
    feed_title: Mapping[str, str]
    relayed: bool
    href: str
    sender: str
    identifier: str
    sent: datetime
    status: str
    msg_type: str
    cap_scope: str
    admitted: bool
    why_not: str
    sha256: str
    received_at: datetime
    verdict: str
    verdict_why: str
    pin: str
    findings: tuple[Mapping[str, str], ...]
    line_findings: tuple[Mapping[str, str], ...]
    conflicts: tuple[str, ...]
    state: BulletinState
    ended_by: str
    like: str
    judged: str
    beside: tuple[str, ...]
    thread: str
    said: tuple[Mapping[str, Any], ...]
    texts: Mapping[str, Mapping[str, str]]
    level: int
    begins: datetime | None
    until: datetime | None
    placed: bool
    told_at: datetime | None
    areas: tuple[str, ...]

    @property
    def verified(self) -> bool:
        """Whether it is what its sender signed."""
        return Verdict(self.verdict).good

    @property
    def is_warning(self) -> bool:
        """Whether it says that something threatens, in earnest."""
        return self.status == "Actual" and self.msg_type in _WARNINGS

    def holds(self, now: datetime) -> bool:
        """Whether it is in force: asked now, never kept (R55)."""
        over = self.until is not None and self.until <= now
        return self.state is BulletinState.IN_FORCE and self.msg_type in _WARNINGS and not over


@dataclass(frozen=True, slots=True)
class Unlogged:
    """What the log is still to be told. ``after_seq``: how long the log was at the first attempt; None before it."""

    id: int
    feed: str
    body: bytes
    after_seq: int | None


# ---------------------------------------------------------------- feeds
def feeds(scope: Scope, *, now: datetime) -> list[FeedLine]:
    """Feeds in use that speak of something in the scope."""
    scope.require(Act.READ_SOURCES)
    day = now - timedelta(days=1)
    found = []
    for row in FeedRow.objects.filter(retired_at=None).order_by("id"):
        line = _feed_line(row)
        if any(scope.covers(path) or path in ("", *lineage(scope.jurisdiction)) for path in line.feed.jurisdictions):
            found.append(_counted(row, day))
    return found


def feed(feed_id: str) -> FeedLine:
    """One feed, for the poller and the command line. Raises UnknownName."""
    row = FeedRow.objects.filter(id=feed_id).first()
    if row is None:
        raise UnknownName(f"feed {feed_id}", "nobody declared it", "see `tocsin feeds show`")
    return _feed_line(row)


def due_feeds(*, now: datetime) -> list[str]:
    """Feeds that are to be asked now, the longest waiting first."""
    rows = FeedRow.objects.filter(Q(not_before=None) | Q(not_before__lte=now), retired_at=None)
    return list(rows.order_by("not_before", "id").values_list("id", flat=True))


def known_entries(feed_id: str) -> dict[str, tuple[str, int]]:
    """By key of an entry: when it was updated, as the feed says, and how often its message was fetched in vain."""
    rows = FeedEntryRow.objects.filter(feed_id=feed_id).values_list("key", "updated", "tries")
    return {key: (updated, tries) for key, updated, tries in rows}


def faults_of(scope: Scope, feed_id: str, *, at_most: int = 50) -> list[EntryFault]:
    """Entries that the feed lists now and that could not be taken, the newest first (R71)."""
    scope.require(Act.READ_SOURCES)
    rows = FeedEntryRow.objects.filter(feed_id=feed_id, gone_at=None).exclude(what="").order_by("-changed_at", "-id")
    return [EntryFault(r.entry_id, r.href, r.title, r.rule, r.what, r.changed_at) for r in rows[:at_most]]


# ---------------------------------------------------------------- bulletins
def in_force(scope: Scope, *, now: datetime) -> list[BulletinLine]:
    """Actual warnings of others that hold now, the highest first (what is Unknown among them), then the newest."""
    rows = _rows(scope).filter(_holding(now), status="Actual")
    return [_line(row) for row in rows.order_by("-level", "-sent", "id")[:500]]


def bulletins(scope: Scope, *, now: datetime, at_most: int = 60) -> dict[str, list[BulletinLine]]:
    """By part of the list page: ``asked`` (a duty officer's word is wanted), ``in_force``, ``tests`` (all but Actual, in
    force), ``other`` (held, held back, answers, cancellations), ``past``."""
    rows = _rows(scope)
    holding = _holding(now)
    over = Q(state__in=(BulletinState.REPLACED, BulletinState.CANCELLED, BulletinState.GONE, BulletinState.DUPLICATE))
    ended = Q(state=BulletinState.IN_FORCE, msg_type__in=_WARNINGS, until__lte=now)
    parts = {
        "asked": rows.filter(state=BulletinState.ASKED),
        "in_force": rows.filter(holding, status="Actual"),
        "tests": rows.filter(holding).exclude(status="Actual"),
        "other": rows.exclude(over | ended | holding).exclude(state=BulletinState.ASKED),
        "past": rows.filter(over | ended),
    }
    order = {"in_force": ("-level", "-sent", "id")}
    return {name: [_line(row) for row in part.order_by(*order.get(name, ("-received_at", "id")))[:at_most]]
            for name, part in parts.items()}  # fmt: skip


def bulletin(scope: Scope, bulletin_id: str) -> BulletinLine:
    """One bulletin. Raises UnknownName where there is none in the scope."""
    row = _rows(scope).filter(id=bulletin_id).first()
    if row is None:
        raise UnknownName(_("bulletin {id}").format(id=bulletin_id), _("no such bulletin in your scope"),
                          _("open the list of bulletins"))  # fmt: skip
    return _line(row)


def document(scope: Scope, bulletin_id: str) -> bytes:
    """The bytes of a bulletin as they came. Raises UnknownName outside the scope."""
    bulletin(scope, bulletin_id)
    return bytes(BulletinRow.objects.only("document").get(id=bulletin_id).document)


def line_of(scope: Scope, thread: str) -> list[BulletinLine]:
    """The messages of one line, oldest first."""
    return [_line(row) for row in _rows(scope).filter(thread=thread).order_by("sent", "id")[:100]]


def answers_to(sender: str, identifier: str) -> list[BulletinLine]:
    """Acks and Errors that cite a message of ours: delivery evidence (R58)."""
    rows = BulletinRow.objects.filter(
        state=BulletinState.ANSWER, citations__sender=sender, citations__identifier=identifier
    )
    return [
        _line(row) for row in rows.distinct().select_related("feed").defer("document").order_by("received_at")[:100]
    ]


# ---------------------------------------------------------------- what is public
def relayed(*, now: datetime, holding: bool = True, at_most: int = 200) -> list[BulletinLine]:
    """Messages of feeds that are relayed: Actual, for the public, counted (R57). ``holding``: only what is in force."""
    rows = _public()
    if holding:
        rows = rows.filter(_holding(now))
    return [_line(row) for row in rows.order_by("-level", "-sent", "id")[:at_most]]


def relayed_mark() -> str:
    """Changes whenever what is relayed may have changed, apart from the passing of time."""
    said = BulletinRow.objects.filter(feed__relay=True).aggregate(n=Count("id"), at=Max("settled_at"))
    declared = FeedRow.objects.filter(relay=True).aggregate(n=Count("id"), at=Max("declared_at"))
    return f"{said['n']} {said['at']} {declared['n']} {declared['at']}"


def relayed_document(bulletin_id: str) -> tuple[BulletinLine, bytes]:
    """One relayed message with its bytes, for good. Raises UnknownName for what is not relayed."""
    row = _public().filter(id=bulletin_id).first()
    if row is None:
        raise UnknownName(f"bulletin {bulletin_id}", "no such bulletin is relayed here", "open the page of warnings")
    return _line(row), bytes(BulletinRow.objects.only("document").get(id=row.id).document)


# ---------------------------------------------------------------- the log
def unlogged(*, at_most: int = 100) -> list[Unlogged]:
    """What the log is to be told, in order."""
    rows = BulletinRecord.objects.filter(seq=None).select_related("bulletin").defer("bulletin__document").order_by("id")
    return [Unlogged(row.pk, row.bulletin.feed_id, row.body.encode(), row.after_seq) for row in rows[:at_most]]


def _public() -> QuerySet[BulletinRow]:
    return BulletinRow.objects.select_related("feed").defer("document").prefetch_related("areas").filter(
        feed__relay=True, admitted=True, status="Actual", scope="Public", state__in=_RELAYED,
        msg_type__in=(*_WARNINGS, "Cancel"),
    )  # fmt: skip


def _holding(now: datetime) -> Q:
    return Q(state=BulletinState.IN_FORCE, msg_type__in=_WARNINGS) & (Q(until=None) | Q(until__gt=now))


def _rows(scope: Scope) -> QuerySet[BulletinRow]:
    scope.require(Act.READ_WARNINGS)
    rows = BulletinRow.objects.select_related("feed").defer("document").prefetch_related("areas")
    if not scope.jurisdiction:
        return rows
    areas = BulletinArea.objects.filter(
        scope.rows() | Q(jurisdiction__in=("", *lineage(scope.jurisdiction))), bulletin_id=OuterRef("id")
    )
    return rows.filter(Exists(areas))


def _feed_line(row: FeedRow, faults: int = 0, found: int = 0) -> FeedLine:
    return FeedLine(
        feed_of(row), row.asked_at, row.heard_at, row.newest_at, row.failing_since, row.error, row.trouble, row.retired_at,
        row.etag, row.modified, faults, found,
    )  # fmt: skip


def _counted(row: FeedRow, since: datetime) -> FeedLine:
    faults = row.entries.filter(gone_at=None).exclude(what="").count()
    return _feed_line(row, faults, row.bulletins.filter(received_at__gt=since).count())


def _line(row: BulletinRow) -> BulletinLine:
    return BulletinLine(
        id=row.id, feed=row.feed_id, feed_title=row.feed.title, relayed=row.feed.relay, href=row.href, sender=row.sender,
        identifier=row.identifier, sent=row.sent, status=row.status, msg_type=row.msg_type, cap_scope=row.scope,
        admitted=row.admitted, why_not=row.why_not, sha256=row.sha256, received_at=row.received_at, verdict=row.verdict,
        verdict_why=row.verdict_why, pin=row.pin, findings=tuple(row.findings), line_findings=tuple(row.line_findings),
        conflicts=tuple(row.conflicts), state=BulletinState(row.state), ended_by=row.ended_by, like=row.like,
        judged=row.judged, beside=tuple(row.beside), thread=row.thread, said=tuple(row.said), texts=row.texts,
        level=row.level, begins=row.begins, until=row.until, placed=row.placed, told_at=row.told_at,
        areas=tuple(sorted(area.jurisdiction for area in row.areas.all())),
    )  # fmt: skip
