"""Clocks of cases: the list of what goes wrong elsewhere - pauses, midnights, holidays, merges, transfers, late sweeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.rooms.casework import accepted, at, casework_town, clock, facts, file, move, opened, row, verbs
from tocsin.records.cases import queries, services
from tocsin.records.cases.models import ClockRow
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import BadForm, BadValue, NotAllowed, Stale, UnknownName
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db
YEAR_2027: dict[str, Any] = {
    "year": 2027, "off": ["2027-01-01/2027-01-05"], "worked": ["2027-01-09"], "source": "a test", "verified": False,
}  # fmt: skip


@pytest.fixture
def town() -> Iterator[Town]:
    with casework_town() as built:
        yield built


def act(town: Town, verb: Any, case: str, code: str, post: str = "case-handler") -> None:
    verb(case, clock(case, code).pk, "a reason", version=row(case).version, actor=town.as_(post), now=town.now)


def test_working_days_skip_the_holiday_and_count_the_swapped_saturday(town):
    case = opened(town)  # 24 September; 25-27 September and 1-7 October are off: 28, 29, 30, 8, 9
    assert clock(case.id, "answer").due_at == at("2026-10-10T00:00")
    town.after(days=1)
    assert clock(opened(town).id, "answer").due_at == at("2026-10-10T00:00")  # a rest day starts no sooner
    town.after(days=3)
    assert clock(opened(town).id, "answer").due_at == at("2026-10-11T00:00")  # 29, 30, 8, 9 and the swapped Saturday


def test_calendar_days_roll_off_rest_days_and_both_ends_are_kept(town):
    case = accepted(town)  # 15 days from 24 September end on 9 October, a Friday
    handle = clock(case.id, "handle")
    assert (handle.strict_at, handle.due_at) == (at("2026-10-10T00:00"), at("2026-10-10T00:00"))
    town.after(days=1)
    other = accepted(town)  # 10 October is a Saturday and worked
    assert clock(other.id, "handle").due_at == at("2026-10-11T00:00")
    town.after(days=1)
    third = accepted(town)  # 11 October is a Sunday: strict stays, the deadline rolls to Monday
    assert (clock(third.id, "handle").strict_at, clock(third.id, "handle").due_at) == (at("2026-10-12T00:00"),
                                                                                       at("2026-10-13T00:00"))  # fmt: skip


def test_nobody_is_warned_at_midnight_or_on_a_rest_day(town):
    case = accepted(town)
    assert clock(case.id, "answer").warn_at == at("2026-10-08T09:00")  # one working day before the 9th
    assert clock(case.id, "handle").warn_at == at("2026-09-30T09:00")  # three days before the 9th is a holiday: earlier


def test_crossings_are_told_once_also_after_the_server_was_down(town):
    case = accepted(town)
    town.after_downtime(hours=24 * 30)
    town.carry()
    town.carry()
    assert verbs(case.id).count("clock_nearing") == 2
    assert verbs(case.id).count("clock_run_out") == 2
    assert (facts("clock_nearing"), facts("clock_run_out")) == (2, 2)
    assert file(case.id).line.overdue
    assert [line.id for line in queries.cases(EVERYWHERE, queries.Filter("overdue"))] == [case.id]


def test_a_deadline_that_passed_is_told_also_where_the_work_is_done_before_the_sweep(town):
    case = accepted(town)
    town.after_downtime(hours=24 * 30)
    move(town, case.id, "answer", reply="at last", cause="cable")
    assert verbs(case.id).count("clock_run_out") == 1  # of the answer; the handling still runs
    town.carry()
    assert verbs(case.id).count("clock_run_out") == 2
    assert not ledger.verify()


def test_a_clock_in_time_is_never_told_of_after_it_ended(town):
    case = accepted(town)
    move(town, case.id, "withdraw")
    town.after(days=60)
    assert facts("clock_run_out") == facts("clock_nearing") == 0


def test_a_pause_moves_the_deadline_by_the_days_it_stood(town):
    case = accepted(town)
    act(town, services.pause, case.id, "handle")
    assert clock(case.id, "handle").standing
    town.after(days=30)  # past what would have been the deadline: standing clocks run out of nothing
    assert verbs(case.id).count("clock_run_out") == 1  # the answer's
    act(town, services.resume, case.id, "handle")
    assert clock(case.id, "handle").due_at == at("2026-11-10T00:00")  # 9 October + 30 is 8 November, a Sunday: rolled
    assert verbs(case.id)[-2:] != ["clock_run_out", "clock_run_out"]
    body = next(line.body for line in ledger.chain(case.id) if line.verb == "clock_paused")
    assert body["clause"] == "own: a test"


def test_a_pause_within_one_day_costs_nothing(town):
    case = accepted(town)
    before = clock(case.id, "handle").due_at
    act(town, services.pause, case.id, "handle")
    town.after(hours=3)
    act(town, services.resume, case.id, "handle")
    assert clock(case.id, "handle").due_at == before


def test_acts_on_clocks_are_refused_where_the_law_knows_none(town):
    case = accepted(town)
    with pytest.raises(NotAllowed, match="lets it run on"):
        act(town, services.pause, case.id, "answer")
    with pytest.raises(NotAllowed, match="another post decides"):
        act(town, services.extend, case.id, "handle")
    with pytest.raises(Stale, match="does not stand still"):
        act(town, services.resume, case.id, "handle")
    act(town, services.pause, case.id, "handle")
    with pytest.raises(Stale, match="stands still already"):
        act(town, services.pause, case.id, "handle")
    with pytest.raises(UnknownName):
        services.pause(case.id, 10**9, "x", version=row(case.id).version, actor=town.as_("case-handler"), now=town.now)
    with pytest.raises(Stale):
        services.pause(
            case.id, clock(case.id, "handle").pk, "x", version=1, actor=town.as_("case-handler"), now=town.now
        )


def test_an_extension_is_granted_once_and_not_after_the_end(town):
    case, late = accepted(town), accepted(town)
    act(town, services.extend, case.id, "handle", "commander")
    assert clock(case.id, "handle").due_at == at("2026-10-20T00:00")
    with pytest.raises(Stale, match="as often"):
        act(town, services.extend, case.id, "handle", "commander")
    town.after(days=20)
    with pytest.raises(Stale, match="run out"):
        act(town, services.extend, late.id, "handle", "commander")
    assert clock(case.id, "handle").overdue_at is None
    assert clock(late.id, "handle").overdue_at is not None


def test_hours_run_through_the_night_and_the_leg_has_a_clock_of_its_own(town):
    case = accepted(town)
    services.ask_helper(case.id, "lamps", "is it yours?", version=row(case.id).version, actor=town.as_("case-handler"),
                        now=town.now)  # fmt: skip
    leg = clock(case.id, "leg", "leg")
    assert leg.due_at == at("2026-09-25T09:00")  # a holiday; hours do not care
    assert leg.warn_at == at("2026-09-25T07:00")
    town.after(hours=25)
    assert verbs(case.id)[-1] == "clock_run_out"
    assert clock(case.id, "answer").overdue_at is None


def test_a_transfer_does_not_give_more_time(town):
    case = accepted(town)
    before = [clock(case.id, code).due_at for code in ("answer", "handle")]
    town.after(days=2)
    services.transfer(
        case.id, "roads", "a road", version=row(case.id).version, actor=town.as_("case-handler"), now=town.now
    )
    assert [clock(case.id, code).due_at for code in ("answer", "handle")] == before


def test_a_date_beyond_the_loaded_year_is_provisional_until_the_year_is_loaded():
    with casework_town("2026-12-28T09:00") as town:
        case = accepted(town)
        before = clock(case.id, "answer")
        assert before.provisional
        assert file(case.id).line.provisional
        assert before.due_at == at("2027-01-05T00:00")  # weekends alone are known
        town.after(hours=1)
        loaded = services.load_years("cn", {"year": [YEAR_2027]}, actor=SYSTEM, now=town.now)
        after = clock(case.id, "answer")
        assert after.due_at == at("2027-01-08T00:00")  # 29, 30, 31 December, 6 and 7 January
        assert not after.provisional
        assert (loaded.clocks, loaded.moved) == (2, 1)
        assert verbs(case.id).count("clock_recomputed") == 2
        again = services.load_years("cn", {"year": [YEAR_2027]}, actor=SYSTEM, now=town.now)
        assert again.moved == 0
        assert verbs(case.id).count("clock_recomputed") == 2
        assert not ledger.verify()


def test_a_holiday_declared_after_the_start_moves_the_deadline_and_it_is_told_anew(town):
    case = opened(town)
    town.after(days=20)
    assert clock(case.id, "answer").overdue_at is not None
    shipped = {"year": 2026, "off": ["2026-09-25/2026-10-31"], "worked": [], "source": "a test", "verified": False}
    services.load_years("cn", {"year": [shipped]}, actor=SYSTEM, now=town.now)
    moved = clock(case.id, "answer")
    assert moved.due_at == at("2026-11-07T00:00")
    assert moved.overdue_at is None
    town.after(days=30)
    assert verbs(case.id).count("clock_run_out") == 2  # two deadlines, each told of once


@pytest.mark.parametrize(
    ("change", "error"),
    [({"off": ["2019-01-01"]}, BadValue), ({"off": ["2027-01-01"], "worked": ["2027-01-01"]}, BadValue),
     ({"off": ["tomorrow"]}, BadForm), ({"off": ["2027-01-01/2027-12-31"]}, BadValue), ({"year": "soon"}, BadForm)],
)  # fmt: skip
def test_a_calendar_that_cannot_be_is_refused_and_changes_nothing(town, change, error):
    case = opened(town)
    before = clock(case.id, "answer").due_at
    with pytest.raises(error):
        services.load_years("cn", {"year": [YEAR_2027 | change]}, actor=SYSTEM, now=town.now)
    with pytest.raises(UnknownName):
        services.load_years("mars", {"year": [YEAR_2027]}, actor=SYSTEM, now=town.now)
    assert clock(case.id, "answer").due_at == before
    assert not ledger.chain("calendar:cn")


def test_a_clock_that_starts_again_takes_the_place_of_the_old_one(town):
    inspector, handler = town.as_("inspector-east"), town.as_("case-handler")
    finding = services.open_case("workplace_safety/finding", {"grade": "general", "what": "a"}, facility="mill",
                                 actor=inspector, now=town.now)  # fmt: skip
    for day in ("2026-09-30", "2026-10-20"):
        services.move(finding.id, "order", {"demand": "mend it", "limit_on": day}, version=row(finding.id).version,
                      actor=handler, now=town.now)  # fmt: skip
    assert clock(finding.id, "rectify").due_at == at("2026-10-21T00:00")
    assert ClockRow.objects.filter(case_id=finding.id, code="rectify", ended_at=None).count() == 1
