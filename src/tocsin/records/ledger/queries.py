"""Reading the ledger, and checking that nobody rewrote it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.records.ledger.merkle import merkle_root
from tocsin.records.ledger.models import LedgerChain, LedgerEntry, LedgerRoot
from tocsin.records.ledger.services import FIRST, Root, entry_hash, root_hash

__all__ = ["Breach", "Line", "chain", "newest_root", "verify"]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is read."""

    number: int
    at: datetime
    actor: str
    verb: str
    body: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where the ledger is not what was written: ``edited``, ``removed``, ``inserted`` or ``reordered``."""

    subject: str
    number: int
    kind: str
    detail: str


def chain(subject: str) -> list[Line]:
    """The entries of one subject, oldest first."""
    rows = LedgerEntry.objects.filter(subject=subject).order_by("number")
    return [Line(row.number, row.at, row.actor, row.verb, json.loads(row.body), row.hash) for row in rows]


def newest_root() -> Root | None:
    """The last seal, to be published where this deployment cannot reach it."""
    row = LedgerRoot.objects.order_by("-number").first()
    return Root(row.number, row.hash) if row else None


def verify(published: Iterable[Root] = ()) -> list[Breach]:
    """Recompute every hash, link and root; an empty list means: as it was written.

    Without ``published`` roots somebody who may write all tables could recompute everything; with them nothing that
    they cover can be edited, removed, inserted or reordered unseen.
    """
    return [*_chains(), *_roots(), *_published(published)]


def _chains() -> Iterator[Breach]:
    heads = {row.subject: row for row in LedgerChain.objects.all()}
    subject, number, previous = "", 0, FIRST
    for row in LedgerEntry.objects.order_by("subject", "number", "id").iterator(chunk_size=2000):
        if row.subject != subject:
            yield from _ends(heads.pop(subject, None), subject, number, previous)
            subject, number, previous = row.subject, 0, FIRST
        yield from _entry(row, number, previous)
        number, previous = row.number, row.hash
    yield from _ends(heads.pop(subject, None), subject, number, previous)
    for head in heads.values():
        if head.length:
            yield Breach(head.subject, head.length, "removed", "the whole chain is gone")


def _entry(row: LedgerEntry, number: int, previous: str) -> Iterator[Breach]:
    if row.number != number + 1:
        kind = "removed" if row.number > number + 1 else "inserted"
        yield Breach(row.subject, row.number, kind, f"follows number {number}")
    if entry_hash(row.subject, row.number, row.at, row.actor, row.verb, row.body, row.previous) != row.hash:
        yield Breach(row.subject, row.number, "edited", "its content does not give its hash")
    elif row.number == number + 1 and row.previous != previous:
        yield Breach(row.subject, row.number, "reordered", "it was written after another entry than the one before it")


def _ends(head: LedgerChain | None, subject: str, number: int, last: str) -> Iterator[Breach]:
    if not number:
        return
    if head is None or head.length < number:
        yield Breach(subject, number, "inserted", "the chain is longer than it was written")
    elif head.length > number:
        yield Breach(subject, head.length, "removed", f"the chain ends at {number}, was written up to {head.length}")
    elif head.head != last:
        yield Breach(subject, number, "edited", "the chain does not end in its head")


def _roots() -> Iterator[Breach]:
    number, previous = 0, FIRST
    for root in LedgerRoot.objects.order_by("number"):
        if root.number != number + 1:
            yield Breach("roots", root.number, "removed", f"follows root {number}")
        elif root.previous != previous:
            yield Breach("roots", root.number, "reordered", "it was sealed after another root than the one before it")
        if root_hash(root.number, root.at, root.entries, root.merkle, root.previous) != root.hash:
            yield Breach("roots", root.number, "edited", "its content does not give its hash")
        yield from _sealed(root)
        number, previous = root.number, root.hash


def _sealed(root: LedgerRoot) -> Iterator[Breach]:
    hashes = list(LedgerEntry.objects.filter(sealed_in=root).order_by("id").values_list("hash", flat=True))
    if len(hashes) != root.entries:
        kind = "removed" if len(hashes) < root.entries else "inserted"
        yield Breach("roots", root.number, kind, f"it covers {len(hashes)} entries, {root.entries} were sealed")
    elif merkle_root([bytes.fromhex(hashed) for hashed in hashes]) != root.merkle:
        yield Breach("roots", root.number, "edited", "the entries it covers are not those that were sealed")


def _published(published: Iterable[Root]) -> Iterator[Breach]:
    for known in published:
        row = LedgerRoot.objects.filter(number=known.number).first()
        if row is None:
            yield Breach("roots", known.number, "removed", "a published root is gone")
        elif row.hash != known.hash:
            yield Breach("roots", known.number, "edited", "it is not the root that was published")
