"""A human answers: by key, link or code (``records.dispatch.answers``), or an officer enters a call made by hand. What a
gateway says of a call that nobody answered is kept with the attempt, and is no answer (ADR 18)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.callout.ladder import Ladder
from tocsin.records.callout.lifecycle import AreaState, Heard, How, Rung
from tocsin.records.callout.models import AttemptRow, CalledRow
from tocsin.records.callout.services.rows import area_of, log, note_reached
from tocsin.records.dispatch import services as dispatch
from tocsin.records.dispatch.facts import LetterAnswered
from tocsin.records.dispatch.models import AnswerRow
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadTime, BadValue
from tocsin.terms.moment import from_us, to_us

__all__ = ["HOW", "note_call", "on_letter_answered", "record_by_hand", "take_answers"]

HOW = {"link": How.LINK, "code": How.REPLY, "digit": How.KEY}
_SAID = 300


def on_letter_answered(told: Iterable[LetterAnswered], now: datetime) -> None:
    """Somebody said "heard" to a letter of ours."""
    for fact in told:
        answer(fact.dispatch, fact.recipient, fact.via, at=from_us(fact.at_us), now=now)


def take_answers(callouts: Collection[str], *, now: datetime) -> None:
    """Take what was answered already and is still on its way as a fact, before a deadline is judged."""
    rows = (
        AnswerRow.objects.filter(dispatch__about__in=callouts).select_related("dispatch").order_by("answered_at", "id")
    )
    for row in rows:
        answer(row.dispatch_id, row.recipient, row.via, at=row.answered_at, now=now)


def answer(dispatch_id: str, recipient: str, via: str, *, at: datetime, now: datetime) -> int:
    """The post of a letter has heard; how many areas are reached by that. What is over or reached stays as it is."""
    post = recipient.removeprefix("post:")
    with transaction.atomic():
        attempts = list(AttemptRow.objects.select_for_update().filter(dispatch=dispatch_id, post=post))
        for attempt in (fresh := [one for one in attempts if not one.heard or one.heard in set(Heard)]):
            attempt.heard, attempt.heard_at = HOW[via].value, at
        AttemptRow.objects.bulk_update(fresh, ["heard", "heard_at"])
        rungs = {attempt.area_id: Rung(attempt.rung) for attempt in attempts}
        waiting = CalledRow.objects.select_for_update(of=("self",)).select_related("callout")
        rows = list(waiting.filter(pk__in=rungs, state=AreaState.WAITING).order_by("id"))
        if not rows:
            return 0
        by = Actor(f"{post}/{via}", "", post, "", "")
        for row in rows:
            note_reached(row, post=post, rung=rungs[row.pk], how=HOW[via].value, at=at, by=by, now=now)
        body = {"areas": [row.jurisdiction for row in rows], "post": post, "how": HOW[via].value, "at_us": to_us(at)}
        log(rows[0].callout, "callout_answered", body, by, now)
        _withdraw(rows)
    return len(rows)


def note_call(key: str, heard: str, said: str, *, now: datetime) -> bool:
    """What a gateway says of a call (``Heard``); False where the key is not of one. An answer is never overwritten."""
    with transaction.atomic():
        rows = AttemptRow.objects.select_for_update().filter(key=key, channel="voice")
        found = list(rows)
        open_ones = [row.pk for row in found if not row.heard or row.heard in set(Heard)]
        rows.filter(pk__in=open_ones).update(heard=Heard(heard).value, heard_at=now, said=said[:_SAID])
    return bool(found)


def record_by_hand(area_id: int, post: str, at: datetime, *, actor: Actor, now: datetime) -> None:
    """An officer reached a post by another way and enters when: the post and the time, never who spoke. Raises NotAllowed,
    BadTime for a moment ahead, before the warning, or after the call-out was over, BadValue for a post that does not answer
    for the area, Stale where it was reached already, UnknownName."""
    with transaction.atomic():
        row = area_of(area_id)
        actor.require(Act.RECORD_CALL, row.jurisdiction)
        thing = _("time of the call")
        if at > now:
            raise BadTime(thing, _("it lies ahead"), _("enter when the post was reached"))
        if at < row.asked_at:
            raise BadTime(thing, _("it lies before the warning"), _("enter when the post was reached"))
        if row.callout.ended_at is not None and at > row.callout.ended_at:
            raise BadTime(thing, _("the call-out was over by then"), _("enter when the post was reached"))
        ladder = Ladder.read()
        line = next((one for one in ladder.may_answer(row.jurisdiction) if one.id == post), None)
        if line is None:
            raise BadValue(_("post {post}").format(post=post), _("does not answer for {area}").format(area=row.jurisdiction),
                           _("choose a post of the list"))  # fmt: skip
        rung = ladder.rung(row.jurisdiction, line)
        note_reached(row, post=post, rung=rung, how=How.BY_HAND.value, at=at, by=actor, now=now)
        body = {"areas": [row.jurisdiction], "post": post, "how": How.BY_HAND.value, "at_us": to_us(at)}
        log(row.callout, "callout_recorded", body, actor, now)
        _withdraw([row])


def _withdraw(rows: list[CalledRow]) -> None:
    """Letters on their way to posts that are not called for anybody any more are not sent."""
    areas = [row.pk for row in rows]
    mine = set(AttemptRow.objects.filter(area__in=areas).values_list("dispatch", "post"))
    still = set(
        AttemptRow.objects.filter(dispatch__in={sent for sent, _post in mine}, area__state=AreaState.WAITING)
        .values_list("dispatch", "post")
    )  # fmt: skip
    dispatch.withdraw(mine - still)
