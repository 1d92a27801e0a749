"""Cause: what a call-out tells of, as the room that asks for it says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Cause", "Spoken"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said in one language: a line, the words of a call, those of a short message."""

    subject: str
    speech: str
    short: str


@dataclass(frozen=True, slots=True)
class Cause:
    """``kind``: warning, bulletin or response; ``id`` the thing, ``lineage`` what stays the same through its updates, ``chain``
    the ledger chain that tells of it. ``since``: from when minutes count; ``until``: nobody wants it any more; ``link`` a path
    of this deployment."""

    kind: str
    id: str
    lineage: str
    chain: str
    hazard: str
    level: int
    exercise: bool
    since: datetime
    until: datetime | None
    texts: Mapping[str, Spoken]
    link: str = ""
