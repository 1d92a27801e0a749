"""What a line is about, as text, and which of several lines decides. Pure but for their types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from tocsin.geo.jurisdiction import is_inside

__all__ = ["deciding", "matters_of", "width"]


class _Line(Protocol):
    @property
    def facility(self) -> str: ...
    @property
    def matter(self) -> str: ...
    @property
    def jurisdiction(self) -> str: ...
    @property
    def keeps(self) -> bool: ...


_AnyLine = TypeVar("_AnyLine", bound=_Line)


def width(matter: str) -> int:
    """How wide a matter is: 0 a choice of a question, 1 a kind of case, 2 a pack, 3 every matter.

    >>> [width(matter) for matter in ("streets/request:thing=lamp", "streets/request", "streets", "")]
    [0, 1, 2, 3]
    """
    return 3 if not matter else 0 if ":" in matter else 1 if "/" in matter else 2


def matters_of(kind: str, values: Mapping[str, Any]) -> list[str]:
    """The matters that a case of a kind with these values is of, the narrowest first.

    >>> matters_of("streets/request", {"thing": "lamp", "lamps": 3})
    ['streets/request:thing=lamp', 'streets/request', 'streets']
    """
    chosen = sorted(f"{kind}:{name}={value}" for name, value in values.items() if isinstance(value, str))
    return [*(one for one in chosen if len(one) <= 200), kind, kind.partition("/")[0]]


def deciding(lines: Iterable[_AnyLine], *, facility: str, matters: Iterable[str], area: str) -> _AnyLine | None:
    """The line that decides whose something is; None where none does. What is kept is its keeper's, the highest area's first.
    Else the facility's own line goes before that of a matter, the narrower matter before the wider, the nearer area before
    the one above."""
    named = set(matters)
    fit = [
        line for line in lines
        if line.facility in ("", facility) and (not line.matter or line.matter in named) and is_inside(area, line.jurisdiction)
    ]  # fmt: skip
    kept = [line for line in fit if line.keeps]
    if kept:
        return min(kept, key=lambda line: (len(line.jurisdiction), width(line.matter), not line.facility, line.matter))
    if not fit:
        return None
    return min(fit, key=lambda line: (not line.facility, width(line.matter), -len(line.jurisdiction), line.matter))
