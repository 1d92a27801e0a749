"""The plan of a deployment: read whole or refused with every fault; nothing of it stands in code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.rooms.test_callout import PLAN
from tocsin.app.cli import main
from tocsin.records.callout import services
from tocsin.records.callout.plan import PlanFaults, declared_plan, read_plan
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.terms.errors import BadForm, NotAllowed, TocsinError

NOW = datetime(2026, 7, 20, 8, tzinfo=UTC)
WHOLE = (
    PLAN
    + """
[[report_up]]
id = "phone"
on = "event_confirmed"
from_level = 3
by = "telephone"
within = "20 min"
bypass = true
title = { en = "Report by telephone", zh-hans = "电话报告" }
source = "county rule 7"
verified = true

[[neighbours]]
on = "warning"
from_level = 3
adjacent = true
named = { "county" = ["other"] }
source = "art. 60"
verified = true
"""
)


def test_a_plan_is_read_whole() -> None:
    plan = read_plan(WHOLE.encode(), "plan.toml")
    assert plan.callout.voice_every == timedelta(minutes=3)
    assert plan.reports[0].within == timedelta(minutes=20)
    assert plan.neighbours[0].named == {"county": ("other",)}


def test_the_plan_that_comes_with_the_product_reports_nothing_by_itself() -> None:
    plan = declared_plan()
    assert (plan.reports, plan.neighbours) == ((), ())
    assert (plan.callout.late_after, plan.callout.not_reached_after) == (timedelta(minutes=10), timedelta(minutes=30))
    assert plan.callout.source


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"3 min"', '"often"', "voice_every must be a period"),
        ('"3 min"', '"5 s"', "rings without pause"),
        ("least_level = 3", 'least_level = "red"', "must be a whole number"),
        ("least_level = 3", "least_level = 0", "must be 1 to 9"),
        ('["warning"]', '["rumour"]', "must be of warning, bulletin, response"),
        ('not_reached_after = "30 min"', 'not_reached_after = "5 min"', "later than late_after"),
        ('source = "the test"', 'source = " "', "says where this is written"),
        ("exercises = false", "exercises = 1", "true or false"),
        ("exercises = false", "exercise = false", "is no key of it"),
        ('by = "telephone"', 'by = "pigeon"', "one of telephone, writing"),
        ("adjacent = true", "adjacent = true\nadjacents = 1", "is no key of it"),
        ('named = { "county" = ["other"] }', 'named = { "county" = "other" }', "lists of areas"),
        ("[[report_up]]", "[report_up]", "write [[report_up]]"),
        ("[callout]", "[call]", "call: no such table"),
    ],
)
def test_faults_are_named(before: str, after: str, words: str) -> None:
    assert before in WHOLE
    with pytest.raises(PlanFaults) as refused:
        read_plan(WHOLE.replace(before, after, 1).encode(), "plan.toml")
    assert words in refused.value.rule


def test_every_fault_is_named_at_once() -> None:
    broken = WHOLE.replace('"3 min"', '"x"').replace('"20 min"', '"y"').replace("verified = true", "verified = 1")
    with pytest.raises(PlanFaults) as refused:
        read_plan(broken.encode(), "plan.toml")
    assert refused.value.rule.count(";") >= 4


@given(st.binary(max_size=300))
def test_bytes_that_are_no_plan_are_refused_and_nothing_else_happens(content: bytes) -> None:
    with pytest.raises(BadForm):
        read_plan(content, "noise")


@given(st.sampled_from(WHOLE.split()), st.sampled_from(["{}", "[]", "-1", '""', "2026-01-01", "1e400", "true", "nan"]))
def test_a_plan_with_a_word_changed_is_read_or_refused(word: str, other: str) -> None:
    try:
        read_plan(WHOLE.replace(word, other).encode(), "changed")
    except TocsinError:
        return


@pytest.mark.django_db
def test_the_newest_plan_is_in_force_and_on_the_ledger_and_the_same_again_is_none() -> None:
    for _again in range(2):
        services.put_plan(WHOLE.encode(), "plan.toml", actor=SYSTEM, now=NOW)
    services.put_plan(PLAN.encode(), "plan.toml", actor=SYSTEM, now=NOW)
    assert services.plan_in_force().reports == ()
    assert [line.verb for line in ledger.chain("callout")] == ["callout_plan_put"] * 2
    officer = Actor("duty/acc", "acc", "duty", "duty_officer", "")
    with pytest.raises(NotAllowed):
        services.put_plan(WHOLE.encode(), "plan.toml", actor=officer, now=NOW)


@pytest.mark.django_db
def test_the_command_line_loads_and_shows_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "plan.toml"
    file.write_text(WHOLE)
    loaded = CliRunner().invoke(main, ["callout", "load", str(file)])
    assert loaded.exit_code == 0, loaded.output
    shown = CliRunner().invoke(main, ["callout", "show"])
    assert "telephone within 20 min; county rule 7" in shown.output
    file.write_text(WHOLE.replace('"20 min"', '"soon"'))
    refused = CliRunner().invoke(main, ["callout", "load", str(file)])
    assert refused.exit_code == 2
    assert "within must be a period" in refused.output
