"""Opening sealed content: for a purpose that the pack declares, by who works on the case; else with a second pair of eyes, and
for a day. Each is on the ledger, and the requester sees the post, the moment and the purpose on the page of the receipt."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.packkit.lifecycle import CaseKind
from tocsin.packkit.roles import OWNER
from tocsin.packkit.seal import Purpose, SealSpec
from tocsin.records.cases.commitment import commitment, salt_of
from tocsin.records.cases.models import AppealRow, CaseRow, LegRow, ReadingRow
from tocsin.records.cases.refusals import in_words, purged, words_of
from tocsin.records.cases.sealing import words_kept
from tocsin.records.cases.services.rows import covers, kind_of_row, row_of, tell, thing_of
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName

__all__ = ["LET_IN", "SITTING", "ask_to_read", "let_read", "purposes_for", "read_sealed", "works_on"]

SITTING = timedelta(minutes=15)  # one reading: so long the content stays open to the account that opened it
LET_IN = timedelta(hours=24)  # so long for who does not work on the case and was let in


def read_sealed(case_id: str, purpose: str, *, actor: Actor, now: datetime) -> None:
    """Open a sealed case to this account for SITTING. Raises BadValue without a purpose that the pack declares, NotAllowed for
    who does not work on the case or whose role does not read for this purpose, Stale once it was purged."""
    with transaction.atomic():
        row, kind, spec = _sealed(case_id, actor)
        said = _purpose(row, spec, purpose)
        if not works_on(row, kind, actor) or not _reads_for(row, said, actor):
            raise NotAllowed(thing_of(row), _("it lies under seal, and only who works on it reads it for this purpose"),
                             _("ask to be let in by a second post, with a reason"))  # fmt: skip
        until = now + SITTING
        ReadingRow.objects.create(case=row, post=actor.post, account=actor.account, purpose=purpose, asked_at=now, at=now,
                                  until=until)  # fmt: skip
        tell(row, "sealed_read", actor.name, now, purpose=purpose)


def ask_to_read(case_id: str, purpose: str, why: str, *, actor: Actor, now: datetime) -> int:
    """Who does not work on the case asks to be let in; the number of what they asked. Opens nothing. Raises what
    ``read_sealed`` raises, and NotAllowed where the pack lets nobody in."""
    with transaction.atomic():
        row, _kind, spec = _sealed(case_id, actor)
        _purpose(row, spec, purpose)
        if not spec.second:
            raise NotAllowed(thing_of(row), _("nobody else is let in to such cases"), _("ask who works on it"))
        said = words_of(why, _("reason"))
        made = ReadingRow.objects.create(case=row, post=actor.post, account=actor.account, purpose=purpose, asked_at=now,
                                         why=words_kept(row, said, "reading"))  # fmt: skip
        tell(row, "sealed_asked_for", actor.name, now, purpose=purpose, why=commitment(said, salt_of(row)))
    return int(made.pk)


def let_read(case_id: str, reading: int, *, actor: Actor, now: datetime) -> None:
    """A second person lets them in, for LET_IN. Raises NotAllowed for the same person, the same post or a role that the pack
    does not name, Stale where it was done already or asked more than LET_IN ago."""
    with transaction.atomic():
        row, _kind, spec = _sealed(case_id, actor)
        asked = ReadingRow.objects.select_for_update().filter(case=row, id=reading).first()
        if asked is None:
            raise UnknownName(thing_of(row), _("nobody asked to read it under this number"), _("load the page again"))
        if asked.at is not None or asked.asked_at + LET_IN <= now:
            raise Stale(
                thing_of(row), _("this was settled already, or asked more than a day ago"), _("have them ask again")
            )
        if actor.account == asked.account or actor.post == asked.post or actor.role not in spec.second:
            raise NotAllowed(thing_of(row), _("a second person of another post must let them in"),
                             _("ask {posts}").format(posts=", ".join(spec.second)))  # fmt: skip
        asked.second, asked.at, asked.until = actor.name, now, now + LET_IN
        asked.save()
        tell(row, "sealed_let_read", actor.name, now, purpose=asked.purpose, post=asked.post, reading=asked.pk)


def purposes_for(kind: CaseKind) -> list[tuple[str, str]]:
    """The purposes of a kind with their titles."""
    return [(one.code, in_words(one.title)) for one in kind.seal.purposes.values()] if kind.seal else []


def works_on(row: CaseRow, kind: CaseKind, actor: Actor) -> bool:
    """Whether this post has the case in hand: its owner, a helper whose part is open, who decides an appeal or a dispute, and
    whose role makes a move that is possible now."""
    if actor.post == row.owner:
        return True
    if LegRow.objects.filter(case=row, post=actor.post, ended_at=None).exists():
        return True
    if AppealRow.objects.filter(case=row, owner=actor.post, decided_at=None).exists():
        return True
    if row.contested_at is not None and kind.ruling is not None and actor.role == kind.ruling.role:
        return True
    return any(actor.role in move.who for move in kind.moves_from(row.state))


def _reads_for(row: CaseRow, purpose: Purpose, actor: Actor) -> bool:
    return actor.role in purpose.who or (OWNER in purpose.who and actor.post == row.owner)


def _sealed(case_id: str, actor: Actor) -> tuple[CaseRow, CaseKind, SealSpec]:
    row = row_of(case_id)
    if actor.role == Role.FACILITY_OPERATOR:
        covers(row.jurisdiction, row.facility, actor)
    else:
        actor.require(Act.READ_CASES, row.jurisdiction)
    kind = kind_of_row(row)
    if kind.seal is None:
        raise BadValue(thing_of(row), _("it does not lie under seal"), _("read it on its page"))
    if row.purged_at is not None:
        raise purged(row.number)
    return row, kind, kind.seal


def _purpose(row: CaseRow, spec: SealSpec, purpose: str) -> Purpose:
    if purpose not in spec.purposes:
        raise BadValue(thing_of(row), _("it lies under seal, and no purpose is said for which it is read"),
                       _("choose one of the purposes"))  # fmt: skip
    return spec.purposes[purpose]
