"""The battery that every operator and detector must pass. Give it a maker of fresh ones and rows; it says what broke.

A ``Candidate`` has ``grow``, ``state`` and ``load`` as operators have, and ``rows(slot, t, v)``: the columns that it gives for
a batch (slots grouped, each in time order), as one tuple of arrays of the batch's length.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

Array = np.ndarray
Row = tuple[int, int, float]  # slot, moment (us), value
HOUR = 3_600_000_000


class Candidate(Protocol):
    def grow(self, slots: int) -> None: ...
    def rows(self, slot: Array, t: Array, v: Array) -> tuple[Array, ...]: ...
    def state(self) -> Mapping[str, Array]: ...
    def load(self, state: Mapping[str, Array]) -> None: ...


Maker = Callable[[], Candidate]


def any_batch_is_one_at_a_time(make: Maker, rows: Sequence[Row], cuts: Sequence[int]) -> None:
    """Batches cut anywhere give, bit for bit, what rows one at a time give."""
    same(play(make, rows, range(1, len(rows))), play(make, rows, cuts))


def a_snapshot_disturbs_nothing(make: Maker, rows: Sequence[Row], cut: int) -> None:
    """Saved at any row, loaded into a fresh one, it goes on as if nothing had happened, and holds the same after."""
    slots = slots_of(rows)
    whole, first, second = make(), make(), make()
    for one in (whole, first, second):
        one.grow(slots)
    undisturbed = feed(whole, rows[:cut])
    for slot, said in feed(whole, rows[cut:]).items():
        undisturbed.setdefault(slot, []).extend(said)
    before = feed(first, rows[:cut])
    second.load({name: np.array(array) for name, array in first.state().items()})
    after = feed(second, rows[cut:])
    same(undisturbed, {key: before.get(key, []) + after.get(key, []) for key in undisturbed})
    left, right = whole.state(), second.state()
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


def slots_do_not_touch(make: Maker, rows: Sequence[Row]) -> None:
    """What a slot gives among others is what it gives alone."""
    together = play(make, rows, ())
    for slot in range(slots_of(rows)):
        alone = play(make, [(0, t, v) for s, t, v in rows if s == slot], ())
        assert [bits(x) for x in together.get(slot, [])] == [bits(x) for x in alone.get(0, [])]


def the_same_again_is_the_same(make: Maker, rows: Sequence[Row]) -> None:
    """No clock, no random source."""
    same(play(make, rows, ()), play(make, rows, ()))


def memory_is_bounded(make: Maker, *, rows_an_hour: int = 12, hours: int = 24 * 40) -> None:
    """Four times as long a past at one spacing needs no more memory (rings may round up to the next power of two)."""
    sizes = []
    for length in (hours, 4 * hours):
        candidate = make()
        candidate.grow(2)
        t = np.arange(length * rows_an_hour, dtype=np.int64) * (HOUR // rows_an_hour)
        v = np.sin(t / HOUR) + 3.0
        day = 24 * rows_an_hour  # what a batch brings is held until it was looked at, so a batch is not a past
        for begin in range(0, len(t), day):
            for slot in (0, 1):
                part = slice(begin, begin + day)
                candidate.rows(np.full(len(t[part]), slot, np.int32), t[part], v[part])
        sizes.append(sum(np.asarray(array).nbytes for array in candidate.state().values()))
    assert sizes[1] <= 2 * sizes[0], f"{sizes[0]} bytes became {sizes[1]}"


def what_is_no_number_leaves_no_trace(make: Maker, rows: Sequence[Row], bad: Iterable[float]) -> None:
    """For detectors: rows of NaN or infinity score NaN, and the rest is as without them."""
    mixed: list[Row] = []
    for k, (slot, t, v) in enumerate(rows):
        mixed.append((slot, t, v))
        mixed += [(slot, t + 1 + n, value) for n, value in enumerate(bad) if k % 3 == 0]
    found = play(make, mixed, ())
    for slot, plain in play(make, rows, ()).items():
        finite = [
            one
            for one, (_, _, v) in zip(found[slot], [r for r in mixed if r[0] == slot], strict=True)
            if np.isfinite(v)
        ]
        assert [bits(x) for x in finite] == [bits(x) for x in plain]
    for slot in found:
        wild = [
            one
            for one, (_, _, v) in zip(found[slot], [r for r in mixed if r[0] == slot], strict=True)
            if not np.isfinite(v)
        ]
        assert all(np.isnan(x) for one in wild for x in one)


# ---------------------------------------------------------------- how rows are fed
def play(make: Maker, rows: Sequence[Row], cuts: Iterable[int]) -> dict[int, list[tuple[float, ...]]]:
    candidate = make()
    candidate.grow(slots_of(rows))
    out: dict[int, list[tuple[float, ...]]] = {}
    edges = sorted({0, len(rows), *(cut for cut in cuts if 0 < cut < len(rows))})
    for low, high in itertools.pairwise(edges):
        for slot, said in feed(candidate, rows[low:high]).items():
            out.setdefault(slot, []).extend(said)
    return out


def feed(candidate: Candidate, rows: Sequence[Row]) -> dict[int, list[tuple[float, ...]]]:
    """By slot: the columns' values row by row."""
    out: dict[int, list[tuple[float, ...]]] = {}
    ordered = sorted(rows, key=lambda row: row[0])  # slots grouped, order kept inside
    if not ordered:
        return out
    slot = np.array([row[0] for row in ordered], np.int32)
    columns = candidate.rows(
        slot, np.array([row[1] for row in ordered], np.int64), np.array([row[2] for row in ordered])
    )
    for i, s in enumerate(slot.tolist()):
        out.setdefault(s, []).append(tuple(float(column[i]) for column in columns))
    return out


def slots_of(rows: Sequence[Row]) -> int:
    return max((row[0] for row in rows), default=0) + 1


def bits(values: tuple[float, ...]) -> bytes:
    return np.array(values).tobytes()


def same(one: dict[int, list[tuple[float, ...]]], other: dict[int, list[tuple[float, ...]]]) -> None:
    assert {s: [bits(x) for x in said] for s, said in one.items()} == {
        s: [bits(x) for x in said] for s, said in other.items()
    }
