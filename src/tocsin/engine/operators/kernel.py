"""How kernels are compiled: one decorator, so that keeping the machine code and the rules of floats are the same everywhere.

``fastmath`` stays off: reordered sums would break exact windows and the equality of live and replay.

Numba compiles a kernel the first time it is called with arguments of these types, and the machine code is kept
(``machine_code``). Later processes link that code without importing Numba, which takes longer than a minute of a
county's observations. A kernel that allocates, or is called with what cannot be handed over as plain columns, runs
through Numba's own dispatcher.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tocsin.engine.operators.machine_code import OTHER, Columns, linked

__all__ = ["Kernel", "kernel", "part", "prefetch"]


class Kernel:
    """A function on columns, compiled for each combination of argument types that it meets."""

    def __init__(self, function: Callable[..., Any], *, taken_in: bool = False) -> None:
        """``taken_in``: written out wherever another kernel calls it, for a call hands over each column in seven words."""
        functools.update_wrapper(self, function)
        self.taken_in = taken_in
        self.function = function
        self._compiled: Any = None
        self._ready: dict[tuple[Any, ...], Callable[[tuple[Any, ...]], Any]] = {}
        self._latest: Callable[[tuple[Any, ...]], Any] = lambda args: OTHER  # of the call before: types seldom change

    @property
    def compiled(self) -> Any:
        """Numba's dispatcher of it; imports Numba."""
        if self._compiled is None:
            from tocsin.engine.operators.compiling import dispatcher  # noqa: PLC0415 - the import is what is avoided

            self._compiled = dispatcher(self.function, cache=True, inline="always" if self.taken_in else "never")
        return self._compiled

    def __call__(self, *args: Any) -> Any:
        out = self._latest(args)
        return self._called(args) if out is OTHER else out

    def _called(self, args: tuple[Any, ...]) -> Any:
        types = tuple([
            (a.dtype.char, a.ndim, a.flags.c_contiguous) if type(a) is np.ndarray else type(a) for a in args
        ])  # fmt: skip
        run = self._ready.get(types)
        if run is None:
            run = self._ready[types] = self._make_ready(types)
        self._latest = run
        out = run(args)
        if out is OTHER:  # arrays that were unpickled have dtypes of their own: equal, yet other objects
            out = run(tuple([a.view(a.dtype.char) if type(a) is np.ndarray and a.ndim else a for a in args]))
        return self.compiled(*args) if out is OTHER else out

    def _make_ready(self, types: tuple[Any, ...]) -> Callable[[tuple[Any, ...]], Any]:
        columns = Columns.of(types)
        return (linked(self, columns) if columns is not None else None) or (lambda args: OTHER)


def kernel(function: Callable[..., Any]) -> Kernel:
    """Compile with Numba, keep the machine code on disk, release the interpreter's lock."""
    return Kernel(function)


def part(function: Callable[..., Any]) -> Kernel:
    """A part of a kernel's inner loop, on many columns: it is taken in by the kernels that call it."""
    return Kernel(function, taken_in=True)


class _Hint(Kernel):
    """What a kernel may say to the processor; it changes nothing, so outside of machine code there is nothing to do."""

    @property
    def compiled(self) -> Any:
        """The instruction, as Numba takes it in; imports Numba."""
        from tocsin.engine.operators.compiling import prefetching  # noqa: PLC0415 - the import is what is avoided

        return prefetching

    def __call__(self, *args: Any) -> None:
        """Nothing."""


@_Hint
def prefetch(column: Any, at: int) -> None:
    """Begin to fetch the cache line that holds this cell of a column (of the flat column, where it has two dimensions). Any
    number may be given; where there is no such cell nothing happens."""
