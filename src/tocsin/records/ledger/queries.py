"""Reading the ledger, and checking that nobody rewrote it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from tocsin.records.ledger.hashes import FIRST, entry_hash, root_hash
from tocsin.records.ledger.merkle import grown, merkle_root, root_of_peaks
from tocsin.records.ledger.models import LedgerChain, LedgerEntry, LedgerRoot
from tocsin.records.ledger.services import Root

__all__ = [
    "Breach", "ChainState", "Line", "RootLine", "SubjectLine", "chain", "chain_state", "chains", "entries_by", "extent",
    "lines", "newest_order", "newest_root", "orders_after", "root", "roots", "roots_after", "subjects", "verify",
    "verify_chain",
]  # fmt: skip
_AT_ONCE = 500  # names in one IN (...)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is read. ``order`` grows over all chains in the order of writing; ``sealed_in``: the number of the root
    that covers it, None where none does yet."""

    number: int
    at: datetime
    actor: str
    verb: str
    body: dict[str, Any]
    hash: str
    subject: str = ""
    order: int = 0
    sealed_in: int | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where the ledger is not what was written: ``edited``, ``removed``, ``inserted`` or ``reordered``."""

    subject: str
    number: int
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class RootLine:
    """A seal with what it covers; ``number`` and ``hash`` alone are enough to check it. ``tree``: the Merkle root over all
    roots up to this one."""

    number: int
    at: datetime
    entries: int
    hash: str
    tree: str

    @property
    def root(self) -> Root:
        """What a reader keeps of it."""
        return Root(self.number, self.hash)

    def document(self) -> dict[str, Any]:
        """As it is published: no content of the ledger is in it."""
        return {"number": self.number, "hash": self.hash, "at": self.at.isoformat(), "entries": self.entries,
                "tree": self.tree}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubjectLine:
    """A chain as the list shows it."""

    subject: str
    length: int
    newest_at: datetime


@dataclass(frozen=True, slots=True)
class ChainState:
    """How a chain stands: ``verified_to`` the number up to which every hash and link holds, written at ``verified_at``;
    ``sealed_to`` the last number that a root covers (root ``root``); ``breaches`` what does not hold."""

    subject: str
    length: int
    verified_to: int
    verified_at: datetime | None
    sealed_to: int
    root: int | None
    breaches: tuple[Breach, ...]


def chain(subject: str) -> list[Line]:
    """The entries of one subject, oldest first."""
    return [_line(row) for row in LedgerEntry.objects.filter(subject=subject).order_by("number")]


def chains(subjects: Iterable[str]) -> list[Line]:
    """The entries of several subjects in the order in which they were written."""
    names = sorted(set(subjects))
    found = [
        _line(row)
        for start in range(0, len(names), _AT_ONCE)
        for row in LedgerEntry.objects.filter(subject__in=names[start : start + _AT_ONCE])
    ]
    return sorted(found, key=lambda line: line.order)


def entries_by(subject: str, key: str, wanted: Collection[int]) -> dict[int, Line]:
    """The entries of one chain whose body has one of ``wanted`` under ``key``, a number that only grows along the chain (a
    batch): found by halving, so that a long chain is not read through."""
    if not wanted:
        return {}
    entries = LedgerEntry.objects.filter(subject=subject)
    chain_row = LedgerChain.objects.filter(subject=subject).first()
    low, high = 1, chain_row.length if chain_row else 0
    while low < high:
        middle = (low + high) // 2
        row = entries.filter(number__gte=middle).order_by("number").first()
        low, high = (middle + 1, high) if row and json.loads(row.body).get(key, 0) < min(wanted) else (low, middle)
    found: dict[int, Line] = {}
    for row in entries.filter(number__gte=low).order_by("number").iterator(chunk_size=500):
        line = _line(row)
        if line.body.get(key, 0) > max(wanted):
            break
        if line.body.get(key) in wanted:
            found[line.body[key]] = line
    return found


def lines(
    *,
    verbs: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    sealed_by: int | None = None,
    sealed_after: int | None = None,
) -> list[Line]:
    """Entries of all chains in the order of writing. ``verbs``: only these; ``since`` and ``until``: written in [since,
    until); ``sealed_by``: only what the root of that number and those before it cover, which can never change again;
    ``sealed_after``: only what later roots than that cover."""
    wanted: dict[str, Any] = {
        "at__gte": since,
        "at__lt": until,
        "sealed_in__lte": sealed_by,
        "sealed_in__gt": sealed_after,
        "verb__in": list(verbs) or None,
    }
    rows = LedgerEntry.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
    return [_line(row) for row in rows.order_by("id").iterator(chunk_size=2000)]


def subjects(containing: str = "", *, at_most: int = 100) -> list[SubjectLine]:
    """Chains whose subject contains a text, the one written to last first. Subjects are ids of things, never of persons."""
    rows = LedgerChain.objects.filter(length__gt=0)
    if containing:
        rows = rows.filter(subject__contains=containing)
    newest = LedgerEntry.objects.filter(subject=OuterRef("subject"), number=OuterRef("length"))
    dated = rows.annotate(order=Subquery(newest.values("id")[:1]), at=Subquery(newest.values("at")[:1]))
    found = dated.exclude(at=None).order_by("-order")[:at_most]
    return [SubjectLine(row.subject, row.length, row.at) for row in found]


def newest_order() -> int:
    """The order of the newest entry of all; 0 = none."""
    return LedgerEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0


def orders_after(order: int, *, beginning: str = "", at_most: int = 1000) -> list[tuple[int, str]]:
    """(order, subject) of entries after ``order``, oldest first; ``beginning``: only of subjects that begin so. Entries of
    transactions that end later may still come in between: who reads on looks back a little and knows what it saw."""
    rows = LedgerEntry.objects.filter(id__gt=order, subject__startswith=beginning).order_by("id")
    return list(rows.values_list("id", "subject")[:at_most])


def newest_root() -> Root | None:
    """The last seal, to be published where this deployment cannot reach it."""
    newest = roots(at_most=1)
    return newest[0].root if newest else None


def roots(*, at_most: int = 20) -> list[RootLine]:
    """Seals, the newest first."""
    return [_root(row) for row in LedgerRoot.objects.order_by("-number")[:at_most]]


def roots_after(number: int, *, at_most: int = 1000) -> list[RootLine]:
    """Seals behind one, the oldest first, so that who asks again and again has them all."""
    return [_root(row) for row in LedgerRoot.objects.filter(number__gt=number).order_by("number")[:at_most]]


def root(number: int) -> RootLine | None:
    """One seal."""
    row = LedgerRoot.objects.filter(number=number).first()
    return _root(row) if row else None


def extent() -> tuple[int, int, int]:
    """How many chains and entries there are, and how many entries no root covers yet."""
    rows = LedgerEntry.objects
    return LedgerChain.objects.filter(length__gt=0).count(), rows.count(), rows.filter(sealed_in=None).count()


def verify(published: Iterable[Root] = ()) -> list[Breach]:
    """Recompute every hash, link and root; an empty list means: as it was written.

    Without ``published`` roots somebody who may write all tables could recompute everything; with them nothing that
    they cover can be edited, removed, inserted or reordered unseen.
    """
    return [*_chains(), *_roots(), *_published(published)]


def verify_chain(subject: str) -> list[Breach]:
    """The same for one chain alone."""
    return list(_one_chain(subject))


def chain_state(subject: str) -> ChainState:
    """How far one chain can be trusted: recomputed now, entry by entry."""
    breaches = tuple(_one_chain(subject))
    bad = min((breach.number for breach in breaches), default=None)
    rows = LedgerEntry.objects.filter(subject=subject)
    held = rows.filter(number__lt=bad) if bad is not None else rows
    last = held.order_by("-number").first()
    sealed = held.exclude(sealed_in=None).order_by("-number").first()
    return ChainState(subject, rows.count(), last.number if last else 0, last.at if last else None,
                      sealed.number if sealed else 0, sealed.sealed_in_id if sealed else None, breaches)  # fmt: skip


def _one_chain(subject: str) -> Iterator[Breach]:
    number, previous = 0, FIRST
    for row in LedgerEntry.objects.filter(subject=subject).order_by("number", "id"):
        yield from _entry(row, number, previous)
        number, previous = row.number, row.hash
    head = LedgerChain.objects.filter(subject=subject).first()
    yield from _ends(head, subject, number, previous)
    if head is not None and head.length and not number:
        yield Breach(subject, head.length, "removed", "the whole chain is gone")


def _line(row: LedgerEntry) -> Line:
    return Line(row.number, row.at, row.actor, row.verb, json.loads(row.body), row.hash, row.subject, row.pk,
                row.sealed_in_id)  # fmt: skip


def _root(row: LedgerRoot) -> RootLine:
    return RootLine(row.number, row.at, row.entries, row.hash, row.tree)


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
    size, peaks = 0, list[str]()
    for root in LedgerRoot.objects.order_by("number"):
        if root.number != number + 1:
            yield Breach("roots", root.number, "removed", f"follows root {number}")
        elif root.previous != previous:
            yield Breach("roots", root.number, "reordered", "it was sealed after another root than the one before it")
        if root_hash(root.number, root.at, root.entries, root.merkle, root.previous) != root.hash:
            yield Breach("roots", root.number, "edited", "its content does not give its hash")
        yield from _sealed(root)
        size, peaks = grown(size, peaks, [_leaf(root.hash)])
        if root_of_peaks(peaks) != root.tree:
            yield Breach("roots", root.number, "edited", "its tree is not that of the roots up to it")
        number, previous = root.number, root.hash


def _sealed(root: LedgerRoot) -> Iterator[Breach]:
    hashes = list(LedgerEntry.objects.filter(sealed_in=root).order_by("id").values_list("hash", flat=True))
    if len(hashes) != root.entries:
        kind = "removed" if len(hashes) < root.entries else "inserted"
        yield Breach("roots", root.number, kind, f"it covers {len(hashes)} entries, {root.entries} were sealed")
    elif merkle_root([_leaf(hashed) for hashed in hashes]) != root.merkle:
        yield Breach("roots", root.number, "edited", "the entries it covers are not those that were sealed")


def _leaf(hashed: str) -> bytes:
    """A hash as a leaf; what somebody edited into something else is found by what it gives."""
    try:
        return bytes.fromhex(hashed)
    except ValueError:
        return hashed.encode()


def _published(published: Iterable[Root]) -> Iterator[Breach]:
    for known in published:
        row = LedgerRoot.objects.filter(number=known.number).first()
        if row is None:
            yield Breach("roots", known.number, "removed", "a published root is gone")
        elif row.hash != known.hash:
            yield Breach("roots", known.number, "edited", "it is not the root that was published")
