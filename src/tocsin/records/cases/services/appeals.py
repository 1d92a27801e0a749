"""Appeals: each has a named owner and a clock from the moment it is made. Somebody else decides than who had the case."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.commitment import commitment
from tocsin.records.cases.models import AppealRow, CaseRow, MessageRow
from tocsin.records.cases.refusals import words_of
from tocsin.records.cases.services.ending import end_clocks
from tocsin.records.cases.services.requester import REQUESTER, by_code
from tocsin.records.cases.services.rows import held, kind_of_row, save, tell, thing_of
from tocsin.records.cases.services.starting import end_other, start_other
from tocsin.records.ledger.bulk import append_many
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.terms.errors import NotAllowed, Stale, Unavailable

__all__ = ["appeal", "decide_appeal"]


def appeal(code: str, words: str, *, now: datetime) -> str:
    """The requester appeals; the post that owns the appeal. Raises UnknownName, NotAllowed where such cases know none, Stale
    before there is an answer, or while an appeal is open."""
    with transaction.atomic():
        row = by_code(code)
        kind = kind_of_row(row)
        if kind.appeal is None:
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
        said = words_of(words, _("appeal"), most=2000)
        owner = _owner(row, kind, now)
        AppealRow.objects.create(case=row, owner=owner, words=said, at=now, by=REQUESTER)
        due_us = start_other(row, kind, kind.appeal.clock, "appeal", now=now)
        save(row)
        tell(row, "appeal_made", REQUESTER, now, owner=owner, words=commitment(said, row.salt), due_us=due_us)
    return owner


def decide_appeal(case_id: str, upheld: bool, reason: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Its owner decides. Upheld: the case is open again in the state that the pack names. The requester is told the reason."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        kind, open_one = kind_of_row(row), AppealRow.objects.filter(case=row, decided_at=None).first()
        if open_one is None or kind.appeal is None:
            raise Stale(thing_of(row), _("no appeal is open"), _("load the page again"))
        if actor.post != open_one.owner or row.makers.get("open") == actor.account:
            raise NotAllowed(
                thing_of(row), _("another post owns the appeal"), _("ask {post}").format(post=open_one.owner)
            )
        open_one.reason = words_of(reason, _("reason"))
        open_one.upheld, open_one.decided_at, open_one.decided_by = upheld, now, actor.name
        open_one.save()
        end_other(row, "appeal", "done", actor=actor.name, now=now)
        MessageRow.objects.create(case=row, from_requester=False, words=open_one.reason, at=now, by=actor.name)
        if upheld:
            append_many(end_clocks([(row.id, None)], "reopened", now=now), actor=actor.name, now=now)
            row.reopened += row.over_at is not None
            row.state, row.over_at, row.put_right_at, row.replied_at = kind.appeal.reopens, None, None, None
            for name in kind.starts:
                start_other(row, kind, name, "case", now=now)  # its time begins anew
        save(row)
        tell(
            row,
            "appeal_decided",
            actor.name,
            now,
            upheld=upheld,
            state=row.state,
            reason=commitment(open_one.reason, row.salt),
        )


def _owner(row: CaseRow, kind: CaseKind, now: datetime) -> str:
    """A post of the appeal's role that covers the place and does not own the case: on duty first, the nearest first."""
    role = kind.appeal.role if kind.appeal else ""
    there = [
        post
        for post in org.posts(EVERYWHERE)
        if post.role == role and Scope(post.jurisdiction, "").covers(row.jurisdiction)
    ]
    near = [
        *org.on_duty(Role(role), row.jurisdiction, now=now),
        *sorted(there, key=lambda post: (-len(post.jurisdiction), post.id)),
    ]
    chosen = next((post.id for post in near if post.id != row.owner), "")
    if not chosen:
        raise Unavailable(_("appeal"), _("no post could own it"), _("call the office; what you wrote is still here"))
    return chosen
