"""The day of Zhengzhou twice: once the people do what is on record and nothing else, once they do what is on screen.

Each run plays 33 hours through all rooms with a movable clock, and its minutes are read from the ledger alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources

from django.test import Client

from tests.stories import acts
from tests.stories import zhengzhou_town as place
from tests.stories.played import PlayedTown
from tests.stories.zhengzhou_facts import ZONE, Recorded
from tocsin.loop.detect import queries as detect
from tocsin.loop.respond import early, queries, services
from tocsin.loop.respond.models import IncidentRow
from tocsin.loop.verify import queries as looked
from tocsin.records.callout import queries as callouts
from tocsin.records.callout import services as callout
from tocsin.records.callout.models import AttemptRow
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger.queries import Line
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.moment import from_us

MINUTE = timedelta(minutes=1)
# How people act who do what is on screen. Ours, stated, and no claim about anybody.
OF_WHAT_IS_GRANTED = 0.8  # whatever the product grants a time for (decide, confirm, look, do) takes so much of it
TAKES_EVENT = 3 * MINUTE  # a duty officer takes an event in hand
VILLAGE_ANSWERS = (2 * MINUTE, 7 * MINUTE, None)  # after the first call; the third village does not pick up
BY_HAND = 35 * MINUTE  # when the duty officer has got hold of it in another way

Doing = Iterator[tuple[datetime, Callable[[], object]]]


@dataclass(frozen=True)
class Shown:
    """What Tocsin put on screen of one thing, and what became of it; None where it did not happen. ``wanting``: from when a
    decision was overdue; ``overdue``: from when the act was; ``told``: how often somebody was told that the decision was."""

    what: str
    at: datetime | None = None
    wanting: datetime | None = None
    decided: datetime | None = None
    done: datetime | None = None
    overdue: datetime | None = None
    told: int = 0


@dataclass(frozen=True)
class Village:
    """A village that was called out: when it was reached and how; when it was told that it was not."""

    path: str
    asked: datetime
    reached: datetime | None
    how: str
    late: datetime | None
    not_reached: datetime | None


@dataclass
class Run:
    """One way in which the day went. ``still_waiting``: what was pinned at its end."""

    name: str
    shown: dict[str, Shown] = field(default_factory=dict)
    villages: list[Village] = field(default_factory=list)
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    still_waiting: tuple[str, ...] = ()
    ledger_holds: bool = False


# ---------------------------------------------------------------- what people do
def as_recorded(recorded: Recorded, spread: str = "even") -> Run:
    """Nobody does in Tocsin what is not on record with a minute: response I (L5) and the stop of the metro (M7). That people
    below the dam had been moved before it overflowed (M8) is on record without one, so nobody does it here."""
    run = Run("as recorded")
    with place.zhengzhou(recorded, spread) as town:
        _plan(town)
        town.until(recorded.at("L5"))
        storm = next(line for line in queries.incidents(EVERYWHERE, is_open=True) if line.hazard == "rainstorm")
        services.open_proposed(storm.id, version=storm.version, actor=town.as_("commander"), now=town.now)
        services.change_level(storm.id, 4, version=storm.version + 1, actor=town.as_("commander"), now=town.now)
        town.until(recorded.at("M7"))
        _done_as_recorded(town, "stop_metro@line-5", "operator-line-5")
        town.until(place.ENDS)
        _look(run, town)
    return run


def as_shown(recorded: Recorded, spread: str = "even") -> Run:
    """Everybody does what is on screen within the minutes stated above."""
    run = Run("as on screen")
    with place.zhengzhou(recorded, spread) as town:
        _plan(town)
        while town.now < place.ENDS:
            waiting = sorted(_waiting(town), key=lambda one: one[0])
            coming = [from_us(town.coming[0].at_us)] if town.coming else []
            town.until(max(town.now, min([place.ENDS, *coming, *(at for at, _do in waiting[:1])])))
            for at, do in waiting:
                if at <= town.now:
                    do()
            town.carry()
        _look(run, town)
    return run


def _plan(town: PlayedTown) -> None:
    """The deployment's plan: the one that comes with the product, and that a response calls out too."""
    declared = (resources.files("tocsin.records.callout") / "declared.toml").read_text(encoding="utf-8")
    assert 'causes = ["warning"]' in declared
    mine = declared.replace('causes = ["warning"]', 'causes = ["warning", "response"]')
    callout.put_plan(mine.encode(), "the story's", actor=SYSTEM, now=town.now)


def _done_as_recorded(town: PlayedTown, name: str, post: str) -> None:
    one = next(pin for pin in _pinned() if pin.name == name)
    early.decide(one.incident, [one.line.id], True, actor=town.as_("commander"), now=town.now)
    task = next(line.task for line in queries.actions(EVERYWHERE, one.incident) if line.id == one.line.id)
    assert task is not None
    services.receive_task(task.id, actor=town.as_(post), now=town.now)
    services.finish_task(task.id, "As recorded.", actor=town.as_(post), now=town.now)


def _waiting(town: PlayedTown) -> Doing:
    """Everything that somebody has on screen and will do, and when."""
    for line in queries.incidents(EVERYWHERE, is_open=True):
        if line.decide_by is not None:
            granted = timedelta(microseconds=IncidentRow.objects.get(pk=line.id).decide_us)
            yield _in_time(line.decide_by - granted, line.decide_by), lambda line=line: _decides(town, line.id)
    for one in _pinned():
        yield _in_time(one.line.proposed_at, one.line.decide_by), lambda one=one: _gives(town, one)
    for dossier in looked.open_dossiers(EVERYWHERE):
        if dossier.unacknowledged_since is not None and dossier.closed_at is None:
            yield dossier.unacknowledged_since + TAKES_EVENT, lambda d=dossier: acts.acknowledges(town, "duty", d.event)
        for asked in (one for one in looked.verifications(EVERYWHERE, dossier.event) if one.is_open):
            at = _in_time(asked.asked_at, asked.due_at)
            yield at, lambda a=asked: acts.answers(town, a.post, a.event, "confirmed", "Seen.")
    yield from _tasks(town)
    yield from _called(town)


def _tasks(town: PlayedTown) -> Doing:
    for _hazard, one in _actions():
        task = one.task
        if task is None or not task.is_open:
            continue
        actor = town.as_(task.post)
        if task.acknowledged_at is None:
            at = _in_time(task.given_at, one.receipt_due_at or task.due_at)
            yield at, lambda t=task, a=actor: services.receive_task(t.id, actor=a, now=town.now)
        else:
            at = _in_time(task.given_at, task.due_at)
            yield at, lambda t=task, a=actor: services.finish_task(t.id, "done", actor=a, now=town.now)


def _called(town: PlayedTown) -> Doing:
    """Villages that are called out press 1, or are reached by hand."""
    for _callout, area in callouts.waiting(EVERYWHERE):
        takes = VILLAGE_ANSWERS[place.VILLAGES.index(area.jurisdiction)]
        if takes is None:
            yield area.asked_at + BY_HAND, lambda a=area: _reached_by_hand(town, a)
        else:
            yield area.asked_at + takes, lambda a=area: _presses_one(a)


def _reached_by_hand(town: PlayedTown, area: callouts.AreaLine) -> None:
    warden = f"warden-{area.jurisdiction.rpartition('/')[2]}"
    callout.record_by_hand(area.id, warden, town.now, actor=town.as_("duty"), now=town.now)


def _presses_one(area: callouts.AreaLine) -> None:
    """The gateway reports at the product's own door that somebody pressed 1 in the last call to the village's post."""
    call = AttemptRow.objects.filter(area=area.id, channel="voice").order_by("-at").first()
    assert call is not None
    said = Client().post("/answers", {"key": call.key, "digit": "1", "status": "completed"},
                         headers={"Authorization": f"Bearer {place.TOKEN}"})  # fmt: skip
    assert said.json() == {"answered": True}, said.content


def _in_time(since: datetime, due: datetime) -> datetime:
    return since + (due - since) * OF_WHAT_IS_GRANTED


def _decides(town: PlayedTown, incident: str) -> None:
    """The commander opens what is proposed, and goes to the level that is advised."""
    line, commander = queries.incident(EVERYWHERE, incident), town.as_("commander")
    if not line.runs:
        services.open_proposed(line.id, version=line.version, actor=commander, now=town.now)
    elif line.advised:
        services.change_level(line.id, line.advised, version=line.version, actor=commander, now=town.now)


def _gives(town: PlayedTown, one: Pin) -> None:
    """The commander gives what is still there: opening the response may have given it a moment before."""
    if one.line.id in {pin.line.id for pin in _pinned()}:
        early.decide(one.incident, [one.line.id], True, actor=town.as_("commander"), now=town.now)


# ---------------------------------------------------------------- what the record of the run says
@dataclass(frozen=True)
class Pin:
    """An early action that waits."""

    incident: str
    line: queries.ActionLine

    @property
    def name(self) -> str:
        return _name(self.line.action, self.line.facility)


def _pinned() -> list[Pin]:
    return [
        Pin(incident, line)
        for incident in queries.pinned(EVERYWHERE) for line in queries.actions(EVERYWHERE, incident) if line.is_pinned
    ]  # fmt: skip


def _actions() -> Iterator[tuple[str, queries.ActionLine]]:
    for event in detect.recent_events(EVERYWHERE):
        line = queries.incident_of(EVERYWHERE, event.id)
        for one in queries.actions(EVERYWHERE, line.id) if line else ():
            yield event.hazard, one


def _look(run: Run, town: PlayedTown) -> None:
    events = detect.recent_events(EVERYWHERE)
    told = [(line, event.hazard) for event in events for line in ledger.chain(event.id)]
    told.sort(key=lambda one: one[0].at)
    lines = [line for line, _hazard in told]
    for hazard in ("rainstorm", "cloudburst"):
        run.shown |= _levels(hazard, [line for line, of in told if of == hazard])
    of_tasks = {one.task.id: _name(one.action, one.facility) for _hazard, one in _actions() if one.task}
    names = sorted({_name(one.action, one.facility) for _hazard, one in _actions()})
    run.shown |= {name: _action(name, lines, of_tasks) for name in names}
    for begun, _reached, _total in callouts.recent(EVERYWHERE):
        run.villages += [
            Village(area.jurisdiction, area.asked_at, area.reached_at, area.how, area.late_at, area.not_reached_at)
            for area in callouts.areas_of(EVERYWHERE, begun.id)
        ]
    run.still_waiting = tuple(sorted(pin.name for pin in _pinned()))
    run.ledger_holds = not ledger.verify()
    run.messages.update((letter.recipient.removeprefix("post:"), letter.subject) for letter in town.read_all())


def _levels(hazard: str, lines: Sequence[Line]) -> dict[str, Shown]:
    """When the event first stood at each level, and each response level that was proposed or advised for it."""
    out: dict[str, Shown] = {}
    for line in lines:
        level = {"dossier_opened": "level", "level_changed": "to"}.get(line.verb)
        if level and (name := f"{hazard} at {line.body[level]}") not in out:
            out[name] = Shown(name, line.at)
        key = {"response_proposed": "level", "response_advised": "advised"}.get(line.verb)
        if key and (name := f"{hazard} response {line.body[key]}") not in out and "due_us" in line.body:
            out[name] = _level(name, line, int(line.body[key]), lines)
    return out


def _level(name: str, asked: Line, level: int, lines: Sequence[Line]) -> Shown:
    moved = [
        one.at for one in lines if one.verb in ("response_opened", "response_changed") and one.body["level"] >= level
    ]
    told = [one.at for one in lines if one.verb == "decision_wanting" and one.body["response"] == level]
    return Shown(name, asked.at, from_us(asked.body["due_us"]) if told else None,
                 next((at for at in moved if at >= asked.at), None), told=len(told))  # fmt: skip


def _action(name: str, lines: Sequence[Line], of_tasks: dict[str, str]) -> Shown:
    mine = [line for line in lines if _name(line.body.get("action", ""), line.body.get("facility", "")) == name]
    proposed = [line for line in mine if line.verb == "early_action_proposed"]
    decided = next((line.at for line in mine if line.verb in ("early_action_given", "early_action_refused")), None)
    ids = {line.body["early"] for line in proposed}
    told = [line.at for line in lines if line.verb == "decision_wanting" and ids & set(line.body["early"])]
    ours = [line for line in lines if of_tasks.get(line.body.get("task", "")) == name]
    verbs = ("task_given", "task_done", "task_overdue")
    given, done, overdue = (next((line.at for line in ours if line.verb == verb), None) for verb in verbs)
    wanting = from_us(proposed[0].body["due_us"]) if told else None
    return Shown(name, proposed[0].at if proposed else given, wanting, decided or given, done, overdue, len(told))


def _name(action: str, facility: str) -> str:
    short = action.rpartition("/")[2]
    return f"{short}@{facility}" if facility else short


def civil(moment: datetime | None) -> str:
    """``19 Jul 21:59``; a dash where it did not happen."""
    return moment.astimezone(ZONE).strftime("%d Jul %H:%M") if moment else "-"
