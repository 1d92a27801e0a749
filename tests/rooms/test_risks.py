"""The risk register: risks of things, never of people; reviews by the clock; inspections by the gravest class."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings as settings_of
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.people import log_in
from tests.rooms.casework import STREETS, ZONE, at, casework_town, file, gone_through, row
from tocsin.clocks import Period, Unit, due, read_calendar
from tocsin.packkit import builtin_pack_paths
from tocsin.records import clock
from tocsin.records.cases import services as cases
from tocsin.records.cases.models import CaseRow
from tocsin.records.cases.refusals import AnswersRefused
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.outbox.carrier import Stage
from tocsin.records.outbox.models import OutboxFact
from tocsin.records.risks import inspecting, queries, services
from tocsin.records.risks.models import InspectionRow, RiskRow
from tocsin.records.risks.queries import Filter
from tocsin.records.risks.services import Assessment, NewRisk
from tocsin.terms.errors import BadValue, NotAllowed, Stale, TooBig, UnknownName
from tocsin.terms.moment import to_us
from tocsin.testing.town import CITY, EAST, WEST, Town

INSPECTION = "workplace_safety/inspection"
FLOOD = Assessment("possible", "larger", "lower", "a pump and a gate")  # larger risk: orange, every 3 months
FIRE = Assessment("often", "major", "avoid", "move the store")  # major risk: red, every month
DUST = Assessment("rare", "slight", "accept")  # low risk: blue, every 12 months
MILL = NewRisk("facility", "The boiler may burst", "workplace_safety", "case-handler", FLOOD, facility="mill")


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with risky_town() as built:
        yield built


def risky_town(start: str = "2026-03-02T09:00", safety: str = "workplace_safety") -> AbstractContextManager[Town]:
    """The town of cases whose clock sweeps risks too, and whose inspections are followed."""
    return casework_town(start, packs=(str(STREETS), safety), sweeps=(services.sweep,), stages={
        "case_opened": [Stage("risks.case_opened", inspecting.on_case_opened)],
        "case_moved": [Stage("risks.case_moved", inspecting.on_case_moved)],
        "calendar_loaded": [Stage("risks.calendar_loaded", services.on_calendar_loaded)],
    })  # fmt: skip


def entered(town: Town, given: NewRisk = MILL, by: str = "case-handler") -> str:
    return services.enter_risk(given, actor=town.as_(by), now=town.now)


def risk(risk_id: str) -> RiskRow:
    return RiskRow.objects.get(id=risk_id)


def by(town: Town, risk_id: str, post: str = "case-handler") -> dict[str, Any]:
    return {"version": risk(risk_id).version, "actor": town.as_(post), "now": town.now}


# ------------------------------------------------------------ things, never people
@pytest.mark.parametrize(
    ("given", "error"),
    [
        (replace(MILL, of="person"), BadValue),
        (replace(MILL, of="people"), BadValue),
        (replace(MILL, title="key personnel of the mill"), BadValue),
        (replace(MILL, title="磨坊的重点人员"), BadValue),
        (replace(MILL, title="resident risk score"), BadValue),
        (replace(MILL, assessment=replace(FLOOD, measures="keep a watch list")), BadValue),
        (replace(MILL, title="  "), BadValue),
        (replace(MILL, title="the\x00boiler"), BadValue),
        (replace(MILL, place="the \u202eboiler"), BadValue),
        (replace(MILL, assessment=replace(FLOOD, measures="a\x1bvalve")), BadValue),
        (replace(MILL, title="x" * 201), TooBig),
        (replace(MILL, assessment=replace(FLOOD, measures="x" * 4001)), TooBig),
        (replace(MILL, facility=""), BadValue),
        (replace(MILL, facility="castle"), UnknownName),
        (replace(MILL, of="place", facility="", place=""), BadValue),
        (replace(MILL, pack="streets"), UnknownName),
        (replace(MILL, owner=""), BadValue),
        (replace(MILL, owner="moon"), UnknownName),
        (replace(MILL, owner="auditor"), NotAllowed),
        (replace(MILL, owner="inspector-west"), NotAllowed),
        (replace(MILL, assessment=replace(FLOOD, likelihood="never")), BadValue),
        (replace(MILL, assessment=replace(FLOOD, consequence="")), BadValue),
        (replace(MILL, assessment=replace(FLOOD, treatment="ignore")), BadValue),
        (replace(MILL, assessment=replace(FLOOD, measures=" ")), BadValue),
    ],
)
def test_what_is_no_risk_of_a_thing_is_refused_in_words(town, given, error):
    with pytest.raises(error) as refused:
        entered(town, given)
    assert refused.value.remedy
    assert not RiskRow.objects.exists()


def test_no_table_of_the_register_has_a_place_for_a_person():
    names = {field.name for model in (RiskRow, InspectionRow) for field in model._meta.get_fields()}
    assert not {
        name for name in names if any(word in name for word in ("person", "name", "account", "phone", "holder"))
    }


def test_only_who_keeps_risks_of_the_area_writes(town):
    for post in ("auditor", "duty", "operator-mill", "inspector-west"):
        with pytest.raises(NotAllowed):
            entered(town, by=post)
    made = entered(town, by="inspector-east")
    with pytest.raises(NotAllowed):
        services.close_risk(made, "gone", **by(town, made, "inspector-west"))


# ------------------------------------------------------------ review
def test_a_risk_is_graded_and_reviewed_by_the_clock_of_its_class(town):
    made = entered(town)
    assert (risk(made).grade, risk(made).level, risk(made).due_at) == ("larger", 3, at("2026-09-03T00:00"))
    town.after(days=100)
    services.assess_risk(made, FIRE, **by(town, made))
    assert (risk(made).grade, risk(made).level) == ("major", 4)
    assert risk(made).due_at == at("2026-09-11T00:00")  # three months from 10 June
    assert [one.grade for one in queries.risk_file(EVERYWHERE, made).assessments] == ["major", "larger"]
    assert [line.verb for line in ledger.chain(made)] == ["risk_entered", "risk_assessed"]


@pytest.mark.django_db
def test_a_review_beyond_the_loaded_years_is_computed_again_when_its_year_is_loaded(tmp_path):
    [shipped] = [path for path in builtin_pack_paths() if path.name == "workplace_safety"]
    safety = shutil.copytree(shipped, tmp_path / "workplace_safety")
    clocks = (safety / "clocks.toml").read_text("utf-8")
    rolling = clocks.replace("[clock.review_larger]\n", "[clock.review_larger]\nroll = true\n")
    (safety / "clocks.toml").write_text(rolling, "utf-8")
    with risky_town("2026-08-28T09:00", str(safety)) as town:
        made, other = entered(town), entered(town, replace(MILL, title="Silo"))
        services.close_risk(other, "taken down", **by(town, other))
        before = risk(made)
        assert before.provisional
        off = {"year": 2027, "off": ["2027-03-01/2027-03-05"], "worked": [], "source": "a test", "verified": False}
        cases.load_years("cn", {"year": [off]}, actor=SYSTEM, now=town.now)
        town.carry()
        after = risk(made)
        assert (before.due_at, after.due_at) == (at("2027-03-02T00:00"), at("2027-03-09T00:00"))
        assert not after.provisional
        assert risk(other).due_at == before.due_at  # closed: nobody waits for it
        cases.load_years("cn", {"year": [off]}, actor=SYSTEM, now=town.now)
        town.carry()
        assert [line.verb for line in ledger.chain(made)] == ["risk_entered", "risk_review_moved"]


def test_an_overdue_review_is_seen_and_told_once_also_after_a_stop(town):
    made = entered(town)
    town.after_downtime(hours=24 * 200)
    town.after(days=3)
    told = [line for line in ledger.chain(made) if line.verb == "risk_review_overdue"]
    assert len(told) == 1
    assert told[0].body["due_us"] == int(at("2026-09-03T00:00").timestamp() * 1e6)
    assert OutboxFact.objects.filter(kind="risk_review_overdue").count() == 1
    assert [line.id for line in queries.risks(EVERYWHERE, Filter("overdue"), now=town.now)] == [made]
    services.assess_risk(made, DUST, **by(town, made))
    assert not queries.risks(EVERYWHERE, Filter("overdue"), now=town.now)


def test_a_review_day_that_passed_unswept_is_told_by_whoever_comes_first(town):
    made = entered(town)
    later = town.now + timedelta(days=300)
    services.close_risk(made, "the boiler is gone", version=1, actor=town.as_("case-handler"), now=later)
    assert [line.verb for line in ledger.chain(made)] == ["risk_entered", "risk_review_overdue", "risk_closed"]


def test_two_people_on_one_risk_and_one_that_is_closed(town):
    made = entered(town)
    old = by(town, made)
    services.hand_risk(made, "inspector-east", **by(town, made))
    assert risk(made).owner == "inspector-east"
    with pytest.raises(Stale, match="meanwhile"):
        services.assess_risk(made, FIRE, **old)
    with pytest.raises(BadValue):
        services.close_risk(made, " ", **by(town, made))
    services.close_risk(made, "it is gone", **by(town, made))
    with pytest.raises(Stale, match="closed"):
        services.hand_risk(made, "case-handler", **by(town, made))


def test_readers_see_their_area_and_operators_their_facility(town):
    mill = entered(town)
    school = entered(town, replace(MILL, facility="school-west", title="The roof may come down"))

    def seen(*scope: str) -> set[str]:
        return {line.id for line in queries.risks(Scope(*scope), now=town.now)}

    assert seen(EAST, Role.INSPECTOR) == {mill}
    assert seen(WEST, Role.INSPECTOR) == {school}
    assert seen(CITY, Role.AUDITOR) == {mill, school}
    assert seen(EAST, Role.FACILITY_OPERATOR, "mill") == {mill}
    assert seen(EAST, Role.FACILITY_OPERATOR, "") == set()
    with pytest.raises(NotAllowed):
        seen("", Role.ADMINISTRATOR)
    with pytest.raises(UnknownName):
        queries.risk_file(Scope(WEST, Role.INSPECTOR), mill)


# ------------------------------------------------------------ inspections
def plan(facility: str = "mill") -> InspectionRow:
    return InspectionRow.objects.get(facility=facility)


def inspect(town: Town) -> str:
    """Do the inspection that is open."""
    case = CaseRow.objects.get(kind=INSPECTION, over_at=None)
    cases.move(case.id, "finish", {"result": "in_order", "record": "all well", **gone_through(case.id)}, version=case.version,
               actor=town.as_("inspector-east"), now=town.now)  # fmt: skip
    town.carry()
    return case.id


def test_inspections_follow_the_gravest_class_and_the_last_inspection(town):
    made = entered(town)
    assert plan().due_at == at("2026-06-03T00:00")
    town.after(days=78)  # 19 May: more than two weeks ahead
    assert not CaseRow.objects.exists()
    town.after(days=2)
    case = CaseRow.objects.get()
    assert (case.kind, case.facility, case.owner, case.values["planned_on"]) == (
        INSPECTION,
        "mill",
        "inspector-east",
        "2026-06-02",
    )
    assert plan().case == case.id
    town.after(days=5)
    assert CaseRow.objects.count() == 1
    inspect(town)
    assert (plan().case, plan().inspected, plan().due_at) == ("", True, at("2026-08-27T00:00"))  # from 26 May
    fire = entered(town, replace(MILL, title="The store may burn", assessment=FIRE))
    assert (plan().level, plan().due_at) == (4, at("2026-06-27T00:00"))  # a graver one: every month
    services.close_risk(fire, "the store is empty", **by(town, fire))
    assert (plan().level, plan().due_at) == (3, at("2026-08-27T00:00"))
    services.close_risk(made, "the boiler is gone", **by(town, made))
    assert not InspectionRow.objects.exists()


def test_an_inspection_that_is_late_is_told_of_once(town):
    entered(town)
    town.after(days=95)
    assert [line.verb for line in ledger.chain("inspection:mill")] == ["inspection_planned", "inspection_overdue"]
    assert OutboxFact.objects.filter(kind="inspection_overdue").count() == 1
    inspect(town)
    assert plan().overdue_at is None


def call_off(town: Town, next_on: str, why: str = "strike") -> None:
    """Call off the inspection that is open."""
    case = CaseRow.objects.get(kind=INSPECTION, over_at=None)
    cases.move(case.id, "call_off", {"why": why, "next_on": next_on}, version=case.version, actor=town.as_("case-handler"),
               now=town.now)  # fmt: skip
    town.carry()


def test_one_that_was_opened_by_hand_counts_and_one_called_off_names_the_next_day(town):
    entered(town)
    given = {"sector": "fire", "planned_on": "2026-04-01"}
    made = cases.open_case(INSPECTION, given, facility="mill", actor=town.as_("inspector-east"), now=town.now)
    town.after(days=85)
    assert CaseRow.objects.count() == 1
    assert plan().case == made.id
    call_off(town, "2026-07-10")  # on 25 May; without it the next would be due on 3 June
    town.after(days=30)
    assert not CaseRow.objects.filter(
        over_at=None
    ).exists()  # it was called off: nothing is planned before that day comes near
    assert (plan().due_at, plan().inspected, plan().overdue_at) == (at("2026-07-11T00:00"), False, None)
    assert plan().called_off is not None
    town.after(days=4)  # two weeks before it
    assert file(plan().case).line.opened_by == "rule:risk-plan"
    assert file(plan().case).line.values["planned_on"] == "2026-07-10"
    inspect(town)
    assert (plan().called_off, plan().inspected) == (None, True)


def test_an_inspection_is_not_put_off_beyond_its_interval_nor_into_the_past(town):
    entered(town)
    town.after(days=85)  # 26 May
    for day, what in (("2026-05-25", "behind"), ("2026-02-30", "day"), ("0026-07-01", "day"), ("soon", "day")):
        with pytest.raises(AnswersRefused) as refused:
            call_off(town, day)
        assert [(fault.field, fault.what) for fault in refused.value.faults] == [("next_on", what)]
    case = CaseRow.objects.get(kind=INSPECTION)
    with pytest.raises(AnswersRefused) as refused:
        cases.move(
            case.id, "call_off", {"why": "strike"}, version=case.version, actor=town.as_("case-handler"), now=town.now
        )
    assert [(fault.field, fault.what) for fault in refused.value.faults] == [("next_on", "missing")]
    assert row(case.id).state == "planned"
    call_off(town, "2029-01-01")
    assert plan().due_at == at("2026-08-27T00:00")  # three months from 26 May at the latest
    fire = entered(town, replace(MILL, title="The store may burn", assessment=FIRE))
    assert plan().due_at == at("2026-06-27T00:00")  # a graver one: a month from the calling off
    services.close_risk(fire, "the store is empty", **by(town, fire))
    assert plan().due_at == at("2026-08-27T00:00")


def test_today_is_the_day_of_the_place_not_of_greenwich(town):
    entered(town)
    town.after(days=85)
    town.at("06:30")  # in Greenwich it is still the day before
    call_off(town, f"{town.now.astimezone(ZONE):%Y-%m-%d}")
    assert plan().due_at == datetime.combine(town.now.astimezone(ZONE).date() + timedelta(days=1), time(0), ZONE)


def test_one_that_was_called_off_before_packs_asked_for_a_day_is_planned_an_interval_later(town):
    entered(town)
    town.after(days=85)
    call_off(town, "2026-06-10")
    case = CaseRow.objects.get(kind=INSPECTION, state="called_off")
    CaseRow.objects.update(values={name: value for name, value in case.values.items() if name != "next_on"})
    inspecting.plan_facility("mill", now=town.now)
    assert plan().due_at == at("2026-08-27T00:00")


def test_where_no_post_could_go_it_says_so_and_tries_again(town):
    town.goes_home("inspector-west")
    from tocsin.records.org.models import Post

    Post.objects.filter(id__startswith="inspector").update(closed_at=town.now)
    entered(town)
    town.after(days=85)
    assert not CaseRow.objects.exists()
    assert "no post could own" in plan().why_not
    Post.objects.filter(id="inspector-east").update(closed_at=None)
    town.after(hours=2)
    assert CaseRow.objects.get().owner == "inspector-east"


def days_pass(town: Town, days: int) -> None:
    """Everything that falls due happens on its day: the plan reckons in days, so nothing happens within one."""
    for _day in range(days):
        town.after_downtime(hours=24)
        town.carry()


ACTS = ("flood", "fire", "dust", "close", "inspect", "call off")


def test_the_plan_is_what_a_slow_twin_reckons(town):
    """Whatever risks come and go and whatever is inspected or called off when. The town is built once; what an example did to
    it is undone."""
    start = town.now

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from(ACTS), st.integers(0, 200)), max_size=8))
    def tried(story):
        with transaction.atomic():
            played(town, story)
            transaction.set_rollback(True)
        clock.drive(settings_of.HOME.run / "clock", to_us(start))
        assert not RiskRow.objects.exists()

    tried()


def played(town: Town, story: list[tuple[int, str, int]]) -> None:
    """One story, the twin beside it."""
    known: list[tuple[str, int, datetime]] = []
    last: datetime | None = None
    off: tuple[datetime, date] | None = None
    for days, act, ahead in story:
        days_pass(town, days)
        is_open = CaseRow.objects.filter(kind=INSPECTION, over_at=None).exists()
        if act == "inspect" and is_open:
            inspect(town)
            last, off = town.now, None
        elif act == "call off" and is_open:
            off = town.now, town.now.astimezone(ZONE).date() + timedelta(days=ahead)
            call_off(town, off[1].isoformat())
        elif act == "close" and known:
            services.close_risk(known[0][0], "gone", **by(town, known.pop(0)[0]))
        elif act in ("flood", "fire", "dust"):
            given = {"flood": FLOOD, "fire": FIRE, "dust": DUST}[act]
            made = entered(town, replace(MILL, assessment=given))
            known.append((made, {"flood": 3, "fire": 1, "dust": 12}[act], town.now))
        town.carry()
        town.read_all()
        found = InspectionRow.objects.filter(facility="mill").first()
        assert (found is None) == (not known)
        if found is None:
            continue
        since = off[0] if off else last or min(began for _id, _months, began in known)
        months = min(n for _id, n, _began in known)
        wanted = due(Period(months, Unit.MONTH), since, calendar=read_calendar("cn"), zone="Asia/Shanghai").strict
        if off:  # on the day that was named, but never later than an interval from the calling off
            wanted = min(wanted, datetime.combine(off[1] + timedelta(days=1), time(0), ZONE))
        assert found.due_at == wanted
        cases_open = CaseRow.objects.filter(kind=INSPECTION, over_at=None).count()
        assert cases_open <= 1
        assert cases_open or town.now < wanted - timedelta(days=14)  # opened two weeks ahead
        assert bool(found.case) == bool(cases_open)


# ------------------------------------------------------------ pages
def test_the_pages_enter_assess_and_close(town):
    client = Client()
    log_in(client, "case_handler", EAST)
    form = {"of": "facility", "title": "The boiler may burst", "pack": "workplace_safety", "facility": "mill", "area": EAST,
            "place": "", "likelihood": "possible", "consequence": "larger", "treatment": "lower", "measures": "a valve",
            "why": "", "post": "case-handler-simcity-east"}  # fmt: skip
    refused = client.post("/risks/new", form | {"title": "key personnel"})
    assert refused.status_code == 422
    assert "never of people" in refused.content.decode()
    assert 'value="key personnel"' in refused.content.decode()
    made = client.post("/risks/new", form)
    assert made.status_code == 302
    address = made["Location"]
    assert "a valve" in client.get(address).content.decode()
    assert "boiler" in client.get("/risks/", {"level": "3"}).content.decode()
    assert "boiler" not in client.get("/risks/", {"level": "4"}).content.decode()
    assess = {name: form[name] for name in ("likelihood", "consequence", "treatment", "measures")} | {"version": "1"}
    assert client.post(f"{address}assess", assess | {"consequence": "major"}).status_code == 302
    stale = client.post(f"{address}assess", assess)
    assert stale.status_code == 409
    assert client.post(f"{address}close", {"version": "2", "why": "gone"}).status_code == 302
    assert client.post(f"{address}nothing", {"version": "3"}).status_code == 404
    assert "boiler" not in client.get("/risks/").content.decode()


def test_an_overdue_review_stands_on_top_of_the_list(town):
    entered(town)
    town.after(days=200)
    client = Client()
    log_in(client, "auditor", CITY)
    page = client.get("/risks/").content.decode()
    assert "The review of 1 risk is overdue" in page
    assert "boiler" in client.get("/risks/", {"which": "overdue"}).content.decode()
