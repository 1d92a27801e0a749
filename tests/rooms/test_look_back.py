"""The look-back: a task on its day, for somebody who may look; what is there again becomes a finding of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rooms.responding import facts, responding_town, verbs
from tests.rooms.test_rectify import PHOTO, fixed, line, looked
from tocsin.loop.rectify import queries, services
from tocsin.loop.rectify.lifecycle import FindingState
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.tasks import queries as task_list
from tocsin.terms.errors import BadValue, NotAllowed, Stale
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db
INSPECTOR = "inspector-two"


@pytest.fixture
def town() -> Iterator[Town]:
    with responding_town() as built:
        built.hire(INSPECTOR, Role.INSPECTOR, EAST, lon=120.8, lat=30.3)
        yield built


def closed(town: Town) -> str:
    finding = fixed(town)
    looked(town, finding, "fixed")
    return finding


def looked_back(town: Town, finding: str, said: str, note: str = "", by: str = INSPECTOR) -> str:
    actor = town.as_(by)
    return services.look_back(finding, said, note, [PHOTO], version=line(finding).version, actor=actor, now=town.now)


def due(town: Town) -> str:
    finding = closed(town)
    town.after(days=365)
    town.phone(INSPECTOR).expects("look back", "Old mill")
    return finding


def test_the_task_comes_on_its_day_and_not_before(town: Town) -> None:
    finding = closed(town)
    town.after(days=363)
    assert not line(finding).look_back_task
    with pytest.raises(Stale, match="waits for nobody"):
        looked_back(town, finding, "fixed")
    town.after(days=2)
    town.phone(INSPECTOR).expects("look back", "Old mill")
    (task,) = [task for task in task_list.about(EVERYWHERE, finding) if task.kind == services.LOOK_BACK_KIND]
    assert (task.post, task.id, task.is_open) == (INSPECTOR, line(finding).look_back_task, True)
    assert finding in [one.id for one in queries.waiting_for(town.as_(INSPECTOR).scope)]
    services.sweep(now=town.now)
    assert len([task for task in task_list.about(EVERYWHERE, finding) if task.kind == services.LOOK_BACK_KIND]) == 1


def test_nobody_on_duty_is_waited_for(town: Town) -> None:
    finding = closed(town)
    town.goes_home(INSPECTOR)
    town.after(days=366)
    assert not line(finding).look_back_task
    town.comes_to_work(INSPECTOR)
    town.carry()
    assert line(finding).look_back_task
    town.read_all()


def test_still_in_order(town: Town) -> None:
    finding = due(town)
    assert looked_back(town, finding, "fixed") == ""
    after = line(finding)
    assert (after.state, after.look_back_said, after.looked_back_at) == (FindingState.CLOSED, "fixed", town.now)
    assert verbs(finding)[-1] == "finding_looked_back"
    assert len(facts("finding_looked_back")) == 1
    with pytest.raises(Stale):
        looked_back(town, finding, "fixed")
    assert all(not task.is_open for task in task_list.about(EVERYWHERE, finding))


def test_there_again(town: Town) -> None:
    finding = due(town)
    with pytest.raises(BadValue, match="is empty"):
        looked_back(town, finding, "not_fixed")
    assert line(finding).looked_back_at is None
    again = looked_back(town, finding, "not_fixed", "it stands still again")
    town.phone("case-handler").expects("A finding waits for an order", "stands still again")
    new, old = line(again), line(finding)
    assert (new.state, new.facility, new.grade, new.words) == (
        FindingState.RECORDED,
        old.facility,
        old.grade,
        "it stands still again",
    )
    assert (old.state, old.found_again) == (FindingState.CLOSED, again)
    assert ledger.chain(finding)[-1].body["again"] == again


def test_who_put_it_right_does_not_look_and_too_late_is_told(town: Town) -> None:
    finding = due(town)
    with pytest.raises(NotAllowed):
        looked_back(town, finding, "fixed", by="operator-mill")
    town.after(days=11)
    town.phone("case-handler").expects("nobody has looked back", "Old mill")
    assert "look_back_overdue" in verbs(finding)


def test_every_entry_of_a_finding_says_where_it_is(town: Town) -> None:
    finding = closed(town)
    told = [
        entry for entry in ledger.chain(finding) if entry.verb in ("finding_recorded", "order_served", "finding_closed")
    ]
    assert [entry.body["jurisdiction"] for entry in told] == [EAST] * 3
