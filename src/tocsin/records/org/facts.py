"""Facts that org gives."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["ShiftChanged"]


@fact
@dataclass(frozen=True, slots=True)
class ShiftChanged:
    """Somebody took over or left a post."""

    post: str
    account: str
