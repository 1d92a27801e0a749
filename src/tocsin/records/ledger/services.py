"""The only writer of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tocsin.records.ledger.canonical import canonical
from tocsin.records.ledger.hashes import FIRST, entry_hash, root_hash
from tocsin.records.ledger.merkle import grown, merkle_root, root_of_peaks
from tocsin.records.ledger.models import LedgerChain, LedgerEntry, LedgerRoot, LedgerTree

__all__ = ["Entry", "Root", "append", "seal"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What ``append`` wrote: where in which chain, and its hash."""

    subject: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Root:
    """A published root: number and hash are enough to check all that it covers."""

    number: int
    hash: str


def append(subject: str, verb: str, body: Mapping[str, Any], *, actor: str, now: datetime) -> Entry:
    """Add one entry to the chain of ``subject``; call it inside the transaction of the change that it records.

    Raises ValueError for an empty subject, verb or actor, and for a body that is no JSON (NaN included).
    """
    if not (subject and verb and actor):
        raise ValueError("a ledger entry needs a subject, a verb and an actor")
    text = canonical(body)
    with transaction.atomic():
        LedgerChain.objects.bulk_create([LedgerChain(subject=subject, length=0, head=FIRST)], ignore_conflicts=True)
        chain = LedgerChain.objects.select_for_update().get(subject=subject)
        number = chain.length + 1
        hashed = entry_hash(subject, number, now, actor, verb, text, chain.head)
        LedgerEntry.objects.create(
            subject=subject, number=number, at=now, actor=actor, verb=verb, body=text, previous=chain.head, hash=hashed
        )
        LedgerChain.objects.filter(subject=subject).update(length=number, head=hashed)
    return Entry(subject, number, hashed)


def seal(*, now: datetime) -> Root | None:
    """Put a root over all entries that none covers yet; None where there are none. Roots are chained to each other."""
    with transaction.atomic():
        # Locked first and read after: somebody else may have sealed while this one waited for the lock.
        list(LedgerRoot.objects.select_for_update().order_by("-number")[:1])
        last = LedgerRoot.objects.order_by("-number").first()
        fresh = list(LedgerEntry.objects.filter(sealed_in=None).order_by("id").values_list("id", "hash"))
        if not fresh:
            return None
        number, previous = (last.number + 1, last.hash) if last else (1, FIRST)
        merkle = merkle_root([bytes.fromhex(hashed) for _, hashed in fresh])
        hashed = root_hash(number, now, len(fresh), merkle, previous)
        root = LedgerRoot.objects.create(
            number=number, at=now, entries=len(fresh), merkle=merkle, previous=previous, hash=hashed, tree=_grow(number, hashed)
        )  # fmt: skip
        for start in range(0, len(fresh), 500):
            LedgerEntry.objects.filter(id__in=[row for row, _ in fresh[start : start + 500]]).update(sealed_in=root)
    return Root(root.number, root.hash)


def _grow(number: int, hashed: str) -> str:
    """Add a root to the tree of all roots; the tree's own root. Called while the newest root is locked."""
    tree = LedgerTree.objects.filter(size=number - 1).first() or LedgerTree(id=1, size=0, peaks=[])
    earlier = LedgerRoot.objects.filter(number__gt=tree.size, number__lt=number).order_by("number")
    leaves = [*earlier.values_list("hash", flat=True), hashed]
    tree.size, tree.peaks = grown(tree.size, tree.peaks, [bytes.fromhex(leaf) for leaf in leaves])
    tree.save()
    return root_of_peaks(tree.peaks)
