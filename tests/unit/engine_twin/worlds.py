"""Small random worlds for the engine and its twin: catalogues, rules, observations, and ways to deliver them."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from tocsin.engine.language import tree
from tocsin.engine.language.rule import Clear, Hold, Rule, Rung
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue, Source, Stream

MINUTE = 60_000_000
START = 1_761_955_200_000_000 - 86_400_000_000  # 2025-10-31T00:00Z: New York leaves summer time two days later
# Quarters and eighths: sums and means are exact in binary, so the twin need not share the engine's rounding.
VALUES = (-1.0, 0.0, 0.5, 1.0, 1.0, 2.0, 2.25, 3.0, 5.0)


@st.composite
def catalogues(draw, unit, lateness_units=0):
    """One to four streams; neighbours share features, cells and rain groups."""
    source = Source(
        "s", "test", "test", lateness_s=lateness_units * unit / 1e6, delay_s=draw(st.sampled_from([0, unit / 1e6]))
    )
    streams = []
    for i in range(draw(st.integers(1, 4))):
        streams.append(Stream(
            f"g{i}", "s", f"f{i // 2}", ("p", "q")[i % 2], "m", cell=draw(st.sampled_from(["c", "c", "d", ""])),
            zone=draw(st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])),
            cadence_s=draw(st.sampled_from([0.0, unit / 1e6])), low=draw(st.sampled_from([-math.inf, 0.0])),
            stages=draw(st.sampled_from([{}, {"alert": 2.0}, {"alert": 0.5}])),
            labels=draw(st.sampled_from([{}, {"rain_group": "a"}, {"rain_group": "b"}])),
        ))  # fmt: skip
    return Catalogue([source], streams)


constants = st.sampled_from(VALUES).map(tree.Constant)
comparisons = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
orders = st.sampled_from(["<", "<=", ">", ">="])
simple = st.one_of(st.just(tree.Value()), st.just(tree.Attribute("alert")), constants)


@cache
def windows(unit):
    width = st.sampled_from([1, 2, 3, 5]).map(lambda n: n * unit)
    how = st.sampled_from(["sum", "mean", "min", "max", "count", "delta", "rate", "first", "stddev"])
    return st.builds(tree.Window, how, width, st.sampled_from([0, unit, 2 * unit]), st.booleans())


days = st.one_of(
    st.builds(tree.Civil, st.sampled_from(["sum", "mean", "min", "max", "count"]), st.sampled_from(["today", "day"])),
    st.builds(tree.ConsecutiveDays, st.sampled_from(["sum", "mean", "min", "max"]), orders, st.sampled_from(VALUES)),
)


@cache
def usual(unit):
    """Quantiles whose share is a fraction of two, so that interpolation is exact, and the same hour of past days."""
    width = st.sampled_from([2, 3, 6]).map(lambda n: n * unit)
    return st.one_of(
        st.builds(tree.Quantile, width, st.sampled_from([0.25, 0.5, 0.875])),
        st.builds(tree.SameHour, st.sampled_from([1, 2, 7]), st.sampled_from(["mean", "median"])),
    )


@cache
def numbers(unit):
    leaves = st.one_of(
        st.just(tree.Value()), st.just(tree.Previous()), st.just(tree.Attribute("alert")), windows(unit), days,
        usual(unit),
    )  # fmt: skip
    table = st.sampled_from([((0.0, 0.0), (1.0, 4.0), (3.0, 8.0)), ((1.0, 2.0), (2.0, 2.5))])
    return st.one_of(
        leaves, leaves,
        st.builds(tree.Index, leaves, st.just("t"), table, st.sampled_from(["none", "nearest", "up"])),
        st.builds(tree.Arithmetic, st.sampled_from("+-*/"), leaves, st.one_of(leaves, constants)),
    )  # fmt: skip


def truths(number, leaf=None):
    compared = st.builds(tree.Compare, comparisons, number, st.one_of(constants, constants, number))
    leaves = compared if leaf is None else st.one_of(compared, compared, leaf)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(tree.And, inner, inner), st.builds(tree.Or, inner, inner), st.builds(tree.Not, inner)
        ),
        max_leaves=3,
    )


@cache
def stream_truths(unit):
    stuck = st.builds(tree.Stuck, st.sampled_from([0, unit, 3 * unit]))
    spike = st.builds(tree.Spike, st.sampled_from([0.5, 2.0]))
    return truths(numbers(unit), st.one_of(stuck, spike, st.just(tree.Changed())))


@cache
def area_truths(unit):
    width = st.sampled_from([1, 2, 4]).map(lambda n: n * unit)
    counted = st.builds(tree.AreaNumber, st.sampled_from(["how_many", "share"]), width, stream_truths(unit))
    newest = st.builds(tree.AreaNumber, st.sampled_from(["highest", "average"]), width, st.none(), numbers(unit))
    # Sums of rates or of thirds would differ in the last bit with the order of addition: average what is exact.
    exact = st.builds(tree.AreaNumber, st.just("average"), width, st.none(), simple)
    bound = st.sampled_from([0.0, 1.0, 2.0, 3.0, 50.0, 100.0]).map(tree.Constant)
    area = st.one_of(counted, newest.filter(lambda node: node.how == "highest"), exact)
    compared = st.builds(tree.Compare, comparisons, area, bound)
    return st.one_of(compared, compared, st.builds(tree.And, compared, compared), st.builds(tree.Not, compared))


@cache
def silent_truths(unit):
    silent = tree.Silent(2 * unit)
    check = st.builds(tree.Compare, comparisons, simple, simple)
    return st.one_of(
        st.just(silent), st.builds(tree.And, st.just(silent), check), st.builds(tree.And, check, st.just(silent))
    )


@cache
def pair_truths():
    moved = st.builds(tree.Arithmetic, st.sampled_from("+-"), st.just(tree.Sister("q")), simple)
    sister = st.one_of(st.just(tree.Sister("q")), moved)
    return truths(st.one_of(st.just(tree.Value()), sister)).filter(_names_sister)


def _names_sister(node):
    return "Sister" in repr(node)


@cache
def holds(unit):
    return st.sampled_from([Hold(), Hold(), Hold(), Hold(2 * unit, 1), Hold(0, 2), Hold(unit, 3)])


@st.composite
def rules(draw, unit, kinds=("stream", "stream", "silence", "pair", "area")):
    """A rule of one of the four kinds."""
    kind = draw(st.sampled_from(kinds))
    when = {"stream": lambda: stream_truths(unit), "silence": lambda: silent_truths(unit), "pair": pair_truths,
            "area": lambda: area_truths(unit)}[kind]()  # fmt: skip
    ranks = sorted(draw(st.sets(st.integers(1, 4), min_size=1, max_size=3)))
    hold = st.just(Hold()) if kind == "silence" else holds(unit)
    keep = st.just(0) if kind == "silence" else st.sampled_from([0, 0, 0, unit, 3 * unit])
    rungs = tuple(Rung(rank, draw(when), draw(hold), at_least_us=draw(keep)) for rank in ranks)
    clear = draw(st.one_of(st.just(Clear()), st.builds(Clear, st.none(), hold), st.builds(Clear, when, hold)))
    select = (
        {"property": ("p",)} if kind == "pair" else draw(st.sampled_from([{}, {"property": ("p",)}, {"cell": ("c",)}]))
    )
    return Rule(
        f"t/{kind}", 1, "h", select, rungs, clear, per="cell" if kind == "area" else "stream",
        distinct=draw(st.sampled_from(["", "rain_group"])) if kind == "area" else "",
        coverage=draw(st.sampled_from([0.0, 0.0, 0.5])),
        cool_down_us=draw(st.sampled_from([0, 0, 2 * unit, 5 * unit])), never_held_back=draw(st.sampled_from([4, 127])),
    )  # fmt: skip


@st.composite
def observations(draw, unit, streams):
    """Rows in order of time: repeated values, gaps, several streams at one moment, missing values."""
    value = st.one_of(st.sampled_from(VALUES), st.sampled_from(VALUES), st.sampled_from(VALUES), st.none())
    rows = draw(st.lists(st.tuples(st.integers(0, streams - 1), st.integers(0, 24), value), min_size=1, max_size=30,
                         unique_by=lambda row: row[:2]))  # fmt: skip
    return sorted(((s, START + n * unit, v) for s, n, v in rows), key=lambda row: row[1])


def records(rows, sizes=(1,)):
    """Observation records of these sizes, round and round, in the order given."""
    out, at = [], 0
    while at < len(rows):
        size = sizes[len(out) % len(sizes)]
        part = rows[at : at + size]
        at += size
        when = pa.array([t for _, t, _ in part], pa.timestamp("us", tz="UTC"))
        batch = pa.RecordBatch.from_arrays(
            [
                pa.array([s for s, _, _ in part], pa.int32()), when,
                pa.array([np.nan if v is None else v for _, _, v in part], pa.float64()),
                pa.array([1 if v is None else 0 for _, _, v in part], pa.uint8()), when,
                pa.nulls(len(part), pa.timestamp("us", tz="UTC")),
            ],
            schema=OBSERVATIONS,
        )  # fmt: skip
        out.append(Record(len(out), RecordKind.OBSERVATIONS, 0, batch))
    return out
