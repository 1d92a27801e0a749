"""Machine code of kernels, kept on disk and linked by LLVM alone.

Where: ``kept_folder``. What code was made from is in its name: the kernel, every kernel that it calls, the numbers that they
name, the versions of Numba, LLVM and Python, and the processor. So a change of a kernel that others have taken in
never leaves old code behind (Numba's own cache looks at the one file only).

How a kernel is called: with one row of 64-bit numbers. A column is given by the address of its array object, whose first
fields (data, shape, dtype, flags) NumPy's C interface fixes; what the kernel returns is written behind the arguments, and
behind that stands where the addresses are of NumPy's array type and of the dtypes that the code is for.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib
import importlib.util
import os
import platform
import re
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from tocsin.engine.kept import keep, kept_folder

if TYPE_CHECKING:
    from tocsin.engine.operators.kernel import Kernel

__all__ = ["NEVER_CALLED", "NOT_THESE", "OTHER", "RESULTS", "Code", "Columns", "linked", "machine"]

CHARS = frozenset("bBilLd?")  # dtypes of columns: int8, uint8, int32, int64, uint64, float64, bool
NEVER_CALLED = "NRT_MemInfo_call_dtor"  # how Numba gives back an array that it owns; it owns none of ours
RESULTS = 4  # numbers that a kernel may return
NOT_THESE = 29_793  # what ``enter`` says where an argument is no column of the type that the machine code is for
OTHER = object()
_WAY_IN = 2  # raised with every change of what ``compiling`` writes around a kernel
_SCALARS: dict[type, str] = {int: "n", bool: "n", np.int64: "n", float: "f"}
_ENTER = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)  # the interpreter's lock is released while it runs
_engines: list[Any] = []  # whoever forgets an engine forgets its code


@dataclass(frozen=True, slots=True)
class Columns:
    """Argument types of a call: for each a dtype and its number of dimensions (``l1``), ``n`` an integer, ``f`` a float."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, types: tuple[Any, ...]) -> Columns | None:
        """None where an argument is neither a contiguous column nor a number."""
        words = []
        for each in types:
            if isinstance(each, tuple):
                char, dimensions, contiguous = each
                if not contiguous or char not in CHARS or dimensions not in (1, 2):
                    return None
                words.append(f"{char}{dimensions}")
            elif each in _SCALARS:
                words.append(_SCALARS[each])
            else:
                return None
        return cls(tuple(words))


class Code(NamedTuple):
    """Object files: ``way_in`` has ``enter``, which calls what ``kernel`` has; empty where there is none. ``results``: how
    many numbers it returns."""

    results: int
    way_in: bytes
    kernel: bytes


def linked(kernel: Kernel, columns: Columns) -> Callable[[tuple[Any, ...]], Any] | None:
    """The kernel for these types from machine code, compiled first where none is kept. None where it has to run through
    Numba."""
    folder = _folder()
    if folder is None:
        return None
    meaning = hashlib.sha256(repr((_meaning(kernel), columns.words, _WAY_IN)).encode()).hexdigest()[:24]
    path = folder / f"{kernel.function.__name__.strip('_')}-{meaning}.o"
    kept = _read(path)
    if kept is None:
        from tocsin.engine.operators.compiling import machine_code  # noqa: PLC0415 - imports Numba

        kept = machine_code(kernel, columns)
        _write(path, kept)
    return _caller(_link(kept), columns, kept.results) if kept.kernel else None


def _meaning(kernel: Kernel) -> list[object]:
    """What the machine code of a kernel depends on: its own code, the kernels that it calls, the numbers that it names."""
    code, known = kernel.function.__code__, kernel.function.__globals__
    out: list[object] = [
        kernel.function.__name__,
        kernel.taken_in,
        code.co_code,
        code.co_consts,
        code.co_names,
        code.co_varnames,
    ]
    for name in code.co_names:
        value: Any = known.get(name)
        if isinstance(value, int | float | tuple):
            out.append((name, value))
        elif hasattr(value, "function"):
            out.append((name, _meaning(value)))
    return out


# ---------------------------------------------------------------- calling
def _caller(address: int, columns: Columns, results: int) -> Callable[[tuple[Any, ...]], Any]:
    """Takes the arguments of a call and gives what the kernel returns; OTHER where they are of other types than these, and
    then nothing was done. To ask each argument in Python takes longer than many a kernel runs, so ``enter`` asks."""
    enter, number = _ENTER(address), len(columns.words)
    row = ctypes.c_int64 * (number + RESULTS + 1)
    fill = struct.Struct("".join("d" if word == "f" else "q" for word in columns.words) + "q" * (RESULTS + 1)).pack_into
    floats = [n for n, word in enumerate(columns.words) if word == "f"]
    arrays = [n for n, word in enumerate(columns.words) if word not in "nf"]
    wanted = (ctypes.c_int64 * (1 + len(arrays)))(
        id(np.ndarray), *(id(np.dtype(columns.words[n][0])) for n in arrays)
    )  # NumPy has one object for each plain dtype, so an address says which
    behind = [0] * RESULTS + [ctypes.addressof(wanted)]

    def run(args: tuple[Any, ...], wanted: Any = wanted) -> Any:
        given = list(args)
        if len(given) != number:
            return OTHER
        for n in arrays:
            given[n] = id(given[n])
        for n in floats:
            if type(given[n]) is not float:
                return OTHER
        given += behind
        numbers = row()
        try:
            fill(numbers, 0, *given)
        except struct.error:  # no number in a number's place
            return OTHER
        status = enter(ctypes.addressof(numbers))
        if status == NOT_THESE:
            return OTHER
        if status:
            raise RuntimeError("a kernel refused its columns: their lengths do not fit together")
        if results == 0:
            return None
        return numbers[number] if results == 1 else tuple(numbers[number : number + results])

    return run


def _link(code: Code) -> int:
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine())
    for part in (code.kernel, code.way_in):
        engine.add_object_file(llvm.ObjectFileRef.from_data(part))
    engine.finalize_object()
    _engines.append(engine)
    return int(engine.get_function_address("enter"))


@cache
def machine() -> Any:
    """LLVM's idea of this processor."""
    llvm.add_symbol(NEVER_CALLED, ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(jit=True, codemodel="jitdefault")


# ---------------------------------------------------------------- keeping
@cache
def _folder() -> Path | None:
    """Where machine code of just these sources is kept; None where nothing can be."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        return None
    about = (llvmlite.__version__, np.__version__, sys.version, platform.machine(), llvm.get_host_cpu_name(),
             llvm.get_host_cpu_features().flatten())  # fmt: skip
    return kept_folder("kernels", Path(__file__).parent, [_numba(), *(part.encode() for part in about)])


def _numba() -> bytes:
    """Numba's version, read from its own file: to import Numba, or what reads the versions of packages, takes longer than
    everything else here."""
    found = importlib.util.find_spec("numba")
    file = Path(found.origin).with_name("_version.py") if found and found.origin else None
    if file is None or not file.is_file():
        return importlib.import_module("importlib.metadata").version("numba").encode()  # type: ignore[no-any-return]
    return file.read_bytes()


_HEAD = re.compile(rb"tocsin kernel (\d+) (\d+) ([0-9a-f]{64})\n")


def _read(path: Path) -> Code | None:
    """None where it is not there or damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head = _HEAD.match(data)
    if head is None or hashlib.sha256(data[head.end() :]).hexdigest().encode() != head[3]:
        return None
    middle = head.end() + int(head[2])
    return Code(int(head[1]), data[head.end() : middle], data[middle:])


def _write(path: Path, code: Code) -> None:
    data = code.way_in + code.kernel
    head = f"tocsin kernel {code.results} {len(code.way_in)} {hashlib.sha256(data).hexdigest()}\n"
    keep(path, head.encode(), data)
