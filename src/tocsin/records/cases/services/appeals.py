"""Appeals: each has a named owner and a clock from the moment it is made. Somebody else decides than who had the case."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.packkit.appeal_levels import next_level
from tocsin.packkit.lifecycle import CaseKind, Desk
from tocsin.records.cases.appeal_owner import appeal_owner
from tocsin.records.cases.commitment import commitment, salt_of
from tocsin.records.cases.models import AppealRow, CaseRow, MessageRow
from tocsin.records.cases.refusals import in_words, words_of
from tocsin.records.cases.sealing import words_kept
from tocsin.records.cases.services.ending import end_clocks, has_lapsed
from tocsin.records.cases.services.requester import REQUESTER, by_code
from tocsin.records.cases.services.rows import held, kind_of_row, save, tell, thing_of
from tocsin.records.cases.services.starting import end_other, start_other
from tocsin.records.ledger.bulk import append_many
from tocsin.records.org.actor import Actor
from tocsin.terms.errors import NotAllowed, Stale, Unavailable

__all__ = ["appeal", "decide_appeal"]


def appeal(code: str, words: str, *, now: datetime) -> str:
    """The requester appeals, at the level that is next; the post that owns the appeal. Raises UnknownName, NotAllowed where
    such cases know none, after the last level or after the time for it, Stale before there is an answer or while one
    is open."""
    with transaction.atomic():
        row = by_code(code)
        kind = kind_of_row(row)
        if not kind.appeals:
            raise NotAllowed(
                thing_of(row), _("such cases know no appeal here"), _("write a message; the law's own ways stay open")
            )
        if row.replied_at is None and row.over_at is None:
            raise Stale(
                thing_of(row), _("it has not been answered yet"), _("wait for the answer; its date is on this page")
            )
        if AppealRow.objects.filter(case=row, decided_at=None).exists():
            raise Stale(
                thing_of(row), _("your appeal is being looked at"), _("wait for the decision; its date is on this page")
            )
        desk = _next(row, kind, now)
        said = words_of(words, _("appeal"), most=2000)
        owner = _owner(row, desk, now)
        AppealRow.objects.create(case=row, owner=owner, words=words_kept(row, said, "appeal"), at=now, by=REQUESTER)
        due_us = start_other(row, kind, desk.clock, "appeal", now=now)
        save(row)
        tell(row, "appeal_made", REQUESTER, now, owner=owner, words=commitment(said, salt_of(row)), due_us=due_us)
    return owner


def decide_appeal(case_id: str, upheld: bool, reason: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Its owner decides. Upheld: the case is open again in the state that the pack names. The requester is told the reason."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        kind, open_one = kind_of_row(row), AppealRow.objects.filter(case=row, decided_at=None).first()
        desk = next_level(kind, _outcomes(row))
        if open_one is None or desk is None:
            raise Stale(thing_of(row), _("no appeal is open"), _("load the page again"))
        if actor.post != open_one.owner or row.makers.get("open") == actor.account:
            raise NotAllowed(
                thing_of(row), _("another post owns the appeal"), _("ask {post}").format(post=open_one.owner)
            )
        said = words_of(reason, _("reason"))
        open_one.reason = words_kept(row, said, "decision")
        open_one.upheld, open_one.decided_at, open_one.decided_by = upheld, now, actor.name
        open_one.save()
        end_other(row, "appeal", "done", actor=actor.name, now=now)
        kept = words_kept(row, said, "message")
        MessageRow.objects.create(case=row, from_requester=False, words=kept, at=now, by=actor.name)
        if upheld:
            append_many(end_clocks([(row.id, None)], "reopened", now=now), actor=actor.name, now=now)
            row.reopened += row.over_at is not None
            row.state, row.over_at, row.put_right_at, row.replied_at = desk.reopens, None, None, None
            for name in desk.starts or kind.starts:
                start_other(row, kind, kind.clock_for(name, row.values).code, "case", now=now)  # its time begins anew
        elif desk.stands:
            row.state = desk.stands
            row.over_at = (row.over_at or now) if kind.states[desk.stands].over else None
        save(row)
        tell(
            row,
            "appeal_decided",
            actor.name,
            now,
            upheld=upheld,
            state=row.state,
            reason=commitment(said, salt_of(row)),
        )


def _outcomes(row: CaseRow) -> list[bool]:
    decided = AppealRow.objects.filter(case=row).exclude(decided_at=None).order_by("id")
    return [bool(upheld) for upheld in decided.values_list("upheld", flat=True)]


def _next(row: CaseRow, kind: CaseKind, now: datetime) -> Desk:
    """The level that is next, within the time to ask for it, which ends here."""
    desk = next_level(kind, _outcomes(row))
    if desk is None:
        raise NotAllowed(thing_of(row), _("the last level has decided; the same matter is not looked at again"),
                         _("new facts are a new request; the law's own ways stay open"))  # fmt: skip
    if desk.ask:
        if has_lapsed(row, desk.ask, now=now):
            raise NotAllowed(thing_of(row), _("the time to ask is over ({clause})").format(
                clause=kind.clocks[desk.ask].clause), _("write a message; the law's own ways stay open"))  # fmt: skip
        append_many(end_clocks([(row.id, (desk.ask,))], "done", now=now), actor=REQUESTER, now=now)
    return desk


def _owner(row: CaseRow, desk: Desk, now: datetime) -> str:
    decided = AppealRow.objects.filter(case=row).order_by("id").values_list("owner", flat=True)
    chosen = appeal_owner(row, desk, list(decided), now=now)
    if chosen is None:
        raise Unavailable(in_words(desk.title) or _("appeal"), _("no post could own it"),
                          _("call the office; what you wrote is still here"))  # fmt: skip
    return chosen.id
