"""Finding: what one check of ``tocsin doctor`` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. ``note``: not a fault, but worth knowing."""

    check: str
    state: Literal["ok", "note", "fault"]
    what: str
    remedy: str = ""
