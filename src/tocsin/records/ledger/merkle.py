"""Merkle trees of RFC 6962, section 2.1, over SHA-256: roots, and the short proofs that a leaf is in a tree and that a later
tree continues an earlier one. Pure. Proofs are lists of 64 hex digits; the checks follow RFC 9162, sections 2.1.3.2 and
2.1.4.2, and take nothing on trust."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

__all__ = [
    "EMPTY", "consistency_path", "continues", "grown", "inclusion_path", "is_included", "leaf_hash", "merkle_root",
    "root_of_peaks",
]  # fmt: skip
EMPTY = hashlib.sha256(b"").hexdigest()  # the root of a tree without leaves


def leaf_hash(leaf: bytes) -> bytes:
    """Leaves and nodes are marked apart (0x00, 0x01), so that neither passes for the other."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def merkle_root(leaves: Sequence[bytes]) -> str:
    """The root as 64 hex digits.

    Computed level by level, carrying an odd last node upwards, which gives the RFC's tree without recursion.
    """
    levels = _levels(leaves)
    return levels[-1][0].hex() if leaves else EMPTY


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[str]:
    """The audit path of a leaf, the nodes beside its way up. Raises IndexError."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"there are {len(leaves)} leaves, none is number {index}")
    path = []
    for level in _levels(leaves)[:-1]:
        if (beside := index ^ 1) < len(level):
            path.append(level[beside].hex())
        index //= 2
    return path


def is_included(leaf: bytes, index: int, size: int, path: Sequence[str], root: str) -> bool:
    """Whether the path proves that the tree of ``size`` leaves with this root has this leaf at this index."""
    nodes = _nodes(path)
    if nodes is None or not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf_hash(leaf)
    for node in nodes:
        if last == 0:
            return False
        if at % 2 or at == last:
            found = _node(node, found)
            while at and not at % 2:  # carried upwards: on these levels nothing stands beside it
                at, last = at // 2, last // 2
        else:
            found = _node(found, node)
        at, last = at // 2, last // 2
    return last == 0 and found.hex() == root


def consistency_path(leaves: Sequence[bytes], earlier: int) -> list[str]:
    """The nodes that prove that the tree of all leaves continues the one of the first ``earlier``. Raises IndexError."""
    if not 0 < earlier <= len(leaves):
        raise IndexError(f"there are {len(leaves)} leaves, not {earlier}")
    return [node.hex() for node in _subproof(leaves, earlier, whole=True)]


def continues(earlier: int, earlier_root: str, size: int, root: str, path: Sequence[str]) -> bool:
    """Whether the path proves that the tree of ``size`` leaves has the ``earlier`` leaves of the other tree as its first."""
    nodes = _nodes(path)
    if nodes is None or not 0 < earlier <= size:
        return False
    if earlier == size:
        return not nodes and earlier_root == root
    if earlier & (earlier - 1) == 0:  # a power of two: the earlier root is a node of the later tree
        first = _nodes([earlier_root])
        if first is None:
            return False
        nodes = [*first, *nodes]
    if not nodes:
        return False
    at, last = earlier - 1, size - 1
    while at % 2:
        at, last = at // 2, last // 2
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            old, new = _node(node, old), _node(node, new)
            while at and not at % 2:
                at, last = at // 2, last // 2
        else:
            new = _node(new, node)
        at, last = at // 2, last // 2
    return last == 0 and old.hex() == earlier_root and new.hex() == root


def grown(size: int, peaks: Sequence[str], leaves: Iterable[bytes]) -> tuple[int, list[str]]:
    """A tree of ``size`` leaves that gains some, kept as the roots of its full subtrees (the largest first), one a bit of its
    size; so a growing tree needs some twenty nodes and not all of its leaves."""
    kept = [bytes.fromhex(peak) for peak in peaks]
    for leaf in leaves:
        node, bit = leaf_hash(leaf), size
        while bit % 2:
            node, bit = _node(kept.pop(), node), bit // 2
        kept.append(node)
        size += 1
    return size, [node.hex() for node in kept]


def root_of_peaks(peaks: Sequence[str]) -> str:
    """The root of such a tree."""
    if not peaks:
        return EMPTY
    found = bytes.fromhex(peaks[-1])
    for peak in reversed(peaks[:-1]):
        found = _node(bytes.fromhex(peak), found)
    return found.hex()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Every level of the tree, the leaves first."""
    levels = [[leaf_hash(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        level = levels[-1]
        odd = level[-1:] if len(level) % 2 else []
        levels.append([_node(*pair) for pair in zip(level[::2], level[1::2], strict=False)] + odd)
    return levels


def _subproof(leaves: Sequence[bytes], earlier: int, *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2. ``whole``: the earlier tree's own root, which the reader has."""
    if earlier == len(leaves):
        return [] if whole else [bytes.fromhex(merkle_root(leaves))]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if earlier <= split:
        return [*_subproof(leaves[:split], earlier, whole=whole), bytes.fromhex(merkle_root(leaves[split:]))]
    return [*_subproof(leaves[split:], earlier - split, whole=False), bytes.fromhex(merkle_root(leaves[:split]))]


def _nodes(path: Sequence[str]) -> list[bytes] | None:
    """The nodes of a path as bytes; None where it is no list of hashes."""
    try:
        nodes = [bytes.fromhex(node) for node in path]
    except (TypeError, ValueError):
        return None
    return nodes if len(nodes) <= 128 and all(len(node) == 32 for node in nodes) else None
