"""Facts are carried to every stage, once, whatever fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from tests.rooms.town import NOW
from tocsin.app.wiring import WIRING
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.models import LedgerEntry
from tocsin.records.outbox import services as outbox
from tocsin.records.outbox.carrier import Carrier, Stage
from tocsin.records.outbox.fact import fact, known_kinds
from tocsin.records.outbox.models import OutboxFact
from tocsin.records.outbox.queries import waiting
from tocsin.records.outbox.wakeup import Wakeup

pytestmark = pytest.mark.django_db


@fact
@dataclass(frozen=True, slots=True)
class BellRung:
    tower: str
    strokes: int


@fact
@dataclass(frozen=True, slots=True)
class BellMended:
    tower: str


class Heard:
    """A stage that remembers, in the ledger, what it took; it fails on the towers it is told to."""

    def __init__(self, name: str = "heard", broken: Sequence[str] = ()) -> None:
        self.broken = set(broken)
        self.calls = 0
        self.stage = Stage(name, self.take)

    def take(self, facts: Sequence[Any], now: datetime) -> None:
        self.calls += 1
        for one in facts:
            ledger.append(self.stage.name, "took", {"tower": one.tower}, actor="test", now=now)
            if one.tower in self.broken:
                raise RuntimeError(f"cannot hear {one.tower}")

    @property
    def towers(self) -> list[str]:
        rows = LedgerEntry.objects.filter(subject=self.stage.name).order_by("number")
        return [row.body.split('"')[3] for row in rows]


def ring(*towers: str) -> None:
    with transaction.atomic():
        outbox.put([BellRung(tower, 3) for tower in towers], now=NOW)


def ring_in_vain() -> None:
    """The change that the fact tells of is rolled back."""
    with transaction.atomic():
        outbox.put([BellRung("north", 1)], now=NOW)
        transaction.set_rollback(True)


def test_facts_reach_their_stages_in_order_and_together() -> None:
    heard = Heard()
    ring("north", "south")
    assert Carrier({"bell_rung": [heard.stage]}).carry(now=NOW).facts == 2
    assert heard.towers == ["north", "south"]
    assert heard.calls == 1
    assert waiting(now=NOW).facts == 0


def test_a_carried_fact_is_never_carried_again() -> None:
    heard = Heard()
    ring("north")
    carrier = Carrier({"bell_rung": [heard.stage]})
    carrier.carry(now=NOW)
    carrier.carry(now=NOW)
    OutboxFact.objects.update(carried_at=None)  # as after a crash between the stage's commit and ours
    carrier.carry(now=NOW)
    assert heard.towers == ["north"]


def test_a_fact_that_nobody_awaits_is_carried_too() -> None:
    ring("north")
    assert Carrier({}).carry(now=NOW).facts == 1
    assert waiting(now=NOW).facts == 0


def test_a_bad_fact_delays_no_other_and_leaves_nothing_behind() -> None:
    heard = Heard(broken=["south"])
    ring("north", "south", "west")
    result = Carrier({"bell_rung": [heard.stage]}).carry(now=NOW)
    assert (result.facts, result.failed) == (2, 1)
    assert heard.towers == ["north", "west"]
    assert result.errors == ["heard: cannot hear south"]
    health = waiting(now=NOW + timedelta(minutes=4))
    assert (health.facts, health.failing, health.age) == (1, 1, timedelta(minutes=4))


def test_a_failed_fact_is_put_off_longer_each_time_and_carried_when_the_stage_is_mended() -> None:
    heard = Heard(broken=["south"])
    carrier = Carrier({"bell_rung": [heard.stage]})
    ring("south")
    pauses, now = [], NOW
    for _ in range(3):
        assert carrier.carry(now=now).failed == 1
        row = OutboxFact.objects.get()
        assert row.not_before is not None
        pauses.append(row.not_before - now)
        assert carrier.carry(now=row.not_before - timedelta(microseconds=1)).failed == 0
        now = row.not_before
    assert pauses == [timedelta(seconds=s) for s in (1, 2, 4)]
    heard.broken.clear()
    assert carrier.carry(now=now).facts == 1
    assert heard.towers == ["south"]


def test_a_stage_that_took_a_fact_is_not_run_again_because_the_next_failed() -> None:
    first, second = Heard("first"), Heard("second", broken=["north"])
    ring("north")
    carrier = Carrier({"bell_rung": [first.stage, second.stage]})
    assert carrier.carry(now=NOW).failed == 1
    second.broken.clear()
    assert carrier.carry(now=NOW + timedelta(seconds=1)).facts == 1
    assert (first.towers, second.towers) == (["north"], ["north"])


def test_a_fact_of_a_newer_version_waits_instead_of_being_lost() -> None:
    heard = Heard()
    OutboxFact.objects.create(fact_id="fact_1", kind="bell_cast", body="{}", at=NOW)
    result = Carrier({"bell_cast": [heard.stage]}).carry(now=NOW)
    assert result.failed == 1
    assert "no room declares it" in result.errors[0]
    assert waiting(now=NOW).facts == 1


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        outbox.put([BellRung("north", 1)], now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_fact_of_a_change_that_was_rolled_back_does_not_exist() -> None:
    ring_in_vain()
    assert OutboxFact.objects.count() == 0


def test_the_wiring_names_only_facts_that_exist_and_no_stage_twice() -> None:
    assert set(WIRING) <= known_kinds()
    for kind, stages in WIRING.items():
        assert len({stage.name for stage in stages}) == len(stages), kind


def test_only_frozen_dataclasses_are_facts() -> None:
    with pytest.raises(TypeError, match="frozen"):
        fact(type("Loose", (), {}))
    with pytest.raises(TypeError, match="two facts"):
        fact(dataclass(frozen=True)(type("BellRung", (), {})))


@pytest.mark.django_db(transaction=True)
def test_a_waiter_wakes_when_another_connection_commits() -> None:
    with Wakeup() as wakeup:
        assert not wakeup.wait(0.05)
        ring("north")  # between two waits: not missed
        assert wakeup.wait(10)
        assert not wakeup.wait(0.05)

        writer = threading.Timer(0.1, lambda: (ring("south"), connection.close()))
        writer.start()
        assert wakeup.wait(10)
        writer.join()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_wakes_nobody() -> None:
    with Wakeup() as wakeup:
        ring_in_vain()
        assert not wakeup.wait(0.1)


@pytest.mark.django_db(transaction=True)
def test_two_carriers_side_by_side_carry_each_fact_once() -> None:
    ring(*(f"tower{n}" for n in range(200)))
    heard = Heard()

    def work() -> None:
        carrier = Carrier({"bell_rung": [heard.stage]})
        while carrier.carry(now=NOW, at_most=20).facts:
            pass
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(heard.towers) == sorted(f"tower{n}" for n in range(200))
    assert waiting(now=NOW).facts == 0


@pytest.mark.django_db(transaction=True)
def test_a_running_carrier_takes_what_is_put_and_stops_when_told() -> None:
    heard = Heard()
    with running(Carrier({"bell_rung": [heard.stage]})):
        ring("north")
        until_carried()
    assert heard.towers == ["north"]


if connection.vendor == "postgresql":  # SQLite has no server that could go away

    @pytest.mark.django_db(transaction=True)
    def test_a_carrier_waits_for_a_server_that_goes_away() -> None:
        heard = Heard()
        with running(Carrier({"bell_rung": [heard.stage]})):
            ring("north")
            until_carried()
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ring("south")
            until_carried()
        assert heard.towers == ["north", "south"]


@contextmanager
def running(carrier: Carrier) -> Iterator[None]:
    stop = threading.Event()
    worker = threading.Thread(target=carrier.run, args=(stop, lambda: NOW), kwargs={"idle_s": 0.2})
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(10)
    assert not worker.is_alive()


def until_carried() -> None:
    deadline = time.monotonic() + 10
    while waiting(now=NOW).facts:
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
