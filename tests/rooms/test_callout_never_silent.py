"""Whatever telephones, people and gateways do: at ten and at thirty minutes every village is reached or shown as not reached,
told of once; nobody is forgotten, and nobody is called on after answering."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rooms.calling_out import START, Villages, facts, phone_of, villages
from tocsin.records.callout.lifecycle import AreaState
from tocsin.records.callout.queries import AreaLine
from tocsin.testing import voice_gateway as gateway

pytestmark = pytest.mark.django_db

BEHAVIOURS: dict[str, gateway.Behaviour] = {
    "answers at once": gateway.answers_after(1, seconds=5), "answers on third": gateway.answers_after(3),
    "never": gateway.never, "engaged": gateway.engaged, "machine": gateway.machine, "connects": gateway.connects,
    "wrong key": gateway.wrong_key, "twice": gateway.answers_twice, "forged": gateway.forged,
    "late": gateway.late(minutes=11), "very late": gateway.late(minutes=33),
}  # fmt: skip
HUMAN = {
    "answers at once": 5 / 60,
    "twice": 20 / 60,
    "answers on third": 6 + 20 / 60,
}  # minutes, where the gateway is up
names = st.sampled_from(sorted(BEHAVIOURS))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wardens=st.lists(names, min_size=4, max_size=4),
    others=st.lists(names, min_size=3, max_size=3),
    gateway_down=st.tuples(st.integers(0, 20), st.integers(0, 25)),
    worker_down=st.tuples(st.integers(0, 30), st.integers(0, 15)),
)
def test_every_village_is_reached_or_shown_as_not_reached_at_both_moments(
    wardens: list[str], others: list[str], gateway_down: tuple[int, int], worker_down: tuple[int, int]
) -> None:
    with transaction.atomic(), villages(4) as county:
        for number, behaviour in enumerate(wardens):
            county.gateway.script[phone_of(number)] = BEHAVIOURS[behaviour]
        for number, behaviour in enumerate(others[:2]):
            county.gateway.script[phone_of(number, 1)] = BEHAVIOURS[behaviour]
        county.gateway.script[phone_of(0, 2)] = BEHAVIOURS[others[2]]
        callout = county.start()
        for minute in range(36):
            county.set(START + timedelta(minutes=minute))
            county.gateway.is_down = gateway_down[0] <= minute < sum(gateway_down)
            county.work(working=not worker_down[0] <= minute < sum(worker_down))
            if minute in (10, 30):
                _nobody_is_silent(county, callout)
        if worker_down[0] + worker_down[1] > 35:
            county.work()
        _told_once_and_rightly(county, callout)
        _nobody_is_called_on(county, callout)
        if not gateway_down[1] and not worker_down[1]:
            for number, behaviour in enumerate(wardens):
                _as_the_script_says(county.line(callout, number), behaviour)
        transaction.set_rollback(True)


def _nobody_is_silent(county: Villages, callout: str) -> None:
    """What a page shows at this very moment, also while the worker is down."""
    for line in county.lines(callout).values():
        shown = line.state is AreaState.REACHED or line.is_late(county.now)
        assert shown, f"{line.jurisdiction} is neither reached nor shown as unanswered"
        if county.now >= START + timedelta(minutes=30):
            assert line.state is AreaState.REACHED or line.is_not_reached(county.now)


def _told_once_and_rightly(county: Villages, callout: str) -> None:
    for kind, minutes in (("area_late", 10), ("area_not_reached", 30)):
        told = [str(fact["jurisdiction"]) for fact in facts(kind) if fact["callout"] == callout]
        due = START + timedelta(minutes=minutes)
        expected = [
            line.jurisdiction
            for line in county.lines(callout).values()
            if line.reached_at is None or line.reached_at >= due
        ]
        assert sorted(told) == sorted(expected), kind
    answered = [fact["jurisdiction"] for fact in facts("area_answered") if fact["callout"] == callout]
    assert sorted(map(str, answered)) == sorted(
        line.jurisdiction for line in county.lines(callout).values() if line.state is AreaState.REACHED
    )


def _nobody_is_called_on(county: Villages, callout: str) -> None:
    for number, path in enumerate(county.areas):
        line = county.lines(callout)[path]
        if line.reached_at is not None and line.noted_at is not None:
            assert all(call.at <= line.noted_at for call in county.gateway.to(phone_of(number)))
        else:
            assert line.state is AreaState.WAITING
            assert line.next_at is not None
    assert len({call.key for call in county.gateway.calls}) == len(county.gateway.calls)


def _as_the_script_says(line: AreaLine, behaviour: str) -> None:
    """A warden who answers is reached when they do, unless their deputy or the post above did so before."""
    if behaviour in HUMAN:
        assert line.state is AreaState.REACHED
        assert line.minutes is not None
        assert line.minutes <= HUMAN[behaviour] + 1
