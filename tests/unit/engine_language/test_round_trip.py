"""Tree -> text -> tree gives the same tree, and text -> tree -> text -> tree settles after one round."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.language import joint, tree
from tocsin.engine.language.condition import parse_condition
from tocsin.engine.language.vocabulary import IndexTable, Vocabulary
from tocsin.engine.language.write import write_number, write_truth

RANKS = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}
TABLE = IndexTable("aqi", "ug/m3", ((0.0, 0.0), (35.0, 50.0)), "up")
UNIT = "ug/m3"
STREAM = Vocabulary(UNIT, {"pm25": UNIT, "co": "mg/m3"}, {"aqi": TABLE})
AREA = Vocabulary(UNIT, {"pm25": UNIT}, {"aqi": TABLE}, area=True)

figures = st.one_of(st.integers(0, 10**6).map(float), st.decimals(0, 1000, places=3, allow_nan=False).map(float))
widths = st.one_of(
    st.integers(1, 366).map(lambda n: n * 86_400_000_000), st.integers(1, 600).map(lambda n: n * 1_000_000)
)
comparisons = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
windows = st.builds(tree.Window, st.sampled_from(("sum", "mean", "min", "max", "delta", "first", "stddev")), widths)
leaves = st.one_of(
    st.just(tree.Value()), st.just(tree.Previous()), st.builds(tree.Attribute, st.sampled_from(("alert_level", "x1"))), windows,
    st.builds(tree.Quantile, widths, st.sampled_from((0.05, 0.5, 0.975))),
    st.builds(tree.SameHour, st.integers(1, 31), st.sampled_from(("mean", "median"))),
    st.builds(tree.Civil, st.sampled_from(("sum", "mean", "min", "max")), st.sampled_from(("today", "day"))),
)  # fmt: skip
numbers = st.recursive(
    leaves, lambda inner: st.builds(tree.Arithmetic, st.sampled_from(("+", "-")), inner, inner), max_leaves=4
)
indexed = st.builds(lambda of: tree.Index(of, TABLE.name, TABLE.points, TABLE.rounding), numbers)
days = st.builds(
    tree.ConsecutiveDays,
    st.sampled_from(("sum", "mean", "min", "max")),
    st.sampled_from(("<", "<=", ">", ">=")),
    figures,
)


def compare(left: tree.Number, comparison: str, limit: float, unit: str) -> tree.Compare:
    return tree.Compare(comparison, left, tree.Constant(limit, unit), write_number(left, UNIT), unit)  # type: ignore[arg-type]


atoms = st.one_of(
    st.builds(compare, numbers, comparisons, figures, st.just(UNIT)),
    st.builds(compare, st.one_of(indexed, days), comparisons, figures, st.just("1")),
    st.builds(tree.Stuck, widths),
    st.just(tree.Changed()),
    st.builds(tree.Spike, figures.filter(lambda size: size > 0)),
)
truths = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(tree.And, inner, inner), st.builds(tree.Or, inner, inner), st.builds(tree.Not, inner)
    ),
    max_leaves=6,
)
areas = st.one_of(
    st.builds(lambda t, w: tree.AreaNumber("how_many", w, truth=t), truths, widths),
    st.builds(lambda t, w: tree.AreaNumber("share", w, truth=t), truths, widths),
)


@settings(deadline=None)
@given(truths)
def test_a_stream_condition_survives_being_written(truth: tree.Truth) -> None:
    assert bare(parse_condition(write_truth(truth, UNIT), STREAM)) == bare(truth)


@settings(deadline=None)
@given(areas, comparisons, figures)
def test_an_area_condition_survives_being_written(area: tree.AreaNumber, comparison: str, limit: float) -> None:
    unit = "%" if area.how == "share" else "1"
    text = f"{write_number(area, UNIT)} {comparison} {write_number(tree.Constant(limit, unit), UNIT)}"
    read = parse_condition(text, AREA)
    assert isinstance(read, tree.Compare)
    assert bare(read.left) == bare(area)
    assert read.right == tree.Constant(limit, unit)


@settings(deadline=None)
@given(st.sampled_from((
    "sum(3h) >= 0.05 mg/m3", "5 ug/m3 <= value or value > @alert_level", "rate(1h, over 10min) >= 3 ug/m3/h",
    "not not value > 3 ug/m3", "value / previous > 1.5 and (stuck(6h) or spike(3 ug/m3))", "value * 2 + 3 ug/m3 > 10 ug/m3",
    "((value)) > (3 ug/m3)", "delta(24h) <= -8 ug/m3", 'value < sister("co") * 0.5', "silent(90min) and value >= @alert_level",
)))  # fmt: skip
def test_the_written_form_is_settled(text: str) -> None:
    once = write_truth(parse_condition(text, STREAM), UNIT)
    again = parse_condition(once, STREAM)
    assert write_truth(again, UNIT) == once


terms = st.builds(
    lambda level, metres: joint.SignalTerm("deep", level, RANKS[level], metres),
    st.sampled_from(("blue", "yellow", "orange", "red")), st.sampled_from((0.0, 0.5, 500.0, 1500.0, 20_000.0)),
)  # fmt: skip
bulletins = st.builds(lambda level: joint.BulletinTerm("storm", level, RANKS[level]), st.sampled_from(("blue", "red")))
short = st.integers(1, 744).map(lambda n: n * 3_600_000_000)
joined = st.recursive(
    st.one_of(
        st.builds(joint.Stands, st.one_of(terms, bulletins), st.one_of(st.just(0), short)),
        st.builds(joint.Then, terms, st.one_of(terms, bulletins), short),
        st.builds(
            lambda number, limit: tree.Compare(">=", number, tree.Constant(limit), write_number(number, "1"), "1"),
            st.one_of(
                st.builds(joint.Reports, st.just("smell"), st.sampled_from((250.0, 3000.0)), short),
                st.builds(joint.Signals, st.just("how_many"), terms, st.one_of(st.just(0), short)),
            ),
            figures,
        ),
    ),
    lambda inner: st.one_of(
        st.builds(tree.And, inner, inner), st.builds(tree.Or, inner, inner), st.builds(tree.Not, inner)
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(joined)
def test_a_joint_condition_survives_being_written(truth: tree.Truth) -> None:
    read = parse_condition(write_truth(truth, "1"), Vocabulary("1", rules={"deep": "deep"}))
    assert bare(read) == bare(truth)


def bare(node: object) -> object:
    """Without the author's spelling, which evidence keeps (parentheses and all)."""
    if isinstance(node, tree.Compare):
        return (node.comparison, bare(node.left), bare(node.right), node.unit)
    if isinstance(node, tree.And | tree.Or | tree.Arithmetic):
        return (type(node), getattr(node, "op", ""), bare(node.left), bare(node.right))
    if isinstance(node, tree.Not | tree.Index):
        return (type(node), bare(node.of))
    if isinstance(node, tree.AreaNumber):
        return (node.how, node.width_us, bare(node.truth), bare(node.number))
    return node
