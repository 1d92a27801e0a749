"""A red rainstorm warning over a town of forty villages: who is called, who answers, who is shown as not reached, from the
signature to the cancellation, with a real voice gateway and the movable clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.stories import acts
from tocsin.doors.channels.gateway import Gateway
from tocsin.doors.channels.gateway_request import GatewayRequest
from tocsin.doors.outward.client import Outward
from tocsin.doors.outward.guard import Guard
from tocsin.loop.warn import queries as warnings
from tocsin.records import clock
from tocsin.records.callout import queries, services
from tocsin.records.callout.lifecycle import AreaState
from tocsin.records.dispatch.message import Letter
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.records.places import services as places
from tocsin.records.places.services import Area
from tocsin.testing import voice_gateway as gateway
from tocsin.testing.town import EAST, ZONE, Town
from tocsin.testing.voice_gateway import VoiceGateway

VILLAGES = 40
TOKEN = "only the gateway knows it"
SCRIPT = (gateway.answers_after(1), gateway.answers_after(1, seconds=50), gateway.answers_after(3), gateway.machine,
          gateway.engaged, gateway.never, gateway.answers_twice, gateway.connects)  # fmt: skip


class Calls(Gateway):
    """The real channel, in the place of a twin: what it hands over rings at the gateway, and lies in no inbox."""

    letters: ClassVar[list[Letter]] = []


class Story:
    """The town, its villages in the east, and the gateway on whose callbacks the story hangs."""

    def __init__(self, town: Town, calls: VoiceGateway) -> None:
        self.town, self.calls, self.client = town, calls, Client()
        self.paths = [f"{EAST}/v{number:02d}" for number in range(VILLAGES)]
        request = GatewayRequest(calls.url, settings.CONFIGURATION.voice_request, "")
        town.inboxes["voice"] = Calls("voice", Outward(Guard(("127.0.0.1",))), request)  # type: ignore[assignment]
        side = 0.5 / VILLAGES
        areas = [
            Area(path, {"en": f"Village {n}", "zh-hans": f"{n}号村"}, 5, ZONE.key, _strip(120.5 + n * side, side))
            for n, path in enumerate(self.paths)
        ]
        places.put_jurisdictions(areas, actor="story", now=town.now)
        wardens = [
            PostLine(f"warden-{n}", {"en": f"Warden of village {n}"}, "emergency", Role.INSPECTOR, path, language="en",
                     phone=self.phone(n), duty="warden")
            for n, path in enumerate(self.paths)
        ]  # fmt: skip
        above = PostLine("east-on-duty", {"en": "East, on duty"}, "emergency", Role.INSPECTOR, EAST, language="en",
                         phone="+865719000000", duty="warden")  # fmt: skip
        org.put_posts([*wardens, above], actor=SYSTEM, now=town.now)
        for number in range(VILLAGES):
            calls.script[self.phone(number)] = SCRIPT[number % len(SCRIPT)]

    @staticmethod
    def phone(number: int) -> str:
        return f"+86571100{number:04d}"

    def after(self, minutes: float) -> None:
        """Time passes in steps of half a minute, and the gateway reports what it has to."""
        until = self.town.now + timedelta(minutes=minutes)
        while self.town.now < until:
            self.town.after(seconds=30)
            for callback in self.calls.due(self.town.now):
                self.client.post("/answers", callback.body, headers={"Authorization": f"Bearer {TOKEN}"})
            self.town.carry()

    def states(self, callout: str) -> dict[AreaState, int]:
        found = [line.state for line in queries.areas_of(EVERYWHERE, callout)]
        return {state: found.count(state) for state in AreaState if state in found}


@pytest.fixture
def story(db: None) -> Iterator[Story]:
    with Town(synthetic=False) as town, VoiceGateway(clock.now) as calls:
        wanted = replace(settings.CONFIGURATION, voice_gateway=calls.url, answers_token=TOKEN)
        with override_settings(CONFIGURATION=wanted):
            yield Story(town, calls)
            town.read_all()


def test_forty_villages_of_a_red_warning_are_reached_or_shown_as_not_reached(story: Story) -> None:
    town = story.town
    acts.may_warn(town)
    town.at("16:00")
    storm = town.storm(level=4)
    warning = acts.drafts(town, "duty", storm.event)
    town.read_all()
    acts.signs(town, "signer", warning)
    signed = warnings.warning(EVERYWHERE, warning).issued_at
    town.carry()
    [callout] = queries.of_cause(EVERYWHERE, warning)
    assert callout.since == signed
    assert len(queries.areas_of(EVERYWHERE, callout.id)) == VILLAGES
    assert len(story.calls.calls) == VILLAGES  # all at once
    assert "rainstorm" in story.calls.calls[0].text.lower()

    story.after(minutes=10)
    found = queries.minutes(EVERYWHERE, callout.id)
    assert found.total == VILLAGES
    assert found.reached == found.in_time == VILLAGES // 2  # at the first call, or at the third
    town.phone("duty").expects("No answer yet", "12 more areas")
    told = [letter.subject for letter in town.read_all()]
    assert not any("NOT REACHED" in subject for subject in told)

    machine = next(line for line in queries.areas_of(EVERYWHERE, callout.id) if line.jurisdiction == story.paths[3])
    services.record_by_hand(
        machine.id, "warden-3", town.now - timedelta(minutes=1), actor=town.as_("duty"), now=town.now
    )

    story.calls.script["+865719000000"] = gateway.never
    story.after(minutes=20.5)
    lines = queries.areas_of(EVERYWHERE, callout.id)
    reached = [line for line in lines if line.state is AreaState.REACHED]
    assert len(reached) == VILLAGES // 2 + 1
    assert all(line.not_reached_at is not None for line in lines if line.state is AreaState.WAITING)
    town.phone("commander").expects("NOT REACHED", "11 more areas")
    assert sum("NOT REACHED" in letter.subject for letter in town.read_all()) == 0  # told once

    later = acts.cancels(town, "duty", warning)
    acts.signs(town, "signer", later)
    story.after(minutes=5)
    assert story.states(callout.id) == {AreaState.REACHED: 21, AreaState.WITHDRAWN: 19}
    calls_after = [call for call in story.calls.calls if call.at > town.now - timedelta(minutes=4)]
    assert [call.text for call in calls_after if "cancel" not in call.text.lower()] == []
    assert ledger.verify() == []


def test_an_exercise_of_a_town_with_invented_gauges_calls_nobody_out(db: None) -> None:
    with Town() as town, VoiceGateway(clock.now) as calls:
        wanted = replace(settings.CONFIGURATION, voice_gateway=calls.url, answers_token=TOKEN)
        with override_settings(CONFIGURATION=wanted):
            story = Story(town, calls)
            acts.may_warn(town)
            town.at("16:00")
            storm = town.storm(level=4)
            warning = acts.drafts(town, "duty", storm.event)
            acts.signs(town, "signer", warning)
            story.after(minutes=2)
            assert queries.of_cause(EVERYWHERE, warning) == []
            assert calls.calls == []
            town.read_all()


def _strip(west: float, wide: float) -> list[list[list[float]]]:
    east = west + wide
    return [[[west, 30.0], [east, 30.0], [east, 30.5], [west, 30.5], [west, 30.0]]]
