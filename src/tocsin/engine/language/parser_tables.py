"""The parser's tables, kept: to work them out from the grammar takes longer than to read all rules of a pack with them."""

from __future__ import annotations

import hashlib
import io
import marshal
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lark

from tocsin.engine.kept import keep, kept_folder

__all__ = ["with_tables"]

_MARK = hashlib.sha256().digest_size


def with_tables(make: Callable[[], lark.Lark], source: str, whole: bool) -> lark.Lark:
    """The parser that ``make`` makes, from the tables kept of it where they are there and whole."""
    versions = (lark.__version__.encode(), sys.version.encode())
    folder = kept_folder("grammar", Path(__file__).parent, (source.encode(), *versions))
    if folder is None:
        return make()
    path = folder / f"{'whole' if whole else 'meaning'}.tables"
    tables = _read(path)
    if tables is not None:
        return lark.Lark.load(tables)
    made = make()
    data = marshal.dumps(_tables_of(made))
    keep(path, hashlib.sha256(data).digest(), data)
    return made


def _tables_of(parser: lark.Lark) -> dict[str, Any]:
    saved = io.BytesIO()
    parser.save(saved)
    tables: dict[str, Any] = pickle.loads(saved.getvalue())  # noqa: S301 - written a line above, by the parser itself
    return tables


def _read(path: Path) -> Any:
    """None where it is not there or damaged. ``marshal`` makes plain values only; nothing it reads can run."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    mark, data = data[:_MARK], data[_MARK:]
    return marshal.loads(data) if hashlib.sha256(data).digest() == mark else None  # noqa: S302 - ours, and checked
