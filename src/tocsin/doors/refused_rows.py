"""Refused rows of a scope. Quarantine keeps what was sent, so a row may name a stream that nobody registered."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.records.org.scope import Scope
from tocsin.terms.stream import Catalogue

__all__ = ["rows_in_scope"]


def rows_in_scope(scope: Scope, catalogue: Callable[[], Catalogue], table: pa.Table) -> pa.Table:
    """The rows of streams in the scope. A row whose stream is not registered is for those who see all streams of its
    source, and for the whole deployment. ``catalogue`` is asked only where the scope is a part."""
    if not scope.jurisdiction:
        return table
    known: list[str] = []
    inside: list[str] = []
    partly: set[str] = set()
    wholly: set[str] = set()
    for index, stream in enumerate(catalogue()):
        names = (stream.id, str(index))  # a row may name its stream either way
        known += names
        if scope.covers(stream.jurisdiction):
            inside += names
            wholly.add(stream.source)
        else:
            partly.add(stream.source)
    of_stream = pc.is_in(table["stream"], pa.array(inside, pa.string()))
    of_source = pc.and_(
        pc.is_in(table["source"], pa.array(sorted(wholly - partly), pa.string())),
        pc.invert(pc.is_in(table["stream"], pa.array(known, pa.string()))),
    )
    return table.filter(pc.or_(of_stream, of_source))
