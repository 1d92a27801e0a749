"""The verdict finds every kind of difference between a record and the truth, and none where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tocsin.app.demo.record import EventLeft, Record, SignalLeft, Step
from tocsin.app.demo.verdict import differences
from tocsin.app.simulator.storm_day import storm_day
from tocsin.terms.event import EventState
from tocsin.terms.signal import Subject

DAY = storm_day()
TRUTH = DAY.truth
EVENT = EventLeft("evt_p", "rainstorm", EventState.OPEN, "", 4, 1, False, None, "", (Step(0, "opened", 4),))


def signal(rule, hazard, stream, steps, *, quality=False, says_no_data=False):
    steps = tuple(Step(at_us, "raised", level) for at_us, level in steps)
    peak = max(step.level for step in steps)
    subject = Subject("stream", stream)
    return SignalLeft(rule, hazard, subject, quality, says_no_data, steps[0].at_us, peak, steps)


def perfect() -> Record:
    """The record that an ideal engine would leave, made from the truth itself."""
    steps: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for due in TRUTH.due:
        steps.setdefault((due.hazard, due.stream), []).append((due.earliest_us, due.rank))
    signals = [signal(f"pack/{hazard}", hazard, stream, rows) for (hazard, stream), rows in steps.items()]
    signals += [
        signal(f"pack/{flag.check}", "data_quality", flag.stream, [(flag.earliest_us, 1)], quality=True)
        for flag in TRUTH.flags
    ]
    signals += [
        signal("pack/silent", "river_flood", silence.stream, [(silence.latest_us, 4)], says_no_data=True)
        for silence in TRUTH.silent
    ]
    proposals = [
        EventLeft(
            "evt_c",
            "flooding",
            EventState.PROPOSED,
            "",
            1,
            0,
            False,
            "evt_p",
            p.facility,
            (Step(p.earliest_us, "proposed", 1),),
        )
        for p in TRUTH.proposed
    ]
    evaluated = TRUTH.accepted_rows - TRUTH.duplicate_rows - TRUTH.late_rows - TRUTH.missing_rows
    return Record(
        tuple(signals), (replace(EVENT, no_data=True), *proposals),
        tuple((r.stream, r.code) for r in TRUTH.refused for _ in range(r.rows)),
        evaluated, TRUTH.duplicate_rows, TRUTH.late_rows, TRUTH.missing_rows,
    )  # fmt: skip


def without(items, index):
    return items[:index] + items[index + 1 :]


def test_a_record_that_is_the_truth_has_no_difference():
    assert differences(perfect(), TRUTH) == []


@pytest.mark.parametrize("index", range(len(perfect().signals)))
def test_every_missing_signal_is_named(index):
    record = perfect()
    (found, *_) = differences(replace(record, signals=without(record.signals, index)), TRUTH)
    assert found.startswith("missed: ")
    assert record.signals[index].subject.key in found


def test_a_level_reached_at_the_wrong_moment_is_named():
    record = perfect()
    late = replace(record.signals[0], steps=tuple(replace(s, at_us=s.at_us + 10**11) for s in record.signals[0].steps))
    found = differences(replace(record, signals=(late, *record.signals[1:])), TRUTH)
    assert found
    assert all(line.startswith("wrong moment: ") for line in found)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (signal("pack/heat", "heat", "met-01-temperature", [(0, 2)]), "heat"),
        (signal("pack/rainstorm", "rainstorm", "rain-01", [(0, 1)]), "rain-01"),
        (signal("pack/rainstorm", "rainstorm", "rain-11", [(0, 2)]), "level 2, at most 1"),
        (signal("pack/stuck", "data_quality", "river-01", [(0, 1)], quality=True), "stuck flagged stream:river-01"),
        (signal("pack/silent", "river_flood", "river-05", [(0, 2)], says_no_data=True), "river-05 was called silent"),
    ],
)
def test_every_surplus_is_named(extra, words):
    record = perfect()
    (found,) = differences(replace(record, signals=(*record.signals, extra)), TRUTH)
    assert found.startswith("surplus: ")
    assert words in found


def test_refusals_are_counted_both_ways():
    record = perfect()
    (missed,) = differences(replace(record, refused=record.refused[1:]), TRUTH)
    assert missed.startswith("missed: 1 row(s) of met-01-temperature")
    (surplus,) = differences(replace(record, refused=(*record.refused, ("rain-01", "bad_time"))), TRUTH)
    assert surplus.startswith("surplus: 1 row(s) of rain-01")


def test_proposals_are_wanted_where_due_and_nowhere_else():
    record = perfect()
    (missed,) = differences(replace(record, events=record.events[:-1]), TRUTH)
    assert missed.startswith("missed: nothing was proposed at fac-")
    stray = replace(record.events[-1], facility="fac-underpass-cape")
    (surplus,) = differences(replace(record, events=(*record.events, stray)), TRUTH)
    assert surplus == "surplus: a child event was proposed at fac-underpass-cape"


def test_an_event_must_say_that_it_has_no_data():
    record = perfect()
    (missed,) = differences(replace(record, events=(EVENT, *record.events[1:])), TRUTH)
    assert "no data in danger" in missed


@pytest.mark.parametrize("field", ["accepted", "duplicate", "late", "missing"])
def test_rows_are_counted(field):
    record = perfect()
    (found,) = differences(replace(record, **{field: getattr(record, field) + 1}), TRUTH)
    assert found.startswith("rows ")
