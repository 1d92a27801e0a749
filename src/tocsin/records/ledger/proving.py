"""Making proofs from the tables: see ``proof`` for what they say and how they are checked."""

from __future__ import annotations

from tocsin.records.ledger.merkle import consistency_path, inclusion_path
from tocsin.records.ledger.models import LedgerEntry, LedgerRoot
from tocsin.records.ledger.proof import Continuation, EntryPart, Inclusion, RootPart
from tocsin.terms.errors import Unavailable, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["prove_continuation", "prove_inclusion"]


def prove_inclusion(subject: str, number: int, size: int | None = None) -> Inclusion:
    """That an entry is under its root, and this root in the tree of the first ``size`` roots (None: of all). Raises
    UnknownName for an entry or root that is not, Unavailable for an entry that no root covers yet."""
    row = LedgerEntry.objects.select_related("sealed_in").filter(subject=subject, number=number).first()
    if row is None:
        raise UnknownName(f"entry {number} of {subject}", "was never written", "look with `tocsin ledger show`")
    root = row.sealed_in
    if root is None:
        raise Unavailable(
            f"entry {number} of {subject}", "no root covers it yet", "the worker seals once a minute: ask again"
        )
    size = _newest() if size is None else size
    if size < root.number:
        raise UnknownName(
            f"root {size}", f"is older than root {root.number}, which covers this entry", "name a later one"
        )
    beside = list(LedgerEntry.objects.filter(sealed_in=root).order_by("id").values_list("id", "hash"))
    index = next(place for place, (key, _hash) in enumerate(beside) if key == row.pk)
    leaves = _roots(size)
    return Inclusion(
        EntryPart(row.subject, row.number, to_us(row.at), row.actor, row.verb, row.body, row.previous),
        RootPart(root.number, to_us(root.at), root.entries, root.merkle, root.previous),
        index, inclusion_path([bytes.fromhex(hashed) for _key, hashed in beside], index),
        size, _tree(size), inclusion_path(leaves, root.number - 1),
    )  # fmt: skip


def prove_continuation(earlier: int, size: int | None = None) -> Continuation:
    """That the tree of the first ``size`` roots (None: of all) continues that of the first ``earlier``. Raises UnknownName."""
    size = _newest() if size is None else size
    if not 0 < earlier <= size:
        raise UnknownName(
            f"roots {earlier} and {size}", "the earlier one comes first, and is at least 1", "name two roots"
        )
    return Continuation(earlier, _tree(earlier), size, _tree(size), consistency_path(_roots(size), earlier))


def _newest() -> int:
    return LedgerRoot.objects.order_by("-number").values_list("number", flat=True).first() or 0


def _tree(number: int) -> str:
    found = LedgerRoot.objects.filter(number=number).values_list("tree", flat=True).first()
    if found is None:
        raise UnknownName(f"root {number}", "there is none of that number", "look with `tocsin ledger root`")
    return found


def _roots(size: int) -> list[bytes]:
    rows = LedgerRoot.objects.filter(number__lte=size).order_by("number").values_list("hash", flat=True)
    return [bytes.fromhex(hashed) for hashed in rows.iterator(chunk_size=5000)]
