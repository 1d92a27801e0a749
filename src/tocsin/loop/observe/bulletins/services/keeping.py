"""Keeping messages as they came: which count, which are there already, which are another under the same name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, Sum

from tocsin.formats.cap import Alert, Reading, read, verify
from tocsin.loop.observe.bulletins.feed import Feed, pins_of
from tocsin.loop.observe.bulletins.lifecycle import BulletinState
from tocsin.loop.observe.bulletins.models import BulletinCitation, BulletinRow, FeedRow
from tocsin.loop.observe.bulletins.rows import feed_of
from tocsin.loop.observe.bulletins.understanding import texts_of
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.canonical import digest
from tocsin.records.new_id import new_id
from tocsin.records.org.actor import SYSTEM
from tocsin.terms.errors import Refused, TooBig
from tocsin.terms.moment import to_us

__all__ = ["Came", "Refusal", "keep"]

AT_ONCE = 50  # messages of one transaction
AHEAD = timedelta(hours=1)  # of our clock: a later message would outlast every update
MOST_FINDINGS, MOST_CONFLICTS, LONGEST_NAME = 100, 20, 300
MOST_A_DAY, MOST_IDLE_A_DAY = 5000, 200  # of one feed: messages that count, and that do not


@dataclass(frozen=True, slots=True)
class Came:
    """A message as it came: the key of its entry, where it was, its bytes."""

    entry_key: str
    href: str
    document: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry whose message cannot be kept, and the rule that it breaks."""

    entry_key: str
    rule: str
    what: str


def keep(feed_id: str, messages: Sequence[Came], *, now: datetime) -> tuple[int, list[Refusal]]:
    """Keep what is new; how many, and what cannot be kept. One with the bytes of another is one; another with the name of
    one that counts is not kept, and the first is marked (R53). Raises FeedRow.DoesNotExist for an unknown feed."""
    feed = feed_of(FeedRow.objects.get(id=feed_id))
    kept, refusals = 0, []
    for start in range(0, len(messages), AT_ONCE):
        with transaction.atomic():
            for came in messages[start : start + AT_ONCE]:
                try:
                    kept += _keep(feed, came, now)
                except Refused as error:
                    refusals.append(Refusal(came.entry_key, "", f"{error.thing}: {error.rule}"[:300]))
    return kept, refusals


def _keep(feed: Feed, came: Came, now: datetime) -> int:
    sha256 = hashlib.sha256(came.document).hexdigest()
    if BulletinRow.objects.filter(feed_id=feed.id, sha256=sha256).exists():
        return 0
    reading = read(came.document)
    alert = reading.require()
    if max(len(alert.sender), len(alert.identifier)) > LONGEST_NAME:
        raise TooBig(
            "CAP message", f"R4: its sender or identifier has more than {LONGEST_NAME} characters", "shorten it"
        )
    report = verify(came.document, pins_of(feed.senders), at=now)
    why_not = _why_not(feed, alert, report.verified, now)
    if not why_not and not _is_first(alert, sha256, now):
        return 0
    _require_room(feed, len(came.document), not why_not, now)
    judged = next((one for one in report.judgements if one.verdict is report.verdict), None)
    row = BulletinRow.objects.create(
        id=new_id("bul", now=now), feed_id=feed.id, entry_key=came.entry_key, href=came.href[:1000], sender=alert.sender,
        identifier=alert.identifier, sent=alert.sent, status=alert.status[:12], msg_type=alert.msg_type[:12],
        scope=alert.scope[:12], admitted=not why_not, why_not=why_not, document=came.document, sha256=sha256,
        size=len(came.document), received_at=now, verdict=report.verdict.value,
        verdict_why=(judged.why if judged else "")[:300], pin=judged.pin if judged else "",
        findings=[finding.as_document() for finding in reading.findings[:MOST_FINDINGS]], texts=texts_of(alert),
        content=_content(reading),
    )  # fmt: skip
    cited = dict.fromkeys((ref.sender[:LONGEST_NAME], ref.identifier[:LONGEST_NAME]) for ref in alert.references)
    BulletinCitation.objects.bulk_create(
        [BulletinCitation(bulletin=row, sender=sender, identifier=identifier) for sender, identifier in cited]
    )
    _note_received(row, feed, now)
    return 1


def _why_not(feed: Feed, alert: Alert, verified: bool, now: datetime) -> str:
    """Why a message does not count; "" where it does. What does not count can neither end another nor take its name."""
    if alert.sender not in {sender.name for sender in feed.senders}:
        return "unknown sender"
    if alert.sent > now + AHEAD:
        return "sent in the future"
    if feed.signature == "require" and not verified:
        return "not verified"
    return ""


def _is_first(alert: Alert, sha256: str, now: datetime) -> bool:
    """Whether no other that counts has this name. Another with other bytes is noted at the first (R53)."""
    first = BulletinRow.objects.select_for_update().filter(
        sender=alert.sender, identifier=alert.identifier, sent=alert.sent, admitted=True
    ).first()  # fmt: skip
    if first is None:
        return True
    if first.sha256 != sha256 and sha256 not in first.conflicts and len(first.conflicts) < MOST_CONFLICTS:
        first.conflicts = [*first.conflicts, sha256]
        first.save(update_fields=["conflicts"])
        body = {"sha256": first.sha256, "other": sha256}
        ledger.append(first.id, "bulletin_conflicted", body, actor=SYSTEM.name, now=now)
    return False


def _content(reading: Reading) -> str:
    """What makes two messages say the same (R54): sender, status and infos."""
    alert = reading.alert
    if alert is None or alert.msg_type != "Alert" or not alert.infos:
        return ""
    return digest({"sender": alert.sender, "status": alert.status, "infos": repr(alert.infos)})


def _require_room(feed: Feed, size: int, admitted: bool, now: datetime) -> None:
    """Raises TooBig where a feed brings more in a day than any authority writes, and where its share of the disk is used up
    and forgetting what nobody needs made no room."""
    day = now - timedelta(days=1)
    rows = BulletinRow.objects.filter(feed_id=feed.id)
    most = MOST_A_DAY if admitted else MOST_IDLE_A_DAY
    if rows.filter(admitted=admitted, received_at__gt=day).count() >= most:
        raise TooBig(
            f"feed {feed.id}", f"brought {most} such messages in a day", "ask its authority; it is taken up later"
        )
    used = rows.aggregate(bytes=Sum("size"))["bytes"] or 0
    if used + size <= feed.kept_mb << 20:
        return
    used -= _forget(feed, day, used + size - (feed.kept_mb << 20) * 3 // 4, now)
    if used + size > feed.kept_mb << 20:
        raise TooBig(f"feed {feed.id}", f"has used up its {feed.kept_mb} MB", "raise kept_mb in its declaration")


def _forget(feed: Feed, before: datetime, wanted: int, now: datetime) -> int:
    """Bytes that were freed: of the oldest messages that count for nothing."""
    idle = BulletinRow.objects.filter(
        Q(admitted=False) | Q(state=BulletinState.DUPLICATE), feed_id=feed.id, received_at__lte=before
    ).exclude(state=BulletinState.NEW)  # fmt: skip
    freed, ids = 0, list[str]()
    for row_id, size in idle.order_by("received_at", "id").values_list("id", "size")[:500]:
        if freed < wanted:
            freed, ids = freed + size, [*ids, row_id]
    if ids:
        BulletinRow.objects.filter(id__in=ids).delete()
        body = {"bulletins": len(ids), "bytes": freed}
        ledger.append(f"feed:{feed.id}", "bulletins_forgotten", body, actor=SYSTEM.name, now=now)
    return freed


def _note_received(row: BulletinRow, feed: Feed, now: datetime) -> None:
    body = {"feed": feed.id, "sender": row.sender, "identifier": row.identifier, "sent_us": to_us(row.sent),
            "status": row.status, "msg_type": row.msg_type, "sha256": row.sha256, "verdict": row.verdict,
            "admitted": row.admitted, "why_not": row.why_not}  # fmt: skip
    ledger.append(row.id, "bulletin_received", body, actor=f"feed:{feed.id}", now=now)
