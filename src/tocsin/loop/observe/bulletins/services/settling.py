"""Settling: which of the kept messages hold, in whatever order they came; what follows for the log, the posts and us."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from tocsin.formats.cap import Line, Reading
from tocsin.loop.observe.bulletins.family import family_of, traced
from tocsin.loop.observe.bulletins.feed import Feed
from tocsin.loop.observe.bulletins.lifecycle import BulletinState, allowed, state_of
from tocsin.loop.observe.bulletins.models import BulletinArea, BulletinCitation, BulletinRow, FeedRow
from tocsin.loop.observe.bulletins.placing import Border, place
from tocsin.loop.observe.bulletins.rows import borders, delegates_of, feed_of, one_at_a_time
from tocsin.loop.observe.bulletins.services.consequences import follow
from tocsin.loop.observe.bulletins.understanding import Said, said
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.packs import packs_in_use
from tocsin.terms.level import CHINA_FOUR_COLOUR, Scheme

__all__ = ["Setting", "settle"]

_IN_LINE = ["state", "ended_by", "like", "beside", "line_findings", "settled_at"]
_UNDERSTOOD = ["thread", "said", "level", "begins", "until", "placed"]
AT_ONCE = 100  # fresh messages of one transaction
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Setting:
    """What settling knows: the scheme, the feeds, who may speak for whom, the borders (read where they are needed)."""

    scheme: Scheme
    delegates: dict[str, frozenset[str]]
    feeds: dict[str, Feed] = field(default_factory=dict)
    _borders: list[Border] | None = None

    @classmethod
    def read(cls) -> Setting:
        """As it is now."""
        packs = packs_in_use()
        return cls(packs[0].scheme if packs else CHINA_FOUR_COLOUR, delegates_of())

    def feed(self, feed_id: str) -> Feed:
        """The declaration of a feed."""
        if feed_id not in self.feeds:
            self.feeds[feed_id] = feed_of(FeedRow.objects.get(id=feed_id))
        return self.feeds[feed_id]

    @property
    def borders(self) -> list[Border]:
        """Every registered jurisdiction."""
        if self._borders is None:
            self._borders = borders()
        return self._borders


def settle(*, now: datetime) -> int:
    """Set every unsettled message among the others; how many. What follows is in the same transaction: what the log is to be
    told, letters, facts. Order of arrival changes nothing (R52): a late message that is over tells nobody."""
    done = 0
    while fresh := _settle_some(now):
        done += fresh
    return done


def _settle_some(now: datetime) -> int:
    with transaction.atomic():
        one_at_a_time()
        rows = list(BulletinRow.objects.select_for_update().filter(settled_at=None).order_by("sent", "id")[:AT_ONCE])
        if not rows:
            return 0
        for row in rows:
            if not row.admitted:
                _hold_back(row, now)
        admitted = [row for row in rows if row.admitted]
        if admitted:
            _set(admitted, Setting.read(), now)
        return len(rows)


def _hold_back(row: BulletinRow, now: datetime) -> None:
    row.state, row.settled_at, row.thread = BulletinState.HELD_BACK, now, row.id
    row.save(update_fields=["state", "settled_at", "thread"])
    _put_areas(row, list(feed_of(row.feed).jurisdictions))


def _set(fresh: list[BulletinRow], setting: Setting, now: datetime) -> None:
    family = sorted(family_of(fresh), key=lambda row: (row.sent, row.id))
    lines = traced(family, setting.delegates)
    ids = {(line.alert.status, line.key): row_id for row_id, (line, _) in lines.items()}
    unsettled = {row.id for row in fresh}
    before = {row.id: BulletinState(row.state) for row in family}
    for row in family:
        if row.id not in lines:
            continue
        line, reading = lines[row.id]
        if row.id in unsettled:
            _understand(row, line, reading, family, setting)
        _place_in_line(row, line, ids)
        row.settled_at = row.settled_at or now
        row.save(update_fields=_UNDERSTOOD + _IN_LINE if row.id in unsettled else _IN_LINE)
    for row in family:
        if row.id in lines:
            after = BulletinState(row.state)
            _note_state(row, before[row.id], after, now)
            follow(row, before[row.id], after, lines[row.id][1], family, setting.feed(row.feed_id), setting, now)


def _place_in_line(row: BulletinRow, line: Line, ids: dict[tuple[str, tuple[str, str, datetime]], str]) -> None:
    """Its state and neighbours as the whole line of messages says."""

    def named(key: tuple[str, str, datetime] | None) -> str:
        return ids.get((row.status, key), "") if key is not None else ""

    before = BulletinState(row.state)
    asked = before in (BulletinState.ASKED, BulletinState.DUPLICATE)
    after = state_of(line, judged=row.judged, gone=row.gone_at is not None, asked=asked)
    if after is not before and not allowed(before, after):
        log.warning("bulletin %s stays %s, though its line says %s", row.id, before, after)
        return
    row.state, row.ended_by, row.like = after, named(line.ended_by), named(line.like) or row.like
    row.beside = sorted(filter(None, map(named, line.beside)))
    row.line_findings = [finding.as_document() for finding in line.findings[:20]]


def _understand(row: BulletinRow, line: Line, reading: Reading, family: list[BulletinRow], setting: Setting) -> None:
    """What it says in our words, and where."""
    feed, alert = setting.feed(row.feed_id), line.alert
    cited = _cited(row, family, setting)
    row.thread = row.thread or next((one.thread for one in cited if one.thread), row.id)
    told = said(alert, feed.speaks, setting.scheme, feed.holds_for)
    row.said = [_document(one) for one in told]
    row.level = max((one.rank for one in told), default=max((one.level for one in cited), default=0))
    row.begins = min((one.begins for one in told), default=alert.sent)
    row.until = max((one.until for one in told), default=None)
    placed = place(alert.infos, setting.borders, feed.jurisdictions)
    row.placed = placed.known
    inherited = [area.jurisdiction for one in cited for area in one.areas.all()]
    _put_areas(row, list(placed.paths) if placed.known else inherited or list(feed.jurisdictions))


def _cited(row: BulletinRow, family: list[BulletinRow], setting: Setting) -> list[BulletinRow]:
    """The messages that it cites and may speak of."""
    names = set(BulletinCitation.objects.filter(bulletin=row).values_list("sender", "identifier"))
    return [
        one for one in family
        if one is not row and one.status == row.status and (one.sender, one.identifier) in names
        and (one.sender == row.sender or row.sender in setting.delegates.get(one.sender, frozenset()))
    ]  # fmt: skip


def _document(one: Said) -> dict[str, object]:
    return {"hazard": one.hazard, "rank": one.rank, "begins": one.begins.isoformat(), "until": one.until.isoformat()}


def _put_areas(row: BulletinRow, paths: list[str]) -> None:
    known = set(BulletinArea.objects.filter(bulletin=row).values_list("jurisdiction", flat=True))
    BulletinArea.objects.bulk_create(
        [BulletinArea(bulletin=row, jurisdiction=path) for path in dict.fromkeys(paths) if path not in known]
    )


def _note_state(row: BulletinRow, before: BulletinState, after: BulletinState, now: datetime) -> None:
    """On the ledger, where it is more than that the message came and holds."""
    if before is not after and (before, after) != (BulletinState.NEW, BulletinState.IN_FORCE):
        body = {"before": before.value, "after": after.value, "by": row.ended_by or row.like}
        ledger.append(row.id, "bulletin_changed", body, actor=SYSTEM.name, now=now)
