"""Merkle trees against the recursion of RFC 6962 as it is written, and against the proofs that people forge."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.records.ledger.merkle import (
    EMPTY,
    consistency_path,
    continues,
    grown,
    inclusion_path,
    is_included,
    merkle_root,
    root_of_peaks,
)  # fmt: skip

LEAVES = [str(number).encode() for number in range(70)]


def plain_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


def plain_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if index < k:
        return [*plain_path(index, leaves[:k]), plain_root(leaves[k:])]
    return [*plain_path(index - k, leaves[k:]), plain_root(leaves[:k])]


def largest_power_below(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def test_every_leaf_of_every_small_tree_has_the_path_of_the_rfc_and_is_proved_by_it() -> None:
    for size in range(1, 41):
        leaves, root = LEAVES[:size], merkle_root(LEAVES[:size])
        assert root == plain_root(leaves).hex()
        for index in range(size):
            path = inclusion_path(leaves, index)
            assert path == [node.hex() for node in plain_path(index, leaves)]
            assert is_included(leaves[index], index, size, path, root)


def test_every_small_tree_continues_every_smaller_one_and_nothing_else() -> None:
    roots = [merkle_root(LEAVES[:size]) for size in range(41)]
    for size in range(1, 41):
        for earlier in range(1, size + 1):
            path = consistency_path(LEAVES[:size], earlier)
            assert continues(earlier, roots[earlier], size, roots[size], path)
            others = (root for other, root in enumerate(roots) if other != earlier)
            assert not any(continues(earlier, root, size, roots[size], path) for root in others)


@given(st.data())
def test_a_path_proves_one_leaf_at_one_index_of_one_tree(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_path(LEAVES[:size], index), merkle_root(LEAVES[:size])
    other = data.draw(st.integers(0, 69).filter(lambda number: number != index))
    assert not is_included(LEAVES[other], index, size, path, root)
    assert not is_included(LEAVES[index], other, size, path, root)
    assert not is_included(LEAVES[index], index, size, path, merkle_root(LEAVES[: size - 1]))
    assert not is_included(LEAVES[index], index, size, [*path, "00" * 32], root)
    if path:
        spoilt = data.draw(st.integers(0, len(path) - 1))
        flipped = f"{int(path[spoilt], 16) ^ 1 << data.draw(st.integers(0, 255)):064x}"
        assert not is_included(LEAVES[index], index, size, [*path[:spoilt], flipped, *path[spoilt + 1 :]], root)
        assert not is_included(LEAVES[index], index, size, path[:-1], root)


@given(st.data())
def test_a_tree_whose_past_was_changed_continues_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 70))
    earlier = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, earlier - 1))
    rewritten = [*LEAVES[:changed], b"another", *LEAVES[changed + 1 : size]]
    path = consistency_path(rewritten, earlier)
    assert not continues(earlier, merkle_root(LEAVES[:earlier]), size, merkle_root(rewritten), path)


@given(st.lists(st.integers(0, 9), max_size=9))
def test_a_tree_that_grows_by_portions_is_the_tree_of_all_leaves(portions: list[int]) -> None:
    size, peaks = 0, []
    for portion in portions:
        size, peaks = grown(size, peaks, LEAVES[size : size + portion] if size + portion <= 70 else [])
        assert root_of_peaks(peaks) == merkle_root(LEAVES[:size])
        assert len(peaks) == size.bit_count()


@pytest.mark.parametrize(
    "path", [["zz"], ["00"], [7], ["00" * 32] * 200], ids=["no hex", "short", "no text", "endless"]
)
def test_what_is_no_path_proves_nothing(path: list[str]) -> None:
    assert not is_included(LEAVES[0], 0, 2, path, merkle_root(LEAVES[:2]))
    assert not continues(3, merkle_root(LEAVES[:3]), 5, merkle_root(LEAVES[:5]), path)
    assert not continues(2, "zz", 5, merkle_root(LEAVES[:5]), [])


def test_bounds() -> None:
    assert merkle_root([]) == root_of_peaks([]) == EMPTY
    with pytest.raises(IndexError):
        inclusion_path(LEAVES[:3], 3)
    with pytest.raises(IndexError):
        consistency_path(LEAVES[:3], 4)
    assert not is_included(LEAVES[0], 0, 0, [], EMPTY)
    assert not continues(0, EMPTY, 3, merkle_root(LEAVES[:3]), [])
