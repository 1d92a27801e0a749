"""The second stage against its twin: however the log is cut, in any order that sources declare, interrupted anywhere."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.unit.engine_twin.twin import Said
from tests.unit.engine_twin.twin import judge as first_stage
from tests.unit.engine_twin.worlds import records

from tocsin.engine.language import joint, tree
from tocsin.engine.language.parse import true_of_nothing
from tocsin.engine.language.rule import Clear, Hold, Rule, Rung
from tocsin.engine.runner import Engine
from tocsin.formats.bulletins import bulletin_body
from tocsin.formats.reports import reports_body
from tocsin.geo import cell_of
from tocsin.terms.bulletin import Bulletin
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.report import BUCKET_US, Report
from tocsin.terms.stream import Catalogue, Source, Stream

from .plain_joint import MINUTE, World, judge

START = 1_761_955_200_000_000
POINTS = ((120.0, 30.0), (120.003, 30.0), (120.03, 30.0))  # 0 m, 290 m, 2.9 km
CELLS = [cell_of(*point) for point in POINTS]
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large,
                                                         HealthCheck.filter_too_much])  # fmt: skip


def above(x: float) -> tree.Compare:
    return tree.Compare(">=", tree.Value(), tree.Constant(x), "value")


FIRST = (
    Rule("t/a", 1, "h", {"property": ("p",)}, (Rung(2, above(1.0)), Rung(4, above(3.0)))),
    Rule("t/b", 1, "h", {"property": ("q",)}, (Rung(2, above(1.0)),), Clear(None, Hold(2 * MINUTE))),
    Rule("t/quiet", 1, "h", {}, (Rung(1, tree.Silent(4 * MINUTE)),)),
    Rule("t/wide", 1, "h", {}, (Rung(3, tree.Compare(">=", tree.AreaNumber("how_many", 3 * MINUTE, above(1.0)),
                                                     tree.Constant(2))),), per="jurisdiction"),
)  # fmt: skip


@st.composite
def catalogues(draw, lateness_min):
    source = Source("s", "test", "test", lateness_s=60.0 * lateness_min, delay_s=draw(st.sampled_from([0.0, 60.0])))
    streams = []
    for i in range(draw(st.integers(2, 5))):
        point = draw(st.sampled_from([*range(len(POINTS)), None]))
        lon, lat = POINTS[point] if point is not None else (float("nan"), float("nan"))
        streams.append(Stream(
            f"g{i}", "s", f"f{i // 2}", "pq"[i % 2], "m", lon, lat, CELLS[point] if point is not None else "",
            draw(st.sampled_from(["c/east", "c/west", ""])), cadence_s=draw(st.sampled_from([0.0, 60.0])),
            labels=draw(st.sampled_from([{}, {"rain_group": "a"}])),
        ))  # fmt: skip
    return Catalogue([source], streams)


near = st.sampled_from([0.0, 400.0, 5000.0])
windows = st.sampled_from([0, 2, 5, 12]).map(lambda n: n * MINUTE)
signal_terms = st.builds(
    joint.SignalTerm, st.sampled_from([rule.name for rule in FIRST]), st.just("x"), st.sampled_from([1, 2, 3, 4]), near
)
bulletin_terms = st.builds(joint.BulletinTerm, st.just("storm"), st.just("x"), st.sampled_from([1, 2, 3]))
terms = st.one_of(signal_terms, signal_terms, bulletin_terms)
counts = st.sampled_from([0.0, 1.0, 2.0, 3.0]).map(tree.Constant)
orders = st.sampled_from([">=", ">", "==", "<"])


def joint_truths(per):
    within = near if per == "cell" else near.filter(bool)
    reports = st.builds(joint.Reports, st.just("smell"), within, windows.filter(bool))
    how_many = st.builds(joint.Signals, st.just("how_many"), signal_terms, windows)
    share = st.builds(joint.Signals, st.just("share"), signal_terms, windows)
    leaves = st.one_of(
        st.builds(joint.Stands, terms, windows), st.builds(joint.Then, terms, terms, windows.filter(bool)),
        st.builds(tree.Compare, orders, reports, counts), st.builds(tree.Compare, orders, how_many, counts),
        st.builds(tree.Compare, orders, share, st.sampled_from([50.0, 100.0]).map(tree.Constant)),
    )  # fmt: skip
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(tree.And, inner, inner), st.builds(tree.Or, inner, inner), st.builds(tree.Not, inner)
        ),
        max_leaves=3,
    )


@st.composite
def joint_rules(draw):
    per = draw(st.sampled_from(["stream", "stream", "cell", "jurisdiction"]))
    pause = st.sampled_from([0, 0, 0, 2, 5]).map(lambda n: n * MINUTE)
    ranks = sorted(draw(st.sets(st.integers(1, 4), min_size=1, max_size=2)))
    when = joint_truths(per)
    rungs = tuple(
        Rung(
            rank,
            draw(when.filter(lambda truth: not true_of_nothing(truth))),
            Hold(draw(pause)),
            at_least_us=draw(pause),
        )
        for rank in ranks
    )
    clear = draw(st.one_of(st.just(Clear()), st.builds(Clear, st.one_of(st.none(), when), st.builds(Hold, pause))))
    return Rule(
        "t/joint", 1, "h", draw(st.sampled_from([{}, {"property": ("p",)}])), rungs, clear, per=per,
        distinct=draw(st.sampled_from(["", "rain_group"])), cool_down_us=draw(pause), never_held_back=4,
    )  # fmt: skip


@st.composite
def bulletins(draw):
    """Up to three versions of two bulletins, each sent later than the one before."""
    out, sent = [], 0
    for _ in range(draw(st.integers(0, 3))):
        sent += draw(st.integers(1, 10))
        begins = draw(st.integers(0, 25))
        area = draw(st.sampled_from([{"jurisdictions": ("c",)}, {"jurisdictions": ("c/east",)}, {"cells": (CELLS[0],)},
                                     {"circle": (*POINTS[0], 0.5)}, {}]))  # fmt: skip
        out.append(Bulletin(
            draw(st.sampled_from(["x", "y"])), "met", draw(st.sampled_from(["storm", "storm", "fog"])), draw(st.integers(1, 3)),
            START + sent * MINUTE, START + begins * MINUTE, START + (begins + draw(st.integers(0, 12))) * MINUTE, **area,
        ))  # fmt: skip
    return out


@st.composite
def worlds(draw, lateness_min=0):
    catalogue, rule = draw(catalogues(lateness_min)), draw(joint_rules())
    value = st.sampled_from([0.0, 0.0, 1.0, 3.0])
    rows = draw(st.lists(st.tuples(st.integers(0, len(catalogue) - 1), st.integers(0, 30), value), min_size=1, max_size=25,
                         unique_by=lambda row: row[:2]))  # fmt: skip
    rows = sorted(((s, START + n * MINUTE, v) for s, n, v in rows), key=lambda row: row[1])
    reports = draw(st.lists(
        st.builds(lambda cell, bucket, count: Report("smell", cell, START + bucket * BUCKET_US, count),
                  st.sampled_from(CELLS), st.integers(0, 5), st.integers(1, 2)),
        max_size=5, unique_by=lambda report: (report.cell, report.bucket_us),
    ))  # fmt: skip
    end = max([rows[-1][1], START + 30 * MINUTE]) + draw(st.sampled_from([0, 3, 20])) * MINUTE
    return catalogue, rule, rows, reports, draw(bulletins()), end


def log_of(rows, reports, warned, end, sizes=(99,), delays=(), report_delays=()):
    """Rows, reports and bulletins as they arrive, in records of these sizes, a tick every minute between them."""
    arrivals = [
        (t + MINUTE * d, 0, row) for row, d in zip(rows, [*delays, *[0] * len(rows)], strict=False) for t in (row[1],)
    ]
    arrivals += [(report.counts_from_us + MINUTE * d, 1, report)
                 for report, d in zip(reports, [*report_delays, *[0] * len(reports)], strict=False)]  # fmt: skip
    arrivals += [(bulletin.sent_us, 2, bulletin) for bulletin in warned]
    arrivals.sort(key=lambda arrival: arrival[:2])
    out, at = [], 0
    for now in range(START, end + 1, MINUTE):
        while at < len(arrivals) and arrivals[at][0] <= now:
            kind, first = arrivals[at][1], at
            while at < len(arrivals) and arrivals[at][0] <= now and arrivals[at][1] == kind:
                at += 1
            things = [thing for _, _, thing in arrivals[first:at]]
            if kind == 0:
                out += records(things, sizes)
            elif kind == 1:
                out += [Record(0, RecordKind.REPORTS, now, body=reports_body("hotline", [one])) for one in things]
            else:
                out += [Record(0, RecordKind.BULLETIN, now, body=bulletin_body(one)) for one in things]
        out.append(Record(0, RecordKind.TICK, now))
    for _, kind, thing in arrivals[at:]:  # what was on its way at the end
        out += records([thing], sizes) if kind == 0 else [] if kind == 2 else [
            Record(0, RecordKind.REPORTS, end, body=reports_body("hotline", [thing]))]  # fmt: skip
    return [replace(record, seq=seq) for seq, record in enumerate(out)]


def play(engine, log, end):
    return [line for record in log for line in engine.feed(record)] + engine.finish(end)


def lines(transitions):
    said = [Said(x.rule, str(x.subject), x.change.value, x.level, x.previous, x.at_us, x.onset_us)
            for x in transitions if x.rule == "t/joint"]  # fmt: skip
    return sorted(said, key=lambda line: (line.at_us, line.rule, line.subject))


def expected(world):
    catalogue, rule, rows, reports, warned, end = world
    said = first_stage(list(FIRST), catalogue, rows, end)
    return judge(rule, World(catalogue, said, reports, warned, {r.name: r for r in FIRST}), START, end)


@settings(relaxed, max_examples=40)
@given(worlds())
def test_the_second_stage_equals_the_twin(world):
    catalogue, rule, rows, reports, warned, end = world
    said = play(Engine([*FIRST, rule], catalogue), log_of(rows, reports, warned, end), end)
    assert lines(said) == expected(world)


@settings(relaxed, max_examples=25)
@given(worlds(lateness_min=3), st.data())
def test_any_order_within_what_is_declared_equals_the_twin(world, data):
    catalogue, rule, rows, reports, warned, end = world
    delays = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
    late = data.draw(st.lists(st.integers(0, 1), min_size=len(reports), max_size=len(reports)))
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    log = log_of(rows, reports, warned, end, sizes, delays, late)
    assert lines(play(Engine([*FIRST, rule], catalogue), log, end)) == expected(world)


@settings(relaxed, max_examples=25)
@given(st.sampled_from([0, 3]).flatmap(lambda lateness: worlds(lateness_min=lateness)), st.data())
def test_a_restart_anywhere_changes_nothing(world, data):
    catalogue, rule, rows, reports, warned, end = world
    log = log_of(rows, reports, warned, end, (1, 3))
    assume(len(log) > 2)
    stop = data.draw(st.integers(0, len(log)))
    several = [*FIRST, rule]
    whole, first = Engine(several, catalogue), Engine(several, catalogue)
    undisturbed = play(whole, log, end)
    before = [line for record in log[:stop] for line in first.feed(record)]
    second = Engine.restore(several, first.snapshot())
    assert repr(before + play(second, log[stop:], end)) == repr(undisturbed)
    assert second.snapshot() == whole.snapshot()
