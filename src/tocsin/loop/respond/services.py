"""The only writer of incidents. A response opens because a pack's mapping declares it, or because a commander decides so;
nothing here turns a warning level into a response level."""

from __future__ import annotations

import math
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.respond import calling, doers, early, giving, notices, playbooks
from tocsin.loop.respond.commitment import commitment, new_salt
from tocsin.loop.respond.facts import ResponseChanged, ResponseDeclined, ResponseEnded, ResponseOpened, ResponseProposed
from tocsin.loop.respond.lifecycle import IncidentState, may_move
from tocsin.loop.respond.models import ActionRow, IncidentRow, RemarkRow
from tocsin.loop.respond.playbooks import Declared
from tocsin.loop.verify import services as verify
from tocsin.loop.verify.invented import is_exercise
from tocsin.loop.warn import queries as warn
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue, Stale, UnknownName
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us
from tocsin.terms.response_level import RESPONSE_LEVELS

__all__ = [
    "EXPECTED", "KINDS", "RULE", "change_level", "consider", "decline", "end", "finish_task", "give_action", "keep_level",
    "merge", "note_cancelled", "note_overdue", "note_refuted", "open_by_hand", "open_proposed", "receive_task", "sweep",
    "withdraw_task",
]  # fmt: skip

RULE = service("rule:response")
ANSWERED_HERE = (verify.UNREACHED, giving.REPORT)  # tasks of other rooms that want no more than a word
KINDS = (giving.KIND, giving.REPORT)  # of its tasks
EXPECTED = timedelta(hours=12)  # own: one shift; the commander may say another duration
_OPEN = (IncidentState.PROPOSED, IncidentState.OPEN)
_FOLLOWED = Q(incident__state=IncidentState.OPEN) | Q(early__gt=0, incident__state__in=early.LIVE)  # of actions
_LONGEST_TEXT = 2000


# ---------------------------------------------------------------- what mappings ask for
def consider(
    event_id: str, on: str, level: int, *, warning: str = "", exercise: bool | None = None, now: datetime
) -> str | None:
    """A warning was issued or changed, or an event confirmed: do what the declared mapping says. The id of the incident that
    it led to; None where no mapping is declared, which the event's ledger then tells. On "event" the event stands at the level
    and nobody has decided anything: what the playbook proposes early is proposed too, and nothing is told where none is
    declared. ``exercise``: what the warning is; where None, what the event is."""
    with transaction.atomic():
        event = _living(event_id)
        event_id = event.id
        exercise = is_exercise(event_id) if exercise is None else exercise
        found = playbooks.declared(event.hazard, on, level)
        if found is None and on == "event":
            return None
        if found is None:
            body = {"on": on, "hazard": event.hazard, "level": level, "warning": warning}
            ledger.append(event_id, "no_response_declared", body, actor=RULE.name, now=now)
            return None
        because = _because(found, level, warning)
        active = _active(event_id)
        if active is not None:
            _be_actual(active, exercise, now)
            return _advise(active, found, because, now)
        last = IncidentRow.objects.filter(event=event_id).order_by("-proposed_at", "-id").first()
        if last is not None and last.state == IncidentState.DECLINED and found.mapping.response <= last.level:
            if (
                on == "event"
            ):  # the commander has answered as to the level; what is to be done early is another question
                _tell_early(last, early.propose(last, level, now), now)
            return None
        row = _new(event, found.mapping.response, because, exercise, now)
        _ask(row, found, because, now)
        return row.id


def note_cancelled(event_id: str, warning: str, *, ran_out: bool = False, now: datetime) -> None:
    """A warning was cancelled or ran out: a running response is told. A proposal that rests on it lapses where somebody
    cancelled the warning; where only its time ran out the proposal waits on, since nobody has decided anything."""
    with transaction.atomic():
        event_id = _living(event_id).id
        row = _active(event_id)
        if row is None or row.warning_cancelled_at is not None or _warnings_in_force(event_id, now):
            return
        if row.state == IncidentState.PROPOSED and not ran_out:
            if row.because.get("warning"):
                _decline(row, "", RULE, now, rule="warning_cancelled")
            return
        row.warning_cancelled_at = now
        row.save(update_fields=["warning_cancelled_at"])
        if row.state == IncidentState.PROPOSED:
            return
        body = {"incident": row.id, "warning": warning}
        ledger.append(event_id, "response_warning_over", body, actor=RULE.name, now=now)
        notices.warning_over(row, now=now)


def note_refuted(event_id: str, *, now: datetime) -> None:
    """Somebody looked: it is not so. A proposal lapses, a running response is told; ending it stays the commander's."""
    with transaction.atomic():
        row = _active(event_id)
        if row is None:
            return
        if row.state == IncidentState.PROPOSED:
            _decline(row, "", RULE, now, rule="event_refuted")
            return
        ledger.append(event_id, "response_event_refuted", {"incident": row.id}, actor=RULE.name, now=now)
        notices.refuted(row, now=now)


def merge(event_id: str, into: str, *, now: datetime) -> None:
    """Two events were found to be one. The incident goes with the event that lives on; where that one has its own, its
    actions join it, so that no task is forgotten."""
    with transaction.atomic():
        row = _active(event_id) or _undecided(event_id)
        if row is None or event_id == into:
            return
        body = {"incident": row.id, "event": event_id, "into": into}
        survivor = _active(into)
        if survivor is None:
            row.event = into
            row.version += 1
            row.save(update_fields=["event", "version"])
        else:
            _join(row, survivor, now)
            body |= {"joined": survivor.id}
        for chain in (event_id, into):
            ledger.append(chain, "incident_merged", body, actor=RULE.name, now=now)


# ---------------------------------------------------------------- what the commander decides
def open_proposed(
    incident_id: str, *, version: int, expected: timedelta = EXPECTED, once: str = "", actor: Actor, now: datetime
) -> str:
    """Open what a mapping proposes, at the declared level, and give its first actions. Repeating it with the same ``once``
    changes nothing. Raises NotAllowed, UnknownName, Stale."""
    with transaction.atomic():
        row = _row(incident_id)
        actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)
        if once and row.once == once:
            return row.id
        _move(row, IncidentState.OPEN, version)
        _period(expected)
        row.once = once or None
        _open(row, actor, now, expected=expected)
    return row.id


def open_by_hand(
    event_id: str, level: int, *, expected: timedelta = EXPECTED, exercise: bool | None = None, once: str = "",
    actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """A commander's own decision, where no mapping is declared or none fitted; the ledger says that it was one. ``exercise``:
    where None, what the event is."""
    with transaction.atomic():
        event = _event(event_id)
        actor.require(Act.DIRECT_RESPONSE, event.jurisdiction)
        same = IncidentRow.objects.filter(once=once).first() if once else None
        if same is not None:
            return same.id
        if _active(event_id) is not None:
            raise Stale(_("response"), _("this event has one already"), _("load the page again"))
        _known(level)
        _period(expected)
        row = _new(event, level, {}, is_exercise(event.id) if exercise is None else exercise, now)
        row.once = once or None
        row.save()
        _open(row, actor, now, expected=expected)
    return row.id


def change_level(incident_id: str, level: int, *, version: int, actor: Actor, now: datetime) -> None:
    """Raise or lower a running response; only actions that are new are given, none is taken back by itself."""
    with transaction.atomic():
        row = _row(incident_id)
        actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)
        _known(level)
        _need(row, IncidentState.OPEN, version)
        if level != row.level:
            _change(row, level, actor, now)


def keep_level(incident_id: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Say no to the level that the playbook advises for a running response, with a reason."""
    with transaction.atomic():
        row = _row(incident_id)
        actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)
        _need(row, IncidentState.OPEN, version)
        if not row.advised:
            raise Stale(_("response"), _("no other level is advised any more"), _("load the page again"))
        reason = commitment(_words(why, _("reason")), row.salt)
        body = {"incident": row.id, "advised": row.advised, "level": row.level, "why": reason}
        row.advised, row.decide_by, row.remind_at = 0, None, None
        row.version += 1
        row.save()
        ledger.append(row.event, "response_advice_refused", body, actor=actor.name, now=now)


def decline(incident_id: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Say no to a proposal, with a reason."""
    with transaction.atomic():
        row = _row(incident_id)
        actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)
        _need(row, IncidentState.PROPOSED, version)
        _decline(row, _words(why, _("reason")), actor, now)


def end(
    incident_id: str, why: str, *, version: int, despite_warning: bool = False, actor: Actor, now: datetime
) -> None:
    """End a response. Refused while tasks are open, and while a warning is in force unless the commander says that this is
    known."""
    with transaction.atomic():
        row = _row(incident_id)
        actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)
        _need(row, IncidentState.OPEN, version)
        why = _words(why, _("reason"))
        waiting = early.pinned(row.id).count()
        if waiting:
            raise BadValue(_("response"), _("{n} of its early actions wait for a decision").format(n=waiting),
                           _("give them, or refuse them with a reason"))  # fmt: skip
        left = _open_tasks(row)
        if left:
            raise BadValue(_("response"), _("{n} of its tasks are still open").format(n=len(left)),
                           _("have them done, or withdraw each with a reason"))  # fmt: skip
        in_force = _warnings_in_force(row.event, now)
        if in_force and not despite_warning:
            raise BadValue(_("response"), _("a warning is still in force for this event"),
                           _("cancel the warning first, or tick that you end the response all the same"))  # fmt: skip
        row.state, row.ended_at, row.ended_by, row.ended_why = IncidentState.ENDED, now, actor.name, why
        row.version += 1
        row.save()
        undone = list(row.actions.filter(task="", waits=False).values_list("action", flat=True))
        _tell(row, "response_ended", ResponseEnded, actor, now, why=commitment(why, row.salt), not_given=undone,
              warnings_in_force=in_force)  # fmt: skip


# ---------------------------------------------------------------- actions and their tasks
def give_action(action_row: int, *, actor: Actor, now: datetime) -> str:
    """Give an action that waits for the commander's yes, or try once more where nobody was on duty. The task's id, "" where
    there is still nobody."""
    with transaction.atomic():
        line = ActionRow.objects.select_for_update().filter(pk=action_row).first()
        if line is None:
            raise UnknownName(_("action"), _("no such action"), _("load the page again"))
        row = _row(line.incident_id)
        actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)
        if row.state != IncidentState.OPEN and not (line.early and row.state in early.LIVE):
            raise Stale(_("action"), _("the response does not run any more"), _("load the page again"))
        if line.task:
            return line.task
        given = giving.give(row, [line], actor=actor, now=now)
        ledger.append(row.event, "action_given", {"incident": row.id, "action": line.action, "facility": line.facility,
                                                  "task": line.task}, actor=actor.name, now=now)  # fmt: skip
    return given[0].task if given else ""


def receive_task(task_id: str, *, actor: Actor, now: datetime) -> None:
    """The receipt: "we have it". Repeating it changes nothing."""
    tasks.acknowledge(task_id, actor=actor, now=now)


def finish_task(task_id: str, note: str, *, actor: Actor, now: datetime) -> None:
    """It is done; what was done in a few words (kept here, its digest on the ledger)."""
    with transaction.atomic():
        is_ours = ActionRow.objects.filter(task=task_id).exists()
        if not is_ours and task_list.task(EVERYWHERE, task_id).kind not in ANSWERED_HERE:
            raise UnknownName(_("task"), _("it belongs to no response"), _("answer it on its own page"))
        text = note.strip()[:_LONGEST_TEXT]
        outcome = {"note": _remark(task_id, text, actor, now)} if text else {"done": True}
        tasks.finish(task_id, outcome, actor=actor, now=now)


def withdraw_task(incident_id: str, task_id: str, why: str, *, actor: Actor, now: datetime) -> None:
    """Take a task back, with a reason."""
    with transaction.atomic():
        row = _row(incident_id)
        actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)
        text = _words(why, _("reason"))
        line = ActionRow.objects.filter(task=task_id, incident=row).first()
        if line is None:
            raise UnknownName(_("task"), _("no such task in this response"), _("load the page again"))
        if not tasks.withdraw(task_id, "withdrawn_by_commander", actor=actor, now=now):
            raise Stale(_("task"), _("it is over already"), _("load the page again"))
        calling.stop(line, actor=actor, now=now)
        body = {"task": task_id, "why": _remark(task_id, text, actor, now)}
        ledger.append(row.event, "task_withdrawn_because", body, actor=actor.name, now=now)


def note_overdue(task_id: str, *, now: datetime) -> None:
    """A task of a response passed its due time (told once, by tasks): its commander is told."""
    with transaction.atomic():
        line = ActionRow.objects.filter(task=task_id).select_related("incident").first()
        if line is not None and (line.early or line.incident.state == IncidentState.OPEN):
            notices.overdue(line.incident, line, now=now)


def sweep(*, now: datetime, at_most: int = 100) -> int:
    """Actions that nobody was there for are given as soon as somebody is; a receipt that did not come is told once, a decision
    that is wanting at doubling intervals. How many of all."""
    reminded = early.remind(now)
    if not (_nobodys().exists() or _late(now).exists()):  # asked every second: no transaction where nothing waits
        return reminded
    done = reminded
    with transaction.atomic():
        for line in _nobodys().select_related("incident").order_by("id")[:at_most]:
            done += len(giving.give(line.incident, [line], actor=RULE, now=now, say_nobody=False))
        done += _late_receipts(now, at_most)
    return done


# ---------------------------------------------------------------- inside
def _new(event: detect.EventLine, level: int, because: dict[str, Any], exercise: bool, now: datetime) -> IncidentRow:
    at = (event.lon, event.lat) if math.isfinite(event.lon) and math.isfinite(event.lat) else (None, None)
    return IncidentRow.objects.create(
        id=uuid7_id("inc", to_us(now) // 1000, secrets.randbits(74)), event=event.id, hazard=event.hazard,
        jurisdiction=event.jurisdiction, place=event.place, lon=at[0], lat=at[1], state=IncidentState.PROPOSED,
        level=level, because=because, exercise=exercise, known_at=now, proposed_at=now, salt=new_salt(),
    )  # fmt: skip


def _open(row: IncidentRow, actor: Actor, now: datetime, *, expected: timedelta) -> None:
    row.state, row.opened_at, row.opened_by, row.peak = IncidentState.OPEN, now, actor.name, row.level
    row.decide_by = row.remind_at = None
    row.commander = actor.post or next((post.id for post in doers.commanders(row.jurisdiction, now=now)), "")
    row.expected_until = now + expected
    row.version += 1
    row.save()
    _tell(row, "response_opened", ResponseOpened, actor, now, because=row.because, commander=row.commander,
          expected_until_us=to_us(row.expected_until))  # fmt: skip
    giving.give(row, giving.add_missing(row, now), actor=actor, now=now)
    if not actor.account:
        notices.opened_at_once(row, now=now)


def _be_actual(row: IncidentRow, exercise: bool, now: datetime) -> None:
    """What began as an exercise is none any more where an actual warning asks for it; never the other way round."""
    if row.exercise and not exercise:
        row.exercise = False
        row.save(update_fields=["exercise"])
        ledger.append(row.event, "response_became_actual", {"incident": row.id}, actor=RULE.name, now=now)


def _advise(row: IncidentRow, found: Declared, because: dict[str, Any], now: datetime) -> str:
    """Another mapping fits while an incident is proposed or runs."""
    wanted = found.mapping.response
    if row.state == IncidentState.PROPOSED and wanted > row.level:
        row.level, row.because = wanted, because
        row.version += 1
        _ask(row, found, because, now)
        return row.id
    risen = because["on"] != "event" or because["level"] > row.event_level
    if because["on"] == "event":
        _tell_early(row, early.propose(row, because["level"], now), now)
    else:
        row.warning_cancelled_at = None
    if row.state == IncidentState.PROPOSED or not risen:
        return row.id
    if wanted > row.level and found.mapping.opens == "at_once":
        _change(row, wanted, RULE, now)
    elif wanted > row.level or (wanted < row.level and because["on"] == "warning"):
        row.advised, row.reminded, row.decide_us = wanted, 0, found.mapping.decide_us if wanted > row.level else 0
        row.decide_by = row.remind_at = now + timedelta(microseconds=row.decide_us) if row.decide_us else None
        row.save()
        body = {"incident": row.id, "advised": wanted, "level": row.level, "because": because, **_due(row)}
        ledger.append(row.event, "response_advised", body, actor=RULE.name, now=now)
        notices.advised(row, now=now)
    return row.id


def _ask(row: IncidentRow, found: Declared, because: dict[str, Any], now: datetime) -> None:
    """Propose the level that a mapping declares, and what the event proposes early; one message tells of both."""
    granted = found.mapping.decide_us
    row.warning_level, row.decide_us, row.reminded = because["level"], granted, 0
    row.decide_by = row.remind_at = now + timedelta(microseconds=granted) if granted else None
    row.save()
    _tell(row, "response_proposed", ResponseProposed, RULE, now, because=because, **_due(row))
    lines = early.propose(row, because["level"], now) if because["on"] == "event" else []
    if found.mapping.opens == "at_once":
        _open(row, RULE, now, expected=EXPECTED)
        _tell_early(row, [line for line in lines if not line.task], now)
    else:
        notices.proposed(row, lines, now=now)


def _due(row: IncidentRow) -> dict[str, int]:
    return {"due_us": to_us(row.decide_by)} if row.decide_by else {}


def _tell_early(row: IncidentRow, lines: list[ActionRow], now: datetime) -> None:
    if lines:
        notices.early(row, lines, now=now)


def _change(row: IncidentRow, level: int, actor: Actor, now: datetime) -> None:
    before, row.level, row.advised, row.decide_by, row.remind_at = row.level, level, 0, None, None
    row.peak = max(row.peak, level)
    row.version += 1
    row.save()
    _tell(row, "response_changed", ResponseChanged, actor, now, before=before)
    giving.give(row, giving.add_missing(row, now), actor=actor, now=now)


def _decline(row: IncidentRow, why: str, actor: Actor, now: datetime, *, rule: str = "") -> None:
    row.state, row.ended_at, row.ended_by, row.ended_why = IncidentState.DECLINED, now, actor.name, why
    row.decide_by = row.remind_at = None
    row.version += 1
    row.save()
    more = {"rule": rule} if rule else {"why": commitment(why, row.salt)}
    _tell(row, "response_declined", ResponseDeclined, actor, now, **more)


def _join(row: IncidentRow, survivor: IncidentRow, now: datetime) -> None:
    if survivor.state == IncidentState.PROPOSED and row.state == IncidentState.OPEN:
        row.event, survivor.event = survivor.event, row.event  # the one that runs goes on
        survivor.state, survivor.merged_into, survivor.ended_at = IncidentState.MERGED, row.id, now
        survivor.save()
        row.save()
        return
    for line in row.actions.all():
        if not survivor.actions.filter(action=line.action, facility=line.facility).exists():
            line.incident = survivor
            line.save(update_fields=["incident"])
        elif line.task:
            line.incident, line.action = survivor, f"{line.action}@{row.id}"  # both were given: both stay to be done
            line.save(update_fields=["incident", "action"])
    if row.level > survivor.level:
        survivor.advised = row.level
        survivor.save(update_fields=["advised"])
    if row.state in _OPEN:  # what was declined stays so; only what waits of it goes along
        row.state, row.merged_into, row.ended_at = IncidentState.MERGED, survivor.id, now
        row.save()


def _nobodys() -> QuerySet[ActionRow]:
    return ActionRow.objects.filter(_FOLLOWED, task="", waits=False)


def _late(now: datetime) -> QuerySet[ActionRow]:
    waiting = ActionRow.objects.filter(_FOLLOWED, receipt_looked_at=None)
    return waiting.filter(receipt_due_at__lte=now).exclude(task="")


def _late_receipts(now: datetime, at_most: int) -> int:
    late = 0
    for line in _late(now).select_related("incident").order_by("receipt_due_at", "id")[:at_most]:
        task, row = task_list.task(EVERYWHERE, line.task), line.incident
        line.receipt_looked_at = now
        line.save(update_fields=["receipt_looked_at"])
        if task.state != "given":
            continue
        body = {"incident": row.id, "task": line.task, "post": line.post, "due_us": to_us(line.receipt_due_at or now)}
        ledger.append(row.event, "receipt_late", body, actor=RULE.name, now=now)
        notices.receipt_late(row, line, now=now)
        late += 1
    return late


def _open_tasks(row: IncidentRow) -> list[str]:
    ids = list(row.actions.exclude(task="").values_list("task", flat=True))
    return [task_id for task_id in ids if task_list.task(EVERYWHERE, task_id).is_open]


def _warnings_in_force(event_id: str, now: datetime) -> list[str]:
    return [line.id for line in warn.warnings_of(EVERYWHERE, event_id) if line.in_force(now)]


def _tell(row: IncidentRow, verb: str, kind: type, actor: Actor, now: datetime, **more: Any) -> None:
    body = {"incident": row.id, "level": row.level, "hazard": row.hazard, **more}
    if row.exercise:
        body["exercise"] = True
    ledger.append(row.event, verb, body, actor=actor.name, now=now)
    fact = kind(row.id, row.event, row.hazard, row.level, row.jurisdiction, row.exercise, to_us(now))
    outbox.put([fact], now=now)


def _because(found: Declared, level: int, warning: str) -> dict[str, Any]:
    mapping = found.mapping
    return {"pack": found.pack, "version": found.version, "sha": found.sha, "on": mapping.on, "from_level": mapping.level,
            "level": level, "response": mapping.response, "opens": mapping.opens, "source": mapping.source,
            "verified": mapping.verified, "warning": warning}  # fmt: skip


def _event(event_id: str) -> detect.EventLine:
    return detect.event(EVERYWHERE, event_id).event


def _living(event_id: str) -> detect.EventLine:
    """The event that lives on where this one merged into another: a warning goes on by the name it was issued under."""
    event = _event(event_id)
    while event.merged_into:
        event = _event(event.merged_into)
    return event


def _active(event_id: str) -> IncidentRow | None:
    return IncidentRow.objects.select_for_update().filter(event=event_id, state__in=_OPEN).first()


def _undecided(event_id: str) -> IncidentRow | None:
    """A declined incident of which early actions still wait."""
    found = early.pinned().filter(incident__event=event_id).order_by("-pk").first()
    return IncidentRow.objects.select_for_update().get(pk=found.incident_id) if found else None


def _row(incident_id: str) -> IncidentRow:
    row = IncidentRow.objects.select_for_update().filter(id=incident_id).first()
    if row is None:
        raise UnknownName(_("response"), _("there is none with this address"), _("open it from its event"))
    return row


def _need(row: IncidentRow, state: IncidentState, version: int) -> None:
    if row.state != state or row.version != version:
        raise Stale(_("response"), _("it has changed since you saw it"), _("load the page again and decide anew"))


def _move(row: IncidentRow, after: IncidentState, version: int) -> None:
    if row.version != version or not may_move(IncidentState(row.state), after):
        raise Stale(_("response"), _("it has changed since you saw it"), _("load the page again and decide anew"))


def _known(level: int) -> None:
    if not 1 <= level <= len(RESPONSE_LEVELS):
        raise BadValue(_("response level"), _("there are I, II, III and IV"), _("choose one of them"))


def _period(expected: timedelta) -> None:
    if not timedelta(0) < expected <= timedelta(days=30):
        raise BadValue(_("expected duration"), _("must lie between an hour and 30 days"), _("write it in hours"))


def _words(text: str, what: str) -> str:
    text = text.strip()
    if not text:
        raise BadValue(what, _("is empty"), _("say in a few words why"))
    if len(text) > _LONGEST_TEXT:
        raise BadValue(what, _("is longer than {n} characters").format(n=_LONGEST_TEXT), _("shorten it"))
    return text


def _remark(task_id: str, text: str, actor: Actor, now: datetime) -> dict[str, Any]:
    row = RemarkRow.objects.create(task=task_id, text=text, salt=new_salt(), at=now, by=actor.name)
    return commitment(text, row.salt)
