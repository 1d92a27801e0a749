"""What follows when a message begins or ceases to hold: a record for the log, letters to posts, facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings

from tocsin.formats.bulletins import bulletin_body, read_bulletin_body
from tocsin.formats.cap import Alert, Reading
from tocsin.loop.observe.bulletins.facts import AlertAnswered, BulletinEnded, BulletinReceived
from tocsin.loop.observe.bulletins.feed import Feed
from tocsin.loop.observe.bulletins.lifecycle import BulletinState
from tocsin.loop.observe.bulletins.models import BulletinRecord, BulletinRow
from tocsin.loop.observe.bulletins.placing import place
from tocsin.loop.observe.bulletins.telling import least_told, tell_touched
from tocsin.loop.observe.bulletins.understanding import said
from tocsin.records.outbox import services as outbox
from tocsin.terms.bulletin import Bulletin
from tocsin.terms.moment import to_us

if TYPE_CHECKING:
    from tocsin.loop.observe.bulletins.services.settling import Setting

__all__ = ["follow"]

_S = BulletinState
_LONGEST_ISSUER = 200


def follow(
    row: BulletinRow, before: BulletinState, after: BulletinState, reading: Reading, family: list[BulletinRow], feed: Feed,
    setting: Setting, now: datetime,
) -> None:  # fmt: skip
    """Only Actual messages have consequences (R57); one that holds and one that is over have them once each."""
    if before is after or reading.alert is None or row.status != "Actual":
        return
    if after is _S.ANSWER:
        _answered(row, reading.alert, now)
    elif after is _S.IN_FORCE and row.msg_type == "Cancel":
        _tell_of_end(row, family, feed, setting, now)
    elif after is _S.IN_FORCE:
        _offer(row, reading.alert, feed, setting, now)
        _tell(row, family, feed, setting, now)
        hazards = tuple(one["hazard"] for one in row.said if one["hazard"])
        outbox.put([BulletinReceived(row.id, row.status, hazards, row.level, to_us(now))], now=now)
    elif before is _S.IN_FORCE:
        ender = next((one for one in family if one.id == row.ended_by), None)
        _end(row, ender.sent if ender is not None else now)
        outbox.put([BulletinEnded(row.id, after.value, row.ended_by, to_us(now))], now=now)


# ---------------------------------------------------------------- evidence
def _offer(row: BulletinRow, alert: Alert, feed: Feed, setting: Setting, now: datetime) -> None:
    """Records for the log: one a hazard for which its feed may speak, where it may."""
    for one in said(alert, feed.speaks, setting.scheme, feed.holds_for):
        name = f"{row.id}:{one.hazard}"
        last = BulletinRecord.objects.filter(name=name).order_by("-number").first()
        number = last.number + 1 if last is not None else 0
        within = [path for part in feed.speaks if part.hazard == one.hazard for path in part.jurisdictions]
        if not one.hazard or number % 2 or one.until <= one.begins:
            continue
        where = place(one.infos, setting.borders, within)
        if not (where.whole or where.cells):
            continue  # nobody knows where: it is shown, and is evidence nowhere (R44)
        sent = max(to_us(now), read_bulletin_body(last.body.encode()).sent_us + 1) if last else to_us(row.sent)
        bulletin = Bulletin(
            name, row.sender[:_LONGEST_ISSUER], one.hazard, one.rank, sent, to_us(one.begins), to_us(one.until), where.whole,
            where.cells,
        )  # fmt: skip
        BulletinRecord.objects.create(bulletin=row, name=name, number=number, body=bulletin_body(bulletin).decode())


def _end(row: BulletinRow, at: datetime) -> None:
    """The same again, in force until ``at``: what the log was told of holds no more."""
    last = {record.name: record for record in BulletinRecord.objects.filter(bulletin=row).order_by("number")}
    for record in last.values():
        if record.number % 2:
            continue
        bulletin = read_bulletin_body(record.body.encode())
        sent = max(to_us(at), bulletin.sent_us + 1)
        ended = replace(bulletin, sent_us=sent, until_us=min(sent, bulletin.until_us))
        BulletinRecord.objects.create(
            bulletin=row, name=record.name, number=record.number + 1, body=bulletin_body(ended).decode()
        )


# ---------------------------------------------------------------- telling
def _tell(row: BulletinRow, family: list[BulletinRow], feed: Feed, setting: Setting, now: datetime) -> None:
    """Posts of the area learn of orange and red once; of an update whoever was told of what it updates. What is over, or was
    cancelled before it came, tells nobody (R52, R55)."""
    if row.told_at is not None or (row.until is not None and row.until <= now):
        return
    earlier = [one for one in family if one.told_at is not None and one.thread == row.thread]
    if row.level >= least_told(setting.scheme) or earlier:
        _put_letters(row, earlier, feed, setting, now)


def _tell_of_end(row: BulletinRow, family: list[BulletinRow], feed: Feed, setting: Setting, now: datetime) -> None:
    """A cancellation reaches whoever was told, and nobody else."""
    ended = [one for one in family if one.told_at is not None and one.ended_by == row.id]
    ahead = [one for one in ended if one.until is None or one.until > now]
    if row.told_at is not None or not ahead:
        return
    row.thread = ended[-1].thread
    _put_letters(
        row, [one for one in family if one.told_at is not None and one.thread == row.thread], feed, setting, now
    )


def _put_letters(row: BulletinRow, earlier: list[BulletinRow], feed: Feed, setting: Setting, now: datetime) -> None:
    paths = dict.fromkeys(area.jurisdiction for one in (row, *earlier) for area in one.areas.all())
    spoken = any(words.get("headline") or words.get("event") for words in row.texts.values())
    words = (
        row.texts if spoken or not earlier else earlier[-1].texts
    )  # a Cancel without info: the words of what it ends
    tell_touched(row, list(paths), feed, setting.scheme, words, now=now)
    row.told_at = now
    row.save(update_fields=["told_at", "thread"])


def _answered(row: BulletinRow, alert: Alert, now: datetime) -> None:
    """An Ack or Error about a message of ours (R58)."""
    ours = settings.CONFIGURATION.cap_sender
    outbox.put(
        [AlertAnswered(row.id, cited.identifier, to_us(cited.sent) if cited.sent else 0, row.msg_type, row.sender,
                       alert.note[:500], to_us(now))
         for cited in alert.references if cited.sender == ours], now=now,
    )  # fmt: skip
