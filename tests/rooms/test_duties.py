"""Duty lists: whose something was at any moment, where new cases go, and what does not go down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.people import log_in
from tests.rooms.casework import at, casework_town, file, opened, row
from tocsin.app.cli import main
from tocsin.records.cases import services as cases
from tocsin.records.duties import queries, services
from tocsin.records.duties.document import read_duties
from tocsin.records.duties.matter import deciding, matters_of
from tocsin.records.duties.models import DutyRow
from tocsin.records.duties.queries import DutyLine
from tocsin.records.duties.services import NewLine, end_duty, put_duties
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.terms.errors import BadForm, BadTime, BadValue, NotAllowed, Stale, UnknownName
from tocsin.testing.town import CITY, EAST, WEST, Town

REQUEST = "streets/request"
LAMP = f"{REQUEST}:thing=lamp"
DOCUMENT = """
[[duties]]
matter = "streets/request"
jurisdiction = "simcity"
department = "emergency"
keeps = true

[[duties]]
facility = "mill"
post = "case-handler"
from = 2026-09-01T00:00:00+08:00
"""


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with casework_town() as built:
        offices(built)
        yield built


def offices(town: Town) -> None:
    """A lighting office of the city and an office of the east, each with a desk for requests on shift."""
    for department, area, post in (("lighting", CITY, "lighting-desk"), ("east-office", EAST, "east-desk")):
        org.put_departments([DepartmentLine(department, {"en": department}, area)], actor=SYSTEM, now=town.now)
        org.put_posts([PostLine(post, {"en": post}, department, Role.CASE_HANDLER, area)], actor=SYSTEM, now=town.now)
        account, _ = org.open_account(post.replace("-", "."), post, actor=SYSTEM, now=town.now)
        town._people[post] = account
        org.start_shift(post, account, from_at=town.now, actor=SYSTEM, now=town.now)


def put(town: Town, **given: Any) -> int:
    return put_duties([NewLine(**given)], actor=town.as_("administrator"), now=town.now)


def whose(at: datetime, **given: Any) -> str:
    line = queries.whose(EVERYWHERE, at=at, **given)
    return line.department if line else ""


# ------------------------------------------------------------ routing
def test_a_new_case_goes_to_the_department_of_its_matter(town):
    assert row(opened(town).id).owner == "east-desk"  # no list: the nearest on duty
    put(town, matter=LAMP, jurisdiction=CITY, department="lighting")
    lamp = opened(town)
    assert row(lamp.id).owner == "lighting-desk"
    assert ledger.chain(lamp.id)[0].body["duty_line"] == DutyRow.objects.get().pk
    assert row(opened(town, {"thing": "road", "what": "hole"}).id).owner == "east-desk"


def test_a_facilitys_own_line_goes_before_the_matters(town):
    put(town, matter=REQUEST, jurisdiction=CITY, department="lighting")
    put(town, facility="mill", post="case-handler")
    assert row(opened(town, facility="mill").id).owner == "case-handler"
    assert row(opened(town).id).owner == "lighting-desk"


def test_a_department_without_such_a_post_is_named_and_the_case_still_has_an_owner(town):
    put(town, matter=REQUEST, jurisdiction=CITY, department="mill")  # it has an operator only
    case = opened(town)
    assert row(case.id).owner == "east-desk"
    assert ledger.chain(case.id)[0].body["duty_line"] == DutyRow.objects.get().pk


# ------------------------------------------------------------ pushing down
def transfer(town: Town, case: str, post: str, by: str) -> None:
    cases.transfer(case, post, "it lies there", version=row(case).version, actor=town.as_(by), now=town.now)


def test_what_the_list_keeps_does_not_go_down(town):
    put(town, matter=LAMP, jurisdiction=CITY, department="lighting", keeps=True)
    put(town, matter=LAMP, jurisdiction=EAST, department="east-office")  # a nearer line does not undo it
    case = opened(town)
    assert row(case.id).owner == "lighting-desk"
    with pytest.raises(NotAllowed, match="does not go down") as refused:
        transfer(town, case.id, "east-desk", "lighting-desk")
    assert "lighting" in refused.value.rule
    assert "ask that post to help" in refused.value.remedy
    with pytest.raises(NotAllowed, match="does not go down"):
        cases.contest(case.id, "east-desk", "theirs", version=1, actor=town.as_("lighting-desk"), now=town.now)
    assert (row(case.id).owner, row(case.id).version) == ("lighting-desk", 1)
    cases.ask_helper(case.id, "east-desk", "hold the ladder", version=1, actor=town.as_("lighting-desk"), now=town.now)
    transfer(town, case.id, "roads", "lighting-desk")  # a body of the same rank may have it
    assert row(case.id).owner == "roads"


def test_the_ruling_desk_is_bound_too_and_the_list_can_be_changed(town):
    put(town, matter=REQUEST, jurisdiction=CITY, department="lighting", keeps=True)
    case = opened(town)
    cases.contest(case.id, "roads", "theirs", version=1, actor=town.as_("lighting-desk"), now=town.now)

    def rule() -> None:
        cases.rule(case.id, "east-desk", "so be it", version=2, actor=town.as_("commander"), now=town.now)

    with pytest.raises(NotAllowed, match="does not go down"):
        rule()
    end_duty(DutyRow.objects.get().pk, actor=town.as_("administrator"), now=town.now)
    rule()
    assert file(case.id).line.owner == "east-desk"


def test_what_is_not_kept_may_go_down(town):
    put(town, matter=REQUEST, jurisdiction=CITY, department="lighting")
    case = opened(town)
    transfer(town, case.id, "east-desk", "lighting-desk")
    assert row(case.id).owner == "east-desk"


# ------------------------------------------------------------ whose it was
def test_whose_it_was_is_answered_for_any_moment(town):
    asked = {"matters": matters_of(REQUEST, {"thing": "lamp"}), "area": EAST}
    put(town, matter=LAMP, jurisdiction=CITY, department="lighting")
    began = town.now
    town.after(days=10)
    put(town, matter=LAMP, jurisdiction=CITY, department="emergency", from_at=town.now + timedelta(days=5))
    assert whose(town.now, **asked) == "lighting"
    changed = town.now + timedelta(days=5)
    town.after(days=20)
    end_duty(DutyRow.objects.get(department="emergency").pk, actor=town.as_("administrator"), now=town.now)
    second = timedelta(microseconds=1)
    answers = [whose(moment, **asked) for moment in (began - second, began, changed - second, changed, town.now - second,
                                                     town.now)]  # fmt: skip
    assert answers == ["", "lighting", "lighting", "emergency", "emergency", ""]
    assert [line.verb for line in ledger.chain("duties")] == ["duties_put", "duties_put", "duty_ended"]
    assert all(line.put_by.startswith("administrator/") for line in queries.history(EVERYWHERE))


def test_a_line_that_holds_already_changes_nothing(town):
    assert put(town, matter=REQUEST, jurisdiction=CITY, department="lighting") == 1
    town.after(days=1)
    assert put(town, matter=REQUEST, jurisdiction=CITY, department="lighting") == 0
    assert len(ledger.chain("duties")) == 1


def test_history_is_entered_late_only_where_nothing_was_and_says_so(town):
    put(town, facility="mill", post="case-handler", from_at=at("2020-01-01T00:00"))
    line = queries.whose(EVERYWHERE, at=at("2021-05-05T12:00"), facility="mill", area=EAST)
    assert line is not None
    assert line.late
    with pytest.raises(BadTime, match="not changed any more"):
        put(town, facility="mill", post="roads", from_at=at("2024-01-01T00:00"))
    with pytest.raises(BadTime, match="after that moment"):
        put(town, facility="mill", post="roads", from_at=at("2019-01-01T00:00"))
    with pytest.raises(BadTime, match="not changed any more"):
        end_duty(line.id, until_at=at("2024-01-01T00:00"), actor=town.as_("administrator"), now=town.now)


def test_a_line_that_lies_ahead_is_taken_back_and_never_held(town):
    ahead = town.now + timedelta(days=3)
    put(town, facility="mill", post="case-handler", from_at=ahead)
    line = DutyRow.objects.get()
    end_duty(line.pk, actor=town.as_("administrator"), now=town.now)
    assert whose(ahead + timedelta(days=1), facility="mill", area=EAST) == ""
    with pytest.raises(Stale):
        end_duty(line.pk, actor=town.as_("administrator"), now=town.now)
    assert put(town, facility="mill", post="roads", from_at=ahead) == 1


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ({"department": "lighting"}, BadValue),
        ({"matter": REQUEST, "department": "nobody"}, UnknownName),
        ({"matter": "streets/nothing", "department": "lighting"}, UnknownName),
        ({"matter": f"{REQUEST}:thing=person", "department": "lighting"}, UnknownName),
        ({"matter": f"{REQUEST}:what=dark", "department": "lighting"}, UnknownName),
        ({"matter": "nowhere", "department": "lighting"}, UnknownName),
        ({"facility": "castle", "department": "lighting"}, UnknownName),
        ({"matter": REQUEST, "jurisdiction": "moon", "department": "lighting"}, UnknownName),
        ({"matter": REQUEST, "jurisdiction": CITY, "department": "east-office"}, NotAllowed),
        ({"matter": REQUEST, "jurisdiction": EAST, "post": "inspector-west"}, NotAllowed),
        ({"matter": REQUEST, "jurisdiction": EAST, "post": "auditor"}, NotAllowed),
        ({"matter": REQUEST, "jurisdiction": CITY, "department": "lighting", "post": "roads"}, BadValue),
        ({"matter": REQUEST, "jurisdiction": CITY, "department": "lighting", "from_at": datetime(2026, 1, 1)}, BadTime),  # noqa: DTZ001
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_is_refused_in_words(town, line, error):
    with pytest.raises(error) as refused:
        put(town, **line)
    assert refused.value.remedy
    assert not DutyRow.objects.exists()


def test_only_who_manages_staff_of_the_area_changes_the_list(town):
    with pytest.raises(NotAllowed):
        put_duties(
            [NewLine(matter=REQUEST, jurisdiction=CITY, department="lighting")],
            actor=town.as_("commander"),
            now=town.now,
        )
    town.hire("east-admin", Role.ADMINISTRATOR, EAST)
    with pytest.raises(NotAllowed):
        put_duties(
            [NewLine(matter=REQUEST, jurisdiction=CITY, department="lighting")],
            actor=town.as_("east-admin"),
            now=town.now,
        )
    put(town, matter=REQUEST, jurisdiction=WEST, department="lighting")
    line = DutyRow.objects.get()
    with pytest.raises(NotAllowed):
        end_duty(line.pk, actor=town.as_("east-admin"), now=town.now)


def test_a_reader_sees_the_lines_of_its_area_and_those_from_above(town):
    org.put_departments([DepartmentLine("anywhere", {"en": "Anywhere"})], actor=SYSTEM, now=town.now)
    put_duties([NewLine(matter=REQUEST, jurisdiction=area, department="anywhere") for area in ("", CITY, EAST, WEST)],
               actor=SYSTEM, now=town.now)  # fmt: skip
    seen = {line.jurisdiction for line in queries.holding(Scope(EAST, Role.CASE_HANDLER), at=town.now)}
    assert seen == {"", CITY, EAST}
    put(town, facility="school-west", post="case-handler")
    assert not queries.holding(Scope(EAST, Role.FACILITY_OPERATOR, "mill"), at=town.now, facility="school-west")


# ------------------------------------------------------------ documents, command, page
def test_a_document_is_read_whole_or_refused_with_every_fault():
    lines = read_duties(DOCUMENT.encode(), "duties.toml")
    assert [(line.matter, line.facility, line.keeps) for line in lines] == [(REQUEST, "", True), ("", "mill", False)]
    bad = '[[duties]]\nmatter = 3\nfrom = 2026-01-01\nkeeps = "yes"\nperson = "x"\n[[others]]\n'
    with pytest.raises(BadForm) as refused:
        read_duties(bad.encode(), "bad.toml")
    for word in ("matter: must be", "from: must be", "keeps: must be", "person: no such key", "others: no such table"):
        assert word in refused.value.rule


def test_the_command_loads_and_answers(town, tmp_path: Path):
    path = tmp_path / "duties.toml"
    path.write_text(DOCUMENT)

    def run(*words: str) -> Any:
        return CliRunner().invoke(main, ["duties", *words, "--json"])

    assert json.loads(run("load", str(path)).output) == {"lines": 2, "entered": 2}
    assert json.loads(run("load", str(path)).output) == {"lines": 2, "entered": 0}
    found = run("whose", "mill", "--at", "2026-09-02T08:00+08:00")
    assert found.exit_code == 0
    assert json.loads(found.output)["whose"]["post"] == "case-handler"
    assert json.loads(found.output)["whose"]["entered_late"] is True
    before = run("whose", "mill", "--at", "2026-08-31T08:00+08:00")
    assert (before.exit_code, json.loads(before.output)["whose"]) == (1, None)
    kept = run("whose", LAMP, "--area", EAST)
    assert json.loads(kept.output)["whose"]["keeps"] is True
    assert len(json.loads(run("show").output)) == 2
    assert run("whose", "castle").exit_code != 0
    assert "has no zone" in run("whose", "mill", "--at", "2026-09-02T08:00").output


def client(role: str, area: str = "") -> Client:
    made = Client()
    log_in(made, role, area)
    return made


def test_the_page_asks_enters_and_ends(town):
    admin = client("administrator")
    form = {
        "matter": REQUEST,
        "area": CITY,
        "department": "lighting",
        "post": "",
        "keeps": "1",
        "from_at": "",
        "why": "rule 7",
    }
    refused = admin.post("/duties/put", form | {"department": "east-office"})
    assert refused.status_code == 403
    assert 'value="rule 7"' in refused.content.decode()
    assert admin.post("/duties/put", form).status_code == 302
    page = client("inspector", EAST).get("/duties", {"matter": LAMP, "area": EAST}).content.decode()
    assert 'id="answer"' in page
    assert "lighting" in page.partition('id="answer"')[2].partition("</div>")[0]
    assert "duties/put" not in page
    assert client("inspector", EAST).get("/duties", {"at": "yesterday"}).status_code == 422
    assert admin.post("/duties/end", {"line": str(DutyRow.objects.get().pk)}).status_code == 302
    assert admin.post("/duties/end", {"line": "x"}).status_code == 404
    assert admin.post("/duties/nothing", {}).status_code == 404


# ------------------------------------------------------------ the rule, by a slow twin
AREAS = ("", "a", "a/b", "a/b/c", "x")
MATTERS = ("", "p", "p/k", "p/k:q=1", "p/k:q=2", "r")
_lines = st.builds(
    lambda facility, matter, area, keeps, n: DutyLine(
        n, facility, matter, area, "d", "", keeps, "", at("2026-01-01T00:00"), None, at("2026-01-01T00:00"), "", None, ""
    ),
    st.sampled_from(("", "f", "g")), st.sampled_from(MATTERS), st.sampled_from(AREAS), st.booleans(), st.integers(1, 10**6),
).filter(lambda line: line.facility or line.matter)  # fmt: skip


def twin(lines: list[DutyLine], facility: str, choice: str, area: str) -> DutyLine | None:
    """The words of the rule, read one after the other."""
    above = [""] + ["/".join(area.split("/")[: n + 1]) for n in range(len(area.split("/"))) if area]
    matters = [f"p/k:q={choice}", "p/k", "p", ""]
    for where in above:  # kept: the highest area first, the narrowest matter, the facility's own before
        for matter in matters:
            for at_facility in (facility, ""):
                for line in lines:
                    if line.keeps and (line.facility, line.matter, line.jurisdiction) == (at_facility, matter, where):
                        return line
    for at_facility in (facility, "") if facility else ("",):
        for matter in matters:
            for where in reversed(above):
                for line in lines:
                    if (line.facility, line.matter, line.jurisdiction) == (at_facility, matter, where):
                        return line
    return None


@given(st.lists(_lines, max_size=12, unique_by=lambda line: (line.facility, line.matter, line.jurisdiction)),
       st.sampled_from(("", "f", "g")), st.sampled_from(("1", "2", "3")), st.sampled_from(AREAS))  # fmt: skip
def test_the_deciding_line_is_the_twins(lines, facility, choice, area):
    found = deciding(lines, facility=facility, matters=matters_of("p/k", {"q": choice}), area=area)
    assert found == twin(lines, facility, choice, area)


class TestOneTimeline(TestCase):
    """Whatever is entered and ended in whatever order: at every moment at most one line of a thing holds, and what held
    before somebody acted is what is answered for that moment afterwards."""

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(-4, 6), st.sampled_from(["put", "end"])), max_size=10))
    def test_what_held_is_never_changed(self, acts):
        start = at("2026-03-01T00:00")
        org.put_departments([DepartmentLine(f"d{n}", {"en": "d"}) for n in range(4)], actor=SYSTEM, now=start)
        day = timedelta(days=1)
        seen: dict[datetime, str] = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(services, "kinds_in_use", lambda: {"p/k": _Kind()})
            for number, (department, ahead, act) in enumerate(acts):
                now = start + number * day
                past = {moment: _holds(moment) for moment in (start + n * day / 2 for n in range(-10, 2 * number + 1))}
                try:
                    if act == "put":
                        put_duties([NewLine(matter="p/k", department=f"d{department}", from_at=now + ahead * day)],
                                   actor=SYSTEM, now=now)  # fmt: skip
                    else:
                        open_line = DutyRow.objects.filter(until_at=None).first()
                        end_duty(open_line.pk if open_line else 0, until_at=now + ahead * day, actor=SYSTEM, now=now)
                except (BadTime, UnknownName, Stale):
                    assert {moment: _holds(moment) for moment in past} == past
                for moment, was in past.items():
                    if moment < now and was:  # a gap may be filled late, what held stays
                        assert _holds(moment) == was
                seen |= past
        for moment in seen:
            assert len(queries.holding(EVERYWHERE, at=moment)) <= 1


class _Kind:
    pack, forms = "p", {}


def _holds(moment: datetime) -> str:
    return whose(moment, matters=["p/k"])
