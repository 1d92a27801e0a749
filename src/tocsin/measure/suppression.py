"""Counts that can be shown: every cell below five is left out, and every total from which one could be computed.

A table of counts by row and column with its totals is a flow from rows to columns. What somebody can learn of a cell that
was left out is the range it has over all tables that fit what is shown (Dobra and Fienberg 2000; Fischetti and Salazar 2001).
Whoever knows the rule also knows that such a cell lies between 0 and 4. A total is shown only if after it every left-out cell
still has at least ``LEAST_OPEN`` possible values, all totals shown together. The cells are shown as they are: no noise, no
rounding.

Several tables over the same cases (by area and by the answer to one question each) have their row totals in common: a row
shown whole in one table tells how much there is in that row of all others. They are therefore looked at together. A left-out
cell is open where other tables can be *exhibited* that fit everything shown (``left_open.py``); where none is found, the row
or the total that closed it is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tocsin.measure.left_open import LEAST_OPEN, LeftOpen

__all__ = ["LEAST_OPEN", "LEAST_SHOWN", "CountTable", "ShownTable", "ShownTables", "shown_table", "shown_tables"]

LEAST_SHOWN = 5
_EMPTY_LOOKED_AT = 4
Cell = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CountTable:
    """A table to be shown: its columns and ``counts`` by (row, column); what is missing is 0."""

    columns: Sequence[str]
    counts: Mapping[Cell, int]


@dataclass(frozen=True, slots=True)
class ShownTable:
    """What may be shown of a table; None where it is left out. ``withheld``: rows left out whole, small cells or not, since
    another table of the same cases would otherwise give a cell away."""

    cells: Mapping[Cell, int | None]
    rows: Mapping[str, int | None]
    columns: Mapping[str, int | None]
    total: int | None
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ShownTables:
    """Several tables over the same cases; ``rows`` and ``total`` are common to all of them."""

    tables: tuple[ShownTable, ...]
    rows: Mapping[str, int | None]
    total: int | None


def shown_table(counts: Mapping[Cell, int], rows: Sequence[str], columns: Sequence[str]) -> ShownTable:
    """One table as it may be shown."""
    return shown_tables([CountTable(columns, counts)], rows).tables[0]


def shown_tables(tables: Sequence[CountTable], rows: Sequence[str]) -> ShownTables:
    """The tables as they may be shown together. The first shows all its cells of five and more; a row of a later one only where
    that gives no cell away. Then come the total, the columns, the rows, each in the order given: what is shown depends on that
    order and on the counts alone. Raises ValueError where two tables differ in a row's total: they are not of the
    same cases."""
    # Rows in which there is nothing are alike, and no total of theirs is ever shown: what keeps one of them open keeps each
    # open, and those that are not looked at only give more to change.
    some = {row for one in tables for (row, _column), n in one.counts.items() if n}
    empty = [row for row in rows if row not in some]
    looked_at = some | set(empty[:_EMPTY_LOOKED_AT])
    found = _shown_tables(tables, [row for row in rows if row in looked_at])
    told = {row: found.rows.get(row) for row in rows}
    shown = []
    for one, got in zip(tables, found.tables, strict=True):
        cells = {(row, column): got.cells.get((row, column)) for row in rows for column in one.columns}
        withheld = got.withheld | (set(empty) if got.withheld & set(empty) else set())
        shown.append(ShownTable(cells, told, got.columns, got.total, withheld))
    return ShownTables(tuple(shown), told, found.total)


def _shown_tables(tables: Sequence[CountTable], rows: Sequence[str]) -> ShownTables:
    full = [
        {(row, column): one.counts.get((row, column), 0) for row in rows for column in one.columns} for one in tables
    ]
    sums = [{row: sum(cells[row, column] for column in one.columns) for row in rows}
            for one, cells in zip(tables, full, strict=True)]  # fmt: skip
    if any(one != sums[0] for one in sums[1:]):
        raise ValueError("tables of the same cases have the same rows, with the same totals")
    left = LeftOpen(full, LEAST_SHOWN)
    withheld = [frozenset[str]() if place == 0 else frozenset(row for row in rows if not left.show_row(place, row))
                for place in range(len(tables))]  # fmt: skip
    total = sum(sums[0].values())
    told_total = total if total >= LEAST_SHOWN and left.show(("total", 0, "")) else None
    told_columns: list[dict[str, int | None]] = []
    for place, one in enumerate(tables):
        told: dict[str, int | None] = {}
        for column in one.columns:
            n = sum(full[place][row, column] for row in rows)
            told[column] = n if n >= LEAST_SHOWN and left.show(("column", place, column)) else None
        told_columns.append(told)
    told_rows = {
        row: sums[0][row] if sums[0][row] >= LEAST_SHOWN and left.show(("row", 0, row)) else None for row in rows
    }
    shown = tuple(
        ShownTable(
            {cell: n if n >= LEAST_SHOWN and cell[0] not in withheld[place] else None for cell, n in full[place].items()},
            told_rows, told_columns[place], told_total, withheld[place],
        )
        for place in range(len(tables))
    )  # fmt: skip
    return ShownTables(shown, told_rows, told_total)
