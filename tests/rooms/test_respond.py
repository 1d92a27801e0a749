"""Respond: a mapping that is declared opens a response, or nothing does; first actions, receipts, statements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rooms.responding import facts, quiet, responding_town, verbs
from tocsin.loop.respond import queries, services, statements
from tocsin.loop.respond.lifecycle import MOVES, IncidentState, may_move
from tocsin.loop.respond.models import IncidentRow
from tocsin.loop.warn import services as warn
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.packkit.playbook import DOERS
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import MAY, Act, Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.tasks import queries as task_list
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.moment import to_us
from tocsin.terms.response_level import RESPONSE_LEVELS
from tocsin.testing.town import CITY, EAST, WEST, Storm, Town

pytestmark = pytest.mark.django_db
BLUE, YELLOW, ORANGE, RED = 1, 2, 3, 4
IV, III, II, I = 1, 2, 3, 4  # noqa: E741 - response ranks


@pytest.fixture
def town() -> Iterator[Town]:
    with responding_town() as built:
        yield built


def proposed(town: Town, level: int = ORANGE, **storm: object) -> tuple[Storm, queries.IncidentLine]:
    here = town.storm(level=level, **storm)
    services.consider(here.event, "warning", level, warning="wrn_1", now=town.now)
    town.phone("commander").expects("waits for your decision")
    return here, line(here)


def line(storm: Storm) -> queries.IncidentLine:
    found = queries.incident_of(EVERYWHERE, storm.event)
    assert found is not None
    return found


def opened(town: Town, level: int = ORANGE) -> tuple[Storm, queries.IncidentLine]:
    storm, incident = proposed(town, level)
    services.open_proposed(incident.id, version=incident.version, actor=town.as_("commander"), now=town.now)
    quiet(town)
    return storm, line(storm)


def actions(incident: queries.IncidentLine) -> dict[str, queries.ActionLine]:
    return {one.action.rpartition("/")[2]: one for one in queries.actions(EVERYWHERE, incident.id)}


# ---------------------------------------------------------------- the declared mapping
def test_a_warning_proposes_what_the_playbook_declares_and_says_why(town: Town) -> None:
    storm, incident = proposed(town, ORANGE)
    assert (incident.state, incident.level, incident.warning_level) == (IncidentState.PROPOSED, III, ORANGE)
    assert incident.because["pack"] == "natural_hazards"
    assert "declares Response III from Orange II on" in queries.because(incident, "en")
    assert "not verified" in queries.because(incident, "en")
    assert verbs(storm.event) == ["response_proposed"]
    assert json.loads(facts("response_proposed")[0])["level"] == III
    assert task_list.of_event(EVERYWHERE, storm.event) == []  # nothing starts before a person says so


def test_no_mapping_opens_nothing_and_the_ledger_says_so(town: Town) -> None:
    storm = town.storm(level=BLUE)
    assert services.consider(storm.event, "warning", BLUE, now=town.now) is None
    assert queries.incident_of(EVERYWHERE, storm.event) is None
    assert verbs(storm.event) == ["no_response_declared"]
    assert queries.declared_for("rainstorm", "warning", BLUE) is None
    town.phone("commander").is_silent()


def test_the_same_warning_level_opens_different_responses_by_hazard_and_moment(town: Town) -> None:
    storm, leak = (
        queries.declared_for("rainstorm", "warning", RED),
        queries.declared_for("gas_leak", "event_confirmed", RED),
    )
    assert storm
    assert leak
    assert (storm.mapping.response, storm.mapping.opens) == (II, "by_commander")
    assert (leak.mapping.response, leak.mapping.opens) == (II, "at_once")
    assert queries.declared_for("rainstorm", "event_confirmed", RED) is None


def test_a_confirmed_gas_leak_at_red_waits_for_nobody(town: Town) -> None:
    storm = town.storm(level=RED, hazard="gas_leak", rule="gas_leak/gas_leak")
    services.consider(storm.event, "event_confirmed", RED, now=town.now)
    incident = line(storm)
    assert (incident.state, incident.level, incident.commander) == (IncidentState.OPEN, II, "commander")
    town.phone("commander").expects("opened at once")
    town.phone("inspector-east").expects("Keep people and sparks away")
    quiet(town)


def test_a_higher_warning_raises_a_proposal_and_only_advises_a_running_response(town: Town) -> None:
    storm, incident = proposed(town, YELLOW)
    assert incident.level == IV
    services.consider(storm.event, "warning", ORANGE, warning="wrn_2", now=town.now)
    assert line(storm).level == III
    town.phone("commander").expects("Response III waits")
    services.open_proposed(incident.id, version=line(storm).version, actor=town.as_("commander"), now=town.now)
    quiet(town)
    services.consider(storm.event, "warning", RED, warning="wrn_3", now=town.now)
    assert (line(storm).level, line(storm).advised) == (III, II)
    town.phone("commander").expects("declares Response II by now")


def test_a_proposal_that_was_declined_is_not_asked_again_at_the_same_level(town: Town) -> None:
    storm, incident = proposed(town, ORANGE)
    with pytest.raises(BadValue):
        services.decline(incident.id, "  ", version=incident.version, actor=town.as_("commander"), now=town.now)
    services.decline(incident.id, "rain has gone", version=incident.version, actor=town.as_("commander"), now=town.now)
    assert services.consider(storm.event, "warning", ORANGE, now=town.now) is None
    assert services.consider(storm.event, "warning", RED, now=town.now) is not None
    town.phone("commander").expects("Response II waits")
    assert "rain has gone" not in json.dumps([entry.body for entry in ledger.chain(storm.event)])


# ---------------------------------------------------------------- opening
def test_opening_gives_the_first_actions_to_the_nearest_posts_with_one_mail_each(town: Town) -> None:
    storm, incident = proposed(town)
    services.open_proposed(incident.id, version=incident.version, actor=town.as_("commander"), now=town.now)
    done = actions(line(storm))
    assert set(done) == {"start_plan", "advice_and_numbers", "patrol_low_places", "teams_on_standby", "barriers_and_pumps",
                         "phone", "written"}  # fmt: skip
    assert done["patrol_low_places"].post == "inspector-east"  # nearest by duty post; the west one is 48 km away
    letter = town.phone("duty").expects("Tasks for you", "Start the plan", "Report upwards by telephone")
    assert "/tasks/" in letter.body
    town.phone("inspector-east").expects("Go round the low places")
    town.phone("commander").expects("Put rescue teams on standby", "Report upwards in writing")
    town.phone("inspector-west").is_silent()
    # the underpass has no operator's post: nobody is told, and the commander is
    assert done["barriers_and_pumps"].task is None
    assert done["barriers_and_pumps"].facility == "underpass-east"
    town.phone("commander").expects("Nobody on duty for a first action", "Station underpass")
    assert verbs(storm.event) == ["response_proposed", "response_opened", "nobody_on_duty"]
    phone = done["phone"].task
    assert phone
    assert phone.due_at == incident.known_at + timedelta(minutes=30)


def test_a_report_is_due_from_when_the_event_was_known_not_from_when_the_commander_came(town: Town) -> None:
    storm, incident = proposed(town)
    town.after(minutes=40)
    services.open_proposed(incident.id, version=incident.version, actor=town.as_("commander"), now=town.now)
    phone = actions(line(storm))["phone"].task
    assert phone
    assert phone.due_at < town.now
    quiet(town)
    assert task_list.task(EVERYWHERE, phone.id).overdue_at is not None


def test_whoever_comes_on_duty_gets_what_nobody_was_there_for(town: Town) -> None:
    town.goes_home("inspector-east", "inspector-west")
    storm, incident = opened(town)
    assert actions(incident)["patrol_low_places"].task is None
    town.comes_to_work("inspector-west")
    town.phone("inspector-west").is_silent()  # another district
    town.comes_to_work("inspector-east")
    town.phone("inspector-east").expects("Go round the low places")
    assert actions(incident)["patrol_low_places"].post == "inspector-east"
    assert verbs(storm.event).count("nobody_on_duty") == 1


def test_only_a_commander_of_the_area_decides(town: Town) -> None:
    town.hire("commander-west", Role.COMMANDER, WEST)
    storm, incident = proposed(town)
    for post in ("duty", "signer", "case-handler", "commander-west"):
        with pytest.raises(NotAllowed):
            services.open_proposed(incident.id, version=incident.version, actor=town.as_(post), now=town.now)
    assert queries.incidents(town.as_("commander-west").scope) == []
    with pytest.raises(UnknownName):
        queries.incident(town.as_("commander-west").scope, incident.id)
    for post in ("administrator", "operator-mill"):
        with pytest.raises(NotAllowed):
            queries.incidents(town.as_(post).scope)
    assert line(storm).state == IncidentState.PROPOSED


def test_pressing_twice_opens_once_and_a_stale_page_is_told(town: Town) -> None:
    storm, incident = proposed(town)
    commander = town.as_("commander")
    for _ in range(2):
        services.open_proposed(incident.id, version=incident.version, once="k", actor=commander, now=town.now)
    assert len(facts("response_opened")) == 1
    with pytest.raises(Stale):
        services.open_proposed(incident.id, version=incident.version, actor=commander, now=town.now)
    quiet(town)
    with pytest.raises(Stale):
        services.open_by_hand(storm.event, II, actor=commander, now=town.now)


def test_a_commander_may_open_without_a_mapping_and_the_ledger_says_that_it_was_a_decision(town: Town) -> None:
    storm = town.storm(level=BLUE)
    first = services.open_by_hand(storm.event, III, once="a", actor=town.as_("commander"), now=town.now)
    assert services.open_by_hand(storm.event, III, once="a", actor=town.as_("commander"), now=town.now) == first
    quiet(town)
    assert line(storm).because == {}
    assert "own decision" in queries.because(line(storm), "en")
    with pytest.raises(BadValue):
        services.open_by_hand(town.storm().event, 5, actor=town.as_("commander"), now=town.now)


# ---------------------------------------------------------------- tasks
def test_receipt_done_and_a_receipt_that_does_not_come(town: Town) -> None:
    storm, incident = opened(town)
    patrol = actions(incident)["patrol_low_places"].task
    assert patrol
    inspector = town.as_("inspector-east")
    assert patrol.id in {task.id for task in queries.tasks_for(inspector)}
    services.receive_task(patrol.id, actor=inspector, now=town.now)
    services.receive_task(patrol.id, actor=inspector, now=town.now)
    with pytest.raises(NotAllowed):
        services.receive_task(patrol.id, actor=town.as_("inspector-west"), now=town.now)
    town.after(minutes=6)
    town.phone("commander").expects("No receipt for a task", "duty has not confirmed", "Start the plan")
    town.phone("commander").expects("No receipt for a task", "Give out advice")
    town.phone("commander").expects("No receipt for a task", "Put rescue teams on standby")
    services.finish_task(patrol.id, "two drains blocked, cleared", actor=inspector, now=town.now)
    assert [r.text for r in queries.remarks(EVERYWHERE, [patrol.id])[patrol.id]] == ["two drains blocked, cleared"]
    with pytest.raises(Stale):
        services.finish_task(patrol.id, "again", actor=inspector, now=town.now)
    assert "blocked" not in json.dumps([entry.body for entry in ledger.chain(storm.event)])
    done = actions(incident)
    assert done["start_plan"].receipt_is_late(town.now)
    assert not done["patrol_low_places"].receipt_is_late(town.now)
    town.after(minutes=30)
    town.phone("commander").expects("Overdue task", "Start the plan")
    quiet(town)


def test_a_level_change_gives_only_what_is_new_and_a_waiting_action_is_given_by_hand(town: Town) -> None:
    storm, incident = opened(town)
    before = {one.task.id for one in queries.actions(EVERYWHERE, incident.id) if one.task}
    services.change_level(incident.id, II, version=incident.version, actor=town.as_("commander"), now=town.now)
    quiet(town)
    after = queries.actions(EVERYWHERE, incident.id)
    assert before < {one.task.id for one in after if one.task}
    assert len({(one.action, one.facility) for one in after}) == len(after)
    people = actions(incident)["move_people_out"]
    assert people.waits
    assert people.task is None
    services.give_action(people.id, actor=town.as_("commander"), now=town.now)
    town.phone("commander").expects("Decide which areas are emptied")
    now_line = line(storm)
    assert (now_line.level, now_line.peak) == (II, II)
    services.change_level(incident.id, IV, version=now_line.version, actor=town.as_("commander"), now=town.now)
    assert (line(storm).level, line(storm).peak) == (IV, II)
    with pytest.raises(Stale):
        services.change_level(incident.id, II, version=now_line.version, actor=town.as_("commander"), now=town.now)


def test_a_response_ends_when_its_tasks_are_done_or_withdrawn_with_a_reason(town: Town) -> None:
    storm, incident = opened(town)
    commander = town.as_("commander")
    with pytest.raises(BadValue, match="still open"):
        services.end(incident.id, "over", version=incident.version, actor=commander, now=town.now)
    for task_id in queries.open_task_ids(EVERYWHERE, incident.id):
        task = task_list.task(EVERYWHERE, task_id)
        if task.post == "duty":
            services.finish_task(task_id, "", actor=town.as_("duty"), now=town.now)
            continue
        with pytest.raises(BadValue):
            services.withdraw_task(incident.id, task_id, " ", actor=commander, now=town.now)
        services.withdraw_task(incident.id, task_id, "not needed any more", actor=commander, now=town.now)
    services.end(incident.id, "rain is over", version=line(storm).version, actor=commander, now=town.now)
    assert line(storm).state == IncidentState.ENDED
    assert queries.running(EVERYWHERE) == []
    ended = ledger.chain(storm.event)[-1]
    assert ended.body["not_given"] == ["natural_hazards/barriers_and_pumps"]
    with pytest.raises(Stale):
        services.end(incident.id, "again", version=line(storm).version, actor=commander, now=town.now)


def test_ending_while_a_warning_is_in_force_must_be_said(town: Town) -> None:
    table = (AuthorityLine("emergency", "*", CITY, 1, 4, "test: the emergency office of Simcity"),)
    warn.put_authority(table, actor=SYSTEM, now=town.now)
    storm = town.storm(level=YELLOW)
    from tocsin.loop.warn import queries as warnings

    drafted = warn.draft(storm.event, actor=town.as_("duty"), now=town.now)
    version = warnings.warning(EVERYWHERE, drafted).version
    digest = warn.submit(drafted, version=version, actor=town.as_("duty"), now=town.now)
    version = warnings.warning(EVERYWHERE, drafted).version
    warn.sign(drafted, version=version, digest=digest, actor=town.as_("signer"), now=town.now)
    quiet(town)
    incident = line(storm)
    assert incident.because["warning"] == drafted
    commander = town.as_("commander")
    services.open_proposed(incident.id, version=incident.version, actor=commander, now=town.now)
    for task_id in queries.open_task_ids(EVERYWHERE, incident.id):
        services.withdraw_task(incident.id, task_id, "test", actor=commander, now=town.now)
    with pytest.raises(BadValue, match="in force"):
        services.end(incident.id, "over", version=line(storm).version, actor=commander, now=town.now)
    services.end(incident.id, "over", version=line(storm).version, despite_warning=True, actor=commander, now=town.now)
    assert ledger.chain(storm.event)[-1].body["warnings_in_force"] == [drafted]
    quiet(town)


def test_a_cancelled_warning_lets_a_proposal_lapse_and_is_told_to_a_running_response(town: Town) -> None:
    storm, _ = proposed(town)
    services.note_cancelled(storm.event, "wrn_1", now=town.now)
    assert line(storm).state == IncidentState.DECLINED
    other, _incident = opened(town)
    services.note_cancelled(other.event, "wrn_1", now=town.now)
    assert line(other).warning_cancelled_at is not None
    town.phone("commander").expects("the response still runs")
    assert line(other).state == IncidentState.OPEN


def test_a_refuted_event_lets_a_proposal_lapse_and_is_told_to_a_running_response(town: Town) -> None:
    storm, _ = proposed(town)
    services.note_refuted(storm.event, now=town.now)
    assert line(storm).state == IncidentState.DECLINED
    assert ledger.chain(storm.event)[-1].body["rule"] == "event_refuted"
    other, _ = opened(town)
    services.note_refuted(other.event, now=town.now)
    town.phone("commander").expects("was refuted, the response still runs")
    assert line(other).state == IncidentState.OPEN


def test_merged_events_keep_every_task_of_both(town: Town) -> None:
    first, a = opened(town)
    second, b = opened(town)
    services.merge(second.event, first.event, now=town.now)
    assert line(first).id == a.id
    assert queries.incident_of(EVERYWHERE, second.event) is None
    ids = {one.task.id for one in queries.actions(EVERYWHERE, a.id) if one.task}
    assert {t.id for e in (first, second) for t in task_list.of_event(EVERYWHERE, e.event)} == ids
    third = town.storm(level=ORANGE)
    services.merge(first.event, third.event, now=town.now)
    assert line(third).id == a.id
    assert IncidentRow.objects.get(id=b.id).merged_into == a.id


# ---------------------------------------------------------------- statements
def test_a_statement_is_made_of_what_is_known_and_released_by_somebody_else(town: Town) -> None:
    town.hire("duty-province", Role.DUTY_OFFICER, "")
    storm, incident = opened(town)
    duty, commander = town.as_("duty"), town.as_("commander")
    drafted = statements.draft(storm.event, once="s", actor=duty, now=town.now)
    assert statements.draft(storm.event, once="s", actor=duty, now=town.now) == drafted
    paper = queries.paper(EVERYWHERE, drafted, "en")
    text = paper.plain()
    assert paper.title == "EXERCISE. First report, no. 1"  # the town's gauges are synthetic (ADR 8)
    for words in ("171.2", "Rainstorm", "East district", "Not verified yet", "Response III opened", "Start the plan",
                  "Not recorded in this system", "Nobody on duty for"):  # fmt: skip
        assert words in text, words
    chinese = queries.paper(EVERYWHERE, drafted, "zh-hans").plain()
    assert "暴雨" in chinese
    assert "三级响应" in chinese
    before = queries.statement(EVERYWHERE, drafted)
    statements.rewrite(drafted, "school is closed", revision=before.revision, actor=duty, now=town.now)
    with pytest.raises(Stale):
        statements.release(drafted, revision=before.revision, actor=commander, now=town.now)
    now_line = queries.statement(EVERYWHERE, drafted)
    assert now_line.digest != before.digest
    with pytest.raises(NotAllowed):
        statements.release(drafted, revision=now_line.revision, actor=duty, now=town.now)
    statements.release(drafted, revision=now_line.revision, actor=commander, now=town.now)
    released = queries.statement(EVERYWHERE, drafted)
    assert released.released_by.startswith("commander/")
    assert released.sent_to == ["duty-province"]
    town.phone("duty-province").expects("First report, no. 1", "171.2", "school is closed")
    written = actions(incident)["written"].task
    assert written
    assert written.outcome == {"statement": drafted}
    assert not written.is_open
    with pytest.raises(Stale):
        statements.rewrite(drafted, "", revision=released.revision, actor=duty, now=town.now)
    quiet(town)


def test_its_author_may_not_release_it_even_as_commander(town: Town) -> None:
    storm, _ = opened(town)
    commander = town.as_("commander")
    drafted = statements.draft(storm.event, actor=commander, now=town.now)
    with pytest.raises(NotAllowed, match="author"):
        statements.release(drafted, revision=1, actor=commander, now=town.now)


def test_a_follow_up_tells_only_what_changed_and_goes_to_the_office_above(town: Town) -> None:
    storm, incident = opened(town)
    town.hire("commander-east", Role.COMMANDER, EAST)
    duty, commander = town.as_("duty"), town.as_("commander-east")
    first = statements.draft(storm.event, actor=duty, now=town.now)
    statements.release(first, revision=1, actor=commander, now=town.now)
    letter = town.phone("duty").expects("First report")  # the city is above the district
    assert "Began:" in letter.body
    assert queries.statement(EVERYWHERE, first).sent_to == ["duty"]
    quiet(town)
    with pytest.raises(BadValue):
        statements.draft(storm.event, "first", actor=duty, now=town.now)
    patrol = actions(incident)["patrol_low_places"].task
    assert patrol
    services.finish_task(patrol.id, "", actor=town.as_("inspector-east"), now=town.now)
    second = statements.draft(storm.event, actor=duty, now=town.now)
    text = queries.paper(EVERYWHERE, second, "en").plain()
    assert "Follow-up report, no. 2" in text
    assert "Go round the low places and say what you find: done by" in text
    assert "Began:" not in text
    assert queries.statement(EVERYWHERE, second).against == first
    assert queries.facts_since(EVERYWHERE, second, now=town.now) == 0
    final = statements.draft(storm.event, "final", actor=duty, now=town.now)
    assert final == second  # the draft that lies there is written anew
    assert "Began:" in queries.paper(EVERYWHERE, final, "en").plain()
    assert [one.number for one in queries.statements(EVERYWHERE, storm.event)] == [2, 1]
    quiet(town)


def test_a_statement_is_not_read_outside_its_area(town: Town) -> None:
    storm, _ = opened(town)
    drafted = statements.draft(storm.event, actor=town.as_("duty"), now=town.now)
    for scope in (Scope(WEST, "commander"), Scope("other", "commander")):
        assert queries.statements(scope, storm.event) == []
        with pytest.raises(UnknownName):
            queries.paper(scope, drafted, "en")
    with pytest.raises(NotAllowed):
        queries.statement(town.as_("administrator").scope, drafted)


# ---------------------------------------------------------------- the table of moves, and words
def test_the_roles_of_the_playbook_are_those_that_may_do_tasks() -> None:
    assert set(DOERS) == MAY[Act.DO_TASK]


@given(st.lists(st.sampled_from(list(IncidentState)), max_size=8))
def test_no_way_leads_out_of_what_is_final(path: list[IncidentState]) -> None:
    state: IncidentState | None = None
    for wanted in path:
        if may_move(state, wanted):
            assert state not in (IncidentState.ENDED, IncidentState.DECLINED, IncidentState.MERGED)
            assert (state is None) == (wanted == IncidentState.PROPOSED)
            state = wanted
    assert {after for before, after in MOVES if before is None} == {IncidentState.PROPOSED}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["warning", "event_confirmed", "cancelled", "open", "raise", "end", "decline"]),
                          st.integers(1, 4)), max_size=8))  # fmt: skip
def test_whatever_happens_an_event_has_one_response_at_most_and_every_action_once(
    town: Town, steps: list[tuple[str, int]]
) -> None:
    storm = town.storm(level=ORANGE)
    commander = town.as_("commander")
    for what, level in steps:
        incident = queries.incident_of(EVERYWHERE, storm.event)
        try:
            if what in ("warning", "event_confirmed"):
                services.consider(storm.event, what, level, now=town.now)
            elif what == "cancelled":
                services.note_cancelled(storm.event, "wrn_x", now=town.now)
            elif what == "open":
                services.open_by_hand(storm.event, level, actor=commander, now=town.now)
            elif incident is not None and what == "raise":
                services.change_level(incident.id, level, version=incident.version, actor=commander, now=town.now)
            elif incident is not None and what == "end":
                services.end(incident.id, "x", version=incident.version, actor=commander, now=town.now)
            elif incident is not None:
                services.decline(incident.id, "x", version=incident.version, actor=commander, now=town.now)
        except (Stale, BadValue):
            pass
        rows = IncidentRow.objects.filter(event=storm.event)
        assert rows.filter(state__in=["proposed", "open"]).count() <= 1
        for row in rows:
            assert 1 <= row.level <= len(RESPONSE_LEVELS)
            keys = list(row.actions.values_list("action", "facility"))
            assert len(keys) == len(set(keys))
            assert row.state != "proposed" or not keys
    assert to_us(town.now)
    assert ledger.verify() == []
    quiet(town)
