"""Call-outs: an attempt is not an arrival. What the room promises, with a real gateway whose behaviour is scripted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta

import pytest

from tests.rooms.calling_out import START, TOKEN, Villages, facts, phone_of, verbs, villages
from tocsin.records.callout import queries, services
from tocsin.records.callout.lifecycle import AreaState
from tocsin.records.callout.models import AttemptRow, CalledRow
from tocsin.records.dispatch.answers import code_of
from tocsin.records.dispatch.silences import QuietHours, put_quiet_hours
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.terms.errors import BadTime, BadValue, NotAllowed, Stale
from tocsin.testing import voice_gateway as gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def county() -> Iterator[Villages]:
    with villages(3) as built:
        yield built


# ---------------------------------------------------------------- attempts
def test_a_red_warning_calls_and_writes_at_once_and_calls_every_three_minutes(county: Villages) -> None:
    callout = county.start()
    county.pass_time(5)
    line = county.line(callout)
    assert [round((one.at - START) / timedelta(minutes=1), 1) for one in county.attempts(line)] == [0.0, 3.0]
    assert [len(county.attempts(line, channel)) for channel in ("sms", "mail")] == [1, 1]  # once, not every time
    assert len(county.gateway.to(phone_of(0))) == 2
    assert "Go to high ground" in county.gateway.calls[0].text
    assert "Press 1" in county.gateway.calls[0].text
    assert line.state is AreaState.WAITING
    assert line.attempts == 4


def test_every_attempt_is_a_row_with_what_the_gateway_said(county: Villages) -> None:
    callout = county.start()
    county.pass_time(0)
    first = queries.attempts_of(EVERYWHERE, callout, county.line(callout).id)
    assert {(one.post, one.channel, one.gateway) for one in first} == {
        ("warden-0", "voice", "accepted"), ("warden-0", "sms", "accepted"), ("warden-0", "mail", "accepted")}  # fmt: skip
    assert next(one.said for one in first if one.channel == "voice") == "202 queued"


def test_the_deputy_is_called_after_two_calls_in_vain_and_the_post_above_after_four(county: Villages) -> None:
    callout = county.start()
    county.pass_time(13)
    line = county.line(callout)
    by_post: dict[str, list[float]] = {}
    for one in county.attempts(line):
        by_post.setdefault(one.post, []).append((one.at - START) / timedelta(minutes=1))
    assert by_post == {"warden-0": [0, 3, 6, 9, 12], "deputy-0": [6, 9, 12], "town": [12]}


def test_the_post_above_is_called_once_for_all_its_villages_and_hears_which(county: Villages) -> None:
    callout = county.start()
    county.gateway.script[phone_of(0, 2)] = gateway.answers_after(1)
    county.pass_time(14)
    [call] = county.gateway.to(phone_of(0, 2))
    assert all(f"Village {n}" in call.text for n in range(3))
    lines = county.lines(callout).values()
    assert {(line.state, line.reached_post, line.reached_rung) for line in lines} == {
        (AreaState.REACHED, "town", "upper")
    }


def test_an_area_without_a_post_is_called_at_the_post_above_from_the_first_moment(county: Villages) -> None:
    for post in ("warden-1", "deputy-1"):
        org.close_post(post, actor=SYSTEM, now=county.now)
    callout = county.start(areas=county.areas[1:2])
    county.pass_time(0)
    assert [(one.post, one.rung) for one in AttemptRow.objects.filter(channel="voice")] == [("town", "upper")]
    assert list(county.lines(callout)) == county.areas[1:2]


def test_small_areas_below_a_wardens_area_are_called_as_that_area(county: Villages) -> None:
    below = [f"{path}/grid-{n}" for path in county.areas[:2] for n in range(3)]
    callout = county.start(areas=below)
    assert list(county.lines(callout)) == county.areas[:2]


def test_nobody_to_call_is_shown_and_told_like_no_answer(county: Villages) -> None:
    for post in ("warden-1", "deputy-1", "town", "duty"):
        org.close_post(post, actor=SYSTEM, now=county.now)
    callout = county.start(areas=county.areas[1:2])
    county.pass_time(31)
    [line] = county.lines(callout).values()
    assert (line.jurisdiction, line.nobody, line.attempts) == (county.areas[1], True, 0)
    assert None not in (line.late_at, line.not_reached_at)
    assert [letter.subject for letter in county.inboxes["mail"].to("commander@county.example")] == [
        "No answer yet: Village 1", "NOT REACHED: Village 1"]  # nobody is on duty: the commander is told of both  # fmt: skip


# ---------------------------------------------------------------- answers (N8)
def test_a_key_pressed_is_an_answer_and_ends_the_calls(county: Villages) -> None:
    county.gateway.script[phone_of(0)] = gateway.answers_after(1)
    callout = county.start()
    county.pass_time(8)
    line = county.line(callout)
    assert (line.state, line.reached_post, line.how, line.reached_rung) == (
        AreaState.REACHED,
        "warden-0",
        "key",
        "warden",
    )
    assert len(county.gateway.to(phone_of(0))) == 1
    assert [fact["jurisdiction"] for fact in facts("area_answered")] == [county.areas[0]]


@pytest.mark.parametrize(
    "behaviour", [gateway.machine, gateway.engaged, gateway.connects, gateway.wrong_key, gateway.never]
)
def test_what_is_no_human_is_no_answer(county: Villages, behaviour: gateway.Behaviour) -> None:
    county.gateway.script[phone_of(0)] = behaviour
    callout = county.start(areas=county.areas[:1])
    county.pass_time(4)
    line = county.line(callout)
    assert line.state is AreaState.WAITING
    word = {gateway.machine: "machine", gateway.engaged: "engaged", gateway.connects: "connected",
            gateway.wrong_key: "wrong_key", gateway.never: ""}[behaviour]  # fmt: skip
    assert county.attempts(line)[0].heard == word
    assert len(county.gateway.to(phone_of(0))) == 2


def test_a_forged_callback_is_refused_and_answers_nothing(county: Villages) -> None:
    county.gateway.script[phone_of(0)] = gateway.forged
    callout = county.start(areas=county.areas[:1])
    county.pass_time(2)
    assert county.refused == [401]
    assert county.line(callout).state is AreaState.WAITING


def test_a_callback_that_comes_twice_answers_once(county: Villages) -> None:
    county.gateway.script[phone_of(0)] = gateway.answers_twice
    callout = county.start(areas=county.areas[:1])
    county.pass_time(2)
    assert county.line(callout).how == "key"
    assert len(facts("area_answered")) == 1
    assert verbs().count("callout_answered") == 1


def test_a_callback_of_a_call_that_is_over_changes_nothing(county: Villages) -> None:
    county.gateway.script[phone_of(0)] = gateway.late(minutes=10)
    callout = county.start(areas=county.areas[:1])
    county.pass_time(2)
    county.stop()
    county.pass_time(10)
    assert county.line(callout).state is AreaState.WITHDRAWN
    assert facts("area_answered") == []
    assert county.attempts(county.line(callout))[0].heard == "key"  # what came back is kept all the same


def test_the_code_of_the_short_message_is_an_answer_only_from_its_own_number(county: Villages) -> None:
    callout = county.start(areas=county.areas[:1])
    county.pass_time(0)
    [message] = county.attempts(county.line(callout), "sms")
    code = code_of(message.key)
    assert code in county.inboxes["sms"].to(phone_of(0))[0].body
    county.hand_over({"from": phone_of(2), "text": code})
    county.hand_over({"from": phone_of(0), "text": "I am driving, I will answer later"})
    county.work()
    assert county.line(callout).state is AreaState.WAITING
    county.hand_over({"from": phone_of(0), "text": f"收到 {code}"})
    county.work()
    assert (county.line(callout).state, county.line(callout).how) == (AreaState.REACHED, "reply")


def test_the_link_answers_by_its_button_without_a_log_in_and_never_by_being_opened(county: Villages) -> None:
    callout = county.start(areas=county.areas[:1])
    county.pass_time(0)
    [letter] = county.inboxes["mail"].to("warden-0@county.example")
    path = "/heard/" + letter.body.split("/heard/")[1].split()[0]
    page = county.client.get(path)
    assert page.status_code == 200
    assert "Red rainstorm" in page.content.decode()
    county.work()
    assert county.line(callout).state is AreaState.WAITING  # a machine that reads mail has opened it
    county.client.post(path)
    county.work()
    assert (county.line(callout).state, county.line(callout).how) == (AreaState.REACHED, "link")
    assert county.client.post(path).status_code == 200  # again: nothing more happens
    county.work()
    assert len(facts("area_answered")) == 1
    assert county.client.post(path[:-3] + "xyz").status_code == 410


def test_who_answered_is_not_called_by_what_still_waits(county: Villages) -> None:
    """The call gateway is down, the short message is answered: the call is not made when the gateway comes back."""
    county.gateway.is_down = True
    callout = county.start(areas=county.areas[:1])
    county.pass_time(1)
    [message] = county.attempts(county.line(callout), "sms")
    county.hand_over({"from": phone_of(0), "text": code_of(message.key)})
    county.work()
    county.gateway.is_down = False
    county.pass_time(5)
    assert county.gateway.calls == []
    assert {one.gateway for one in queries.attempts_of(EVERYWHERE, callout) if one.channel == "voice"} == {"superseded"}


def test_a_gateway_that_is_down_for_seven_minutes_delays_and_loses_nobody(county: Villages) -> None:
    county.gateway.is_down = True
    county.gateway.otherwise = gateway.answers_after(1)
    callout = county.start()
    county.pass_time(7, step_s=5)
    assert county.states(callout) == {"waiting": 3}
    county.gateway.is_down = False
    county.pass_time(3, step_s=5)
    assert county.states(callout) == {"reached": 3}
    assert max(line.minutes for line in county.lines(callout).values() if line.minutes is not None) < 10
    assert facts("area_late") == []


# ---------------------------------------------------------------- by hand
def test_a_call_made_by_hand_is_entered_with_its_time(county: Villages) -> None:
    callout = county.start()
    county.pass_time(6)
    services.record_by_hand(
        county.line(callout).id, "warden-0", START + timedelta(minutes=4), actor=county.as_("duty"), now=county.now
    )
    line = county.line(callout)
    assert (line.state, line.how, line.minutes, line.reached_post) == (AreaState.REACHED, "by_hand", 4.0, "warden-0")
    assert line.noted_at == county.now
    last = next(entry for entry in reversed(ledger.chain("evt_1")) if entry.verb == "callout_recorded")
    assert last.actor.startswith("duty/")
    assert last.body["post"] == "warden-0"
    before = len(county.gateway.to(phone_of(0)))
    county.pass_time(5)
    assert len(county.gateway.to(phone_of(0))) == before


def test_a_call_made_by_hand_is_refused_with_words_that_say_what_to_do(county: Villages) -> None:
    callout = county.start(since=START)
    county.pass_time(5)
    area, duty, now = county.line(callout).id, county.as_("duty"), county.now
    with pytest.raises(BadTime, match="lies ahead"):
        services.record_by_hand(area, "warden-0", now + timedelta(seconds=1), actor=duty, now=now)
    with pytest.raises(BadTime, match="before the warning"):
        services.record_by_hand(area, "warden-0", START - timedelta(seconds=1), actor=duty, now=now)
    with pytest.raises(BadValue, match="does not answer for"):
        services.record_by_hand(area, "warden-1", now, actor=duty, now=now)
    with pytest.raises(NotAllowed):
        services.record_by_hand(area, "warden-0", now, actor=county.as_("signer"), now=now)
    services.record_by_hand(area, "deputy-0", now, actor=duty, now=now)
    with pytest.raises(Stale, match="reached already"):
        services.record_by_hand(area, "warden-0", now, actor=duty, now=now)


def test_a_call_made_in_time_is_entered_after_the_warning_has_expired(county: Villages) -> None:
    callout = county.start(areas=county.areas[:1], hours=0.6)
    county.pass_time(40)
    assert county.line(callout).state is AreaState.UNREACHED
    now, duty = county.now, county.as_("duty")
    with pytest.raises(BadTime, match="was over"):
        services.record_by_hand(county.line(callout).id, "warden-0", now, actor=duty, now=now)
    services.record_by_hand(county.line(callout).id, "warden-0", START + timedelta(minutes=20), actor=duty, now=now)
    assert county.line(callout).minutes == 20.0
    assert county.line(callout).late_at is not None  # what was told stays told


# ---------------------------------------------------------------- moments
def test_after_ten_minutes_the_duty_officer_is_told_and_after_thirty_the_commander_each_once(county: Villages) -> None:
    county.gateway.script[phone_of(0)] = gateway.answers_after(1)
    callout = county.start()
    county.pass_time(9.9, step_s=30)
    assert [facts(kind) for kind in ("area_late", "area_not_reached")] == [[], []]
    county.pass_time(60)
    mail = county.inboxes["mail"]
    assert [letter.subject for letter in mail.to("duty@county.example")] == ["No answer yet: Village 1, Village 2"]
    assert [letter.subject for letter in mail.to("commander@county.example")] == ["NOT REACHED: Village 1, Village 2"]
    assert [sorted(str(f["jurisdiction"]) for f in facts(kind)) for kind in ("area_late", "area_not_reached")] == [
        county.areas[1:]
    ] * 2
    assert [verbs().count(verb) for verb in ("callout_late", "callout_not_reached")] == [1, 1]
    assert county.line(callout, 1).state is AreaState.WAITING  # it goes on
    assert len(county.gateway.to(phone_of(1))) > 10


def test_moments_that_pass_while_the_worker_is_down_are_told_once_when_it_is_back(county: Villages) -> None:
    callout = county.start()
    county.pass_time(2)
    county.pass_time(40, working=False)
    county.work()
    county.work()
    assert len(facts("area_late")) == len(facts("area_not_reached")) == 3
    due = county.line(callout).late_due_at
    assert {fact["at_us"] for fact in facts("area_late")} == {int(due.timestamp() * 1e6)}
    calls = len(county.gateway.to(phone_of(0)))
    county.pass_time(1)
    assert len(county.gateway.to(phone_of(0))) == calls  # what was missed is not made up by ringing without pause


def test_an_answer_after_a_moment_that_nobody_swept_for_notes_the_moment_first(county: Villages) -> None:
    callout = county.start(areas=county.areas[:1])
    county.pass_time(0)
    county.pass_time(12, working=False)
    [call] = county.attempts(county.line(callout))
    county.hand_over({"key": call.key, "digit": "1"})
    county.carrier.carry(now=county.now)
    assert county.line(callout).state is AreaState.REACHED
    assert len(facts("area_late")) == 1
    assert facts("area_not_reached") == []
    county.work()
    assert len(facts("area_late")) == 1


def test_an_answer_in_time_that_is_carried_late_is_no_late_answer(county: Villages) -> None:
    callout = county.start(areas=county.areas[:1])
    county.pass_time(0)
    county.pass_time(9, working=False)
    [call] = county.attempts(county.line(callout))
    county.hand_over({"key": call.key, "digit": "1"})
    county.pass_time(5, working=False)
    services.sweep(now=county.now)  # before the fact of the answer was carried
    assert county.line(callout).minutes == 9.0
    assert facts("area_late") == []


# ---------------------------------------------------------------- the cause moves
def test_an_update_of_the_same_level_goes_on_with_the_running_call_out(county: Villages) -> None:
    county.gateway.script[phone_of(0)] = gateway.answers_after(1)
    callout = county.start(3, areas=county.areas[:2])
    county.pass_time(4)
    assert county.start(3, warning="wrn_2", areas=county.areas[1:]) == callout
    lines = county.lines(callout)
    assert [lines[path].state for path in county.areas] == [AreaState.REACHED, AreaState.WAITING, AreaState.WAITING]
    assert lines[county.areas[2]].asked_at == county.now  # its minutes count from the update on
    assert county.start(3, warning="wrn_2") == callout  # the same again
    assert verbs().count("callout_updated") == 1


def test_an_area_that_an_update_does_not_concern_is_no_longer_called(county: Villages) -> None:
    callout = county.start(3)
    county.pass_time(1)
    county.start(3, warning="wrn_2", areas=county.areas[:1])
    county.pass_time(10)
    assert county.states(callout) == {"waiting": 1, "withdrawn": 2}
    assert len(county.gateway.to(phone_of(1))) == 1


def test_a_raised_level_is_a_new_call_out_of_everybody(county: Villages) -> None:
    county.gateway.otherwise = gateway.answers_after(1)
    orange = county.start(3)
    county.pass_time(2)
    assert county.states(orange) == {"reached": 3}
    red = county.start(4, warning="wrn_2")
    assert red != orange
    assert queries.callout(EVERYWHERE, orange).ended_why == "raised"
    county.pass_time(2)
    assert county.states(red) == {"reached": 3}
    assert len(county.gateway.to(phone_of(0))) == 2


def test_a_lowered_level_ends_it_and_tells_whoever_was_called(county: Villages) -> None:
    callout = county.start(3)
    county.pass_time(1)
    assert county.start(2, warning="wrn_2") == ""
    county.work()
    assert queries.callout(EVERYWHERE, callout).ended_why == "lowered"
    assert len(county.inboxes["sms"].to(phone_of(0))) == 2


def test_a_cancellation_stops_it_and_tells_whoever_was_called(county: Villages) -> None:
    county.gateway.script[phone_of(0)] = gateway.answers_after(1)
    callout = county.start()
    county.pass_time(2)
    county.stop()
    county.pass_time(15)
    assert county.states(callout) == {"reached": 1, "withdrawn": 2}
    for number in range(3):
        last = county.inboxes["sms"].to(phone_of(number))[-1]
        assert last.body == "Cancelled: rainstorm."
    assert max(call.at for call in county.gateway.calls) <= START + timedelta(minutes=2)
    assert facts("area_late") == []


def test_it_goes_on_until_it_expires_and_says_who_was_never_reached(county: Villages) -> None:
    callout = county.start(hours=2)
    county.pass_time(125)
    assert county.states(callout) == {"unreached": 3}
    line = queries.callout(EVERYWHERE, callout)
    assert (line.ended_why, line.ended_at) == ("expired", START + timedelta(hours=2))
    assert max(call.at for call in county.gateway.calls) > START + timedelta(minutes=105)
    assert [fact["why"] for fact in facts("call_out_ended")] == ["expired"]


@pytest.mark.parametrize("level", [3, 4])
def test_no_quiet_hours_and_no_throttle_holds_a_call_out(county: Villages, level: int) -> None:
    """N6, N10; and orange calls out as well: it goes on until a human answers."""
    rules = [QuietHours(f"post:warden-{n}", time(0), time(23, 59), "UTC") for n in range(3)]
    put_quiet_hours(rules, actor=SYSTEM, now=county.now)
    callout = county.start(level)
    county.pass_time(125)
    [line, *_others] = county.lines(callout).values()
    assert len(county.gateway.to(phone_of(0))) == len({one.at for one in county.attempts(line)}) == 20
    assert len(county.inboxes["sms"].to(phone_of(0))) == 1


def test_yellow_calls_nobody(county: Villages) -> None:
    assert county.start(2) == ""


def test_a_deployment_without_wardens_calls_nobody(county: Villages) -> None:
    for post in ("town", *(f"{kind}-{n}" for kind in ("warden", "deputy") for n in range(3))):
        org.close_post(post, actor=SYSTEM, now=county.now)
    assert county.start() == ""


def test_an_exercise_calls_out_only_where_the_plan_says_so_and_is_marked_in_speech_and_text(county: Villages) -> None:
    assert county.start(exercise=True) == ""
    plan = PLAN.replace("exercises = false", "exercises = true")
    services.put_plan(plan.encode(), "plan.toml", actor=SYSTEM, now=county.now)
    callout = county.start(exercise=True)
    county.pass_time(31)
    assert queries.callout(EVERYWHERE, callout).exercise
    assert all(call.text.startswith("Exercise. Not a real warning.") for call in county.gateway.calls)
    for inbox in county.inboxes.values():
        assert all("Exercise" in letter.body for letter in inbox.letters)
    assert {fact["exercise"] for fact in facts("area_not_reached")} == {True}


def test_a_chinese_post_hears_chinese(county: Villages) -> None:
    county.put_posts(county.warden(0, language="zh-hans"))
    county.start(areas=county.areas[:1])
    county.pass_time(0)
    assert county.gateway.calls[0].text.startswith("暴雨红色预警。请立即转移到高处。")
    assert county.inboxes["sms"].to(phone_of(0))[0].body.startswith("暴雨红色预警，速转移。")


# ---------------------------------------------------------------- reading
def test_minutes_say_who_of_how_many_was_reached_when(county: Villages) -> None:
    county.gateway.script[phone_of(0)] = gateway.answers_after(1, seconds=60)
    county.gateway.script[phone_of(1)] = gateway.answers_after(5, seconds=60)  # 12 minutes, then a minute of talk
    callout = county.start()
    county.pass_time(31)
    found = queries.minutes(EVERYWHERE, callout)
    assert dict(found.of) == {county.areas[0]: 1.0, county.areas[1]: 13.0, county.areas[2]: None}
    assert (found.reached, found.total, found.in_time, found.before_last) == (2, 3, 1, 2)
    assert (found.median, found.slowest) == (7.0, 13.0)


def test_the_unanswered_are_listed_by_age_and_only_to_their_own_area(county: Villages) -> None:
    county.start(areas=county.areas[1:])
    county.pass_time(3)
    county.start(warning="wrn_9", lineage="wrn_9", areas=county.areas[:1])
    county.pass_time(1)
    ages = [line.jurisdiction for _callout, line in queries.waiting(EVERYWHERE)]
    assert ages == [*county.areas[1:], county.areas[0]]
    own = Scope(county.areas[0], "inspector")
    assert [line.jurisdiction for _callout, line in queries.waiting(own)] == county.areas[:1]
    with pytest.raises(NotAllowed):
        queries.waiting(Scope("", "administrator"))


def test_the_ledger_tells_the_whole_story_and_holds(county: Villages) -> None:
    county.gateway.script[phone_of(0)] = gateway.answers_after(1)
    county.start(hours=1)
    county.pass_time(65)
    told = verbs()
    assert told[0] == "callout_started"
    assert {"callout_attempted", "callout_answered", "callout_late", "callout_not_reached", "callout_ended"} <= set(
        told
    )
    assert ledger.verify() == []
    assert CalledRow.objects.exclude(state="waiting").count() == 3


def test_no_token_no_door() -> None:
    with villages(1) as county, county_without_token():
        assert county.hand_over({"key": "dsp_x-0", "digit": "1"}, token="") == 401
        assert county.hand_over({"key": "dsp_x-0", "digit": "1"}, token=TOKEN) == 401


def county_without_token():  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from django.conf import settings
    from django.test import override_settings

    return override_settings(CONFIGURATION=replace(settings.CONFIGURATION, answers_token=""))


PLAN = """
[callout]
causes = ["warning"]
least_level = 3
exercises = false
voice_every = "3 min"
deputies_after = 2
upper_after = 4
late_after = "10 min"
not_reached_after = "30 min"
then_every = "10 min"
source = "the test"
verified = true
"""
