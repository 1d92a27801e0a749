"""Counts that can be shown: every cell below five is left out, and every total from which one could be computed.

A table of counts by row and column with its totals is a flow from rows to columns. What somebody can learn of a cell that
was left out is the range it has over all tables that fit what is shown (Dobra and Fienberg 2000; Fischetti and Salazar 2001).
Whoever knows the rule also knows that such a cell lies between 0 and 4. A total is shown only if after it every left-out cell
still has at least ``LEAST_OPEN`` possible values, all totals shown together. The cells are shown as they are: no noise, no
rounding.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["LEAST_OPEN", "LEAST_SHOWN", "ShownTable", "shown_table"]

LEAST_SHOWN = 5
LEAST_OPEN = 3
Cell = tuple[str, str]
Flows = dict[Cell, int]
_SOURCE, _SINK = ("", "rows"), ("", "columns")


@dataclass(frozen=True, slots=True)
class ShownTable:
    """What may be shown of a table; None where it is left out."""

    cells: Mapping[Cell, int | None]
    rows: Mapping[str, int | None]
    columns: Mapping[str, int | None]
    total: int | None


def shown_table(counts: Mapping[Cell, int], rows: Sequence[str], columns: Sequence[str]) -> ShownTable:
    """The table as it may be shown. ``counts`` by (row, column); what is missing is 0. The total comes first, then columns,
    then rows, each in the order given: which totals are shown depends on that order and on the counts alone."""
    full = {(row, column): counts.get((row, column), 0) for row in rows for column in columns}
    left_out = {cell: n for cell, n in full.items() if n < LEAST_SHOWN}
    shown: set[tuple[str, str]] = set()
    for margin in [("", ""), *(("", column) for column in columns), *((row, "") for row in rows)]:
        if _sum(full, margin) >= LEAST_SHOWN and _safe(left_out, shown | {margin}):
            shown.add(margin)

    def told(margin: Cell) -> int | None:
        return _sum(full, margin) if margin in shown else None

    return ShownTable(
        {cell: n if n >= LEAST_SHOWN else None for cell, n in full.items()}, {row: told((row, "")) for row in rows},
        {column: told(("", column)) for column in columns}, told(("", "")),
    )  # fmt: skip


def _sum(full: Mapping[Cell, int], margin: Cell) -> int:
    return sum(n for (row, column), n in full.items() if margin[0] in ("", row) and margin[1] in ("", column))


def _safe(left_out: Flows, shown: set[Cell]) -> bool:
    return all(_open_values(left_out, shown, cell) >= LEAST_OPEN for cell in left_out)


def _open_values(left_out: Flows, shown: set[Cell], cell: Cell) -> int:
    """How many values a left-out cell can have, counted no further than LEAST_OPEN. The true table is one flow that fits; from
    it the cell can grow or shrink by one as often as a cycle through it can be found."""
    found = 1
    for up in (True, False):
        flows = dict(left_out)
        while found < LEAST_OPEN and _pushed(flows, shown, cell, up):
            found += 1
    return found


def _pushed(flows: Flows, shown: set[Cell], cell: Cell, up: bool) -> bool:
    """Change one cell by one and put the others right along the shortest cycle; False where none fits what is shown."""
    if flows[cell] >= LEAST_SHOWN - 1 if up else flows[cell] <= 0:
        return False
    row, column = ("row", cell[0]), ("column", cell[1])
    start, end = (column, row) if up else (row, column)
    before: dict[Cell, Cell] = {start: start}
    waiting = deque([start])
    while waiting and end not in before:
        here = waiting.popleft()
        for there in _steps(flows, shown, here, cell):
            if there not in before:
                before[there] = here
                waiting.append(there)
    if end not in before:
        return False
    flows[cell] += 1 if up else -1
    node = end
    while node != start:
        _change(flows, before[node], node)
        node = before[node]
    return True


def _steps(flows: Flows, shown: set[Cell], here: Cell, but: Cell) -> Iterator[Cell]:
    """Where one unit can go from a node of the residual graph."""
    kind, name = here
    if here == _SOURCE:
        yield from (("row", row) for row in {row for row, _column in flows} if (row, "") not in shown)
        if ("", "") not in shown and any(flows.values()):
            yield _SINK
    elif here == _SINK:
        if ("", "") not in shown:
            yield _SOURCE
        for column in {column for _row, column in flows}:
            if ("", column) not in shown and any(n for (_row, one), n in flows.items() if one == column):
                yield ("column", column)
    elif kind == "row":
        yield from (("column", column) for (row, column), n in flows.items()
                    if row == name and n < LEAST_SHOWN - 1 and (row, column) != but)  # fmt: skip
        if (name, "") not in shown and any(n for (row, _column), n in flows.items() if row == name):
            yield _SOURCE
    else:
        yield from (
            ("row", row) for (row, column), n in flows.items() if column == name and n > 0 and (row, column) != but
        )
        if ("", name) not in shown:
            yield _SINK


def _change(flows: Flows, here: Cell, there: Cell) -> None:
    if here[0] == "row" and there[0] == "column":
        flows[here[1], there[1]] += 1
    elif here[0] == "column" and there[0] == "row":
        flows[there[1], here[1]] -= 1
