"""Habits of good producers (P of warnings.md) that are no property of one message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings

from tests.rooms.test_warn import TABLE, drafted, signed
from tocsin.app.sender import send_due
from tocsin.formats.cap import read
from tocsin.loop.warn import queries, services
from tocsin.records.audience import monthly
from tocsin.records.audience import services as audience
from tocsin.records.audience.models import SubscriberRow
from tocsin.records.audience.services import Target
from tocsin.records.dispatch.models import DispatchRow
from tocsin.records.org.actor import SYSTEM
from tocsin.terms.errors import BadValue, NotAllowed
from tocsin.testing.channels import Inbox
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        yield built
        built._ring().clear()


@pytest.mark.parametrize("level", [1, 2])
def test_p14_a_downgrade_is_an_update_that_cites_what_it_lowers(town: Town, level: int) -> None:
    first = signed(town, drafted(town, level=3))
    town.after(minutes=5)
    second = signed(town, services.draft_update(first, level=level, actor=town.as_("duty"), now=town.now))
    message = read(queries.alert(second).document).alert
    assert message is not None
    assert message.msg_type == "Update"
    assert [cited.identifier for cited in message.references] == [first]
    assert {info.severity for info in message.infos} == {"Minor" if level == 1 else "Moderate"}
    in_force = queries.in_force(town.as_("duty").scope, now=town.now + timedelta(seconds=1))
    assert [line.id for line in in_force] == [second]


# ---------------------------------------------------------------- P16
DISPLAYS = (Target("siren", {}, "mqtt", "town/siren", language="en", exercises=True),
            Target("quiet", {}, "webhook", "https://town.example/hook", language="en"),
            Target("loud", {}, "webhook", "https://town.example/loud", language="en", exercises=True))  # fmt: skip


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment that can write short messages, tested on the third of the month."""
    made = replace(settings.CONFIGURATION, sms_gateway="https://sms.example", test_day=3, time_zone="Asia/Shanghai")
    monkeypatch.setattr(settings, "CONFIGURATION", made)


def test_p16_once_a_month_every_channel_is_tested_and_measured_and_the_public_is_let_be(
    town: Town, gateway: None
) -> None:
    audience.put_targets(DISPLAYS, actor=SYSTEM, now=town.now)
    SubscriberRow.objects.create(id="sub_1", channel="mail", contact="x", mark="x", language="en", state="confirmed",
                                 asked_at=town.now, confirmed_at=town.now)  # fmt: skip
    town.read_all()
    local = (town.now + timedelta(days=40)).replace(day=3, hour=1, minute=59)  # 09:59 there
    monthly.sweep(now=local)
    assert not DispatchRow.objects.filter(kind=monthly.KIND).exists()
    monthly.sweep(now=local + timedelta(days=7))  # too late: not three weeks after the day that was chosen
    assert not DispatchRow.objects.filter(kind=monthly.KIND).exists()
    for minutes in (1, 2, 60 * 24, 60 * 24 * 25):
        monthly.sweep(now=local + timedelta(minutes=minutes))
    assert len(set(DispatchRow.objects.filter(kind=monthly.KIND).values_list("put_at", flat=True))) == 1
    for name in ("mail", "sms", "mqtt", "webhook"):
        send_due(Inbox(name), now=local + timedelta(minutes=2))
    lines = {(line.channel, line.whom): line for line in monthly.outcome()[1]}
    assert {("mail", "posts"), ("mqtt", "targets"), ("webhook", "targets")} <= lines.keys()
    assert {whom for _channel, whom in lines} <= {"posts", "targets"}
    assert lines["webhook", "targets"].queued == 1


def test_p16_a_test_says_that_it_is_one_and_what_came_of_it_is_told(town: Town, gateway: None) -> None:
    audience.put_targets(DISPLAYS, actor=SYSTEM, now=town.now)
    town.read_all()
    about = monthly.send(actor=SYSTEM, now=town.now)
    town.phone("duty").expects("Exercise", "monthly test", "need do nothing")
    town.phone("target:siren", channel="mqtt").expects("Exercise", "monthly test")
    told = town.read_all()
    assert not [letter for letter in told if letter.recipient == "target:quiet"]
    told_about, lines = monthly.outcome()
    assert told_about == about
    (hooks,) = [line for line in lines if line.channel == "webhook"]
    assert (hooks.queued, hooks.accepted) == (1, 1)
    assert hooks.p99_s is not None
    day = town.now.replace(day=3, hour=2, minute=30)
    DispatchRow.objects.filter(kind=monthly.KIND).update(put_at=day)
    monthly.sweep(now=day + timedelta(minutes=1))  # one sent by hand counts for its month
    assert len(set(DispatchRow.objects.filter(kind=monthly.KIND).values_list("put_at", flat=True))) == 1


def test_p16_without_the_setting_nothing_is_sent_and_only_the_administrator_sends(town: Town) -> None:
    monthly.sweep(now=town.now)
    assert monthly.outcome() == ("", [])
    with pytest.raises(NotAllowed):
        monthly.send(actor=town.as_("inspector-east"), now=town.now)


def test_p16_a_day_that_not_every_month_has_is_refused() -> None:
    from tocsin.app.configuration import load

    with pytest.raises(BadValue, match="test_day"):
        load(settings.HOME, {"TOCSIN_TEST_DAY": "31"})
