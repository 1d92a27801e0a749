"""Whose it is: transfer, which always names who goes on; a contested assignment; the ruling, after which nobody contests again.

The clocks of the case itself go on, whoever has it: the requester waits for one office, the state.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.commitment import commitment, salt_of
from tocsin.records.cases.models import CaseRow, HandRow
from tocsin.records.cases.refusals import words_of
from tocsin.records.cases.sealing import words_kept
from tocsin.records.cases.services.ending import has_lapsed
from tocsin.records.cases.services.listed import require_not_pushed_down
from tocsin.records.cases.services.rows import (
    held,
    kind_of_row,
    other_post,
    require_open,
    require_owner,
    save,
    tell,
    thing_of,
)
from tocsin.records.cases.services.starting import end_other, start_other
from tocsin.records.org.actor import Actor
from tocsin.terms.errors import NotAllowed, Stale

__all__ = ["contest", "rule", "transfer"]


def transfer(case_id: str, post: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Its owner hands it to another post, with a reason. Raises BadValue where no post is named, NotAllowed for who does not
    own it, for a post whose area does not reach there, or for a lower body's where the duty list keeps the matter above; Stale
    where it is disputed, over or changed."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        require_owner(row, actor)
        require_open(row)
        if row.contested_at is not None:
            raise Stale(thing_of(row), _("it is disputed whose it is"), _("wait for the ruling"))
        _hand(row, "transferred", _next(post, row, row.owner, now), why, actor, now)
        save(row)


def contest(case_id: str, post: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Its owner says that it is another post's. The desk decides; until then the owner works on. Raises what ``transfer``
    raises, and Stale after a ruling or after the time to object: a case is not sent round and round."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        require_owner(row, actor)
        require_open(row)
        kind = kind_of_row(row)
        if kind.ruling is None:
            raise NotAllowed(thing_of(row), _("such cases have no desk that decides whose they are"), _("transfer it"))
        if row.ruled_at is not None:
            raise Stale(
                thing_of(row),
                _("it has been decided whose it is"),
                _("work on it, or transfer it with its new owner's word"),
            )
        if row.contested_at is not None:
            raise Stale(thing_of(row), _("it is disputed already"), _("wait for the ruling"))
        if has_lapsed(row, kind.ruling.ask, now=now):
            over = _("the time to object is over ({clause})").format(clause=kind.clocks[kind.ruling.ask].clause)
            raise Stale(thing_of(row), over, _("work on it, or transfer it with the other post's word"))
        row.contested_at = now
        said = words_of(why, _("reason"))
        after = _next(post, row, row.owner, now)
        HandRow.objects.create(
            case=row, what="contested", before=row.owner, after=after, why=words_kept(row, said, "hand"), at=now,
            by=actor.name,
        )  # fmt: skip
        due_us = start_other(row, kind, kind.ruling.clock, "ruling", now=now)
        save(row)
        tell(
            row,
            "case_contested",
            actor.name,
            now,
            owner=row.owner,
            names=after,
            why=commitment(said, salt_of(row)),
            due_us=due_us,
        )


def rule(case_id: str, post: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """The desk decides whose it is; it may be who has it. Raises NotAllowed for another role, or for who owns it."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        kind = kind_of_row(row)
        if row.contested_at is None:
            raise Stale(thing_of(row), _("nobody disputes whose it is"), _("load the page again"))
        _require_desk(kind, row, actor)
        after = post if post == row.owner else _next(post, row, "", now)
        end_other(row, "ruling", "done", actor=actor.name, now=now)
        row.contested_at, row.ruled_at = None, now
        _hand(row, "ruled", after, why, actor, now)
        save(row)


def _require_desk(kind: CaseKind, row: CaseRow, actor: Actor) -> None:
    if kind.ruling is None or actor.role != kind.ruling.role or actor.post == row.owner:
        raise NotAllowed(thing_of(row), _("another post decides whose it is"), _("wait for the ruling"))


def _next(post_id: str, row: CaseRow, but: str, now: datetime) -> str:
    """The post that goes on with it, which is no lower body's where the duty list keeps the matter above."""
    post = other_post(post_id, row, but=but)
    require_not_pushed_down(row, post, now=now)
    return post.id


def _hand(row: CaseRow, what: str, after: str, why: str, actor: Actor, now: datetime) -> None:
    said, before = words_of(why, _("reason")), row.owner
    kept = words_kept(row, said, "hand")
    HandRow.objects.create(case=row, what=what, before=before, after=after, why=kept, at=now, by=actor.name)
    row.owner = after
    body = {"before": before, "owner": after, "why": commitment(said, salt_of(row))}
    if what == "ruled":
        tell(row, "case_ruled", actor.name, now, **body)
    else:
        tell(row, "case_transferred", actor.name, now, **body)
