"""Early actions: what an event alone proposes stays in sight until somebody gives or refuses it; nothing of it lapses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.rooms.responding import WIRING, quiet, responding_town, verbs
from tests.rooms.test_respond import BLUE, II, IV, ORANGE, RED, YELLOW, line
from tocsin.engine.hazard import Facility
from tocsin.loop.respond import early, handlers, queries, services
from tocsin.loop.respond.lifecycle import IncidentState
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.records.outbox.carrier import Carrier, Stage
from tocsin.records.places import services as places
from tocsin.terms.errors import BadValue, NotAllowed, Stale
from tocsin.testing.town import EAST, FACILITIES, Storm, Town

pytestmark = pytest.mark.django_db
TUNNEL = Facility("ring-tunnel", "tunnel", {"en": "Ring tunnel", "zh-hans": "环路隧道"}, 120.75, 30.25, EAST)
MOVED = {"event_opened": [Stage("respond.opened", handlers.on_event_moved)],
         "event_changed": [Stage("respond.changed", handlers.on_event_moved)]}  # fmt: skip


@pytest.fixture
def town() -> Iterator[Town]:
    """A town with a tunnel, whose operator is on shift, and the pack that speaks of tunnels."""
    with responding_town(("natural_hazards", "urban_flood")) as built:
        places.put_facilities([*FACILITIES, TUNNEL], actor="town", now=built.now)
        operator = PostLine("operator-tunnel", {"en": "tunnel"}, "emergency", Role.FACILITY_OPERATOR, EAST, TUNNEL.id, 120.75,
                            30.25, "tunnel@town.example", "en")  # fmt: skip
        org.put_posts([operator], actor=SYSTEM, now=built.now)
        built._people[operator.id], _ = org.open_account("operator.tunnel", "tunnel", actor=SYSTEM, now=built.now)
        built.comes_to_work(operator.id)
        built.carrier = Carrier(WIRING | MOVED)
        yield built


def pins(storm: Storm) -> dict[str, queries.ActionLine]:
    lines = queries.actions(EVERYWHERE, line(storm).id)
    return {f"{one.action.rpartition('/')[2]}@{one.facility}": one for one in lines if one.is_pinned}


def decides(town: Town, storm: Storm, *names: str, give: bool = True, why: str = "") -> int:
    chosen = [pins(storm)[name].id for name in names]
    return early.decide(line(storm).id, chosen, give, why, actor=town.as_("commander"), now=town.now)


def red(town: Town) -> Storm:
    storm = town.storm(level=RED)
    town.phone("commander").expects("Response II waits", "An event stands at Red I", "Ring tunnel: Close it to traffic")
    return storm


# ---------------------------------------------------------------- proposed
def test_an_event_alone_proposes_a_response_and_early_actions_in_one_message(town: Town) -> None:
    storm = red(town)
    assert (line(storm).level, line(storm).because["on"]) == (II, "event")
    assert set(pins(storm)) == {
        "close_tunnel@ring-tunnel", "watch_tunnel@ring-tunnel", "watch_tunnel@underpass-east", "stop_school_and_work@",
    }  # fmt: skip
    assert pins(storm)["close_tunnel@ring-tunnel"].decide_by == town.now + timedelta(minutes=10)
    town.phone("operator-tunnel").is_silent()  # nothing is closed by itself


def test_below_its_level_nothing_is_proposed_early_and_no_ledger_entry_says_so(town: Town) -> None:
    storm = town.storm(level=BLUE)
    assert queries.incident_of(EVERYWHERE, storm.event) is None
    assert "no_response_declared" not in verbs(storm.event)
    storm.changes_to(YELLOW)
    town.phone("commander").expects("Response IV waits")
    assert (line(storm).level, pins(storm)) == (IV, {})


def test_a_pack_that_declares_nothing_for_events_changes_nothing() -> None:
    with responding_town() as plain:
        plain.carrier = Carrier(WIRING | MOVED)
        storm = plain.storm(level=RED)
        plain.phone("commander").is_silent()
        assert queries.incident_of(EVERYWHERE, storm.event) is None


# ---------------------------------------------------------------- decided
def test_what_is_given_early_is_a_task_before_any_response_and_is_not_given_twice(town: Town) -> None:
    storm = red(town)
    assert decides(town, storm, "close_tunnel@ring-tunnel") == 1
    letter = town.phone("operator-tunnel").expects("Tasks for you", "Close it to traffic")
    assert "Post somebody" not in letter.body
    assert line(storm).state == IncidentState.PROPOSED
    commander = town.as_("commander")
    services.open_proposed(line(storm).id, version=line(storm).version, actor=commander, now=town.now)
    letter = town.phone("operator-tunnel").expects("Tasks for you", "Post somebody at the mouths")
    assert "Close it to traffic" not in letter.body
    assert set(pins(storm)) == {
        "stop_school_and_work@"
    }  # opening gives what the plan gives unasked; the rest still waits
    given = [one for one in ledger.chain(storm.event) if one.verb == "early_action_given"]
    assert [one.actor.partition("/")[0] for one in given] == ["commander"] * 3
    quiet(town)


def test_a_refusal_needs_a_reason_keeps_it_and_holds_until_the_event_rises_again(town: Town) -> None:
    storm = red(town)
    with pytest.raises(BadValue, match="empty"):
        decides(town, storm, "close_tunnel@ring-tunnel", give=False)
    decides(town, storm, "close_tunnel@ring-tunnel", give=False, why="Dry, and the only road to the hospital.")
    kept = next(one for one in queries.actions(EVERYWHERE, line(storm).id) if one.refused_at)
    assert kept.refused_why == "Dry, and the only road to the hospital."
    entry = next(one for one in ledger.chain(storm.event) if one.verb == "early_action_refused")
    assert "hospital" not in str(entry.body)  # the ledger holds a commitment, never the words
    town.after(minutes=30)
    assert "close_tunnel@ring-tunnel" not in pins(storm)
    services.open_proposed(line(storm).id, version=line(storm).version, actor=town.as_("commander"), now=town.now)
    assert "close_tunnel@ring-tunnel" not in {
        one.action for one in queries.actions(EVERYWHERE, line(storm).id) if one.task
    }
    quiet(town)
    storm.changes_to(ORANGE)
    assert "close_tunnel@ring-tunnel" not in pins(storm)
    storm.changes_to(RED)
    town.phone("commander").expects("Early actions wait", "Close it to traffic")
    assert pins(storm)["close_tunnel@ring-tunnel"].decide_by == town.now + timedelta(minutes=10)
    quiet(town)


def test_only_a_commander_decides_and_what_was_decided_stays(town: Town) -> None:
    storm = red(town)
    one = pins(storm)["close_tunnel@ring-tunnel"].id
    with pytest.raises(NotAllowed):
        early.decide(line(storm).id, [one], True, actor=town.as_("duty"), now=town.now)
    with pytest.raises(BadValue, match="none is chosen"):
        early.decide(line(storm).id, [], True, actor=town.as_("commander"), now=town.now)
    decides(town, storm, "close_tunnel@ring-tunnel")
    with pytest.raises(Stale, match="decided on already"):
        early.decide(line(storm).id, [one], False, "late", actor=town.as_("commander"), now=town.now)
    quiet(town)


# ---------------------------------------------------------------- never dropped
def test_nothing_lapses_with_the_event_its_level_its_refutation_or_a_declined_response(town: Town) -> None:
    storm = red(town)
    waiting = set(pins(storm))
    storm.changes_to(YELLOW)
    services.note_refuted(storm.event, now=town.now)  # lets the level lapse, since somebody looked
    assert line(storm).state == IncidentState.DECLINED
    storm.ends()
    town.carry()
    assert set(pins(storm)) == waiting
    assert queries.pinned(EVERYWHERE) == {line(storm).id: len(waiting)}
    decides(town, storm, "close_tunnel@ring-tunnel")  # and can be given still
    town.phone("operator-tunnel").expects("Tasks for you")
    quiet(town)


def test_a_proposal_outlives_a_warning_whose_time_ran_out_but_not_one_that_was_cancelled(town: Town) -> None:
    storm = town.storm(level=BLUE)
    services.consider(storm.event, "warning", ORANGE, warning="wrn_1", now=town.now)
    services.note_cancelled(storm.event, "wrn_1", ran_out=True, now=town.now)
    assert line(storm).state == IncidentState.PROPOSED
    assert line(storm).warning_cancelled_at == town.now
    quiet(town)
    other = town.storm(level=BLUE, at=EAST)
    services.consider(other.event, "warning", ORANGE, warning="wrn_2", now=town.now)
    services.note_cancelled(other.event, "wrn_2", now=town.now)
    assert line(other).state == IncidentState.DECLINED
    quiet(town)


def test_two_events_that_are_one_keep_what_waits_of_both_once(town: Town) -> None:
    first, second = red(town), red(town)
    services.merge(second.event, first.event, now=town.now)
    assert len(pins(first)) == 4
    assert len(queries.pinned(EVERYWHERE)) == 1
    services.decline(line(first).id, "no", version=line(first).version, actor=town.as_("commander"), now=town.now)
    third = town.storm(level=BLUE)
    services.merge(first.event, third.event, now=town.now)
    assert len(pins(third)) == 4
    quiet(town)


def test_a_response_does_not_end_while_early_actions_wait(town: Town) -> None:
    storm = red(town)
    commander = town.as_("commander")
    services.open_proposed(line(storm).id, version=line(storm).version, actor=commander, now=town.now)
    with pytest.raises(BadValue, match="early actions wait"):
        services.end(line(storm).id, "over", version=line(storm).version, actor=commander, now=town.now)
    quiet(town)


# ---------------------------------------------------------------- wanting
def test_a_decision_that_is_wanting_is_told_at_doubling_intervals_in_one_message(town: Town) -> None:
    storm = red(town)
    told = []
    for minute in range(1, 121):
        town.after(minutes=1)
        for letter in town.read_all():
            if letter.recipient == "post:commander":
                told.append(minute)
                assert "Close it to traffic" in letter.body
    assert told[:4] == [10, 15, 20, 30]  # tunnel, level, watch, school and work: each as it becomes wanting
    assert len(told) < 12
    assert all(entry.body["early"] for entry in ledger.chain(storm.event) if entry.verb == "decision_wanting")
    decides(town, storm, *pins(storm))
    services.decline(line(storm).id, "no", version=line(storm).version, actor=town.as_("commander"), now=town.now)
    quiet(town)
    town.after(hours=6)
    assert not [letter for letter in town.read_all() if "wanting" in letter.subject]


def test_what_passed_while_the_worker_was_down_is_told_once(town: Town) -> None:
    red(town)
    town.after_downtime(hours=9)
    assert [letter.subject.endswith("A decision is wanting") for letter in town.read_all()] == [
        True,
        True,
    ]  # and the duty


def test_a_level_that_is_advised_waits_for_a_yes_or_a_reason(town: Town) -> None:
    storm = town.storm(level=YELLOW)
    quiet(town)
    commander = town.as_("commander")
    services.open_proposed(line(storm).id, version=line(storm).version, actor=commander, now=town.now)
    quiet(town)
    storm.changes_to(RED)
    town.phone("commander").expects("declares Response II by now")
    assert (line(storm).advised, line(storm).decide_by) == (II, town.now + timedelta(minutes=15))
    quiet(town)
    town.after(minutes=16)
    town.phone("duty").expects("A decision is wanting", "Response II was proposed")
    with pytest.raises(BadValue, match="empty"):
        services.keep_level(line(storm).id, " ", version=line(storm).version, actor=commander, now=town.now)
    services.keep_level(
        line(storm).id, "Crews are on their way.", version=line(storm).version, actor=commander, now=town.now
    )
    assert (line(storm).level, line(storm).advised, line(storm).decide_by) == (IV, 0, None)
    assert verbs(storm.event)[-1] == "response_advice_refused"
    with pytest.raises(Stale, match="no other level"):
        services.keep_level(line(storm).id, "again", version=line(storm).version, actor=commander, now=town.now)
    quiet(town)
