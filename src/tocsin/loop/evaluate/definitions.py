"""The definitions of indicators and stages, read from ``indicators.toml``."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

__all__ = [
    "INDICATORS_FILE",
    "Indicator",
    "Stage",
    "definitions",
    "definitions_digest",
    "indicators",
    "stages",
    "verbs",
]

INDICATORS_FILE = Path(__file__).with_name("indicators.toml")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator as it is defined; what its keys mean stands at the head of the file."""

    id: str
    kind: str
    title: Mapping[str, str]
    definition: Mapping[str, str]
    source: str
    verified: bool
    start: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    confirm: tuple[str, ...] = ()
    confirm_where: Mapping[str, str] = field(default_factory=dict)
    thing: str = ""
    every: bool = False
    limit_s: int = 0
    due: str = ""
    of: tuple[str, ...] = ()
    hit: tuple[str, ...] = ()
    part: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    put: str = ""
    first: str = ""

    @property
    def timed(self) -> bool:
        """Whether there is a limit, so that a share in time can be given."""
        return bool(self.limit_s or self.due)

    @property
    def verbs(self) -> frozenset[str]:
        """The verbs of the ledger that it is computed from."""
        named = (*self.start, *self.end, *self.dropped, *self.confirm, *self.of, *self.hit)
        return frozenset({*named, self.put} - {""})


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the funnel: an event came to it with the first of these verbs."""

    id: str
    verbs: tuple[str, ...] = field(default=())


@cache
def definitions() -> tuple[tuple[Indicator, ...], tuple[Stage, ...]]:
    """Indicators and stages in the order of the file."""
    document = tomllib.loads(INDICATORS_FILE.read_text(encoding="utf-8"))
    made = tuple(Indicator(**_tuples(entry)) for entry in document["indicator"])
    return made, tuple(Stage(**_tuples(entry)) for entry in document["stage"])


def indicators() -> tuple[Indicator, ...]:
    """The eight indicators."""
    return definitions()[0]


def stages() -> tuple[Stage, ...]:
    """The stages of the funnel."""
    return definitions()[1]


def verbs() -> frozenset[str]:
    """Every verb of the ledger that any indicator or stage is computed from."""
    return frozenset().union(*(i.verbs for i in indicators()), *(frozenset(s.verbs) for s in stages()))


@cache
def definitions_digest() -> str:
    """SHA-256 of the file: kept with each result, so that figures of other definitions are never mistaken for these."""
    return hashlib.sha256(INDICATORS_FILE.read_bytes()).hexdigest()


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
