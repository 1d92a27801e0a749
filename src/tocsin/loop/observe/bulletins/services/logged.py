"""Noting what of bulletins the log has."""

from __future__ import annotations

from tocsin.loop.observe.bulletins.models import BulletinRecord

__all__ = ["note_attempt", "note_logged"]


def note_attempt(record_id: int, *, after_seq: int) -> None:
    """The record is about to be handed over for the first time, to a log of this length."""
    BulletinRecord.objects.filter(id=record_id, after_seq=None).update(after_seq=after_seq)


def note_logged(record_id: int, *, seq: int) -> None:
    """The log has it there. Repeating it changes nothing."""
    BulletinRecord.objects.filter(id=record_id, seq=None).update(seq=seq)
