"""Rules that would need more memory than there is are refused before they come into force."""

from __future__ import annotations

import pytest

from tocsin.engine.language.rule import Rule, Rung
from tocsin.engine.language.tree import Compare, Constant, Window
from tocsin.engine.runner import Engine
from tocsin.terms.errors import TooBig

from .series import MINUTE, stream, town

WIDE = Rule("t/wide", 1, "flood", {}, (Rung(1, Compare(">=", Window("sum", 600 * MINUTE), Constant(1.0), "sum")),))
PLACE = town(*(stream(f"g{k}") for k in range(100)))
MIB = 1 << 20


def test_a_budget_that_holds_changes_nothing() -> None:
    assert Engine([WIDE], PLACE, memory_budget=64 * MIB).snapshot() == Engine([WIDE], PLACE).snapshot()


def test_above_the_budget_the_widest_part_is_named() -> None:
    with pytest.raises(TooBig, match=r"1 rules over 100 streams.*observations of .*t/wide.*shorten the widest window"):
        Engine([WIDE], PLACE, memory_budget=MIB)


def test_a_snapshot_is_held_to_the_budget_too() -> None:
    kept = Engine([WIDE], PLACE).snapshot()
    with pytest.raises(TooBig):
        Engine.restore([WIDE], kept, memory_budget=MIB)
    assert len(Engine.restore([WIDE], kept, memory_budget=64 * MIB).catalogue) == 100
