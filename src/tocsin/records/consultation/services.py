"""The only writer of consultations. Each verb: guard, change, ledger entry, outbox fact, return.

An opinion is signed by the log-in of an account that holds the asked post, over the digest of the question that it read: so
nobody's opinion can be laid under another question. The ledger, in the chain of the event or case, keeps digests, never words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.clocks import Period, due
from tocsin.geo.jurisdiction import is_inside
from tocsin.packkit.answers import has_unseen
from tocsin.records.cases import queries as cases
from tocsin.records.cases.calendars import calendars_in_use
from tocsin.records.cases.running import zone_of
from tocsin.records.consultation.facts import ConsultationChanged
from tocsin.records.consultation.models import AskedRow, ConsultationRow, OpinionRow
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import tell_posts
from tocsin.records.ledger import queries as ledger_queries
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.canonical import canonical
from tocsin.records.new_id import new_id
from tocsin.records.org import queries as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import MAY, Act
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks import services as tasks
from tocsin.records.tasks.services import Order
from tocsin.terms.errors import BadTime, BadValue, NotAllowed, Stale, TooBig, UnknownName
from tocsin.terms.moment import to_us

__all__ = [
    "OPINIONS",
    "TASK_KIND",
    "NewTask",
    "Question",
    "ask",
    "decide",
    "finish_task",
    "give_opinion",
    "sweep",
    "within_reach",
    "withdraw",
]

OPINIONS = ("agree", "object", "conditions")
TASK_KIND = "consultation"
POSTS_AT_MOST, TASKS_AT_MOST = 30, 20
WORDS_AT_MOST = 4000
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of whom, on an event or a case (one of the two). Of an event ``thing`` is its title and ``jurisdiction``
    its area, which the door has read with the asker's scope; of a case both are read here. ``within``: how long they have."""

    words: str
    posts: tuple[str, ...]
    within: Period
    event: str = ""
    case: str = ""
    thing: str = ""
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task that comes of a decision."""

    post: str
    title: str
    due_at: datetime


def ask(given: Question, *, actor: Actor, now: datetime) -> str:
    """Ask posts for their opinion; the id. They are told by letter. Raises NotAllowed (not one's area, a case under seal, a
    post that gives no opinion), UnknownName, BadValue, TooBig."""
    words, thing = _words(given.words, _("question"), needed=True), _("consultation")
    title, area = _thing_of(given, actor)
    actor.require(Act.ASK_CONSULTATION, area)
    posts = list(dict.fromkeys(given.posts))
    if not 0 < len(posts) <= POSTS_AT_MOST:
        raise BadValue(
            thing, _("it asks nobody, or more than {n} posts").format(n=POSTS_AT_MOST), _("choose whom to ask")
        )
    lines = [org.post(post) for post in posts]
    for line in lines:
        if not within_reach(line.jurisdiction, actor.jurisdiction):
            raise NotAllowed(_("post {post}").format(post=line.id), _("it lies beside your area, neither in it nor above"),
                             _("ask the office above to ask it"))  # fmt: skip
        if line.role not in MAY[Act.GIVE_OPINION] or line.id == actor.post:
            raise NotAllowed(
                _("post {post}").format(post=line.id), _("it is not asked for an opinion"), _("choose another post")
            )
    end = due(given.within, now, calendar=calendars_in_use()["cn"], zone=zone_of(area))
    with transaction.atomic():
        row = ConsultationRow(
            id=new_id("cns", now=now), event=given.event, case=given.case, thing=title[:200], jurisdiction=area,
            question=words, post=actor.post, asked_at=now, asked_by=actor.name, due_at=end.strict, provisional=end.provisional,
        )  # fmt: skip
        row.digest = _digest(row.id, row.event, row.case, words)
        row.save(force_insert=True)
        AskedRow.objects.bulk_create([AskedRow(consultation=row, post=post) for post in posts])
        tell_posts("consultation", lines, lambda language: _letter(row), about=row.id, event=row.event,
                   link=f"/consultations/{row.id}/", actor=actor, now=now)  # fmt: skip
        _tell(row, "consultation_asked", actor, now, digest=row.digest, posts=posts, due_us=to_us(row.due_at))
    return row.id


def within_reach(area: str, own: str) -> bool:
    """Whether an area lies in one's own or above it: whom an office may ask.

    >>> within_reach("simcity/east", "simcity"), within_reach("simcity", "simcity/east"), within_reach("a/x", "a/y")
    (True, True, False)
    """
    return is_inside(area, own) or is_inside(own, area)


def give_opinion(consultation_id: str, opinion: str, reasons: str, *, digest: str, actor: Actor, now: datetime) -> None:
    """Sign an opinion; signing again replaces one's post's earlier one, which is kept. ``digest``: of the question that was
    read. Raises UnknownName, NotAllowed for a post that is not asked, Stale where it is over or another question was read,
    BadValue for an objection or a condition without reasons."""
    with transaction.atomic():
        row = _held(consultation_id)
        actor.require(Act.GIVE_OPINION)
        if not AskedRow.objects.filter(consultation=row, post=actor.post).exists():
            raise NotAllowed(_thing(row), _("this post is not asked"), _("log in with the post that is"))
        _require_open(row)
        if digest != row.digest:
            raise Stale(
                _thing(row), _("another question was read than stands here now"), _("load the page and read it again")
            )
        if opinion not in OPINIONS:
            raise BadValue(_thing(row), _("the opinion is none of the three"), _("agree, object, or set conditions"))
        said = _words(reasons, _("reasons"), needed=opinion != "agree")
        signed = _digest(row.digest, actor.post, actor.account, opinion, said)
        OpinionRow.objects.create(consultation=row, post=actor.post, account=actor.account, opinion=opinion, reasons=said,
                                  digest=signed, signed_at=now)  # fmt: skip
        _tell(row, "opinion_signed", actor, now, opinion=opinion, question=row.digest, digest=signed)


def decide(
    consultation_id: str, decision: str, *, answer: str = "", remarks: str = "", new_tasks: Sequence[NewTask] = (),
    version: int, actor: Actor, now: datetime,
) -> list[str]:  # fmt: skip
    """Decide, by name; the ids of the tasks that come of it. Raises NotAllowed for a post that neither asked nor directs the
    response in that area, Stale where somebody asked has not answered while there is time, BadValue where an objection or a
    condition stands and nothing is said to it."""
    with transaction.atomic():
        row = _held(consultation_id)
        _require_decider(row, actor)
        _require_open(row, version)
        said = _words(decision, _("decision"), needed=True)
        silent, against = _standing(row)
        if silent and now < row.due_at:
            raise Stale(_thing(row), _("{posts} have not answered, and there is time until their deadline").format(
                posts=", ".join(silent)), _("wait for them, or for the deadline"))  # fmt: skip
        answered = _words(answer, _("answer to objections"))
        if against and not answered:
            raise BadValue(
                _thing(row),
                _("nothing is said to those who object or set conditions: {posts}").format(posts=", ".join(against)),
                _("say why it is decided so all the same, or how their conditions are met"),
            )
        _see_deadline(row, now)
        row.decision, row.answer, row.remarks = said, answered, _words(remarks, _("remarks"))
        row.decided_at, row.decided_by = now, actor.name
        _save(row)
        made = [_give(row, task, actor, now) for task in _checked(new_tasks, row, now)]
        _tell(row, "consultation_decided", actor, now, digest=_digest(row.digest, said, answered), silent=silent,
              against=against, tasks=made)  # fmt: skip
    return made


def withdraw(consultation_id: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Nobody is asked any more, with the reason; those who have not answered are told by letter. Raises what ``decide`` raises
    of its guards."""
    with transaction.atomic():
        row = _held(consultation_id)
        _require_decider(row, actor)
        _require_open(row, version)
        row.withdrawn_why = _words(why, _("reason"), needed=True)
        _see_deadline(row, now)
        row.withdrawn_at = now
        _save(row)
        silent, _against = _standing(row)
        if silent:  # whoever has answered waits for a decision, not for a letter that nothing is to be done
            tell_posts("consultation", [org.post(post) for post in silent], lambda language: Text(
                _("Your opinion is not asked for any more: {thing}").format(thing=row.thing),
                _("The question was withdrawn. There is nothing left to answer.")), about=row.id, event=row.event,
                link=f"/consultations/{row.id}/", actor=actor, now=now)  # fmt: skip
        _tell(row, "consultation_withdrawn", actor, now, silent=silent)


def finish_task(task_id: str, note: str, *, actor: Actor, now: datetime) -> None:
    """A task that came of a decision is done, with a note. Raises what ``tasks.finish`` raises."""
    tasks.finish(task_id, {"note": _words(note, _("note"))}, actor=actor, now=now)


def sweep(*, now: datetime) -> int:
    """Consultations whose deadline passed undecided are told of, once, and the post that asked gets a letter. How many."""
    told = 0
    waiting = ConsultationRow.objects.filter(decided_at=None, withdrawn_at=None, overdue_at=None, due_at__lte=now)
    while waiting.exists():
        with transaction.atomic():
            for row in waiting.select_for_update().order_by("due_at", "id")[:_AT_ONCE]:
                _see_deadline(row, now)
                row.save(update_fields=["overdue_at"])
                told += 1
    return told


def _see_deadline(row: ConsultationRow, now: datetime) -> None:
    """A deadline never passes unseen, also where it is decided before the sweep came by."""
    if row.overdue_at is not None or row.due_at > now:
        return
    row.overdue_at = now
    silent, _against = _standing(row)
    _tell(row, "consultation_overdue", SYSTEM, now, due_us=to_us(row.due_at), silent=silent)
    asker = org.post(row.post)
    tell_posts("consultation", [asker], lambda language: Text(
        _("The time to answer is over: {thing}").format(thing=row.thing),
        _("{n} of those asked have not answered. It can be decided now.").format(n=len(silent))),
        about=row.id, event=row.event, link=f"/consultations/{row.id}/", actor=SYSTEM, now=now)  # fmt: skip


def _thing_of(given: Question, actor: Actor) -> tuple[str, str]:
    """What it is about and where: a case that the actor may read and owns or directs, or an event that there is."""
    if bool(given.event) == bool(given.case):
        raise BadValue(
            _("consultation"), _("it is about neither an event nor a case, or about both"), _("open it from one")
        )
    if given.event:
        if not ledger_queries.chain(given.event):
            raise UnknownName(_("event"), _("there is none with this address"), _("open it from the event"))
        return given.thing.strip() or given.event, given.jurisdiction
    line = cases.case_file(actor.scope, given.case).line
    if line.kind.sealed:
        raise NotAllowed(
            _("case {number}").format(number=line.number), _("it lies under seal; what it says is not passed round"),
            _("ask a helper in the case itself"),
        )  # fmt: skip
    return line.number, line.jurisdiction


def _standing(row: ConsultationRow) -> tuple[list[str], list[str]]:
    """The posts that have not answered, and those whose last opinion is no plain yes."""
    last: dict[str, str] = dict(
        OpinionRow.objects.filter(consultation=row).order_by("id").values_list("post", "opinion")
    )
    asked = list(AskedRow.objects.filter(consultation=row).order_by("id").values_list("post", flat=True))
    return [post for post in asked if post not in last], [post for post in asked if last.get(post, "agree") != "agree"]


def _checked(new_tasks: Sequence[NewTask], row: ConsultationRow, now: datetime) -> list[NewTask]:
    if len(new_tasks) > TASKS_AT_MOST:
        raise BadValue(_thing(row), _("it gives more than {n} tasks").format(n=TASKS_AT_MOST), _("give fewer"))
    for task in new_tasks:
        _words(task.title, _("task"))
        if not task.title.strip() or len(task.title) > 200:
            raise BadValue(
                _("task"), _("it has no title, or one of more than 200 characters"), _("say it in a few words")
            )
        if task.due_at <= now:
            raise BadTime(_("task"), _("its time is over already"), _("give a later moment"))
        if org.post(task.post).role not in MAY[Act.DO_TASK]:
            raise NotAllowed(
                _("post {post}").format(post=task.post), _("it carries out no tasks"), _("choose another post")
            )
    return list(new_tasks)


def _give(row: ConsultationRow, task: NewTask, actor: Actor, now: datetime) -> str:
    title = task.title.strip()
    order = Order(
        TASK_KIND, {"en": title, "zh-hans": title}, row.id, row.event, row.jurisdiction, task.post, task.due_at
    )
    return tasks.give(order, actor=actor, now=now)


def _require_decider(row: ConsultationRow, actor: Actor) -> None:
    if actor.post == row.post:
        actor.require(Act.ASK_CONSULTATION)
        return
    actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)


def _require_open(row: ConsultationRow, version: int | None = None) -> None:
    if row.decided_at is not None or row.withdrawn_at is not None:
        raise Stale(_thing(row), _("it is over"), _("load the page again"))
    if version is not None and row.version != version:
        raise Stale(_thing(row), _("somebody changed it meanwhile"), _("load the page again and decide anew"))


def _held(consultation_id: str) -> ConsultationRow:
    row = ConsultationRow.objects.select_for_update().filter(id=consultation_id).first()
    if row is None:
        raise UnknownName(_("consultation"), _("there is none with this address"), _("open the list of consultations"))
    return row


def _save(row: ConsultationRow) -> None:
    row.version += 1
    row.save()


def _words(text: str, what: str, *, needed: bool = False) -> str:
    said = text.replace("\r\n", "\n").strip()
    if needed and not said:
        raise BadValue(what, _("nothing is written"), _("write it"))
    if len(said) > WORDS_AT_MOST:
        raise TooBig(what, _("it is longer than {n} characters").format(n=WORDS_AT_MOST), _("say it in fewer words"))
    if has_unseen(said):
        raise BadValue(what, _("holds characters that cannot be seen"), _("type it again without them"))
    return said


def _digest(*parts: str) -> str:
    return hashlib.sha256(canonical({"of": list(parts)}).encode()).hexdigest()


def _letter(row: ConsultationRow) -> Text:
    return Text(_("You are asked for an opinion: {thing}").format(thing=row.thing),
                _("Agree, object or set conditions, with your reasons, before the deadline."))  # fmt: skip


def _tell(row: ConsultationRow, verb: str, actor: Actor, now: datetime, **body: object) -> None:
    ledger.append(row.event or row.case, verb, {"consultation": row.id, **body}, actor=actor.name, now=now)
    outbox.put([ConsultationChanged(row.id, row.event, row.case, row.jurisdiction, verb, to_us(now))], now=now)


def _thing(row: ConsultationRow) -> str:
    return _("consultation on {thing}").format(thing=row.thing[:80])
