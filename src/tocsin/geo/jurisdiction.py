"""Jurisdiction paths such as ``province/city/district``: one tree written as text. "" is the whole tree."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["common_path", "is_inside", "lineage", "parent_of"]


def is_inside(path: str, scope_path: str) -> bool:
    """Whether ``path`` is ``scope_path`` or below it; whole names only.

    >>> is_inside("simcity/east/dock", "simcity/east"), is_inside("simcity/eastwood", "simcity/east")
    (True, False)
    """
    return not scope_path or path == scope_path or path.startswith(scope_path + "/")


def parent_of(path: str) -> str:
    """The path one level up; "" above the top."""
    return path.rpartition("/")[0]


def lineage(path: str) -> tuple[str, ...]:
    """The path and all above it, nearest first, without the whole tree.

    >>> lineage("simcity/east/dock")
    ('simcity/east/dock', 'simcity/east', 'simcity')
    """
    above = []
    while path:
        above.append(path)
        path = parent_of(path)
    return tuple(above)


def common_path(paths: Iterable[str]) -> str:
    """The lowest jurisdiction that holds all of them; "" if none does.

    >>> common_path(["simcity/east/dock", "simcity/east/hill"])
    'simcity/east'
    """
    common: list[str] | None = None
    for path in paths:
        names = path.split("/") if path else []
        if common is None:
            common = names
            continue
        same = next(
            (i for i, (a, b) in enumerate(zip(common, names, strict=False)) if a != b), min(len(common), len(names))
        )
        common = common[:same]
    return "/".join(common or [])
