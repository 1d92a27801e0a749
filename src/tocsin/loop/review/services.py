"""The only writer of review. Each verb: guard, change, ledger entry, outbox fact, return; atomic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.review import queries
from tocsin.loop.review.closing import open_ends
from tocsin.loop.review.facts import MeasureAdopted, ReviewPublished
from tocsin.loop.review.lifecycle import ReviewState, allowed
from tocsin.loop.review.models import MeasureRow, ReviewRow
from tocsin.loop.verify import services as verify
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.canonical import digest
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, may
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue, Stale
from tocsin.terms.moment import to_us

__all__ = [
    "LESSONS_AT_MOST",
    "MEASURES_AT_MOST",
    "MeasureForm",
    "READ_CHAIN",
    "close_event",
    "note_read",
    "publish",
    "save_draft",
]

LESSONS_AT_MOST = 20_000  # characters
WORDS_AT_MOST = 500
MEASURES_AT_MOST = 20
READ_CHAIN = "audit"


@dataclass(frozen=True, slots=True)
class MeasureForm:
    """What is to be done, by which post, until when."""

    words: str
    post: str
    due_at: datetime


def save_draft(
    event_id: str, lessons: str, measures: Sequence[MeasureForm], *, version: int, actor: Actor, now: datetime
) -> int:
    """Begin the review of an event (``version`` 0) or change its draft; the new version. Sending the same twice changes
    nothing. Raises UnknownName, NotAllowed, Stale for an older version or a published review, BadValue for what no review
    may hold."""
    event = detect.event(actor.scope, event_id).event
    actor.require(Act.PUBLISH_REVIEW, event.jurisdiction)
    lessons = _lessons(lessons)
    kept = [_measure(measure, actor) for measure in _not_too_many(measures)]
    with transaction.atomic():
        row = ReviewRow.objects.select_for_update().filter(event=event_id).first()
        if row is not None and row.version == version + 1 and (row.lessons, _kept(row)) == (lessons, kept):
            return row.version
        row = _draftable(row, event_id, event.jurisdiction, version, actor, now)
        row.lessons, row.version = lessons, version + 1
        row.save()
        MeasureRow.objects.filter(review=row).delete()
        MeasureRow.objects.bulk_create(
            [
                MeasureRow(review=row, number=n, words=m.words, post=m.post, due_at=m.due_at)
                for n, m in enumerate(kept, 1)
            ]
        )
        body = {
            "version": row.version,
            "measures": len(kept),
            "lessons": digest({"text": lessons}),
            "length": len(lessons),
        }
        ledger.append(event_id, "review_drafted", body, actor=actor.name, now=now)
    return row.version


def publish(
    event_id: str, *, version: int, lessons: str | None = None, measures: Sequence[MeasureForm] = (), actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """The review stands: its measures become tasks, and the timeline as it is now is put under a digest. Only for an event
    that is closed. With ``lessons`` the draft is saved first, with ``measures``. Repeating it changes nothing. Raises
    UnknownName, NotAllowed, Stale, BadValue."""
    event = detect.event(actor.scope, event_id).event
    actor.require(Act.PUBLISH_REVIEW, event.jurisdiction)
    with transaction.atomic():
        row = ReviewRow.objects.select_for_update().filter(event=event_id).first()
        if row is not None and row.state == ReviewState.PUBLISHED:
            return
        if lessons is not None:
            version = save_draft(event_id, lessons, measures, version=version, actor=actor, now=now)
            row = ReviewRow.objects.get(event=event_id)
        row = _publishable(row, event_id, version, actor)
        told = queries.timeline(actor.scope, event_id, now=now)
        adopted = list(MeasureRow.objects.filter(review=row).order_by("number"))
        for measure in adopted:
            _adopt(measure, event_id, event.jurisdiction, actor, now)
        row.state, row.published_at, row.published_by = ReviewState.PUBLISHED, now, actor.name
        row.entries, row.digest = len(told.moments), told.digest
        row.save()
        body = {"version": row.version, "measures": len(adopted), "entries": row.entries, "timeline": row.digest,
                "lessons": digest({"text": row.lessons})}  # fmt: skip
        ledger.append(event_id, "review_published", body, actor=actor.name, now=now)
        outbox.put([ReviewPublished(event_id, event.jurisdiction, len(adopted), to_us(now))], now=now)


def close_event(event_id: str, reason: str, *, actor: Actor, now: datetime) -> None:
    """Close an event, once nothing of the earlier rooms is open any more (findings go on by themselves, on their own
    chains). ``reason``: one word of verify's list. Raises UnknownName, NotAllowed, and Stale naming what is still open."""
    event = detect.event(actor.scope, event_id).event
    actor.require(Act.CLOSE_EVENT, event.jurisdiction)
    with transaction.atomic():
        still = open_ends(event_id, now=now)
        if still:
            raise Stale(_("event {event}").format(event=event_id), "; ".join(end.said for end in still),
                        _("end what is still open, then close the event"))  # fmt: skip
        verify.close(event_id, reason, actor=actor, now=now)


def note_read(verb: str, body: Mapping[str, Any], *, actor: Actor, now: datetime) -> None:
    """Somebody looked into the ledger: that is an entry too, in a chain of its own. ``verb``: timeline_read or ledger_read."""
    if not queries.may_read(actor.scope):
        actor.require(Act.READ_LEDGER)
    ledger.append(READ_CHAIN, verb, body, actor=actor.name, now=now)


def _draftable(
    row: ReviewRow | None, event_id: str, jurisdiction: str, version: int, actor: Actor, now: datetime
) -> ReviewRow:
    state, held = (ReviewState(row.state), row.version) if row else (ReviewState.NONE, 0)
    if not allowed(state, ReviewState.DRAFTED):
        raise Stale(
            _("review"), _("it is published already"), _("read it; what was learned later goes into a new measure")
        )
    if held != version:
        raise Stale(_("review"), _("somebody else changed it meanwhile"),
                    _("copy what you typed, load the page again and enter it there"))  # fmt: skip
    return row or ReviewRow(event=event_id, jurisdiction=jurisdiction, drafted_at=now, drafted_by=actor.name)


def _publishable(row: ReviewRow | None, event_id: str, version: int, actor: Actor) -> ReviewRow:
    if row is None:
        raise Stale(_("review"), _("nobody has drafted it"), _("write the lessons and save the draft first"))
    if row.version != version:
        raise Stale(_("review"), _("somebody else changed it meanwhile"),
                    _("load the page again and read it before you publish"))  # fmt: skip
    if not row.lessons:
        raise BadValue(_("review"), _("it has no lessons"), _("write what was learned, in a sentence at least"))
    if not queries.is_closed(actor.scope, event_id):
        raise Stale(_("review"), _("the event is not closed"), _("close the event first, then publish its review"))
    return row


def _kept(row: ReviewRow) -> list[MeasureForm]:
    return [MeasureForm(m.words, m.post, m.due_at) for m in MeasureRow.objects.filter(review=row).order_by("number")]


def _adopt(measure: MeasureRow, event_id: str, jurisdiction: str, actor: Actor, now: datetime) -> None:
    if measure.due_at <= now:
        raise BadValue(_("measure {number}").format(number=measure.number), _("its due date has passed"),
                       _("set a due date that lies ahead"))  # fmt: skip
    title = {"zh-hans": measure.words, "en": measure.words}
    order = tasks.Order("measure", title, event_id, event_id, jurisdiction, measure.post, measure.due_at)
    measure.task = tasks.give(order, actor=actor, now=now)
    measure.save(update_fields=["task"])
    due_us = to_us(measure.due_at)
    body = {"task": measure.task, "number": measure.number, "post": measure.post, "due_us": due_us,
            "words": digest({"text": measure.words})}  # fmt: skip
    ledger.append(event_id, "measure_adopted", body, actor=actor.name, now=now)
    outbox.put([MeasureAdopted(event_id, measure.number, measure.task, measure.post, due_us)], now=now)


def _lessons(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LESSONS_AT_MOST:
        raise BadValue(_("lessons"), _("at most {n} characters").format(n=LESSONS_AT_MOST), _("say it shorter"))
    return text


def _not_too_many(measures: Sequence[MeasureForm]) -> Sequence[MeasureForm]:
    if len(measures) > MEASURES_AT_MOST:
        raise BadValue(_("measures"), _("at most {n} measures").format(n=MEASURES_AT_MOST), _("keep those that matter"))
    return measures


def _measure(measure: MeasureForm, actor: Actor) -> MeasureForm:
    words = " ".join(measure.words.split())
    if not words or len(words) > WORDS_AT_MOST:
        raise BadValue(_("measure"), _("its words must be 1 to {n} characters").format(n=WORDS_AT_MOST),
                       _("say in one sentence what is to be done"))  # fmt: skip
    post = org.post(measure.post)
    if not may(post.role, Act.DO_TASK):
        raise BadValue(_("measure"), _("the post {post} does no tasks").format(post=measure.post),
                       _("choose a post that does tasks"))  # fmt: skip
    if not actor.scope.covers(post.jurisdiction):
        raise BadValue(_("measure"), _("the post {post} lies outside your area").format(post=measure.post),
                       _("choose a post of your area"))  # fmt: skip
    return MeasureForm(words, measure.post, measure.due_at)
