"""Kernels from kept machine code do what their Python text does; damaged code is not run."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from tocsin.engine.operators import machine_code
from tocsin.engine.operators.kernel import kernel, prefetch
from tocsin.engine.operators.ladder import _ladder
from tocsin.engine.operators.machine_code import Columns, _read, _write
from tocsin.engine.operators.rings import Rings, make_room
from tocsin.engine.operators.silence import _tick
from tocsin.engine.operators.windows import _two_sum


def _ladder_arguments():
    n, rng = 200, np.random.default_rng(3)
    slot, t = np.repeat(np.arange(4, dtype=np.int32), 50), np.tile(np.arange(50) * 10, 4)
    rise = rng.random((2, n)) < 0.3
    int64, int32, int8, streak = np.zeros(4, np.int64), np.zeros(4, np.int32), np.zeros(4, np.int8), np.zeros((2, 4))
    state = (int8, int64, streak.astype(np.int64), streak.astype(np.int32), int64, int32, int64, int64, int8, int8 > 0)
    out = (np.zeros(n, np.int64), np.zeros(n, np.int8), np.zeros(n, np.int8), np.zeros(n, np.int64))
    times = np.array([10, 0]), np.array([1, 2], np.int32), 20, 1, np.array([30, 0]), 40, 127
    return (slot, t, rise, ~rise, False, np.zeros(0, np.bool_), *times, np.array([1, 3], np.int8), *state, *out)


def _silence_arguments():
    times = np.array([5, 0, 90, 40])
    out = np.zeros(4, np.int32), np.zeros(4, np.int64), np.zeros(4), np.zeros(4), np.zeros(4)
    return (
        100,
        0,
        np.full(4, 30),
        np.zeros(4, np.int64),
        times,
        times.copy(),
        times * 1.5,
        np.zeros(4, np.bool_),
        *out,
    )


CALLS = {
    "ladder": (_ladder, _ladder_arguments()),
    "silence": (_tick, _silence_arguments()),
    "rings": (make_room, (0, *Rings(3).args)),
}


@pytest.mark.parametrize(("kernel", "arguments"), CALLS.values(), ids=CALLS)
def test_machine_code_does_what_the_text_says(kernel, arguments):
    fast, plain = ([copy.deepcopy(each) for each in arguments] for _ in range(2))
    assert kernel(*fast) == kernel.function(*plain)
    for one, other in zip(fast, plain, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_returns_floats_runs_through_numba():
    assert _two_sum(1.0, 1e-20) == _two_sum.function(1.0, 1e-20)


def test_columns_that_cannot_be_handed_over_run_through_numba():
    strided = np.zeros((4, 4), np.int64)[:, 1]
    types = [(a.dtype.char, a.ndim, a.flags.c_contiguous) for a in (np.zeros(3, np.int32), strided)]
    assert Columns.of((types[0], int, float)) == Columns(("i1", "n", "f"))
    assert Columns.of((types[1],)) is None
    assert Columns.of((str,)) is None


def test_damaged_code_is_not_run(tmp_path):
    path = tmp_path / "k.o"
    _write(path, machine_code.Code(1, b"way in", b"kernel"))
    assert _read(path) == machine_code.Code(1, b"way in", b"kernel")
    path.write_bytes(path.read_bytes()[:-1] + b"L")
    assert _read(path) is None
    assert _read(tmp_path / "none.o") is None


def test_a_changed_kernel_below_changes_the_name_of_those_above():
    above = [part for part in machine_code._meaning(make_room) if isinstance(part, tuple)]
    below = make_room.function.__globals__["_take_block"]
    assert ("_take_block", machine_code._meaning(below)) in above
    assert ("STEP", 2) in above


def test_a_process_that_finds_the_code_does_not_import_numba():
    make_room(0, *Rings(3).args)  # compiled and kept, if it was not
    text = ("import sys; from tocsin.engine.operators.rings import Rings, make_room; make_room(0, *Rings(3).args); "
            "print('numba' in sys.modules)")  # fmt: skip
    assert subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout == "False\n"


@kernel
def _raise_by(column, number):
    for i in range(column.shape[0]):
        prefetch(column, i + 100)
        prefetch(column, -i)
        column[i] += number
    return column.shape[0]


def test_a_call_finds_the_code_of_its_own_types():
    """Each call right after one with other types, of which the code must not touch a thing."""
    columns = [np.arange(5, dtype=kind) for kind in (np.int64, np.float64, np.int32, np.uint8, np.int64, np.int32)]
    for column in (*columns, *reversed(columns)):
        before = column.copy()
        assert _raise_by(column, 2) == 5
        np.testing.assert_array_equal(column, before + 2)


def test_what_is_no_plain_column_is_not_taken_for_one():
    whole = np.zeros((4, 3), np.int64)
    _raise_by(np.zeros(4, np.int64), 1)
    assert _raise_by(whole[:, 1], 7) == 4  # strided
    assert whole.sum(axis=0).tolist() == [0, 28, 0]
    kept = pickle.loads(pickle.dumps(np.zeros(3, np.int64)))
    assert _raise_by(kept, 1) == 3
    assert kept.tolist() == [1, 1, 1]
    assert _raise_by(np.zeros(2), np.float64(1.5)) == 2
    for wrong in (3, "text", None):
        with pytest.raises(Exception, match=r"."):
            _raise_by(wrong, 1)
