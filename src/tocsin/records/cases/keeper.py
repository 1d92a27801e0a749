"""A room of the loop that keeps a kind of case: it alone opens and moves such cases, by the same path as everybody, and says
how the entry in the ledger reads. What the room does beside (tasks, mails) it does in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.refusals import in_words
from tocsin.terms.errors import NotAllowed

__all__ = ["Keeper", "kept_by_another"]


@dataclass(frozen=True, slots=True)
class Keeper:
    """``room``: who it is; ``verb`` and ``body``: how the ledger tells of this opening or move ("" = as of any case)."""

    room: str = ""
    verb: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


def kept_by_another(kind: CaseKind, keeper: Keeper) -> NotAllowed | None:
    """The refusal where a room keeps the kind and somebody else comes; None where nothing speaks against it."""
    if kind.room == keeper.room or not kind.room:
        return None
    return NotAllowed(in_words(kind.title), _("its steps are made on pages of its own"), _("open it there"))
