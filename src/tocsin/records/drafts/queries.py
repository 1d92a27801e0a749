"""Reading drafts: each account its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.records.drafts.models import DraftRow
from tocsin.records.seal import services as seal
from tocsin.terms.errors import TocsinError

__all__ = ["DraftLine", "draft", "drafts"]


@dataclass(frozen=True, slots=True)
class DraftLine:
    """What was typed and not sent, and why it was refused: ``said`` as parts to be worded, ``why`` as it was worded (both empty
    where the session had ended)."""

    id: int
    form: str
    fields: tuple[tuple[str, str], ...]
    why: str
    said: list[Any]
    kept_at: datetime


def drafts(account: str, under: str = "/") -> list[DraftLine]:
    """The drafts of an account whose forms' addresses begin so, the newest first."""
    rows = (
        DraftRow.objects.filter(account=account, form__startswith=under).order_by("-kept_at", "-id") if account else ()
    )
    return [line for row in rows if (line := _line(row)) is not None]


def draft(account: str, number: int) -> DraftLine | None:
    """One by its number; None where the account has none such."""
    row = DraftRow.objects.filter(account=account, id=number).first() if account else None
    return _line(row) if row else None


def _line(row: DraftRow) -> DraftLine | None:
    """None where its key is gone: then nobody reads it again."""
    fields = row.fields
    if row.seal_key:
        try:
            fields = json.loads(seal.open_key(row.seal_key).open(row.sealed, "draft"))
        except TocsinError:
            return None
    return DraftLine(row.pk, row.form, tuple((str(name), str(text)) for name, text in fields), row.why, row.said,
                     row.kept_at)  # fmt: skip
