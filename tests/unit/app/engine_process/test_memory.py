"""The quick judgement of a growing catalogue refuses exactly what the whole judgement refuses."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tocsin.packs
from tocsin.app.engine_process.memory import MemoryBudget
from tocsin.engine.plan_memory import loads_of, plan_memory
from tocsin.packkit import Pack, load_pack
from tocsin.terms.errors import TooBig
from tocsin.terms.stream import Catalogue, Source, Stream

PACKS = Path(tocsin.packs.__file__).parent
MIB = 1 << 20
SOURCES = [Source("all", "All", "City")]
KINDS = (("precipitation", "mm"), ("gauge_height", "m"), ("gas_concentration", "%"), ("pm2_5", "ug/m3"))


@cache
def packs() -> tuple[Pack, ...]:
    return (load_pack(PACKS / "natural_hazards"), load_pack(PACKS / "gas_leak"))


def needed(catalogue: Catalogue) -> int:
    rules = [rule for pack in packs() for rule in pack.rules]
    return plan_memory(rules, loads_of(rules, catalogue), len(catalogue)).bytes


def group(first: int, count: int, kind: int, cadence_s: float) -> list[Stream]:
    name, unit = KINDS[kind]
    return [
        Stream(f"s-{n}", "all", f"feature-{n}", name, unit, 110 + n / 1e4, 30.0, cadence_s=cadence_s)
        for n in range(first, first + count)
    ]


GROUPS = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, len(KINDS) - 1), st.sampled_from([60.0, 300.0, 3600.0])),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(GROUPS, st.floats(0.2, 2.5))
def test_what_the_whole_judgement_refuses_the_quick_one_refuses(
    groups: list[tuple[int, int, float]], part: float
) -> None:
    whole = Catalogue(SOURCES, group(0, 50, 0, 300.0))
    added, first = [], 50
    for count, kind, cadence_s in groups:
        added.append(group(first, count, kind, cadence_s))
        first += count
    last = whole.with_changes((), [stream for streams in added for stream in streams])
    budget = MemoryBudget(1)
    budget.bytes = max(round(part * needed(last)), needed(whole))
    budget.require(packs(), whole)
    for streams in added:
        whole = whole.with_changes((), streams)
        if needed(whole) > budget.bytes:
            with pytest.raises(TooBig):
                budget.admit(packs(), streams, whole)
            return
        budget.admit(packs(), streams, whole)


def test_far_below_the_budget_the_catalogue_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = MemoryBudget(1000)
    whole = Catalogue(SOURCES, group(0, 50, 0, 300.0))
    budget.require(packs(), whole)
    budget.admit(packs(), group(50, 1, 0, 300.0), whole.with_changes((), group(50, 1, 0, 300.0)))

    def never(*_arguments: object) -> int:
        raise AssertionError("everything was judged anew")

    monkeypatch.setattr("tocsin.app.engine_process.memory.refuse_above", never)
    for n in range(51, 80):
        streams = group(n, 1, 0, 300.0)
        whole = whole.with_changes((), streams)
        budget.admit(packs(), streams, whole)


def test_other_packs_are_judged_whole() -> None:
    whole = Catalogue(SOURCES, group(0, 400, 0, 60.0))
    budget = MemoryBudget(1000)
    budget.require((packs()[1],), whole)
    budget.bytes = MIB
    streams = group(400, 1, 0, 60.0)
    with pytest.raises(TooBig, match="rules over 401 streams"):
        budget.admit(packs(), streams, whole.with_changes((), streams))
