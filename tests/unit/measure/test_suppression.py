"""Counts that may be shown: attacked with everything that is shown together, no cell below five is recovered."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from tocsin.measure.suppression import LEAST_OPEN, LEAST_SHOWN, ShownTable, shown_table

Cell = tuple[str, str]
ROWS, COLUMNS = ("a", "b", "c", "d"), ("x", "y", "z")


def tables(
    most_rows: int, most_columns: int
) -> st.SearchStrategy[tuple[dict[Cell, int], tuple[str, ...], tuple[str, ...]]]:
    """Small tables with many small cells, as cases come."""

    def of(shape: tuple[int, int]) -> st.SearchStrategy[tuple[dict[Cell, int], tuple[str, ...], tuple[str, ...]]]:
        rows, columns = ROWS[: shape[0]], COLUMNS[: shape[1]]
        cells = list(itertools.product(rows, columns))
        counts = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 40)), min_size=len(cells), max_size=len(cells))
        return counts.map(lambda ns: (dict(zip(cells, ns, strict=True)), rows, columns))

    return st.tuples(st.integers(1, most_rows), st.integers(1, most_columns)).flatmap(of)


def shown_sums(shown: ShownTable) -> Iterator[tuple[list[Cell], int]]:
    """Every total that is shown, with the cells it is the sum of."""
    for row, n in shown.rows.items():
        if n is not None:
            yield [cell for cell in shown.cells if cell[0] == row], n
    for column, n in shown.columns.items():
        if n is not None:
            yield [cell for cell in shown.cells if cell[1] == column], n
    if shown.total is not None:
        yield list(shown.cells), shown.total


def attacked(shown: ShownTable) -> dict[Cell, tuple[int, int]]:
    """The least and the greatest value that each left-out cell can have, by integer programs over all that is shown. The
    attacker knows the rule: what is left out lies between 0 and 4."""
    unknown = [cell for cell, n in shown.cells.items() if n is None]
    if not unknown:
        return {}
    sums = list(shown_sums(shown))
    limits = []
    if sums:
        matrix = np.array([[float(cell in cells) for cell in unknown] for cells, _n in sums])
        rest = [n - sum(shown.cells[cell] or 0 for cell in cells) for cells, n in sums]
        limits = [LinearConstraint(matrix, rest, rest)]
    out = {}
    for place, cell in enumerate(unknown):
        goal, ends = np.zeros(len(unknown)), []
        for sign in (1.0, -1.0):
            goal[place] = sign
            found = milp(goal, constraints=limits, bounds=Bounds(0, LEAST_SHOWN - 1), integrality=np.ones(len(unknown)))
            assert found.success, found.message
            ends.append(round(sign * found.fun))
        out[cell] = (ends[0], ends[1])
    return out


def possible(shown: ShownTable) -> dict[Cell, set[int]]:
    """The same by trying all tables: the slow readable twin."""
    unknown = [cell for cell, n in shown.cells.items() if n is None]
    values: dict[Cell, set[int]] = {cell: set() for cell in unknown}
    sums = list(shown_sums(shown))
    for tried in itertools.product(range(LEAST_SHOWN), repeat=len(unknown)):
        guess = dict(zip(unknown, tried, strict=True))
        if all(sum(guess.get(cell, shown.cells[cell] or 0) for cell in cells) == n for cells, n in sums):
            for cell, n in guess.items():
                values[cell].add(n)
    return values


@settings(max_examples=120, deadline=None)
@given(tables(4, 3))
def test_no_cell_below_five_is_recovered_by_integer_programs_over_all_that_is_shown(given_table):
    counts, rows, columns = given_table
    shown = shown_table(counts, rows, columns)
    for cell, n in shown.cells.items():
        assert n is None if counts[cell] < LEAST_SHOWN else n == counts[cell]
    for cells, n in shown_sums(shown):
        assert n == sum(counts[cell] for cell in cells) >= LEAST_SHOWN
    for cell, (least, most) in attacked(shown).items():
        assert least <= counts[cell] <= most
        assert most - least + 1 >= LEAST_OPEN, (cell, least, most, shown)


@settings(max_examples=60, deadline=None)
@given(tables(2, 3))
def test_nor_by_trying_all_tables(given_table):
    counts, rows, columns = given_table
    for cell, values in possible(shown_table(counts, rows, columns)).items():
        assert counts[cell] in values
        assert len(values) >= LEAST_OPEN, (cell, values)


def test_the_attack_recovers_cells_where_all_totals_are_shown():
    """The attack is one: against a table that leaves out small cells alone it finds them."""
    counts = {("a", "x"): 3, ("a", "y"): 9, ("b", "x"): 8, ("b", "y"): 7}
    careless = ShownTable({cell: n if n >= LEAST_SHOWN else None for cell, n in counts.items()}, {"a": 12, "b": 15},
                          {"x": 11, "y": 16}, 27)  # fmt: skip
    assert attacked(careless) == {("a", "x"): (3, 3)}
    assert possible(careless) == {("a", "x"): {3}}


@pytest.mark.parametrize(
    ("counts", "total"),
    [
        (
            {("a", "x"): 3, ("a", "y"): 9, ("b", "x"): 8, ("b", "y"): 7},
            None,
        ),  # one small cell: the total would give it away
        ({("a", "x"): 0, ("a", "y"): 0, ("b", "x"): 8, ("b", "y"): 7}, None),  # as would the absence of all
        ({("a", "x"): 4, ("a", "y"): 4, ("b", "x"): 4, ("b", "y"): 4}, None),  # and the greatest that could be
        ({("a", "x"): 2, ("a", "y"): 3, ("b", "x"): 1, ("b", "y"): 7}, 13),
        ({("a", "x"): 6, ("a", "y"): 9, ("b", "x"): 8, ("b", "y"): 7}, 30),
    ],
)
def test_totals_are_shown_where_they_give_nothing_away(counts, total):
    assert shown_table(counts, ("a", "b"), ("x", "y")).total == total


def test_a_large_table_shows_most_of_what_it_holds():
    rng = np.random.default_rng(7)
    rows, columns = [f"r{n}" for n in range(12)], [f"c{n}" for n in range(8)]
    counts = {(row, column): int(rng.poisson(6)) for row in rows for column in columns}
    shown = shown_table(counts, rows, columns)
    assert shown.total == sum(counts.values())
    assert sum(n is not None for n in shown.columns.values()) >= 6
    for cell, (least, most) in attacked(shown).items():
        assert most - least + 1 >= LEAST_OPEN, cell
