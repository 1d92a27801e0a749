"""Kernels -> machine code by Numba. Imported only when there is something to compile (see ``kernel``)."""

from __future__ import annotations

import re
import types as python_types
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from tocsin.engine.operators.machine_code import NEVER_CALLED, NOT_THESE, RESULTS, Code, Columns, machine

if TYPE_CHECKING:
    from tocsin.engine.operators.kernel import Kernel

__all__ = ["dispatcher", "machine_code", "prefetching"]

_DTYPES = {"b": types.int8, "B": types.uint8, "i": types.int32, "l": types.int64, "L": types.uint64, "d": types.float64,
           "?": types.boolean}  # fmt: skip
_KNOWN = {"memset", "memcpy", "memmove", NEVER_CALLED}  # what machine code may ask of the process beside itself
_FLAGS = {"nogil": True, "error_model": "numpy"}


@intrinsic
def prefetching(_: Any, column: Any, at: Any) -> Any:
    """LLVM's ``prefetch``: to read, to be kept in all caches, data."""

    def instruction(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = make_array(signature.args[0])(context, builder, args[0]).data
        word, address = ir.IntType(32), builder.bitcast(builder.gep(data, [args[1]]), cgutils.voidptr_t)
        ask = ir.FunctionType(ir.VoidType(), [address.type, word, word, word])
        fetch = cgutils.get_or_insert_function(builder.module, ask, "llvm.prefetch.p0")
        builder.call(fetch, [address, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(column, types.int64), instruction


def dispatcher(function: Callable[..., Any], **flags: Any) -> Any:
    """Numba's own; kernels called by this one stand in its globals as theirs."""
    named: dict[str, Any] = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    inner = {name: value.compiled for name, value in named.items() if type(value).__name__ in ("Kernel", "_Hint")}
    own = python_types.FunctionType(function.__code__, {**function.__globals__, **inner}, function.__name__)
    own.__qualname__, own.__module__ = function.__qualname__, function.__module__
    return njit(**_FLAGS, **flags)(own)


def machine_code(kernel: Kernel, columns: Columns) -> Code:
    """The kernel and a way into it as object files. Without code where it needs more of Numba than its machine code: it
    allocates, or returns something else than integers."""
    bare = dispatcher(kernel.function, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    arguments = tuple(_numba_type(word) for word in columns.words)
    bare.compile(arguments)
    compiled = bare.overloads[arguments]
    results = _results(compiled.signature.return_type)
    if results < 0 or not _self_contained(compiled.library.get_llvm_str()):
        return Code(0, b"", b"")
    _, _, (code, _) = compiled.library.serialize_using_object_code()
    way_in = llvm.parse_assembly("\n".join(_way_in(compiled.fndesc.llvm_func_name, columns)))
    return Code(results, machine().emit_object(way_in), code)


def _numba_type(word: str) -> Any:
    if word in "nf":
        return types.int64 if word == "n" else types.float64
    return types.Array(_DTYPES[word[0]], int(word[1]), "C")


def _results(answer: Any) -> int:
    if answer == types.none:
        return 0
    if isinstance(answer, types.Integer | types.Boolean):
        return 1
    if isinstance(answer, types.UniTuple) and answer.dtype == types.int64 and answer.count <= RESULTS:
        return int(answer.count)
    return -1


def _self_contained(text: str) -> bool:
    asked = re.findall(r"^declare .*?@\"?([^\s\"(]+)", text, re.MULTILINE)
    return all(name in _KNOWN or name.startswith("llvm.") for name in asked)


def _way_in(symbol: str, columns: Columns) -> Iterator[str]:
    """LLVM assembly of ``enter(row)``: takes the arguments apart, calls the kernel, returns its status. Numba hands an array
    over as (owner, parent, number of items, size of an item, data, shape ..., strides ...); NumPy keeps the address of the
    data in the third word of an array object, that of shape and strides in the fifth and sixth; before any of them is read,
    the object's type, its dtype, its dimensions and its flag of being contiguous are compared with what the code is for."""
    shape: list[str] = ["ptr", "ptr"]
    given: list[str] = ["ptr %answer", "ptr %fault"]
    body: list[str] = []
    arrays = 0

    def load(name: str, kind: str, where: str, at: int) -> str:
        body.append(f"  %p.{name} = getelementptr i64, ptr {where}, i64 {at}")
        body.append(f"  %{name} = load {kind}, ptr %p.{name}")
        return f"{kind} %{name}"

    for n, word in enumerate(columns.words):
        if word in "nf":
            kind = "i64" if word == "n" else "double"
            shape.append(kind)
            given.append(load(f"a{n}", kind, "%row", n))
            continue
        load(f"o{n}", "ptr", "%row", n)
        body += _asked(n, word, arrays := arrays + 1)
        data = load(f"d{n}", "ptr", f"%o{n}", 2)
        load(f"s{n}", "ptr", f"%o{n}", 4)
        load(f"t{n}", "ptr", f"%o{n}", 5)
        dimensions = range(int(word[1]))
        size = np.dtype(word[0]).itemsize
        lengths = [load(f"s{n}.{d}", "i64", f"%s{n}", d) for d in dimensions]
        strides = [load(f"t{n}.{d}", "i64", f"%t{n}", d) for d in dimensions]
        items = lengths[0]
        if len(lengths) == 2:
            body.append(f"  %i{n} = mul {lengths[0]}, {lengths[1].split()[1]}")
            items = f"i64 %i{n}"
        shape += ["ptr", "ptr", "i64", "i64", "ptr"] + ["i64"] * (2 * len(lengths))
        given += ["ptr null", "ptr null", items, f"i64 {size}", data, *lengths, *strides]
    yield f'declare i32 @"{symbol}"({", ".join(shape)})'
    yield "define i32 @enter(ptr %row) {"
    yield "  %fault = alloca ptr"
    yield f"  %answer = getelementptr i64, ptr %row, i64 {len(columns.words)}"
    yield f"  %p.wanted = getelementptr i64, ptr %row, i64 {len(columns.words) + RESULTS}"
    yield "  %wanted = load ptr, ptr %p.wanted"
    yield "  %array = load i64, ptr %wanted"
    yield from body
    yield f'  %status = call i32 @"{symbol}"({", ".join(given)})'
    yield "  ret i32 %status"
    yield "other:"
    yield f"  ret i32 {NOT_THESE}"
    yield "}"


def _asked(n: int, word: str, number: int) -> list[str]:
    """Whether argument ``n`` is an array of the type ``word``, the ``number``-th that is wanted."""
    out: list[str] = []

    def read(name: str, kind: str, where: str, at: int) -> str:
        out.append(f"  %p.{name}{n} = getelementptr i64, ptr {where}, i64 {at}")
        out.append(f"  %{name}{n} = load {kind}, ptr %p.{name}{n}")
        return f"%{name}{n}"

    out.append(f"  %is{n} = icmp eq i64 {read('type', 'i64', f'%o{n}', 1)}, %array")
    out.append(f"  br i1 %is{n}, label %array{n}, label %other")
    out.append(f"array{n}:")
    kind, wanted = read("kind", "i64", f"%o{n}", 7), read("want", "i64", "%wanted", number)
    dimensions, flags = read("nd", "i32", f"%o{n}", 3), read("flags", "i32", f"%o{n}", 8)
    out.append(f"  %same{n} = icmp eq i64 {kind}, {wanted}")
    out.append(f"  %flat{n} = icmp eq i32 {dimensions}, {word[1]}")
    out.append(f"  %contiguous{n} = trunc i32 {flags} to i1")
    out.append(f"  %both{n} = and i1 %same{n}, %flat{n}")
    out.append(f"  %fits{n} = and i1 %both{n}, %contiguous{n}")
    out.append(f"  br i1 %fits{n}, label %go{n}, label %other")
    out.append(f"go{n}:")
    return out
