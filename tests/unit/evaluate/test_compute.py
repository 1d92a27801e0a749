"""Indicators: the quick computing and its plain twin agree, and single figures mean what their definition says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluate.plain_figures import plain
from tocsin.loop.evaluate.compute import Figure, Period, compute, funnel, quantile
from tocsin.loop.evaluate.definitions import Indicator, indicators, stages, verbs
from tocsin.terms.moment import SECOND_US, to_us

START = datetime(2025, 11, 22, 3, 0, tzinfo=UTC)
BY_ID = {indicator.id: indicator for indicator in indicators()}


@dataclass(frozen=True)
class Entry:
    """A ledger line of the tests."""

    subject: str
    number: int
    at: datetime
    actor: str
    verb: str
    body: dict[str, Any] = field(default_factory=dict)


def entry(verb: str, minute: float, subject: str = "evt_1", actor: str = "duty/acc_1", **body: Any) -> Entry:
    return Entry(subject, int(minute * 1000), START + timedelta(minutes=minute), actor, verb, body)


def figure(indicator: str, *lines: Entry, as_of: float = 1000, period: Period | None = None) -> Figure:
    return compute(
        BY_ID[indicator], sorted(lines, key=lambda e: e.at), period or Period(), START + timedelta(minutes=as_of)
    )


def test_there_are_eight_each_with_title_definition_and_source_in_both_languages() -> None:
    assert len(indicators()) == 8
    for indicator in indicators():
        assert set(indicator.title) == set(indicator.definition) == {"en", "zh-hans"}
        assert indicator.source
        assert indicator.verbs <= verbs()


def test_time_to_acknowledge() -> None:
    lines = [
        entry("dossier_opened", 0, "evt_1"), entry("event_acknowledged", 1, "evt_1"),
        entry("dossier_opened", 0, "evt_2"), entry("event_acknowledged", 9, "evt_2"), entry("event_acknowledged", 20, "evt_2"),
        entry("dossier_opened", 0, "evt_3"),
        entry("dossier_opened", 998, "evt_4"),
        entry("dossier_opened", 2, "evt_5"), entry("dossier_merged", 3, "evt_5"), entry("event_acknowledged", 4, "evt_5"),
    ]  # fmt: skip
    found = figure("acknowledged", *lines)
    assert (found.n, found.hits, found.waiting) == (3, 1, 1)  # evt_3 never, evt_4 not late yet, evt_5 was merged
    assert found.share == pytest.approx(1 / 3)
    assert found.median_us == 5 * 60 * SECOND_US
    assert found.low is not None
    assert found.low < 1 / 3 < found.high  # type: ignore[operator]
    (case,) = [case for case in found.cases if case.thing == "evt_2"]
    assert case.entries == (("evt_2", 0), ("evt_2", 9000))
    assert case.post == "duty"


def test_exactly_at_the_limit_is_in_time() -> None:
    assert figure("acknowledged", entry("dossier_opened", 0), entry("event_acknowledged", 5)).hits == 1
    due = to_us(START + timedelta(minutes=30))
    asked = entry("verification_asked", 0, verification="v", due_us=due)
    assert figure("verified", asked, entry("verification_answered", 30, verification="v")).hits == 1
    assert figure("verified", asked, entry("verification_answered", 30.001, verification="v")).hits == 0


def test_the_last_verdict_counts() -> None:
    lines = [
        entry("event_refuted", 1, "evt_1"), entry("event_confirmed", 2, "evt_1"), entry("event_refuted", 3, "evt_2"),
        entry("dossier_opened", 0, "evt_3"),
    ]  # fmt: skip
    found = figure("refuted", *lines)
    assert (found.n, found.hits) == (2, 1)


def test_a_warning_sent_back_counts_from_its_new_submission() -> None:
    lines = [
        entry("warning_submitted", 0, warning="w"), entry("warning_returned", 10, warning="w"),
        entry("warning_submitted", 20, warning="w"), entry("warning_signed", 23, warning="w"),
    ]  # fmt: skip
    found = figure("signed", *lines)
    assert (found.n, found.hits, found.median_us) == (1, 1, 3 * 60 * SECOND_US)


def test_without_a_limit_there_is_no_share() -> None:
    found = figure(
        "warned", entry("dossier_opened", 0), entry("warning_signed", 6), entry("dossier_opened", 1, "evt_2")
    )
    assert (found.n, found.hits, found.share, found.waiting) == (1, None, None, 1)


def test_deliveries_count_what_the_next_hop_accepted() -> None:
    first = to_us(START + timedelta(seconds=30))
    lines = [
        entry("message_put", 0, dispatches=["d1"]),
        entry(
            "message_settled", 1, dispatch="d1", accepted=8, failed=1, too_late=1, superseded=5, first_accepted_us=first
        ),
        entry("message_settled", 2, dispatch="d2", accepted=0, failed=2, too_late=0, first_accepted_us=None),
    ]
    found = figure("delivered", *lines)
    assert (found.n, found.hits, found.median_us) == (12, 8, 30 * SECOND_US)


def test_a_finding_counts_when_somebody_else_has_looked() -> None:
    limit = to_us(START + timedelta(minutes=100))
    order = [
        entry("order_served", 0, finding="f", limit_us=limit),
        entry("finding_fixed", 50, finding="f", actor="op/acc_9"),
    ]
    itself = entry("finding_rechecked", 60, finding="f", actor="inspector/acc_9", said="fixed")
    other = entry("finding_rechecked", 60, finding="f", actor="inspector/acc_7", said="fixed")
    refused = entry("finding_rechecked", 55, finding="f", actor="inspector/acc_7", said="not_fixed")
    again = entry("finding_fixed", 58, finding="f", actor="op/acc_9")

    def counted(*lines: Entry, as_of: float = 1000) -> tuple[int, int | None, int]:
        found = figure("rectified", *lines, as_of=as_of)
        return found.n, found.hits, found.waiting

    assert counted(*order) == (0, 0, 1)  # said to be fixed in time, nobody has looked
    assert counted(*order, itself) == (0, 0, 1)  # one's own look is none
    assert counted(*order, other) == (1, 1, 0)
    assert counted(*order, refused) == (1, 0, 0)
    assert counted(*order, refused, as_of=90) == (0, 0, 1)  # there is time left
    assert counted(*order, refused, again, other) == (1, 1, 0)
    assert counted(order[0]) == (1, 0, 0)
    assert counted(order[0], entry("finding_fixed", 101, finding="f", actor="op/acc_9")) == (1, 0, 0)


def test_the_funnel_says_where_events_are_left() -> None:
    lines = [
        entry("dossier_opened", 0, "evt_1"), entry("event_acknowledged", 2, "evt_1"), entry("warning_signed", 12, "evt_1"),
        entry("dossier_opened", 0, "evt_2"), entry("event_acknowledged", 4, "evt_2"), entry("dossier_opened", 0, "evt_3"),
    ]  # fmt: skip
    steps = {step.id: step for step in funnel(stages(), lines, Period())}
    assert [steps[name].n for name in ("opened", "acknowledged", "warned", "closed")] == [3, 2, 1, 0]
    assert steps["acknowledged"].median_us == 3 * 60 * SECOND_US
    assert (steps["warned"].median_us, steps["warned"].step_us) == (12 * 60 * SECOND_US, 10 * 60 * SECOND_US)
    assert steps["closed"].median_us is None


# ---------------------------------------------------------------- the twin
VERBS = sorted({verb for indicator in indicators() for verb in (*indicator.verbs, *indicator.of)})
ENTRIES = st.lists(
    st.builds(
        lambda verb, subject, thing, minute, account, due, counts: (verb, subject, thing, minute, account, due, counts),
        st.sampled_from(VERBS), st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"]), st.integers(0, 40),
        st.sampled_from(["p/1", "p/2", "q/1", "rule:x"]), st.one_of(st.none(), st.integers(0, 60)),
        st.tuples(*[st.integers(0, 3)] * 3),
    ),
    max_size=14,
)  # fmt: skip


def world(rows: list[tuple[Any, ...]]) -> list[Entry]:
    lines = []
    for number, (verb, subject, thing, minute, account, due, counts) in enumerate(sorted(rows, key=lambda row: row[3])):
        body: dict[str, Any] = {"verification": thing, "warning": thing, "task": thing, "finding": thing, "dispatch": thing,
                                "dispatches": [thing], "accepted": counts[0], "failed": counts[1], "too_late": counts[2],
                                "said": "fixed" if counts[0] else "not_fixed"}  # fmt: skip
        if due is not None:
            body["due_us"] = body["limit_us"] = body["first_accepted_us"] = to_us(START + timedelta(minutes=due))
        lines.append(Entry(subject, number, START + timedelta(minutes=minute, seconds=number), account, verb, body))
    return lines


@pytest.mark.parametrize("indicator", indicators(), ids=lambda indicator: indicator.id)
@given(rows=ENTRIES, since=st.one_of(st.none(), st.integers(0, 40)), length=st.one_of(st.none(), st.integers(0, 40)))
def test_the_quick_computing_equals_its_plain_twin(
    indicator: Indicator, rows: list[tuple[Any, ...]], since: int | None, length: int | None
) -> None:
    lines, as_of = world(rows), START + timedelta(minutes=45)
    since_us = None if since is None else to_us(START + timedelta(minutes=since))
    until_us = None if length is None else (since_us or to_us(START)) + length * 60 * SECOND_US
    found = compute(indicator, lines, Period(since_us, until_us), as_of)
    expected = plain(indicator, lines, since_us, until_us, to_us(as_of))
    assert {"n": found.n, "hits": found.hits, "waiting": found.waiting, "median": found.median_us} == expected
    assert len({entry for case in found.cases for entry in case.entries}) <= len(lines)


def test_a_quantile_of_nothing_is_nothing() -> None:
    assert quantile([], 0.5) is None
