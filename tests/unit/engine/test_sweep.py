"""One pass over the windows says what its operators say one after the other, and leaves the same state."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.operators.scratch import Scratch
from tocsin.engine.operators.sweep import Sweep
from tocsin.engine.operators.windows import First, History, Sum

SLOTS, SUMS, FIRSTS = 3, (4, 9), (2, 9)
PRODUCTS = [
    ("sum", 4, 0),
    ("mean", 9, 0),
    ("count", 9, 0),
    ("first", 2, 0),
    ("delta", 9, 0),
    ("rate", 9, 3),
    ("seen", 2, 0),
]
batches = st.lists(
    st.lists(st.tuples(st.integers(0, SLOTS - 1), st.integers(1, 5), st.floats(-1e3, 1e3)), min_size=1, max_size=30),
    min_size=1, max_size=6,
)  # fmt: skip


def made() -> tuple[History, list[Sum], list[First]]:
    history = History()
    sums, firsts = [Sum(history, width) for width in SUMS], [First(history, width) for width in FIRSTS]
    for part in (history, *sums, *firsts):
        part.grow(SLOTS)
    return history, sums, firsts


def one_by_one(slot, t, v, history, sums, firsts):
    number = history.append(slot, t, v)
    total = {part.width: part.run(slot, t, v, number) for part in sums}
    oldest = {part.width: part.run(slot, t, number) for part in firsts}
    history.trim(slot, t)
    first, since, _ = oldest[9]
    elapsed = t - since
    with np.errstate(all="ignore"):
        rate = np.where((elapsed >= 3) & (elapsed > 0), (v - first) / (elapsed / 1e6), np.nan)
    return [total[4][0], total[9][0] / total[9][1], total[9][1], oldest[2][0], v - first, rate, oldest[2][2]]


@settings(deadline=None)
@given(batches)
def test_sweep_equals_operator_by_operator(given_batches):
    history, sums, firsts = made()
    others = made()
    sweep, scratch, now = Sweep(history, sums, firsts, PRODUCTS), Scratch(), np.zeros(SLOTS, np.int64)
    for batch in given_batches:
        rows = sorted(batch, key=lambda row: row[0])
        slot = np.array([row[0] for row in rows], np.int32)
        t, v = np.zeros(len(rows), np.int64), np.array([row[2] for row in rows])
        for k, (s, step, _) in enumerate(rows):
            now[s] += step
            t[k] = now[s]
        found, expected = sweep.run(slot, t, v, scratch), one_by_one(slot, t, v, *others)
        for product, column, twin in zip(PRODUCTS, found, expected, strict=True):
            np.testing.assert_array_equal(column, twin, str(product))
        for part, twin in zip((*sums, *firsts), (*others[1], *others[2]), strict=True):
            for name, array in part.state().items():
                np.testing.assert_array_equal(array, twin.state()[name], name)
        for s in range(SLOTS):
            for mine, theirs in zip(history.rings.entries(s), others[0].rings.entries(s), strict=True):
                np.testing.assert_array_equal(mine, theirs)
