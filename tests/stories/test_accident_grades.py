"""An accident whose casualties rise: two dead become three on day 12, so that the prefecture investigates and the province is
told; on day 31 the window is over. The town's own clock runs, and a letter that nobody reads fails the story."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rooms.casework import at, casework_town, clock, file, row, verbs
from tests.rooms.petitions import CARRIED
from tocsin.app.wiring import WIRING
from tocsin.records.cases import queries, services
from tocsin.records.cases.models import ClockRow
from tocsin.records.cases.reporting import hops_of
from tocsin.records.dispatch.models import DispatchRow
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import NotAllowed, Stale
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db
STAGES = {kind: WIRING[kind] for kind in CARRIED}
MARCH = "2026-03-02T08:30"
REPORT: dict[str, Any] = {
    "happened_at": "2026-03-02T08:00:00+08:00", "informed_at": "2026-03-02T08:10:00+08:00", "accident_sort": "other",
    "course": "a crane came down", "deaths": 2, "seriously_injured": 4, "missing": 0, "steps": "site closed",
}  # fmt: skip
SAID = {
    "en": ("now graded: Larger accident", "Investigated by: Prefecture", "up to: Province"),
    "zh-hans": ("现定级为：较大事故", "负责组织调查：设区的市级", "应上报至：省级"),
}
CHANGED = {"missing": 0, "figures": "more_known"}


def opens(town: Town, **answers: Any) -> str:
    return services.open_case("workplace_safety/accident", {**REPORT, **answers}, jurisdiction=EAST, actor=town.as_("duty"),
                              now=town.now).id  # fmt: skip


def does(town: Town, post: str, case: str, move: str, **answers: Any) -> None:
    services.move(case, move, answers, version=row(case).version, actor=town.as_(post), now=town.now)


def passes(town: Town, case: str, move: str, to: str, told: str, post: str = "duty") -> None:
    does(town, post, case, move, passed_to=to, government_told=told)


def hops(case: str) -> list[tuple[str, Any, Any, str]]:
    """The chain as its page tells it: to which body, due when, done when, by which post."""
    return [(one.body.code, one.due_at, one.done_at, one.by) for one in hops_of(file(case), ledger.chain(case))]


def running(case: str) -> list[str]:
    return sorted(ClockRow.objects.filter(case=case, ended_at=None).values_list("code", flat=True))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_casualties_rise_on_day_12_and_are_noted_on_day_31(language: str) -> None:
    with casework_town(MARCH, packs=("workplace_safety",), stages=STAGES, language=language) as town:
        case = opens(town)
        owner = row(case).owner
        assert row(case).values["accident_grade"] == "ordinary"
        assert hops(case) == [("prefecture", None, None, "")]
        town.after(minutes=20)
        town.phone(owner).expects("2026-03-02 09:10")  # the warning point of the unit's hour
        does(town, "duty", case, "receive")
        passes(town, case, "pass_up", "City emergency bureau", "County, by telephone")
        assert hops(case) == [("prefecture", at("2026-03-02T10:50"), at("2026-03-02T08:50"), "duty")]
        with pytest.raises(Stale, match="as far as it has to"):
            passes(town, case, "pass_further", "Province", "City")

        town.after(days=12)  # 14 March: one of the injured has died
        does(town, "duty", case, "casualties", deaths=3, seriously_injured=3, **CHANGED)
        now = row(case)
        assert now.state == "investigated"
        assert (now.values["accident_grade"], now.values["accident_grade#1"]) == ("larger", "ordinary")
        assert (now.values["deaths#1"], now.values["deaths"]) == (2, 3)  # the figures before are kept
        assert verbs(case)[-2:] == ["case_moved", "case_graded"]
        town.carry()
        for post in (owner, "commander"):
            town.phone(post).expects(*SAID[language], "2026-03-14 10:50", "arts 10-11")
        assert hops(case)[1] == ("province", at("2026-03-14T10:50"), None, "")
        town.after(hours=1, minutes=31)  # the next hop's own clock warns
        town.phone(owner).expects("2026-03-14 10:50")
        passes(town, case, "pass_further", "Provincial department", "City, in writing", post="case-handler")
        assert hops(case)[1] == ("province", at("2026-03-14T10:50"), town.now, "case-handler")
        assert "each_level_up" not in running(case)

        town.after(days=18)  # 1 April, day 30
        assert "casualty_update" in running(case)
        town.after(days=1)  # day 31
        assert verbs(case).count("clock_lapsed") == 1
        assert verbs(case).count("clock_run_out") == 0  # nothing changed since: nobody is late
        with pytest.raises(Stale, match=r"is over \(State Council Order 493, art. 13\).*note on the record"):
            does(town, "duty", case, "casualties", deaths=10, seriously_injured=0, **CHANGED)
        before = row(case).values
        does(town, "duty", case, "remark", remark="one more died today")
        assert row(case).values == {**before, "remark": "one more died today"}
        assert not ledger.verify()


def test_each_hop_of_an_extra_major_accident_has_two_hours_of_its_own_and_the_answer_thirty_days() -> None:
    with casework_town(MARCH, packs=("workplace_safety",)) as town:
        case = opens(town, deaths=29)
        assert [one[0] for one in hops(case)] == ["prefecture", "province", "state_council"]
        does(town, "duty", case, "receive")
        town.after(minutes=30)
        passes(town, case, "pass_up", "City", "County")
        town.after(minutes=150)  # the city is late by half an hour
        passes(town, case, "pass_further", "Province", "City")
        assert verbs(case).count("clock_run_out") == 1  # this hop, and nothing else
        town.after(minutes=60)
        passes(town, case, "pass_further", "State Council", "Province")
        chain = hops_of(file(case), ledger.chain(case))
        assert [one.late for one in chain] == [False, True, False]
        town.after(days=20)
        does(town, "case-handler", case, "submit", note="the cause is known")
        assert "reply_to_report" in running(case)
        began = clock(case, "reply_to_report").started_at
        town.after(days=5)
        does(town, "duty", case, "casualties", deaths=30, seriously_injured=0, **CHANGED)
        assert row(case).state == "reported"
        assert "reply_to_report" not in running(case)  # 30 days instead of 15, from the same day
        assert clock(case, "reply_to_report_extra").started_at == began
        assert clock(case, "reply_to_report").ended_how == "replaced"


def test_figures_that_were_wrong_lower_the_grade_and_others_do_not() -> None:
    with casework_town(MARCH, packs=("workplace_safety",)) as town:
        case = opens(town, deaths=3)
        does(town, "duty", case, "receive")
        passes(town, case, "pass_up", "City", "County")
        assert "each_level_up" in running(case)  # the province is still to be told
        does(town, "duty", case, "casualties", deaths=2, seriously_injured=5, **CHANGED)
        assert row(case).values["accident_grade"] == "larger"
        does(town, "duty", case, "casualties", deaths=2, seriously_injured=5, missing=0, figures="wrong")
        assert row(case).values["accident_grade"] == "ordinary"
        assert "each_level_up" not in running(case)
        line = queries.case_file(EVERYWHERE, case).line
        assert [name for name in line.values if name.startswith("accident_grade")] == [
            "accident_grade#1",
            "accident_grade",
        ]


def test_on_the_road_the_window_is_seven_days_and_only_who_may_changes_figures() -> None:
    with casework_town(MARCH, packs=("workplace_safety",)) as town:
        case = opens(town, accident_sort="road")
        assert clock(case, "casualty_update_road_fire").due_at == at("2026-03-10T00:00")
        assert "casualty_update" not in running(case)
        with pytest.raises(NotAllowed):
            does(town, "commander", case, "casualties", deaths=3, seriously_injured=0, **CHANGED)
        town.after(days=8)
        with pytest.raises(Stale, match="is over"):
            does(town, "duty", case, "casualties", deaths=3, seriously_injured=0, **CHANGED)
        assert DispatchRow.objects.filter(kind="case_grade_changed").count() == 0
