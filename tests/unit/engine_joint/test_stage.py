"""The second stage as an officer meets it: a mixed rule over minutes, what comes late, what is forgotten, edited rules."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.engine.series import MINUTE, START, Play, stream, town

from tocsin.engine.language.condition import parse_clear, parse_condition
from tocsin.engine.language.parse import RuleFault, parse_rule
from tocsin.engine.language.rule import Clear, Rule, Rung
from tocsin.engine.language.tree import Compare, Constant, Value
from tocsin.engine.language.vocabulary import JointNames, Vocabulary
from tocsin.engine.runner import Engine
from tocsin.formats.bulletins import bulletin_body
from tocsin.formats.reports import reports_body
from tocsin.geo import cell_of
from tocsin.terms.bulletin import Bulletin
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.report import BUCKET_US, Report

LEAK = Rule(
    "t/leak", 1, "gas", {"property": ("level",)}, (Rung(2, Compare(">=", Value(), Constant(5.0), "value", "m")),)
)
NAMES = Vocabulary("1", rules={"leak": "t/leak"}, per="stream")
HERE = {"lon": 120.0, "lat": 30.0, "jurisdiction": "c"}


def joint(text: str, clear: str = "", **more: Any) -> Rule:
    down = parse_clear(clear, NAMES) if clear else Clear()
    return Rule(
        "t/both", 1, "gas", {"property": ("level",)}, (Rung(3, parse_condition(text, NAMES), text=text),), down, **more
    )


class Street(Play):
    """A play with people who report."""

    def reported(self, minute: int, count: int = 1, lon: float = 120.0) -> Street:
        bucket = (START + minute * MINUTE) // BUCKET_US * BUCKET_US
        body = reports_body("hotline", [Report("smell", cell_of(lon, 30.0), bucket, count)])
        self.said += self.engine.feed(Record(self.engine.next_seq, RecordKind.REPORTS, 0, body=body))
        return self

    def of(self, rule: str) -> list[tuple[float, str, int]]:
        return [((x.at_us - START) / MINUTE, x.change.value, x.level) for x in self.said if x.rule == rule]


def bucket_end(minute: int) -> float:
    return ((START + minute * MINUTE) // BUCKET_US * BUCKET_US + BUCKET_US - START) / MINUTE


MIXED = joint("leak at yellow and count(reports: smell) >= 2 within 500 m in 30min")


def test_gas_and_two_calls_near_by_are_said_when_the_five_minutes_of_the_second_are_over() -> None:
    street = Street([LEAK, MIXED], town(stream(**HERE)))
    street.rows((0, 6.0)).reported(1).reported(2, lon=120.3).reported(11).tick(10).tick(30)
    assert street.of("t/both") == [(bucket_end(11), "raised", 3)]
    measures = [(m.what, m.value, m.unit, m.comparison, m.threshold) for m in street.said[-1].evidence]
    assert measures == [("leak at yellow", 2.0, "level", ">=", 2.0),
                        ("count(reports: smell within 500 m in 30min)", 2.0, "1", ">=", 2.0)]  # fmt: skip
    street.tick(60)
    assert street.of("t/both")[-1] == (bucket_end(1) + 30, "cleared", 0)  # the first call leaves the window


def test_the_same_count_delivered_twice_counts_once() -> None:
    street = Street([LEAK, MIXED], town(stream(**HERE))).rows((0, 6.0)).reported(1).reported(1).tick(30)
    assert street.of("t/both") == []


def test_what_comes_later_than_declared_counts_from_then_on() -> None:
    street = Street([LEAK, MIXED], town(stream(**HERE))).rows((0, 6.0)).tick(20).reported(1, 2).tick(25)
    (raised,) = street.of("t/both")
    assert bucket_end(1) < raised[0] < 25
    assert street.engine._joint.judges["t/both"].late == 1


def test_what_no_window_reaches_is_forgotten() -> None:
    street = Street([LEAK, MIXED], town(stream(**HERE)))
    sizes = []
    for hour in range(30):
        street.rows((60 * hour, 6.0), (60 * hour + 5, 1.0)).reported(60 * hour).tick(60 * hour + 59)
        sizes.append(len(street.engine.snapshot()))
    assert max(sizes[10:]) <= max(sizes[:10]) + 200
    judge = street.engine._joint.judges["t/both"]
    assert max(len(judge.spans), len(judge.reports), len(judge.seen), len(judge.due), len(judge.stale)) <= 3


def test_a_rule_that_it_looks_at_is_edited_and_its_signals_are_over() -> None:
    alone = joint("leak at yellow")
    engine = Street([LEAK, alone], town(stream(**HERE))).rows((0, 6.0)).tick(5).engine
    assert engine.standing("t/both") == {"stream:g": 3}
    edited = Rule("t/leak", 2, "gas", LEAK.select, (Rung(2, Compare(">=", Value(), Constant(9.0), "value", "m")),))
    again = Engine.restore([edited, alone], engine.snapshot())
    assert again.standing("t/both") == {"stream:g": 3}
    said = again.feed(Record(again.next_seq, RecordKind.TICK, START + 10 * MINUTE))
    assert [(x.rule, x.change.value) for x in said] == [("t/both", "cleared")]
    untouched = Engine.restore([LEAK, alone], engine.snapshot())
    assert untouched.feed(Record(untouched.next_seq, RecordKind.TICK, START + 10 * MINUTE)) == []


def test_a_bulletin_that_comes_after_a_signal() -> None:
    """Versions of a bulletin are one: the second that it began is that of the first of them."""
    words = Vocabulary("1", rules={"leak": "t/leak"}, hazards=frozenset({"storm"}), per="stream")
    rule = Rule("t/both", 1, "gas", {"property": ("level",)},
                (Rung(3, parse_condition("leak at yellow then bulletin(storm) at blue in 10min", words)),))  # fmt: skip
    street = Street([LEAK, rule], town(stream(**HERE))).rows((0, 6.0))
    for sent, until in ((5, 20), (8, 30)):
        times = (START + minute * MINUTE for minute in (sent, sent, until))
        body = bulletin_body(Bulletin("x", "met", "storm", 1, *times, jurisdictions=("c",)))
        street.said += street.engine.feed(
            Record(street.engine.next_seq, RecordKind.BULLETIN, START + sent * MINUTE, body=body)
        )
        street.tick(sent + 1)
    street.tick(40)
    assert street.of("t/both") == [(5, "raised", 3), (30, "cleared", 0)]


def test_a_cell_of_which_nobody_knew_counts_what_was_reported_near_it_before() -> None:
    """No stream lies there, so it is judged from its own first report on; the one next door an interval ago counts for it."""
    around = joint("count(reports: smell) >= 2 within 5 km in 30min", per="cell")
    street = Street([LEAK, around], town(stream(lon=121.0, lat=30.0)))
    street.reported(1).tick(8).reported(11, lon=120.03).tick(20)
    found = {str(x.subject): (x.at_us - START) / MINUTE for x in street.said if x.rule == "t/both"}
    assert found == {f"cell:{cell_of(lon, 30.0)}": bucket_end(11) for lon in (120.0, 120.03)}
    street.tick(60)
    assert len(street.of("t/both")) == 4
    assert not street.engine._joint.judges["t/both"].heard


def test_a_cell_that_only_reports_name_is_judged() -> None:
    words = Vocabulary("1", per="cell")
    rule = Rule("t/both", 1, "gas", {"property": ("level",)},
                (Rung(2, parse_condition("count(reports: smell in 30min) >= 3", words)),), per="cell")  # fmt: skip
    street = Street([LEAK, rule], town(stream(**HERE))).rows((0, 1.0)).reported(3, 3, lon=121.0).tick(30)
    assert [(x.rule, str(x.subject)) for x in street.said] == [("t/both", f"cell:{cell_of(121.0, 30.0)}")]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"level": {"red": "leak at yellow"}, "hold": "2 obs"}, "no observations to count"),
        ({"level": {"red": "not (leak at yellow)"}}, "where no signal stands"),
        ({"level": {"red": "count(reports: smell) < 3 within 1 km in 1h"}}, "where no signal stands"),
        ({"level": {"yellow": "leak at red", "red": "leak at yellow"}}, "ladder not monotone"),
        ({"level": {"red": "lek at yellow"}}, "did you mean 'leak'"),
        ({"level": {"red": "count(reports: smell) >= 2 within 1 km"}}, "needs a window"),
        ({"level": {"red": "leak at yellow in 90d"}}, "at most 31d"),
        ({"level": {"red": "leak at yellow within 9000 km"}}, "up to 500 km"),
        ({"level": {"red": "leak at yellow within 5 mm/h"}}, "no distance"),
        ({"level": {"red": "bulletin(strom) at red"}}, "did you mean 'storm'"),
        ({"level": {"red": "leak at yellow and value >= 3 m"}}, "looks at observations"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(entry: dict[str, Any], said: str) -> None:
    faults: list[RuleFault] = []
    names = JointNames({"leak": "t/leak"}, frozenset({"smell"}), frozenset({"storm"}))
    parse_rule({"id": "both", "hazard": "gas", "streams": {"property": "level"}, **entry}, pack="t", units={"level": "m"},
               scheme=CHINA_FOUR_COLOUR, names=names, faults=faults)  # fmt: skip
    told = [f"{fault.error.rule} {fault.error.remedy}" for fault in faults if not fault.note]
    assert any(said in one for one in told), told
