"""What an expression may name: the property it is about, other properties, index tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["IndexTable", "Vocabulary"]


@dataclass(frozen=True, slots=True)
class IndexTable:
    """A piecewise-linear index: ``points`` (x, index) with x rising, x in ``unit``; the index itself has unit 1."""

    name: str
    unit: str
    points: tuple[tuple[float, float], ...]
    rounding: Literal["none", "nearest", "up"] = "none"
    source: str = ""
    verified: bool = False
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``unit`` is the UCUM unit of ``value`` ("" where the rule's streams have no one unit: then no literal may be
    compared with it). ``units``: unit by property, for ``sister``. ``stages``: names that ``@`` may use, None = any.
    ``area``: the rule judges areas, so streams are reached through ``how_many``, ``share``, ``highest``, ``average``.
    ``nonnegative``: values never fall below 0, so a sum over a longer window is never smaller."""

    unit: str = "1"
    units: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, IndexTable] = field(default_factory=dict)
    stages: frozenset[str] | None = None
    area: bool = False
    nonnegative: bool = False
