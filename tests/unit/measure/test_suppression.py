"""Counts that may be shown: attacked with everything that is shown together, no cell below five is recovered."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from tocsin.measure.suppression import (
    LEAST_OPEN,
    LEAST_SHOWN,
    CountTable,
    ShownTable,
    ShownTables,
    shown_table,
    shown_tables,
)

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


# ------------------------------------------------------------ several tables over the same cases
def of_the_same_cases(seed: int, most_rows: int = 4) -> tuple[list[CountTable], tuple[str, ...]]:
    """Cases, each with an area and an answer to two or three questions, counted by area and by each question."""
    rng = np.random.default_rng(seed)
    rows = ROWS[: rng.integers(1, most_rows + 1)]
    questions = [COLUMNS[: rng.integers(1, 4)] for _question in range(rng.integers(2, 4))]
    chances = [rng.dirichlet(np.full(len(columns), 0.7), size=len(rows)) for columns in questions]
    counts: list[dict[Cell, int]] = [{} for _question in questions]
    for place, row in enumerate(rows):
        for _case in range(int(rng.choice([0, 3, 8, 20, 40]))):
            for columns, chance, counted in zip(questions, chances, counts, strict=True):
                cell = (row, columns[rng.choice(len(columns), p=chance[place])])
                counted[cell] = counted.get(cell, 0) + 1
    return [CountTable(columns, counted) for columns, counted in zip(questions, counts, strict=True)], rows


def attacked_together(shown: ShownTables, rows: tuple[str, ...]) -> dict[tuple[int, Cell], tuple[int, float]]:
    """The least and the greatest value of each left-out cell, by integer programs over all tables together. The attacker
    knows the rule, that all tables count the same cases, and which rows were left out whole."""
    unknown = [(place, cell) for place, one in enumerate(shown.tables) for cell, n in one.cells.items() if n is None]
    at = {target: number for number, target in enumerate(unknown)}
    lines: list[tuple[dict[int, float], float]] = []

    def sums(place: int, cells: list[Cell]) -> tuple[dict[int, float], float]:
        told = shown.tables[place].cells
        return {at[place, cell]: 1.0 for cell in cells if told[cell] is None}, sum(told[cell] or 0 for cell in cells)

    for place, one in enumerate(shown.tables):
        for cells, n in shown_sums(ShownTable(one.cells, shown.rows, one.columns, shown.total)):
            left, known = sums(place, cells)
            lines.append((left, n - known))
        if place:
            for row in rows:
                (mine, known), (first, known_first) = (
                    sums(of, [cell for cell in shown.tables[of].cells if cell[0] == row]) for of in (place, 0)
                )
                lines.append((mine | dict.fromkeys(first, -1.0), known_first - known))
    matrix = np.zeros((max(1, len(lines)), len(unknown)))
    for number, (left, _n) in enumerate(lines):
        for place, factor in left.items():
            matrix[number, place] = factor
    rest = [n for _left, n in lines] or [0.0]
    few = [np.inf if cell[0] in shown.tables[place].withheld else LEAST_SHOWN - 1 for place, cell in unknown]
    out: dict[tuple[int, Cell], tuple[int, float]] = {}
    for number, target in enumerate(unknown):
        goal = np.zeros(len(unknown))
        ends = []
        for sign in (1.0, -1.0):
            goal[number] = sign
            found = milp(goal, constraints=[LinearConstraint(matrix, rest, rest)], bounds=Bounds(0, few),
                         integrality=np.ones(len(unknown)))  # fmt: skip
            assert found.status in (0, 3), found.message  # 3: without bound
            ends.append(round(sign * found.fun) if found.status == 0 else np.inf)
        out[target] = (int(ends[0]), ends[1])
    return out


def careless(tables: list[CountTable], rows: tuple[str, ...]) -> ShownTables:
    """Each table by itself, as if nobody had the other."""
    alone = [shown_table(one.counts, rows, one.columns) for one in tables]
    return ShownTables(tuple(alone), alone[0].rows, alone[0].total)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**9))
def test_no_cell_below_five_is_recovered_from_several_tables_together(seed):
    tables, rows = of_the_same_cases(seed)
    shown = shown_tables(tables, rows)
    for place, (one, told) in enumerate(zip(tables, shown.tables, strict=True)):
        for cell, n in told.cells.items():
            true = one.counts.get(cell, 0)
            assert n == (true if true >= LEAST_SHOWN and cell[0] not in told.withheld else None), (place, cell)
        for cells, n in shown_sums(told):
            assert n == sum(one.counts.get(cell, 0) for cell in cells) >= LEAST_SHOWN
    for (place, cell), (least, most) in attacked_together(shown, rows).items():
        true = tables[place].counts.get(cell, 0)
        assert least <= true <= most
        assert true >= LEAST_SHOWN or most - least + 1 >= LEAST_OPEN, (place, cell, least, most, shown)


def test_tables_that_are_safe_each_by_itself_give_cells_away_together():
    """The attack is one, and it is why they are looked at together: here the second table tells how many there are."""
    tables = [CountTable(("x", "y"), {("a", "x"): 3, ("a", "y"): 9}), CountTable(("u",), {("a", "u"): 12})]
    assert attacked_together(careless(tables, ("a",)), ("a",))[0, ("a", "x")] == (3, 3)
    shown = shown_tables(tables, ("a",))
    assert shown.tables[1].withheld == {"a"}
    assert attacked_together(shown, ("a",))[0, ("a", "x")] == (0, 4)


def test_many_pairs_of_tables_are_broken_by_the_attack_where_each_is_shown_by_itself():
    broken = sum(
        any(most - least + 1 < LEAST_OPEN
            for (place, cell), (least, most) in attacked_together(careless(*given), given[1]).items()
            if given[0][place].counts.get(cell, 0) < LEAST_SHOWN)
        for given in map(of_the_same_cases, range(40))
    )  # fmt: skip
    assert broken >= 5


def test_large_tables_of_the_same_cases_show_most_of_what_they_hold():
    rng = np.random.default_rng(7)
    rows, matters, ways = [f"r{n}" for n in range(40)], [f"m{n}" for n in range(8)], [f"w{n}" for n in range(4)]
    counts: list[dict[Cell, int]] = [{}, {}]
    for row in rows:
        for _case in range(int(rng.poisson(45))):
            for place, columns in enumerate((matters, ways)):
                cell = (row, columns[rng.integers(len(columns))])
                counts[place][cell] = counts[place].get(cell, 0) + 1
    shown = shown_tables([CountTable(matters, counts[0]), CountTable(ways, counts[1])], rows)
    assert shown.total == sum(counts[0].values())
    large = [(place, cell) for place, one in enumerate(counts) for cell, n in one.items() if n >= LEAST_SHOWN]
    assert sum(shown.tables[place].cells[cell] is not None for place, cell in large) > 0.8 * len(large)
    assert sum(n is not None for one in shown.tables for n in one.columns.values()) >= 9


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 9))
def test_areas_without_cases_give_nothing_away_however_many_there_are(seed, more):
    tables, some = of_the_same_cases(seed, 3)
    rows = (*some[:1], *(f"nothing{n}" for n in range(more)), *some[1:])
    shown = shown_tables(tables, rows)
    assert all(tuple(dict.fromkeys(row for row, _column in one.cells)) == rows for one in shown.tables)
    for (place, cell), (least, most) in attacked_together(shown, rows).items():
        true = tables[place].counts.get(cell, 0)
        assert least <= true <= most
        assert true >= LEAST_SHOWN or most - least + 1 >= LEAST_OPEN, (place, cell, least, most, shown)


def test_tables_of_other_cases_are_refused():
    with pytest.raises(ValueError, match="same cases"):
        shown_tables([CountTable(("x",), {("a", "x"): 7}), CountTable(("u",), {("a", "u"): 8})], ("a",))
