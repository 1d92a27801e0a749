"""Facts that releases give."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["ReleaseMissing", "ReleaseReceipted"]


@dataclass(frozen=True, slots=True)
class _OfRelease:
    release: str
    warning: str
    level: int
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class ReleaseReceipted(_OfRelease):
    """The official platform has it, under this number."""

    receipt: str


@fact
@dataclass(frozen=True, slots=True)
class ReleaseMissing(_OfRelease):
    """There is no receipt after so long; told once. It goes on being tried. ``at_us`` is the moment that passed."""
