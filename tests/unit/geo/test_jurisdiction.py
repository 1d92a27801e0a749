"""Paths of jurisdictions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.geo import common_path, is_inside, lineage, parent_of

paths = st.lists(st.sampled_from(["a", "b", "ab"]), max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("path", "scope", "inside"),
    [
        ("city/east", "city", True), ("city/east", "city/east", True), ("city/east", "", True), ("", "", True),
        ("city/eastwood", "city/east", False), ("city", "city/east", False), ("", "city", False),
    ],
)  # fmt: skip
def test_inside(path, scope, inside):
    assert is_inside(path, scope) is inside


@given(paths, paths)
def test_inside_means_the_scope_is_in_the_lineage(path, scope):
    assert is_inside(path, scope) == (scope in (*lineage(path), ""))


@given(st.lists(paths, min_size=1))
def test_common_path_is_the_lowest_that_holds_all(many):
    common = common_path(many)
    assert all(is_inside(path, common) for path in many)
    lower = [path for path in lineage(many[0]) if parent_of(path) == common and path != common]
    assert not any(all(is_inside(path, low) for path in many) for low in lower)


def test_nothing_has_no_common_path():
    assert common_path([]) == ""
