"""What `rules explain` predicts of memory is what the engine's arrays then hold."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tocsin.engine.language.parse import parse_rule
from tocsin.engine.language.rule import Rule
from tocsin.engine.plan_memory import Load, held_memory, loads_of, plan_memory, selector_of
from tocsin.engine.runner import Engine
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.terms.level import CHINA_FOUR_COLOUR as CN4
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue, Source, Stream

MARGIN = 0.10  # stated in docs/packs.md: full windows of streams that began together
CADENCE_S = 60
UNITS = {"water": "cm", "rain": "mm", "flow": "m3/s"}

ONE = ({"level": {"yellow": "value >= 15 cm"}},)
SUMS = ({"level": {"blue": "sum(3h) >= 50 cm", "red": "sum(1h) >= 50 cm"}}, {"level": {"red": "mean(2h) > 30 cm"}})
ODD = ({"level": {"yellow": "delta(17min) >= 5 cm and stuck(6h)"}},)
EXTREME = ({"level": {"yellow": "max(1h) >= 90000 cm"}},)
AREA = ({"per": "street", "level": {"yellow": "how_many(value >= 0 cm, 15min) >= 2"}, "clear_after": "1h"},)
DAYS = ({"level": {"yellow": "days(max(day) >= 35 cm) >= 3"}}, {"level": {"red": "max(today) > 5 cm"}})
SILENT = ({"level": {"yellow": "silent(30min)"}},)
ALL = (*SUMS, *ODD, *EXTREME, *SILENT, *DAYS)


def made(*parts: dict[str, object], streams: str = "water") -> list[Rule]:
    rules = []
    for number, part in enumerate(parts):
        entry = {"id": f"r{number}", "hazard": "h", "streams": {"property": streams}, **part}
        rules.append(parse_rule(entry, pack="p", scheme=CN4, units=UNITS))
    return rules


def catalogue(streams: int, areas: int = 1) -> Catalogue:
    return Catalogue([Source("s", "s", "s")], [
        Stream(f"g{k}", "s", f"g{k}", "water", "cm", cadence_s=CADENCE_S, labels={"street": f"a{k % areas}"})
        for k in range(streams)
    ])  # fmt: skip


def fed(rules: list[Rule], known: Catalogue, minutes: int, rows: int, values: str) -> Engine:
    """An engine that took ``minutes`` of observations of every stream, ``rows`` of each in a batch."""
    engine = Engine(rules, known)
    start = 1_700_000_000_000_000
    rng = np.random.default_rng(7)
    for first in range(0, minutes, rows):
        here = min(rows, minutes - first)
        at = np.repeat(start + (first + np.arange(here)) * CADENCE_S * 1_000_000, len(known))
        stream = np.tile(np.arange(len(known), dtype=np.int32), here)
        value = 1e5 - at / 6e7 % 1e5 if values == "falling" else rng.normal(10, 3, len(at)).clip(0)
        moment = pa.array(at).cast(pa.timestamp("us", tz="UTC"))
        columns = [pa.array(stream), moment, pa.array(value), pa.array(np.zeros(len(at), np.uint8)), moment,
                   pa.nulls(len(at), pa.timestamp("us", tz="UTC"))]  # fmt: skip
        batch = pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS)
        engine.feed_columns(Record(engine.next_seq, RecordKind.OBSERVATIONS, 0, batch))
        engine.feed_columns(Record(engine.next_seq, RecordKind.TICK, int(at[-1])))
    return engine


@pytest.mark.parametrize("streams", [50, 400, 3000])
@pytest.mark.parametrize("parts", [ONE, SUMS, ODD, EXTREME, DAYS, SILENT, ALL],
                         ids=["one", "sums", "odd", "extreme", "days", "silent", "all"])  # fmt: skip
def test_what_is_predicted_is_what_the_arrays_hold(parts: tuple[dict[str, object], ...], streams: int) -> None:
    rules = made(*parts)
    engine = fed(rules, catalogue(streams), 200, 1, "falling")
    predicted = plan_memory(rules, Load(streams, CADENCE_S * 1_000_000), streams).bytes
    held = held_memory(engine)
    assert abs(predicted - held) <= MARGIN * held, (predicted, held)


@pytest.mark.parametrize("rows", [1, 5, 40])
def test_a_batch_of_many_moments_needs_room_for_them(rows: int) -> None:
    rules = made(*SUMS)
    held = held_memory(fed(rules, catalogue(300), 240, rows, "falling"))
    predicted = plan_memory(rules, Load(300, CADENCE_S * 1_000_000, rows=rows), 300).bytes
    assert abs(predicted - held) <= MARGIN * held, (predicted, held)


@pytest.mark.parametrize("areas", [1, 7, 60])
def test_an_area_is_never_more_than_predicted(areas: int) -> None:
    rules = made(*AREA)
    held = held_memory(fed(rules, catalogue(600, areas), 40, 1, "falling"))
    predicted = plan_memory(rules, Load(600, CADENCE_S * 1_000_000, areas), 600).bytes
    assert 0.5 * predicted <= held <= (1 + MARGIN) * predicted, (predicted, held)


def test_a_highest_of_ordinary_data_needs_less_than_the_worst() -> None:
    rules = made(*EXTREME)
    worst = plan_memory(rules, Load(400, CADENCE_S * 1_000_000), 400).bytes
    assert held_memory(fed(rules, catalogue(400), 200, 1, "random")) <= worst


def test_shared_windows_are_counted_once() -> None:
    both, one = plan_memory(made(*SUMS), Load(1000)), plan_memory(made(SUMS[0]), Load(1000))
    assert both.windows == one.windows  # the second rule looks into the same observations, over a shorter time
    shared = [part for part in both.parts if part.window]
    assert [part.rules for part in shared] == [("p/r0", "p/r1")]
    assert both.bytes < one.bytes + plan_memory(made(SUMS[1]), Load(1000)).bytes


def test_state_grows_with_streams_and_windows_with_their_width() -> None:
    rules = made({"level": {"red": "sum(3h) > 1 cm"}})
    small, large = (plan_memory(rules, Load(n), n) for n in (1000, 10_000))
    assert large.windows == 10 * small.windows
    assert 9 * small.state < large.state <= 10 * small.state
    wider = plan_memory(made({"level": {"red": "sum(12h) > 1 cm"}}), Load(1000), 1000)
    assert wider.state == small.state
    assert 3.5 * small.windows < wider.windows < 4.5 * small.windows  # rings double


def test_loads_of_a_catalogue() -> None:
    rules = made(*AREA)
    mixed = [
        Stream(f"g{k}", "s", "f", "water", "cm", cadence_s=30 * (k % 3), labels={"street": str(k % 4)})
        for k in range(12)
    ]
    other = [Stream("x", "s", "f", "flow", "m3/s")]
    found = loads_of(rules, Catalogue([Source("s", "s", "s")], [*mixed, *other]), rows=3)
    assert found == {selector_of(rules[0]): [Load(4, 30_000_000, 4, 3), Load(8, 60_000_000, 4, 3)]}


JUDGING = [path for path in builtin_pack_paths() if (path / "rules.toml").exists()]  # the others judge nothing


@pytest.mark.parametrize("path", JUDGING, ids=lambda path: path.name)
def test_every_part_of_a_built_in_pack_is_somebodys(path) -> None:
    rules = load_pack(path).rules
    plan = plan_memory(rules, Load(10_000, 3_600_000_000, 100))
    assert plan.bytes == plan.state + plan.windows > 0
    assert {name for part in plan.parts for name in part.rules} == {rule.name for rule in rules}
    for rule in rules:
        assert any(part.name.startswith("ladder") for part in plan.of_rule(rule.name))
    assert plan.state <= 400 * 10_000 * len(
        rules
    )  # engine.md section 7: at most 400 bytes a stream and rule, windows apart
