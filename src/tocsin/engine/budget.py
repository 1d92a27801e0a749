"""A budget of memory for rules: what they will need once their windows are full, refused before they come into force."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.engine.language.rule import Rule
from tocsin.engine.plan_memory import loads_of, plan_memory
from tocsin.terms.errors import TooBig
from tocsin.terms.stream import Catalogue

__all__ = ["refuse_above"]


def refuse_above(budget: int, rules: Sequence[Rule], catalogue: Catalogue) -> int:
    """The bytes that an engine of these rules over these streams will need. Raises TooBig where they are more than ``budget``,
    naming the part that needs most and whose it is."""
    plan = plan_memory(rules, loads_of(rules, catalogue), len(catalogue))
    if plan.bytes <= budget:
        return plan.bytes
    most = plan.parts[0]
    who = ", ".join(most.rules[:3]) + (f" and {len(most.rules) - 3} more" if len(most.rules) > 3 else "")
    raise TooBig(
        f"{len(rules)} rules over {len(catalogue):,} streams",
        f"they would need {_size(plan.bytes)} of memory, {_size(plan.windows)} of it for windows, and the budget is "
        f"{_size(budget)}; {most.name} (rules: {who}) alone needs {_size(most.bytes)}",
        "shorten the widest window, select fewer streams, or raise the budget",
    )


def _size(number: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":
            break
        number /= 1024
    return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"
