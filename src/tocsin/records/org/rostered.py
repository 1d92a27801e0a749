"""Shifts that the roster lays out: org's rows, written for ``records.roster``, which puts the ledger entry and the facts.
Inside a transaction."""

from __future__ import annotations

from datetime import datetime

from tocsin.records.org.models import Account, Post, Shift
from tocsin.records.org.services import require_one_side
from tocsin.terms.errors import UnknownName

__all__ = ["close_shift", "may_hold", "open_shift", "stands"]


def open_shift(post_id: str, account_id: str, from_at: datetime, until_at: datetime, *, now: datetime) -> int:
    """A shift of its own, whatever others there are; its number. Raises UnknownName for a post or account that is not there or
    is closed, NotAllowed for an administrator in another post, or the other way round."""
    post = Post.objects.filter(id=post_id, closed_at=None).first()
    account = Account.objects.filter(id=account_id, is_active=True).first()
    if post is None or account is None:
        raise UnknownName(post_id, "this post or its account is closed", "declare the rotation anew")
    require_one_side(account, post.role, now=now)
    return Shift.objects.create(post=post, account=account, from_at=from_at, until_at=until_at).pk


def may_hold(post_id: str, account_id: str) -> bool:
    """Whether both are open, so that a shift could begin."""
    return (Post.objects.filter(id=post_id, closed_at=None).exists()
            and Account.objects.filter(id=account_id, is_active=True).exists())  # fmt: skip


def stands(shift_id: int) -> bool:
    """Whether nobody took it back meanwhile."""
    return Shift.objects.filter(pk=shift_id).exists()


def close_shift(shift_id: int, *, now: datetime) -> None:
    """It is over from now on; one that lies ahead is taken back."""
    row = Shift.objects.select_for_update().filter(pk=shift_id).first()
    if row is None or (row.until_at is not None and row.until_at <= now):
        return
    if row.from_at >= now:
        row.delete()
    else:
        row.until_at = now
        row.save(update_fields=["until_at"])
