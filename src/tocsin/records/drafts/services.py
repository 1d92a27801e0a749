"""The only writer of drafts. A draft is its author's own paper: part of no record, and no entry of the ledger tells of it.

Of a case under seal it lies under the case's own key, so that it is gone when the case is; of one that is about to be opened
under a key that dies with the draft.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from tocsin.records.cases.models import CaseRow
from tocsin.records.drafts.models import DraftRow, SentRow
from tocsin.records.seal import services as seal
from tocsin.terms.errors import Unavailable

__all__ = ["CHARACTERS_AT_MOST", "KEPT", "MOST_DRAFTS", "Fields", "act_once", "discard", "keep", "sent_key", "sweep"]

Fields = Sequence[tuple[str, str]]
KEPT = timedelta(days=14)
MOST_DRAFTS = 20  # of one account; the oldest goes
CHARACTERS_AT_MOST = 60_000  # of one draft
_FIELDS_AT_MOST = 120
_SENT_KEPT = timedelta(days=2)
_FIELD = "draft"  # what the seal binds it to
_OF_DRAFTS = "draft"  # subject of keys that are a draft's own


def keep(
    account: str,
    form: str,
    fields: Fields,
    said: Sequence[Any] = (),
    *,
    case: str = "",
    sealed: bool = False,
    now: datetime,
) -> bool:
    """Keep what an account typed into a form, in place of what was kept of it before. ``said``: why it was refused, as JSON
    that the door words when it is read. ``case``: the one that the form is about;
    under seal where that is. ``sealed``: of a sealed kind, the case is not opened yet. False, and nothing is kept, for what is
    empty or too large, and where the key of the case is gone."""
    size = sum(len(name) + len(text) for name, text in fields)
    if (
        not account
        or not any(text.strip() for _name, text in fields)
        or size > CHARACTERS_AT_MOST
        or len(fields) > _FIELDS_AT_MOST
    ):
        return False
    seal_key = (CaseRow.objects.filter(id=case).values_list("seal_key", flat=True).first() or "") if case else ""
    with transaction.atomic():
        _delete(DraftRow.objects.filter(account=account, form=form[:200]))
        row = DraftRow(account=account, form=form[:200], said=list(said), kept_at=now)
        if sealed or seal_key:
            row.own_key = not seal_key
            row.seal_key = seal_key or seal.new_key(_OF_DRAFTS, now=now)[0]
            try:
                key = seal.open_key(row.seal_key)
            except Unavailable:
                return False
            row.sealed = key.close(json.dumps(list(fields), ensure_ascii=False), _FIELD)
            row.said = []  # a refusal may repeat what was typed
        else:
            row.fields = [list(pair) for pair in fields]
        row.save()
        kept = DraftRow.objects.filter(account=account).order_by("-kept_at", "-id").values_list("id", flat=True)
        _delete(DraftRow.objects.filter(id__in=list(kept[MOST_DRAFTS:])))
    return True


def discard(account: str, *, number: int = 0, form: str = "") -> str:
    """Throw a draft away, by its number or its form; the form it was of, "" where there is none such of the account."""
    rows = DraftRow.objects.filter(account=account, **({"id": number} if number else {"form": form[:200]}))
    with transaction.atomic():
        found = rows.values_list("form", flat=True).first() or ""
        _delete(rows)
    return found


def act_once(key: str, act: Callable[[], object], *, now: datetime) -> bool:
    """Do it, unless a form with this key was acted upon already; whether it was done now. Both in one transaction: what is
    refused may be sent again."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                SentRow.objects.create(key=key, at=now)
        except IntegrityError:
            return False
        act()
    return True


def sent_key(account: str, form: str, once: str, fields: Fields) -> str:
    """What makes two sendings one: the account, the address, the number of the page's form, and every word in it. Who goes back
    and writes something else has not sent it twice."""
    text = json.dumps([account, form, once, sorted(fields)], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sweep(*, now: datetime) -> int:
    """Let go of drafts after two weeks, of keys of forms after two days. Puts no fact."""
    old = DraftRow.objects.filter(kept_at__lt=now - KEPT)
    if old.exists():  # looked at each second, and seldom there: nobody's turn to write is taken for nothing
        with transaction.atomic():
            _delete(old)
    if SentRow.objects.filter(at__lt=now - _SENT_KEPT).exists():
        SentRow.objects.filter(at__lt=now - _SENT_KEPT).delete()
    return 0


def _delete(rows: QuerySet[DraftRow]) -> None:
    for row in rows:
        if row.own_key:
            seal.destroy_key(row.seal_key)
        row.delete()
