"""Tasks: one assignee, one due time, one outcome; a deadline never passes unseen and is told of once."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.rooms.town import NOW
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.outbox.models import OutboxFact
from tocsin.records.tasks import queries
from tocsin.records.tasks.lifecycle import MOVES, TaskState, allowed
from tocsin.records.tasks.models import TaskRow
from tocsin.records.tasks.services import Order, acknowledge, finish, give, mark_overdue, withdraw
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.moment import to_us

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
INSPECTOR = Actor("inspector-east/acc_1", "acc_1", "inspector-east", Role.INSPECTOR, "simcity/east")
COLLEAGUE = Actor("inspector-west/acc_2", "acc_2", "inspector-west", Role.INSPECTOR, "simcity/west")
ANALYST = Actor("analyst/acc_3", "acc_3", "inspector-east", Role.ANALYST, "simcity")


def order(**other: object) -> Order:
    fields = {"kind": "verification", "title": {"en": "Look at the underpass"}, "about": "vrf_1", "event": "evt_1",
              "jurisdiction": "simcity/east", "post": "inspector-east", "due_at": NOW + 10 * MINUTE, "level": 3}  # fmt: skip
    return Order(**(fields | other))  # type: ignore[arg-type]


def ask(**other: object) -> str:
    return give(order(**other), actor=SYSTEM, now=NOW)


def told(event: str = "evt_1") -> list[str]:
    """What the ledger says of a chain."""
    return [line.verb for line in ledger.chain(event)]


def facts() -> list[str]:
    return list(OutboxFact.objects.order_by("id").values_list("kind", flat=True))


# ---------------------------------------------------------------- the life of a task
def test_the_moves_are_those_of_the_table() -> None:
    for before, after in itertools.product(TaskState, TaskState):
        assert allowed(before, after) == ((before, after) in MOVES)
    final = {TaskState.DONE, TaskState.WITHDRAWN}
    assert not any(before in final for before, _ in MOVES)


def test_given_acknowledged_done() -> None:
    task = ask(detail={"photo": True}, lon=120.5, lat=30.2, place="Station underpass")
    acknowledge(task, actor=INSPECTOR, now=NOW + MINUTE)
    finish(task, {"verdict": "confirmed"}, actor=INSPECTOR, now=NOW + 2 * MINUTE)
    line = queries.task(EVERYWHERE, task)
    assert (line.state, line.acknowledged_by, line.ended_at) == (TaskState.DONE, INSPECTOR.name, NOW + 2 * MINUTE)
    assert (line.outcome, line.detail, line.overdue_at, line.is_open) == (
        {"verdict": "confirmed"},
        {"photo": True},
        None,
        False,
    )
    assert told() == ["task_given", "task_acknowledged", "task_done"] == facts()
    assert ledger.chain("evt_1")[0].body["due_us"] == to_us(NOW + 10 * MINUTE)
    assert ledger.verify() == []


def test_a_task_without_an_event_is_told_of_where_it_is_about() -> None:
    ask(event="", about="fnd_1")
    assert told("fnd_1") == ["task_given"]


def test_acknowledging_twice_is_once() -> None:
    task = ask()
    acknowledge(task, actor=INSPECTOR, now=NOW)
    acknowledge(task, actor=INSPECTOR, now=NOW + MINUTE)
    assert told() == ["task_given", "task_acknowledged"]
    assert queries.task(EVERYWHERE, task).acknowledged_at == NOW


def test_it_can_be_done_without_being_acknowledged() -> None:
    task = ask()
    finish(task, {}, actor=INSPECTOR, now=NOW)
    assert queries.task(EVERYWHERE, task).state is TaskState.DONE


def test_what_is_over_stays_over() -> None:
    task = ask()
    finish(task, {}, actor=INSPECTOR, now=NOW)
    for move in (
        lambda: finish(task, {}, actor=INSPECTOR, now=NOW),
        lambda: acknowledge(task, actor=INSPECTOR, now=NOW),
    ):
        with pytest.raises(Stale, match="done already"):
            move()
    assert withdraw(task, "no need", actor=SYSTEM, now=NOW) is False
    other = ask()
    assert withdraw(other, "no need", actor=SYSTEM, now=NOW) is True
    with pytest.raises(Stale, match="withdrawn"):
        finish(other, {}, actor=INSPECTOR, now=NOW)
    assert told() == ["task_given", "task_done", "task_given", "task_withdrawn"]


def test_only_the_post_it_was_given_to_may_move_it() -> None:
    task = ask()
    with pytest.raises(NotAllowed, match="another post"):
        acknowledge(task, actor=COLLEAGUE, now=NOW)
    with pytest.raises(NotAllowed):
        finish(task, {}, actor=ANALYST, now=NOW)  # the right post, a role that does no tasks
    with pytest.raises(UnknownName):
        finish("tsk_0", {}, actor=INSPECTOR, now=NOW)
    assert told() == ["task_given"]


@pytest.mark.parametrize("fault", [{"post": ""}, {"kind": ""}, {"event": "", "about": ""}])
def test_an_order_that_could_not_be_told_of_is_refused(fault: dict[str, str]) -> None:
    with pytest.raises(BadValue):
        give(order(**fault), actor=SYSTEM, now=NOW)
    assert TaskRow.objects.count() == 0


# ---------------------------------------------------------------- deadlines
def test_a_deadline_counts_from_its_very_moment() -> None:
    task = ask()
    assert mark_overdue(now=NOW + 10 * MINUTE - timedelta(microseconds=1)) == 0
    assert mark_overdue(now=NOW + 10 * MINUTE) == 1
    assert [line.id for line in queries.overdue(EVERYWHERE)] == [task]


def test_a_deadline_is_told_of_once_however_often_one_looks() -> None:
    ask()
    late = NOW + timedelta(days=3)  # the server was down meanwhile
    assert [mark_overdue(now=late), mark_overdue(now=late), mark_overdue(now=late + MINUTE)] == [1, 0, 0]
    assert told() == ["task_given", "task_overdue"]
    assert ledger.chain("evt_1")[1].body["at_us"] == ledger.chain("evt_1")[0].body["due_us"]


def test_all_that_is_overdue_is_marked_at_once_the_longest_due_first() -> None:
    for n in range(230):
        ask(event=f"evt_{n % 3}", due_at=NOW + timedelta(seconds=230 - n))
    assert mark_overdue(now=NOW + 10 * MINUTE) == 230
    due = [
        body for kind, body in OutboxFact.objects.order_by("id").values_list("kind", "body") if kind == "task_overdue"
    ]
    moments = [int(body.rpartition(":")[2].strip(" }")) for body in due]
    assert moments == sorted(moments)
    assert len(moments) == 230


def test_an_overdue_task_is_still_to_be_done() -> None:
    task = ask()
    mark_overdue(now=NOW + 11 * MINUTE)
    acknowledge(task, actor=INSPECTOR, now=NOW + 12 * MINUTE)
    finish(task, {}, actor=INSPECTOR, now=NOW + 13 * MINUTE)
    assert told() == ["task_given", "task_overdue", "task_acknowledged", "task_done"]
    assert queries.overdue(EVERYWHERE) == []


@pytest.mark.parametrize("end", ["finish", "withdraw"])
def test_a_task_that_ends_late_was_overdue_also_where_nobody_had_looked(end: str) -> None:
    task, late = ask(), NOW + 11 * MINUTE
    if end == "finish":
        finish(task, {}, actor=INSPECTOR, now=late)
    else:
        withdraw(task, "no need", actor=SYSTEM, now=late)
    assert told()[1] == "task_overdue"
    assert mark_overdue(now=late) == 0


# ---------------------------------------------------------------- reading
def test_tasks_are_read_in_their_area_only() -> None:
    task = ask()
    for scope in (Scope("simcity", Role.DUTY_OFFICER), INSPECTOR.scope, Scope("", Role.AUDITOR), EVERYWHERE):
        assert queries.task(scope, task).id == task
        assert [line.id for line in queries.of_event(scope, "evt_1")] == [task]
    west = Scope("simcity/west", Role.DUTY_OFFICER)
    with pytest.raises(UnknownName):
        queries.task(west, task)
    assert (
        queries.of_event(west, "evt_1") == queries.about(west, "vrf_1") == queries.of_post(west, "inspector-east") == []
    )


def test_an_administrator_reads_no_task() -> None:
    ask()
    with pytest.raises(NotAllowed):
        queries.of_event(Scope("", Role.ADMINISTRATOR), "evt_1")


def test_an_operator_reads_the_tasks_of_the_own_facility_only() -> None:
    org.put_departments([org.DepartmentLine("mill", {"en": "Mill"})], actor=SYSTEM, now=NOW)
    posts = [org.PostLine(name, {"en": name}, "mill", Role.FACILITY_OPERATOR, "simcity/east", facility)
             for name, facility in (("operator-mill", "mill"), ("operator-dam", "dam"))]  # fmt: skip
    org.put_posts(posts, actor=SYSTEM, now=NOW)
    mine, others = ask(post="operator-mill"), ask(post="operator-dam")
    ask()
    scope = Scope("simcity/east", Role.FACILITY_OPERATOR, "mill")
    assert [line.id for line in queries.of_event(scope, "evt_1")] == [mine]
    assert queries.of_post(scope, "operator-dam") == []
    with pytest.raises(UnknownName):
        queries.task(scope, others)


def test_tasks_of_a_post_come_in_order_of_their_deadlines() -> None:
    late, soon = ask(due_at=NOW + 20 * MINUTE), ask(due_at=NOW + MINUTE)
    finish(gone := ask(), {}, actor=INSPECTOR, now=NOW)
    assert [line.id for line in queries.of_post(EVERYWHERE, "inspector-east")] == [soon, late]
    assert [line.id for line in queries.of_post(EVERYWHERE, "inspector-east", is_open=False)] == [gone]
    assert len(queries.of_post(EVERYWHERE, "inspector-east", is_open=None)) == 3


def test_tasks_given_at_one_moment_stay_in_the_order_of_giving() -> None:
    given = [ask() for _ in range(20)]
    assert [line.id for line in queries.of_event(EVERYWHERE, "evt_1")] == given
    assert [line.id for line in queries.of_post(EVERYWHERE, "inspector-east")] == given


# ---------------------------------------------------------------- whatever the order
MOVE = st.sampled_from(["acknowledge", "finish", "withdraw", "sweep", "wait"])


class Interleavings(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(MOVE, st.integers(0, 2)), max_size=14), st.lists(st.integers(1, 8), min_size=3, max_size=3)
    )
    def test_a_crossed_deadline_is_told_of_once_and_no_other(
        self, moves: list[tuple[str, int]], due: list[int]
    ) -> None:
        tasks = [ask(event=f"evt_{n}", due_at=NOW + minutes * MINUTE) for n, minutes in enumerate(due)]
        now, ended = NOW, dict.fromkeys(range(3), datetime.max.replace(tzinfo=NOW.tzinfo))
        for move, n in moves:
            if move == "wait":
                now += 2 * MINUTE
            elif move == "sweep":
                mark_overdue(now=now)
            else:
                try:
                    self.move(move, tasks[n], now)
                except Stale:
                    assert ended[n] <= now
                else:
                    if move != "acknowledge":
                        ended[n] = min(ended[n], now)
        mark_overdue(now=now)
        for n, minutes in enumerate(due):
            crossed = NOW + minutes * MINUTE <= min(now, ended[n])
            assert told(f"evt_{n}").count("task_overdue") == crossed
            assert facts_of(tasks[n]).count("task_overdue") == crossed
        assert ledger.verify() == []

    @staticmethod
    def move(move: str, task: str, now: datetime) -> None:
        if move == "acknowledge":
            acknowledge(task, actor=INSPECTOR, now=now)
        elif move == "finish":
            finish(task, {}, actor=INSPECTOR, now=now)
        else:
            withdraw(task, "no need", actor=SYSTEM, now=now)


def facts_of(task: str) -> list[str]:
    rows = OutboxFact.objects.order_by("id").values_list("kind", "body")
    return [kind for kind, body in rows if task in body]


def test_a_line_shows_every_column_but_the_mark_of_its_batch() -> None:
    assert {field.name for field in dataclasses.fields(queries.TaskLine)} == {f.attname for f in TaskRow._meta.fields}
