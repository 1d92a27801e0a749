"""Rectify: from what was seen to what was put right, and nobody closes it alone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rooms.responding import facts, quiet, responding_town, verbs
from tests.rooms.test_respond_pages import browser
from tocsin.loop.rectify import five as five_module
from tocsin.loop.rectify import handlers, queries, services
from tocsin.loop.rectify.five import Five, money_of
from tocsin.loop.rectify.lifecycle import CASE_KIND, OPEN, FindingState, Grade, Recheck, move_of_recheck
from tocsin.records.blobs import Photo
from tocsin.records.cases import queries as case_queries
from tocsin.records.cases import services as cases
from tocsin.records.cases.facts import CaseChanged
from tocsin.records.cases.kinds import kinds_in_use
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.models import Account, Post
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.tasks import queries as task_list
from tocsin.terms.errors import BadForm, BadValue, NotAllowed, Stale, UnknownName
from tocsin.testing.town import EAST, WEST, Town

pytestmark = pytest.mark.django_db
PHOTO = Photo("a" * 64, "b" * 64, 640, 480, 12_345)
WORDS = "the pump in the cellar does not run"


@pytest.fixture
def town() -> Iterator[Town]:
    with responding_town() as built:
        built.hire("inspector-two", Role.INSPECTOR, EAST, lon=120.8, lat=30.3)
        yield built


def line(finding: str) -> queries.FindingLine:
    return queries.finding(EVERYWHERE, finding)


def recorded(town: Town, grade: str = "general", **given: object) -> str:
    found = services.record(
        None, "mill", grade, WORDS, [PHOTO], actor=town.as_("inspector-east"), now=town.now, **given
    )
    town.phone("case-handler").expects("A finding waits for an order", "Old mill", WORDS)
    return found


def ordered(town: Town, grade: str = "general", days: int = 7) -> str:
    finding = recorded(town, grade)
    limit = town.now + timedelta(days=days)
    services.serve_order(finding, limit, version=line(finding).version, actor=town.as_("case-handler"), now=town.now)
    town.phone("operator-mill").expects("Order to put a finding right", WORDS)
    return finding


def all_five(town: Town, **other: object) -> Five:
    whole = Five("Head of the mill's works", "replace the pump", Decimal("8000"), town.now + timedelta(days=3),
                 "pump by hand, call 119")  # fmt: skip
    return replace(whole, **other)  # type: ignore[arg-type]


def planned(town: Town, grade: str = "general") -> str:
    finding = ordered(town, grade)
    operator = town.as_("operator-mill")
    services.enter_plan(finding, all_five(town), version=line(finding).version, actor=operator, now=town.now)
    return finding


def fixed(town: Town, grade: str = "general") -> str:
    finding = planned(town, grade)
    services.report_fixed(finding, "new pump", [PHOTO], version=line(finding).version, actor=town.as_("operator-mill"),
                          now=town.now)  # fmt: skip
    town.phone("inspector-two").expects("Please look again", "Old mill")
    return finding


def looked(town: Town, finding: str, said: str, by: str = "inspector-two") -> None:
    services.recheck(finding, said, "I tried it", version=line(finding).version, actor=town.as_(by), now=town.now)


# ---------------------------------------------------------------- the whole way
def test_a_finding_goes_from_what_was_seen_to_what_was_put_right(town: Town) -> None:
    finding = fixed(town)
    looked(town, finding, "fixed")
    done = line(finding)
    assert (done.state, done.look_back_on) == (FindingState.CLOSED, (town.now + timedelta(days=365)).date())
    assert verbs(finding) == ["finding_recorded", "order_served", "plan_entered", "finding_fixed", "finding_rechecked",
                              "finding_closed"]  # fmt: skip
    kinds = ["finding_recorded", "order_served", "plan_entered", "finding_fixed", "finding_rechecked", "finding_closed"]
    assert all(len(facts(kind)) == 1 for kind in kinds)
    tasks = task_list.about(EVERYWHERE, finding)
    done_by = {task.kind: task for task in tasks}  # given at one moment, so in no order
    assert {(task.kind, task.post, task.state) for task in tasks} == {
        ("rectification", "operator-mill", "done"), ("recheck", "inspector-two", "done")
    }  # fmt: skip
    assert done_by["rectification"].acknowledged_at is not None  # entering the plan is the receipt
    said = json.dumps([entry.body for entry in ledger.chain(finding)])
    assert "pump" not in said  # the words stay here, the ledger holds a commitment
    assert [photo.moment for photo in queries.photos(EVERYWHERE, finding)] == ["found", "fixed"]


def test_made_during_a_verification_it_is_linked_in_the_events_chain(town: Town) -> None:
    storm = town.storm()
    finding = services.record(storm.event, "mill", "major", WORDS, verification="vrf_1", once="k",
                              actor=town.as_("inspector-east"), now=town.now)  # fmt: skip
    again = services.record(
        storm.event, "mill", "major", WORDS, once="k", actor=town.as_("inspector-east"), now=town.now
    )
    assert again == finding
    quiet(town)
    (entry,) = [entry for entry in ledger.chain(storm.event) if entry.verb == "finding_recorded"]
    assert entry.body == {"finding": finding, "facility": "mill", "grade": "major", "verification": "vrf_1"}
    assert [f.id for f in queries.findings(EVERYWHERE, event=storm.event)] == [finding]
    assert [f.id for f in queries.open_of_event(EVERYWHERE, storm.event)] == [finding]


def test_a_major_one_needs_the_authoritys_release_after_the_re_check(town: Town) -> None:
    finding = fixed(town, "major")
    looked(town, finding, "fixed")
    assert line(finding).state == FindingState.RECHECKED
    town.phone("case-handler").expects("A major finding waits for release")
    with pytest.raises(NotAllowed):
        services.release(finding, version=line(finding).version, actor=town.as_("inspector-two"), now=town.now)
    services.release(finding, version=line(finding).version, actor=town.as_("case-handler"), now=town.now)
    assert line(finding).state == FindingState.CLOSED
    with pytest.raises(Stale):
        services.release(finding, version=line(finding).version, actor=town.as_("case-handler"), now=town.now)


def test_a_release_that_is_refused_goes_back_to_the_facility(town: Town) -> None:
    finding = fixed(town, "major")
    looked(town, finding, "fixed")
    quiet(town)
    handler = town.as_("case-handler")
    with pytest.raises(BadValue):
        services.release(finding, "", agreed=False, version=line(finding).version, actor=handler, now=town.now)
    services.release(finding, "no papers", agreed=False, version=line(finding).version, actor=handler, now=town.now)
    assert line(finding).state == FindingState.REOPENED
    town.phone("operator-mill").expects("Not put right yet", "no papers")
    quiet(town)


def test_not_fixed_opens_it_again_and_the_facility_plans_anew(town: Town) -> None:
    finding = fixed(town)
    looked(town, finding, "not_fixed")
    town.phone("operator-mill").expects("Not put right yet", "I tried it")
    town.phone("case-handler").expects("Not put right yet")
    assert line(finding).state == FindingState.REOPENED
    assert [task.kind for task in task_list.of_post(EVERYWHERE, "operator-mill")] == ["rectification"]
    operator = town.as_("operator-mill")
    services.enter_plan(finding, all_five(town), version=line(finding).version, actor=operator, now=town.now)
    services.report_fixed(finding, "", [PHOTO], version=line(finding).version, actor=operator, now=town.now)
    town.phone("inspector-two").expects("Please look again")
    looked(town, finding, "fixed")
    assert line(finding).state == FindingState.CLOSED


# ---------------------------------------------------------------- orders
def test_an_order_that_nobody_receives_is_not_served(town: Town) -> None:
    finding = services.record(None, "underpass-east", "general", WORDS, actor=town.as_("inspector-east"), now=town.now)
    quiet(town)
    with pytest.raises(BadValue, match="no operator's post"):
        services.serve_order(
            finding, town.now + timedelta(days=1), version=1, actor=town.as_("case-handler"), now=town.now
        )
    assert line(finding).state == FindingState.RECORDED


def test_an_order_is_served_also_while_the_post_is_empty_and_again_with_another_limit(town: Town) -> None:
    town.goes_home("operator-mill")
    finding = ordered(town)
    (first,) = task_list.of_post(EVERYWHERE, "operator-mill")
    handler = town.as_("case-handler")
    with pytest.raises(BadValue):
        services.serve_order(finding, town.now, version=line(finding).version, actor=handler, now=town.now)
    longer = town.now + timedelta(days=20)
    services.serve_order(
        finding, longer, "and the second pump", version=line(finding).version, actor=handler, now=town.now
    )
    town.phone("operator-mill").expects("Order", "and the second pump")
    (second,) = task_list.of_post(EVERYWHERE, "operator-mill")
    assert (second.id != first.id, second.due_at) == (True, longer)
    with pytest.raises(Stale):
        services.serve_order(finding, longer, version=1, actor=handler, now=town.now)


def test_only_the_right_role_of_the_area_makes_each_move(town: Town) -> None:
    town.hire("handler-west", Role.CASE_HANDLER, WEST)
    for post in ("duty", "case-handler", "operator-mill", "inspector-west", "administrator"):
        with pytest.raises(NotAllowed):
            services.record(None, "mill", "general", WORDS, actor=town.as_(post), now=town.now)
    with pytest.raises(UnknownName):
        services.record(None, "nowhere", "general", WORDS, actor=town.as_("inspector-east"), now=town.now)
    with pytest.raises(BadValue):
        services.record(None, "mill", "terrible", WORDS, actor=town.as_("inspector-east"), now=town.now)
    with pytest.raises(BadValue):
        services.record(None, "mill", "general", " ", actor=town.as_("inspector-east"), now=town.now)
    finding = recorded(town)
    for post in ("inspector-east", "commander", "operator-mill", "handler-west"):
        with pytest.raises(NotAllowed):
            services.serve_order(finding, town.now + timedelta(days=1), version=1, actor=town.as_(post), now=town.now)
    services.withdraw(finding, "it is another mill", version=1, actor=town.as_("case-handler"), now=town.now)
    assert not line(finding).is_open
    with pytest.raises(Stale):
        services.withdraw(finding, "again", version=2, actor=town.as_("case-handler"), now=town.now)


# ---------------------------------------------------------------- the five implementations
@pytest.mark.parametrize("name", five_module.FIELDS)
def test_a_plan_with_one_of_the_five_missing_is_refused(town: Town, name: str) -> None:
    finding = ordered(town)
    without = all_five(town, **{name: None if name in ("money", "deadline") else "  "})
    operator = town.as_("operator-mill")
    with pytest.raises(BadValue, match="is empty"):
        services.enter_plan(finding, without, version=line(finding).version, actor=operator, now=town.now)
    assert line(finding).state == FindingState.ORDERED
    asked = {"responsible": "p", "measures": "m", "money": 0, "deadline_at": town.now.isoformat(), "plan": "e"}
    del asked["responsible" if name == "person" else "deadline_at" if name == "deadline" else name]
    with pytest.raises(BadForm, match="is needed"):  # nor does the kernel take it, whoever asks
        cases.move(finding, "plan", asked, version=line(finding).version, keeper=cases.Keeper("rectify"), actor=operator,
                   now=town.now)  # fmt: skip


def test_money_of_nothing_must_be_said_and_the_deadline_lies_within_the_order(town: Town) -> None:
    finding = ordered(town)
    operator, version = town.as_("operator-mill"), line(finding).version

    def enter(plan: Five) -> None:
        services.enter_plan(finding, plan, version=version, actor=operator, now=town.now)

    for wrong, said in (
        ({"deadline": town.now}, "passed already"), ({"deadline": town.now + timedelta(days=8)}, "later than the order"),
        ({"money": Decimal("-1")}, "below 0"), ({"person": "x" * 201}, "too long"), ({"money": Decimal(10) ** 13}, "too large"),
    ):  # fmt: skip
        with pytest.raises(BadValue, match=said):
            enter(all_five(town, **wrong))
    enter(all_five(town, money=Decimal(0)))
    assert line(finding).money == 0


def test_an_operator_sees_and_answers_only_for_its_own_facility(town: Town) -> None:
    finding = recorded(town)
    mill = town.as_("operator-mill").scope
    assert queries.findings(mill) == []  # not before it is an order
    services.serve_order(finding, town.now + timedelta(days=7), version=1, actor=town.as_("case-handler"), now=town.now)
    quiet(town)
    assert [f.id for f in queries.findings(mill)] == [finding]
    other = Scope(EAST, "facility_operator", "underpass-east")
    assert queries.findings(other) == []
    for scope in (other, Scope(EAST, "facility_operator", ""), Scope(WEST, "inspector")):
        with pytest.raises(UnknownName):
            queries.finding(scope, finding)
    for role in ("administrator", "signer", "analyst"):
        with pytest.raises(NotAllowed):
            queries.findings(Scope("", role))
    stranger = replace(town.as_("operator-mill"), facility="underpass-east")
    with pytest.raises(NotAllowed, match="another facility"):
        services.enter_plan(finding, all_five(town), version=2, actor=stranger, now=town.now)
    with pytest.raises(NotAllowed, match="another facility"):
        services.report_fixed(finding, "", [PHOTO], version=2, actor=stranger, now=town.now)


def test_fixed_needs_proof(town: Town) -> None:
    finding = planned(town)
    with pytest.raises(BadValue, match="no photograph"):
        services.report_fixed(
            finding, "done", [], version=line(finding).version, actor=town.as_("operator-mill"), now=town.now
        )


# ---------------------------------------------------------------- somebody else looks
def test_neither_the_finder_nor_the_operator_looks_again(town: Town) -> None:
    finding = fixed(town)
    for by in ("inspector-east", "operator-mill", "case-handler", "inspector-west"):
        with pytest.raises(NotAllowed):
            looked(town, finding, "fixed", by)
    sly = replace(town.as_("inspector-two"), account=town.account("operator-mill"))
    with pytest.raises(NotAllowed):
        services.recheck(finding, "fixed", "", version=line(finding).version, actor=sly, now=town.now)
    with pytest.raises(BadValue):
        looked(town, finding, "nearly")


def test_a_re_check_that_has_nobody_is_given_to_whoever_comes(town: Town) -> None:
    town.goes_home("inspector-two")
    finding = planned(town)
    services.report_fixed(
        finding, "", [PHOTO], version=line(finding).version, actor=town.as_("operator-mill"), now=town.now
    )
    town.carry()
    assert line(finding).recheck_task == ""
    town.comes_to_work("inspector-two")
    town.phone("inspector-two").expects("Please look again")
    version = line(finding).version
    looked(town, finding, "fixed")
    assert line(finding).version == version + 1


def test_nobody_looks_again_in_time_and_the_case_handler_hears_of_it(town: Town) -> None:
    finding = fixed(town)
    town.after(days=10, minutes=1)
    town.phone("case-handler").expects("nobody has looked again")
    assert "recheck_overdue" in verbs(finding)


# ---------------------------------------------------------------- overdue
def test_a_deadline_that_passes_is_told_once_also_after_a_stop(town: Town) -> None:
    finding = planned(town)
    town.after_downtime(hours=24 * 3 + 1)
    town.phone("case-handler").expects("Overdue: a finding is not put right")
    town.phone("operator-mill").expects("Overdue")
    town.after(days=5)
    assert len(facts("finding_overdue")) == 1
    assert line(finding).overdue_at is not None
    assert json.loads(facts("finding_overdue")[0])["finding"] == finding
    handler = town.as_("case-handler")
    services.serve_order(
        finding, town.now + timedelta(days=1), version=line(finding).version, actor=handler, now=town.now
    )
    quiet(town)
    town.after(days=2)
    assert len(facts("finding_overdue")) == 2  # another order, another deadline
    quiet(town)


def test_a_finding_that_is_fixed_in_time_is_never_overdue(town: Town) -> None:
    fixed(town)
    town.after(days=9)
    assert facts("finding_overdue") == []


def test_lists_show_the_overdue_first_then_the_major(town: Town) -> None:
    first = ordered(town, days=1)
    second = recorded(town, "major")
    third = recorded(town)
    town.after(days=1, minutes=1)
    quiet(town)
    assert [f.id for f in queries.findings(EVERYWHERE)] == [first, second, third]
    handler, mill = town.as_("case-handler").scope, town.as_("operator-mill").scope
    assert [f.id for f in queries.waiting_for(handler)] == [second, third]
    assert [f.id for f in queries.waiting_for(mill)] == [first]
    assert queries.findings(EVERYWHERE, facility="underpass-east") == []
    assert [f.id for f in queries.findings(EVERYWHERE, state="ordered")] == [first]


# ---------------------------------------------------------------- pure
@given(st.lists(st.integers(min_value=0, max_value=20), max_size=14))
def test_nothing_is_closed_but_over_fixed(choices: list[int]) -> None:
    kind = kinds_in_use()[CASE_KIND]
    state, been = kind.first, {kind.first}
    for choice in choices:
        moves = kind.moves_from(state)
        if not moves:
            break
        assert state in OPEN or state == FindingState.CLOSED  # closed is looked back at, and stays closed
        state = moves[choice % len(moves)].after
        been.add(state)
    if state == FindingState.CLOSED:
        assert {FindingState.ORDERED, FindingState.PLANNED, FindingState.FIXED} <= been


def test_every_re_check_leads_on() -> None:
    kind = kinds_in_use()[CASE_KIND]
    assert set(kind.states) == set(FindingState)
    for grade, said in itertools.product(Grade, Recheck):
        move = kind.moves[move_of_recheck(grade, said)]
        assert FindingState.FIXED in move.before
        assert move.when in ({}, {"grade": grade.value})
        assert (move.after == FindingState.CLOSED) == (grade is Grade.GENERAL and said is Recheck.FIXED)


# ---------------------------------------------------------------- one machine, and it is the kernel's
def test_a_finding_is_a_case_with_a_number_an_owner_and_running_clocks(town: Town) -> None:
    finding = planned(town)
    file = case_queries.case_file(EVERYWHERE, finding)
    assert (file.line.number, file.line.owner) == (f"YH{town.now.year}-000001", "case-handler")
    running = {clock.code: clock.due_at for clock in file.clocks if clock.ended_at is None}
    assert running == {"order_limit": town.now + timedelta(days=7), "plan_deadline": town.now + timedelta(days=3)}
    assert file.line.values["words"] == WORDS


@pytest.mark.parametrize(
    ("post", "move"), [("operator-mill", "fixed"), ("operator-mill", "plan"), ("case-handler", "order")]
)
def test_its_steps_are_made_by_its_room_alone(town: Town, post: str, move: str) -> None:
    finding = planned(town)
    before = line(finding)
    with pytest.raises(NotAllowed, match="pages of its own"):
        cases.move(finding, move, {}, version=before.version, actor=town.as_(post), now=town.now)
    with pytest.raises(NotAllowed, match="pages of its own"):
        cases.open_case(CASE_KIND, {"grade": "general", "words": "x"}, facility="mill", actor=town.as_("inspector-east"),
                        now=town.now)  # fmt: skip
    assert line(finding) == before


def test_whoever_was_ordered_does_not_close_it_whatever_they_try(town: Town) -> None:
    finding = fixed(town)
    kind = kinds_in_use()[CASE_KIND]
    for move in (move for move in kind.moves.values() if kind.states[move.after].over):
        with pytest.raises((NotAllowed, Stale)):
            cases.move(finding, move.code, {}, version=line(finding).version, keeper=cases.Keeper("rectify"),
                       actor=town.as_("operator-mill"), now=town.now)  # fmt: skip
    assert line(finding).state == FindingState.FIXED


def test_two_findings_are_not_merged(town: Town) -> None:
    first, second = recorded(town), recorded(town)
    with pytest.raises(BadValue, match="not merged"):
        cases.merge(second, first, "twice", version=1, actor=town.as_("case-handler"), now=town.now)


def test_what_a_signer_may_not_read_as_a_finding_it_does_not_read_as_a_case(town: Town) -> None:
    finding = recorded(town)
    for role, seen in (("signer", False), ("case_handler", True), ("facility_operator", False)):
        scope = Scope("", role, "mill" if role == "facility_operator" else "")
        assert (finding in [one.id for one in case_queries.cases(scope)]) is seen


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_an_amount_reads_as_it_is_written(amount: Decimal) -> None:
    assert money_of(f"{amount:,}") == amount
    for nonsense in ("twelve", "1e", "NaN", "Infinity", "1.2.3"):
        with pytest.raises(ValueError, match="amount"):
            money_of(nonsense)


@given(st.sets(st.sampled_from(five_module.FIELDS)))
def test_each_missing_one_is_named(missing: set[str]) -> None:
    now = datetime(2025, 1, 1).astimezone()
    whole = Five("p", "m", Decimal(0), now + timedelta(days=1), "e")
    empty = replace(whole, **{n: None if n in ("money", "deadline") else "" for n in missing})
    found = five_module.faults(empty, limit=now + timedelta(days=2), now=now)
    assert {fault.field for fault in found} == missing


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["order", "plan", "fix", "recheck", "not", "release", "refuse", "withdraw", "day"]),
                max_size=12))  # fmt: skip
def test_whatever_is_tried_the_ledger_and_the_state_agree(town: Town, steps: list[str]) -> None:
    finding = services.record(None, "mill", "major", WORDS, actor=town.as_("inspector-east"), now=town.now)
    handler, operator, other = (town.as_(post) for post in ("case-handler", "operator-mill", "inspector-two"))
    moved = 0
    for what in steps:
        version, now = line(finding).version, town.now
        try:
            if what == "order":
                services.serve_order(finding, now + timedelta(days=4), version=version, actor=handler, now=now)
            elif what == "plan":
                services.enter_plan(finding, all_five(town), version=version, actor=operator, now=now)
            elif what == "fix":
                services.report_fixed(finding, "", [PHOTO], version=version, actor=operator, now=now)
            elif what in ("recheck", "not"):
                said = "fixed" if what == "recheck" else "not_fixed"
                services.recheck(finding, said, "", version=version, actor=other, now=now)
            elif what in ("release", "refuse"):
                services.release(finding, "x", agreed=what == "release", version=version, actor=handler, now=now)
            elif what == "withdraw":
                services.withdraw(finding, "x", version=version, actor=handler, now=now)
            else:
                town.after(hours=30)
                continue
            moved += 1
        except (Stale, BadValue):
            pass
    assert line(finding).version == 1 + moved
    assert ledger.verify() == []
    quiet(town)


# ---------------------------------------------------------------- nobody to own it
def without(*posts: str) -> None:
    Post.objects.filter(id__in=posts).update(closed_at=datetime(2025, 1, 1, tzinfo=UTC))


def unowned() -> list[str]:
    return [one.id for one in case_queries.cases(EVERYWHERE, case_queries.Filter("unowned"))]


def record_alone(town: Town) -> str:
    return services.record(None, "mill", "major", WORDS, [PHOTO], actor=town.as_("inspector-east"), now=town.now)


def test_where_there_is_no_case_handler_it_is_recorded_and_lies_with_the_commander(town: Town) -> None:
    other = recorded(town)
    without("case-handler")
    finding = record_alone(town)
    town.phone("commander").expects("A finding has no owner", "Old mill", WORDS, "nobody can serve an order")
    assert line(finding).owner == "commander"
    assert ledger.chain(finding)[0].body["stands_in_for"] == "case_handler"
    assert "stands_in_for" not in ledger.chain(other)[0].body
    assert unowned() == [finding]
    with pytest.raises(NotAllowed):  # standing in is no right to do what a case handler does
        services.serve_order(
            finding, town.now + timedelta(days=7), version=1, actor=town.as_("commander"), now=town.now
        )
    town.hire("new-desk", Role.CASE_HANDLER, EAST)
    cases.transfer(finding, "new-desk", "the post is there now", version=1, actor=town.as_("commander"), now=town.now)
    assert unowned() == []
    services.serve_order(finding, town.now + timedelta(days=7), version=line(finding).version, actor=town.as_("new-desk"),
                         now=town.now)  # fmt: skip
    quiet(town)


def test_where_there_is_no_commander_either_it_lies_with_who_recorded_it(town: Town) -> None:
    without("case-handler", "commander")
    finding = record_alone(town)
    town.phone("inspector-east").expects("A finding has no owner")
    assert (line(finding).owner, unowned()) == ("inspector-east", [finding])


def test_what_lies_with_nobody_stands_on_top_of_the_list_of_cases(town: Town) -> None:
    without("case-handler")
    finding = record_alone(town)
    quiet(town)
    Account.objects.update(must_change_password=False)
    number = line(finding).number
    page = browser(town, "commander").get("/cases/").content.decode()
    pinned = page.partition('id="unowned-title"')[2].partition("</section>")[0]
    assert number in pinned
    assert number in browser(town, "commander").get("/cases/?which=unowned").content.decode()
    town.hire("new-desk", Role.CASE_HANDLER, EAST)  # over, so nobody waits for an owner any more
    services.withdraw(finding, "twice", version=1, actor=town.as_("new-desk"), now=town.now)
    assert 'id="unowned-title"' not in browser(town, "commander").get("/cases/").content.decode()
    quiet(town)


# ---------------------------------------------------------------- the archive of the old tables
def archived(*cases_of: str) -> None:
    """Rows as the migration left them: no model holds these tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM rectify_archivedfindingrow LIMIT 0")
        columns = [one[0] for one in cursor.description]
        for number, case in enumerate(cases_of):
            at = datetime(2026, 1, 1 + number, tzinfo=UTC)
            given = {
                "id": case,
                "recorded_at": at,
                "facility": "mill",
                "words": "canary pump",
                "recheck_said": "",
                "once": case,
            }
            texts = [name for name in columns if name not in given and not name.endswith(("_at", "_on")) and name not in (
                "money", "orders", "version")]  # fmt: skip
            given |= dict.fromkeys(texts, "") | {"orders": 0, "version": 1}
            names = ", ".join(given)
            marks = ", ".join(["%s"] * len(given))
            cursor.execute(f"INSERT INTO rectify_archivedfindingrow ({names}) VALUES ({marks})", list(given.values()))


def left() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM rectify_archivedfindingrow ORDER BY id")
        return [case for (case,) in cursor.fetchall()]


def test_the_ledger_tells_once_how_many_findings_became_cases(town: Town) -> None:
    assert services.note_migrated(now=town.now) == 0  # nothing to say: nothing is said
    assert ledger.chain("findings") == []
    archived("fnd_1", "fnd_2")
    assert [services.note_migrated(now=town.now) for _start in range(3)] == [2, 0, 0]
    (entry,) = ledger.chain("findings")
    assert (entry.verb, entry.actor) == ("findings_became_cases", "rule:rectify")
    assert entry.body == {"n": 2, "cases": ["fnd_1", "fnd_2"]}
    assert ledger.verify() == []


def test_an_archived_finding_goes_when_what_its_case_held_is_destroyed(town: Town) -> None:
    archived("fnd_1", "fnd_2", "fnd_3")
    changed = CaseChanged("fnd_2", CASE_KIND, EAST, 1, "case_purged")
    other = CaseChanged("fnd_1", CASE_KIND, EAST, 1, "case_transferred")
    for _again in range(2):
        handlers.on_case_changed([changed, other], town.now)
        assert left() == ["fnd_1", "fnd_3"]
