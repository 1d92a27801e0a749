"""Rules that are taken back end their signals; rules that stay keep theirs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tocsin.app.engine_process.withdrawal import withdrawn
from tocsin.engine.language.rule import Rule, Rung
from tocsin.engine.language.tree import Compare, Constant, Value
from tocsin.engine.provisional.engine import ProvisionalEngine
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Change
from tocsin.terms.stream import Catalogue, Source, Stream

S = 1_000_000
RULES_RECORD = Record(1, RecordKind.RULES, 90 * S)


def above(name: str, limit: float, version: int = 1) -> Rule:
    rung = Rung(1, Compare(">=", Value(), Constant(limit, "m"), "value", "m"))
    return Rule(f"p/{name}", version, "flood", {"property": ("stage",)}, (rung,))


@pytest.fixture
def engine() -> ProvisionalEngine:
    """Two streams, two rules: ``low`` holds at both, ``high`` at the first."""
    streams = [Stream(name, "s", name, "stage", "m") for name in ("a", "b")]
    engine = ProvisionalEngine([above("low", 1), above("high", 5)], Catalogue([Source("s", "S", "o")], streams))
    moments = pa.array([10 * S, 20 * S]).cast(OBSERVATIONS.field("observed_at").type)
    columns = [
        pa.array([0, 1], pa.int32()), moments, pa.array([6.0, 2.0]), pa.array(np.zeros(2, np.uint8)), moments,
        pa.nulls(2, OBSERVATIONS.field("issued_at").type),
    ]  # fmt: skip
    raised = engine.feed(
        Record(0, RecordKind.OBSERVATIONS, 0, pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS))
    )
    assert len(raised) == 3
    return engine


def ended(engine: ProvisionalEngine, *rules: Rule) -> list[tuple[str, str]]:
    return sorted((t.rule, t.subject.key) for t in withdrawn(engine, rules, RULES_RECORD))


def test_nothing_ends_where_nothing_changed(engine: ProvisionalEngine) -> None:
    assert ended(engine, above("low", 1), above("high", 5)) == []


def test_signals_of_a_rule_that_is_gone_end(engine: ProvisionalEngine) -> None:
    assert ended(engine, above("low", 1)) == [("p/high", "a")]


def test_signals_of_a_rule_that_changed_end(engine: ProvisionalEngine) -> None:
    assert ended(engine, above("low", 1.5), above("high", 5)) == [("p/low", "a"), ("p/low", "b")]


def test_the_ending_belongs_to_the_signal_and_to_the_record(engine: ProvisionalEngine) -> None:
    (one,) = withdrawn(engine, [above("low", 1)], RULES_RECORD)
    assert (one.change, one.level, one.previous, one.onset_us, one.at_us, one.seq) == (
        Change.CLEARED,
        0,
        1,
        10 * S,
        90 * S,
        1,
    )
    assert one.evidence[0].what == "rule withdrawn or changed"
