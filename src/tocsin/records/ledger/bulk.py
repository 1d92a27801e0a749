"""Many ledger entries by a few statements. Chains stay one a subject: nothing waits but for what belongs together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tocsin.records.ledger.canonical import canonical
from tocsin.records.ledger.hashes import FIRST, entry_hash
from tocsin.records.ledger.models import LedgerChain, LedgerEntry
from tocsin.records.row_updates import update_rows
from tocsin.records.rows import put_rows

__all__ = ["Note", "append_many"]


@dataclass(frozen=True, slots=True)
class Note:
    """One entry to be: about what, what happened, with what."""

    subject: str
    verb: str
    body: Mapping[str, Any]


def append_many(notes: Sequence[Note], *, actor: str, now: datetime) -> None:
    """Add entries, those of one subject in the order given, inside the transaction of the changes that they record. Chains are
    locked in the order of their subjects. Raises ValueError as ``services.append``."""
    if not notes:
        return
    if not actor or any(not (note.subject and note.verb) for note in notes):
        raise ValueError("a ledger entry needs a subject, a verb and an actor")
    with transaction.atomic():
        heads = _locked(sorted({note.subject for note in notes}))
        rows = []
        for note in notes:
            length, head = heads[note.subject]
            text = canonical(note.body)
            hashed = entry_hash(note.subject, length + 1, now, actor, note.verb, text, head)
            rows.append((note.subject, length + 1, now, actor, note.verb, text, head, hashed))
            heads[note.subject] = (length + 1, hashed)
        put_rows(LedgerEntry, ("subject", "number", "at", "actor", "verb", "body", "previous", "hash"), rows)
        update_rows(LedgerChain, "subject", ("length", "head"), [(s, n, head) for s, (n, head) in heads.items()])


def _locked(subjects: list[str]) -> dict[str, tuple[int, str]]:
    found = _read(subjects)
    fresh = [subject for subject in subjects if subject not in found]
    if fresh:
        LedgerChain.objects.bulk_create(
            [LedgerChain(subject=subject, length=0, head=FIRST) for subject in fresh], ignore_conflicts=True
        )
        found |= _read(fresh)
    return found


def _read(subjects: list[str]) -> dict[str, tuple[int, str]]:
    rows = LedgerChain.objects.select_for_update().filter(subject__in=subjects).order_by("subject")
    return {subject: (length, head) for subject, length, head in rows.values_list("subject", "length", "head")}
