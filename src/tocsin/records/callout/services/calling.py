"""The clock: the next calls, the moments at which nobody had answered, the end. Each crossing is told once, also after a
stop; calls that were missed meanwhile are not made up, the next one is made at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from tocsin.records.callout import wording
from tocsin.records.callout.ladder import Called, Ladder
from tocsin.records.callout.lifecycle import AreaState, CallOutState, Rung, Why
from tocsin.records.callout.models import AttemptRow, CalledRow, CallOutRow
from tocsin.records.callout.plan import CallOutPlan
from tocsin.records.callout.services.answering import take_answers
from tocsin.records.callout.services.plans import plan_in_force
from tocsin.records.callout.services.rows import log, see_deadlines
from tocsin.records.callout.services.starting import end
from tocsin.records.dispatch import services as dispatch
from tocsin.records.dispatch.notify import offered
from tocsin.records.org.actor import service
from tocsin.records.outbox import services as outbox

__all__ = ["sweep"]

RULE = service("rule:callout")
MESSAGES = ("sms", "mail")
_AT_MOST = 500  # areas that are called in one transaction, a second apart
_JUDGED_AT_MOST = 5000  # areas whose moment is judged in one, so that who is told hears of all at once

Letters = dict[tuple[str, str], list[tuple[CalledRow, Called]]]  # (channel, "" or the one upper post) -> whom


def sweep(*, now: datetime, at_most: int = _AT_MOST) -> int:
    """What the clock brings about; how many facts it put."""
    if not CallOutRow.objects.filter(state=CallOutState.RUNNING).exists():
        return 0  # every second: nobody's turn to write is taken where nothing runs
    with transaction.atomic():
        put = _deadlines(now, _JUDGED_AT_MOST) + _ends(now, at_most)
        _calls(now, at_most)
    return put


# ---------------------------------------------------------------- moments that pass
def _deadlines(now: datetime, at_most: int) -> int:
    passed = Q(late_at=None, late_due_at__lte=now) | Q(not_reached_at=None, not_reached_due_at__lte=now)
    waiting = CalledRow.objects.filter(passed, state=AreaState.WAITING)
    if not (callouts := set(waiting.values_list("callout_id", flat=True))):
        return 0
    take_answers(callouts, now=now)
    rows = list(waiting.select_for_update(of=("self",)).select_related("callout").order_by("id")[:at_most])
    seen: list[object] = []
    was_late: dict[int, bool] = {}
    for row in rows:
        was_late[row.pk] = row.late_at is not None
        until = min(now, row.callout.until) if row.callout.until else now
        seen += see_deadlines(row, until, now)
        row.save(update_fields=["late_at", "not_reached_at"])
    outbox.put(seen, now=now)
    for callout in {row.callout_id: row.callout for row in rows}.values():
        theirs = [row for row in rows if row.callout_id == callout.id]
        _tell(callout, [row for row in theirs if row.late_at and not was_late[row.pk]], "callout_late", now)
        _tell(callout, [row for row in theirs if row.not_reached_at], "callout_not_reached", now)
    return len(seen)


def _tell(callout: CallOutRow, rows: Sequence[CalledRow], kind: str, now: datetime) -> None:
    if rows:
        log(callout, kind, {"areas": [row.jurisdiction for row in rows]}, RULE, now)
        wording.tell_unanswered(callout, rows, kind, now=now)


def _ends(now: datetime, at_most: int) -> int:
    over = (
        CallOutRow.objects.select_for_update()
        .filter(state=CallOutState.RUNNING, until__lte=now)
        .order_by("until", "id")
    )
    put = 0
    for row in list(over[:at_most]):
        take_answers([row.id], now=now)
        put += end(row, Why.EXPIRED, {}, actor=RULE, now=now, at=row.until)
    return put


# ---------------------------------------------------------------- calls
def _calls(now: datetime, at_most: int) -> None:
    due = (
        CalledRow.objects.select_for_update(of=("self",)).select_related("callout")
        .filter(state=AreaState.WAITING, next_at__lte=now, callout__state=CallOutState.RUNNING)
        .order_by("-callout__level", "next_at", "id")
    )  # fmt: skip
    rows = list(due[:at_most])
    if not rows:
        return
    plan, ladder, channels = plan_in_force().callout, Ladder.read(), offered(("voice", *MESSAGES))
    by_callout = defaultdict(list)
    for row in rows:
        by_callout[row.callout_id].append(row)
    for theirs in by_callout.values():
        _call(theirs[0].callout, theirs, plan, ladder, channels, now)


def _call(
    callout: CallOutRow,
    rows: Sequence[CalledRow],
    plan: CallOutPlan,
    ladder: Ladder,
    channels: Sequence[str],
    now: datetime,
) -> None:
    tried = set(AttemptRow.objects.filter(area__in=rows).values_list("area_id", "post"))
    letters: Letters = defaultdict(list)
    for row in rows:
        found = 0
        for called in ladder.called(row.jurisdiction, row.rounds, plan):
            for channel in _channels(called, (row.pk, called.post.id) in tried, channels):
                upper = called.post.id if called.rung is Rung.UPPER else ""
                letters[channel, upper].append((row, called))
                found += 1
        row.nobody, row.rounds = not found, row.rounds + 1
        row.next_at = now + (plan.voice_every if now < row.not_reached_due_at else plan.then_every)
        row.save(update_fields=["nobody", "rounds", "next_at"])
    for (channel, _upper), whom in letters.items():
        _send(callout, channel, whom, now)


def _channels(called: Called, again: bool, offered_ones: Sequence[str]) -> list[str]:
    """A call and a message at first; after that calls only, or messages to a post that no call reaches."""
    address = {"voice": called.post.phone, "sms": called.post.phone, "mail": called.post.mail}
    ways = [channel for channel in offered_ones if address[channel]]
    if again and "voice" in ways:
        return ["voice"]
    return ways


def _send(callout: CallOutRow, channel: str, whom: Sequence[tuple[CalledRow, Called]], now: datetime) -> None:
    """One letter a post, however many areas it is called for."""
    posts = {called.post.id: called.post for _row, called in whom}
    message = wording.call(callout, channel, whom, not_after=_not_after(callout, channel, whom))
    recipients = wording.recipients(list(posts.values()), channel)
    shards = dispatch.put(message, recipients, channel=channel, actor=RULE, now=now)
    places = {post: divmod(number, dispatch.SHARD) for number, post in enumerate(posts)}
    rows = []
    for row, called in whom:
        shard, number = places[called.post.id]
        rows.append(AttemptRow(area=row, post=called.post.id, rung=called.rung.value, number=row.rounds, channel=channel,
                               at=now, dispatch=shards[shard], key=f"{shards[shard]}-{number}"))  # fmt: skip
    AttemptRow.objects.bulk_create(rows)
    named = [[row.jurisdiction, called.post.id] for row, called in whom]
    log(callout, "callout_attempted", {"channel": channel, "attempts": named[:100], "count": len(named)}, RULE, now)


def _not_after(callout: CallOutRow, channel: str, whom: Sequence[tuple[CalledRow, Called]]) -> datetime | None:
    """A call that could not be made before the next one is not made; a message is sent as long as it is wanted."""
    if channel != "voice":
        return callout.until
    following = max(row.next_at for row, _called in whom if row.next_at)
    return min(following, callout.until) if callout.until else following
