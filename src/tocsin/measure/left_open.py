"""Whether cells that were left out of tables stay open, everything shown taken together: for each a witness is kept, other
values that fit.

The true tables fit what is shown. From them a left-out cell can grow or shrink by one as often as a cycle through it is found
in the residual network of its table, whose nodes are rows, columns, one source and one sink (Ahuja, Magnanti and Orlin 1993,
chapter 3). A step that changes a row's total changes it in every table over the same cases: it is taken only where each of
the others has a left-out cell in that row whose column's total is not shown, which then changes with it. For one table this is
exact, for several it finds only such witnesses: it shows less than could be shown, never more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

__all__ = ["LEAST_OPEN", "Freedom", "LeftOpen"]

LEAST_OPEN = 3
Cell = tuple[str, str]
Freedom = tuple[
    str, int, str
]  # ("total", 0, ""), ("row", 0, row), ("column", table, column): a total that is not shown
_Node = tuple[str, str]
_Target = tuple[int, Cell]
_SOURCE, _SINK = ("source", ""), ("sink", "")


class LeftOpen:
    """The left-out cells of tables over the same cases. At first all cells of ``few`` and more of the first table are shown,
    nothing of the others, and no total. Of a row that is left out whole nobody knows which cells are few."""

    def __init__(self, tables: Sequence[Mapping[Cell, int]], few: int) -> None:
        self._few, self._full = few, [dict(one) for one in tables]
        self._left: list[dict[Cell, int]] = [
            {cell: n for cell, n in one.items() if place or n < few} for place, one in enumerate(self._full)
        ]
        self._in_row: list[dict[str, list[str]]] = []
        self._in_column: list[dict[str, list[str]]] = []
        for one in self._left:
            self._in_row.append({})
            self._in_column.append({})
            for row, column in one:
                self._in_row[-1].setdefault(row, []).append(column)
                self._in_column[-1].setdefault(column, []).append(row)
        self._told: set[Freedom] = set()
        self._rows_told = [
            {row for row, _column in one} if place == 0 else set[str]() for place, one in enumerate(self._full)
        ]
        self._witness: dict[_Target, frozenset[object]] = {}
        if not self._still_open(self._small()):
            raise ValueError("tables of the same cases have the same rows, with the same totals")

    def show(self, freedom: Freedom) -> bool:
        """Show a total, unless a left-out cell would then have fewer than LEAST_OPEN values; whether it is shown."""
        self._told.add(freedom)
        if self._still_open(target for target, used in self._witness.items() if freedom in used):
            return True
        self._told.discard(freedom)
        return False

    def show_row(self, place: int, row: str) -> bool:
        """Show a row's cells of a table: those of ``few`` and more, and that the others are fewer. Whether they are shown."""
        columns = list(self._in_row[place].get(row, ()))
        large = [(row, column) for column in columns if self._full[place][row, column] >= self._few]
        for cell in large:
            self._take_away(place, cell)
        self._rows_told[place].add(row)
        touched = {("cell", place, (row, column)) for column in columns}
        if self._still_open(target for target, used in self._witness.items() if not used.isdisjoint(touched)):
            return True
        self._rows_told[place].discard(row)
        for cell in large:
            self._left[place][cell] = self._full[place][cell]
            self._in_row[place][row].append(cell[1])
            self._in_column[place][cell[1]].append(row)
        return False

    def _take_away(self, place: int, cell: Cell) -> None:
        row, column = cell
        del self._left[place][cell]
        self._in_row[place][row].remove(column)
        self._in_column[place][column].remove(row)

    def _small(self) -> Iterator[_Target]:
        return ((place, cell) for place, one in enumerate(self._left) for cell, n in one.items() if n < self._few)

    def _still_open(self, touched: Iterator[_Target]) -> bool:
        """Whether cells whose witnesses no longer hold have others; these are kept where all have."""
        anew: dict[_Target, frozenset[object]] = {}
        for target in list(touched):
            found = self._found(*target)
            if found is None:
                return False
            anew[target] = found
        self._witness |= anew
        return True

    def _found(self, place: int, cell: Cell) -> frozenset[object] | None:
        """What a witness of LEAST_OPEN values of this cell makes use of; None where none is found."""
        values, used = 1, set[object]({("cell", place, cell)})
        for up in (True, False):
            done: list[tuple[int, Cell, int]] = []
            while values < LEAST_OPEN and self._push(place, cell, up, done, used):
                values += 1
            for where, one, by in done:
                self._left[where][one] -= by
        return frozenset(used) if values >= LEAST_OPEN else None

    def _push(self, place: int, cell: Cell, up: bool, done: list[tuple[int, Cell, int]], used: set[object]) -> bool:
        """Change the cell by one and put everything else right along the shortest cycle; False where none fits."""
        if not self._can(place, cell, 1 if up else -1):
            return False
        row, column = ("row", cell[0]), ("column", cell[1])
        start, end = (column, row) if up else (row, column)
        path = self._square(place, cell, up) or self._path(place, start, end, cell)
        if path is None:
            return False
        self._change(place, cell, 1 if up else -1, done)
        for here, there in path:
            self._take(place, here, there, done, used)
        return True

    def _square(self, place: int, cell: Cell, up: bool) -> list[tuple[_Node, _Node]] | None:
        """The cycle over two rows and two columns, looked for first: it is quickly found, and makes use of no total."""
        (row, column), by = cell, 1 if up else -1
        for other in self._in_row[place].get(row, ()):
            if other == column or not self._can(place, (row, other), -by):
                continue
            for third in self._in_column[place].get(other, ()):
                corner = (third, column)
                if third == row or corner not in self._left[place]:
                    continue
                if self._can(place, (third, other), by) and self._can(place, corner, -by):
                    nodes = [("column", column), ("row", third), ("column", other), ("row", row)]
                    nodes = nodes if up else nodes[::-1]
                    return list(pairwise(nodes))
        return None

    def _path(self, place: int, start: _Node, end: _Node, but: Cell) -> list[tuple[_Node, _Node]] | None:
        before: dict[_Node, _Node] = {start: start}
        waiting = deque([start])
        while waiting and end not in before:
            here = waiting.popleft()
            for there in self._steps(place, here, but):
                if there not in before:
                    before[there] = here
                    waiting.append(there)
                    if there == end:
                        break
        if end not in before:
            return None
        path, node = [], end
        while node != start:
            path.append((before[node], node))
            node = before[node]
        return path

    def _steps(self, place: int, here: _Node, but: Cell) -> Iterator[_Node]:
        """Where one unit can go from a node of the residual network."""
        kind, name = here
        if kind == "row":
            for column in self._in_row[place].get(name, ()):
                if (name, column) != but and self._can(place, (name, column), 1):
                    yield "column", column
            if self._row_moves(place, name, -1):
                yield _SOURCE
        elif kind == "column":
            for row in self._in_column[place].get(name, ()):
                if (row, name) != but and self._can(place, (row, name), -1):
                    yield "row", row
            if ("column", place, name) not in self._told:
                yield _SINK
        elif here == _SOURCE:
            yield from (("row", row) for row in self._in_row[place] if self._row_moves(place, row, 1))
            if ("total", 0, "") not in self._told:
                yield _SINK
        else:
            if ("total", 0, "") not in self._told:
                yield _SOURCE
            yield from (
                ("column", column) for column in self._in_column[place] if ("column", place, column) not in self._told
            )

    def _take(
        self, place: int, here: _Node, there: _Node, done: list[tuple[int, Cell, int]], used: set[object]
    ) -> None:
        """Go one step of a path: what it changes, and what it made use of."""
        kinds = {here[0], there[0]}
        if kinds == {"row", "column"}:
            up = here[0] == "row"
            cell = (here[1], there[1]) if up else (there[1], here[1])
            self._change(place, cell, 1 if up else -1, done)
            used.add(("cell", place, cell))
        elif kinds == {"source", "row"}:
            row, by = (there[1], 1) if there[0] == "row" else (here[1], -1)
            used.add(("row", 0, row))
            for other in range(len(self._left)):
                if other != place:
                    cell = next(self._loose(other, row, by))
                    self._change(other, cell, by, done)
                    used |= {("cell", other, cell), ("column", other, cell[1])}
        elif kinds == {"sink", "column"}:
            used.add(("column", place, there[1] if there[0] == "column" else here[1]))
        else:
            used.add(("total", 0, ""))

    def _row_moves(self, place: int, row: str, by: int) -> bool:
        """Whether a row's total can change: it is not shown, and every other table can follow."""
        if ("row", 0, row) in self._told:
            return False
        return all(
            any(True for _cell in self._loose(other, row, by)) for other in range(len(self._left)) if other != place
        )

    def _loose(self, place: int, row: str, by: int) -> Iterator[Cell]:
        """Cells of a row that can change with nothing else: their column's total is not shown."""
        return ((row, column) for column in self._in_row[place].get(row, ())
                if ("column", place, column) not in self._told and self._can(place, (row, column), by))  # fmt: skip

    def _can(self, place: int, cell: Cell, by: int) -> bool:
        """What a left-out cell may be: below ``few``; anything where its row is left out whole."""
        n = self._left[place][cell] + by
        return n >= 0 and (n < self._few or cell[0] not in self._rows_told[place])

    def _change(self, place: int, cell: Cell, by: int, done: list[tuple[int, Cell, int]]) -> None:
        self._left[place][cell] += by
        done.append((place, cell, by))
