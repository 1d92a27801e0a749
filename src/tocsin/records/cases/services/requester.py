"""Between the office and the requester: messages both ways, by receipt code; and how they found it in the end."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.cases.commitment import commitment, salt_of
from tocsin.records.cases.models import CaseRow, MessageRow, RatingRow
from tocsin.records.cases.refusals import purged, words_of
from tocsin.records.cases.sealing import words_kept
from tocsin.records.cases.services.opening import code_digest
from tocsin.records.cases.services.rows import held, require_owner, save, tell, thing_of
from tocsin.records.org.actor import Actor
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName

__all__ = ["MOST_MESSAGES", "REQUESTER", "by_code", "rate", "write_as_requester", "write_to_requester"]

REQUESTER = "requester"  # how the ledger calls who holds the receipt code
MOST_MESSAGES = 200  # of a requester in one case
_MOST = 2000


def write_to_requester(case_id: str, words: str, *, version: int, actor: Actor, now: datetime) -> None:
    """The owner writes to the requester: a question, how far it has come. It is no answer; that is a move."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        require_owner(row, actor)
        if row.receipt is None:
            raise NotAllowed(thing_of(row), _("nobody asked for it from outside"), _("leave the message out"))
        said = words_of(words, _("message"))
        MessageRow.objects.create(
            case=row, from_requester=False, words=words_kept(row, said, "message"), at=now, by=actor.name
        )
        save(row)
        tell(row, "requester_written_to", actor.name, now, words=commitment(said, salt_of(row)))


def write_as_requester(code: str, words: str, *, now: datetime) -> None:
    """The requester writes. Raises UnknownName for a code that is none, BadValue."""
    with transaction.atomic():
        row = by_code(code)
        if MessageRow.objects.filter(case=row, from_requester=True).count() >= MOST_MESSAGES:
            raise BadValue(_("message"), _("there are very many already"), _("call the office"))
        said = words_of(words, _("message"), most=_MOST)
        MessageRow.objects.create(case=row, from_requester=True, words=words_kept(row, said, "message"), at=now)
        tell(row, "requester_wrote", REQUESTER, now, words=commitment(said, salt_of(row)))


def rate(code: str, score: int, put_right: bool | None, *, now: datetime) -> None:
    """The requester says how they found it, once each time the case was over. The office does not choose who is asked: whoever
    has a code may say. Raises Stale before it is over, or where they have said so already."""
    if score not in (1, 2, 3, 4, 5):
        raise BadValue(_("satisfaction"), _("it is a number from 1 to 5"), _("choose one of the five"))
    with transaction.atomic():
        row = by_code(code)
        if row.over_at is None:
            raise Stale(thing_of(row), _("it is not over yet"), _("come back when it is"))
        if RatingRow.objects.filter(case=row, closing=row.reopened).exists():
            raise Stale(thing_of(row), _("you have told us already"), _("write a message if there is more"))
        RatingRow.objects.create(case=row, closing=row.reopened, score=score, put_right=put_right, at=now)
        tell(row, "case_rated", REQUESTER, now, score=score, put_right=put_right, closing=row.reopened)


def by_code(code: str) -> CaseRow:
    """The case of a receipt code, held. Raises UnknownName, in the same words whatever is wrong with the code."""
    row = CaseRow.objects.select_for_update().filter(receipt=code_digest(code)).first()
    if row is None:
        raise UnknownName(
            _("receipt code"), _("there is no case with this code"), _("type it as it stands on the receipt")
        )
    if row.purged_at is not None:
        raise purged(row.number)
    return row
