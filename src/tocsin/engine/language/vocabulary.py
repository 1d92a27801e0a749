"""What an expression may name: the property it is about, other properties, index tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tocsin.terms.level import CHINA_FOUR_COLOUR

_RANKS: Mapping[str, int] = {"flag": 1, **{level.code: level.rank for level in CHINA_FOUR_COLOUR.levels}}

__all__ = ["IndexTable", "JointNames", "Vocabulary"]


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
class JointNames:
    """What joint conditions may name: rules (short name -> ``pack/id``), categories of reports, hazard types; None = any."""

    rules: Mapping[str, str] | None = None
    categories: frozenset[str] | None = None
    hazards: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``unit`` is the UCUM unit of ``value`` ("" where the rule's streams have no one unit: then no literal may be
    compared with it). ``units``: unit by property, for ``sister``. ``stages``: names that ``@`` may use, None = any.
    ``area``: the rule judges areas, so streams are reached through ``how_many``, ``share``, ``highest``, ``average``.
    ``per``: where the rule judges. ``rules``: rules that a joint condition may name, by short name, with their full name;
    ``categories`` and ``hazards``: reports and bulletins it may ask for; None = any. ``ranks``: rank by level code.
    ``nonnegative``: values never fall below 0, so a sum over a longer window is never smaller."""

    unit: str = "1"
    units: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, IndexTable] = field(default_factory=dict)
    stages: frozenset[str] | None = None
    area: bool = False
    nonnegative: bool = False
    per: str = "stream"
    rules: Mapping[str, str] | None = None
    categories: frozenset[str] | None = None
    hazards: frozenset[str] | None = None
    ranks: Mapping[str, int] = field(default_factory=lambda: _RANKS)
