"""Proofs that leave the house: that an entry is under a root, and that a later tree of roots continues an earlier one. Pure:
whoever keeps a root checks them without the database and without trusting whoever made them (RFC 6962, section 2.1)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import msgspec

from tocsin.records.ledger.hashes import entry_hash, root_hash
from tocsin.records.ledger.merkle import continues, is_included
from tocsin.terms.errors import BadForm
from tocsin.terms.moment import from_us

__all__ = ["Continuation", "EntryPart", "Inclusion", "Kept", "RootPart", "check", "read_proof"]

_REMEDY = "give what `tocsin ledger prove` or `tocsin ledger continue` wrote"
MOST_BYTES = 4 << 20


class EntryPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry, whole: ``body`` is the canonical text that was hashed, ``at_us`` microseconds of UTC."""

    subject: str
    number: int
    at_us: int
    actor: str
    verb: str
    body: str
    previous: str

    @property
    def hash(self) -> str:
        """What the entry's content gives."""
        return entry_hash(
            self.subject, self.number, from_us(self.at_us), self.actor, self.verb, self.body, self.previous
        )


class RootPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A root, whole; ``merkle`` is the tree of the ``entries`` that it seals."""

    number: int
    at_us: int
    entries: int
    merkle: str
    previous: str

    @property
    def hash(self) -> str:
        """What the root's content gives."""
        return root_hash(self.number, from_us(self.at_us), self.entries, self.merkle, self.previous)


class Inclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="inclusion", tag_field="proof"):
    """Entry -> root (``index``, ``path``) -> tree of the first ``size`` roots (``tree_path``) with the root ``tree``."""

    entry: EntryPart
    root: RootPart
    index: int
    path: list[str]
    size: int
    tree: str
    tree_path: list[str]


class Continuation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="continuation", tag_field="proof"):
    """The tree of the first ``size`` roots begins with that of the first ``earlier``."""

    earlier: int
    earlier_tree: str
    size: int
    tree: str
    path: list[str]


class Kept(msgspec.Struct, frozen=True):
    """What a reader has kept of a published root."""

    number: int
    hash: str
    tree: str = ""


def read_proof(data: bytes, name: str = "proof") -> Inclusion | Continuation:
    """A proof as JSON. Raises BadForm."""
    if len(data) > MOST_BYTES:
        raise BadForm(name, f"is longer than {MOST_BYTES >> 20} MiB", _REMEDY)
    try:
        found: Inclusion | Continuation = msgspec.json.decode(data, type=Inclusion | Continuation)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadForm(name, f"is no proof ({error})", _REMEDY) from None
    return found


def check(proof: Inclusion | Continuation, kept: Iterable[Kept]) -> str:
    """Why the proof does not hold against what the reader has kept; empty where it holds. Nothing is known of a tree that the
    reader has not: such a proof does not hold."""
    known = {one.number: one for one in kept}
    return _included(proof, known) if isinstance(proof, Inclusion) else _continued(proof, known)


def _included(proof: Inclusion, known: Mapping[int, Kept]) -> str:
    leaf, root = _bytes(proof.entry.hash), proof.root
    if not _is_canonical(proof.entry.body):
        return "the entry's body is not in canonical form"
    if not is_included(leaf, proof.index, root.entries, proof.path, root.merkle):
        return f"root {root.number} does not cover this entry"
    same = known.get(root.number)
    if same is not None:
        return "" if same.hash == root.hash else f"root {root.number} is not the one that was kept"
    if not is_included(_bytes(root.hash), root.number - 1, proof.size, proof.tree_path, proof.tree):
        return f"the tree of {proof.size} roots does not hold root {root.number}"
    return _known(proof.size, proof.tree, known)


def _continued(proof: Continuation, known: Mapping[int, Kept]) -> str:
    if not continues(proof.earlier, proof.earlier_tree, proof.size, proof.tree, proof.path):
        return f"the tree of {proof.size} roots does not continue that of {proof.earlier}"
    return _known(proof.earlier, proof.earlier_tree, known) or _known(proof.size, proof.tree, known)


def _known(size: int, tree: str, known: Mapping[int, Kept]) -> str:
    if size not in known or not known[size].tree:
        return f"no root {size} with its tree was kept: make the proof for one that was"
    return "" if known[size].tree == tree else f"the tree of {size} roots is not the one that was kept"


def _bytes(hashed: str) -> bytes:
    return bytes.fromhex(hashed)


def _is_canonical(body: str) -> bool:
    try:
        again = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return False
    return again == body
