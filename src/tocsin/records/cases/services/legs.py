"""Helpers: each has a leg of the case with its own clock and its own reply. The case ends only when every leg is over."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.cases.commitment import commitment, salt_of
from tocsin.records.cases.models import CaseRow, LegRow
from tocsin.records.cases.refusals import words_of
from tocsin.records.cases.sealing import words_kept
from tocsin.records.cases.services.rows import (
    covers,
    held,
    kind_of_row,
    other_post,
    require_open,
    require_owner,
    row_of,
    save,
    tell,
    thing_of,
)
from tocsin.records.cases.services.starting import end_other, start_other
from tocsin.records.org.actor import Actor
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName

__all__ = ["MOST_LEGS", "ask_helper", "reply_leg", "waive_leg"]

MOST_LEGS = 20


def ask_helper(case_id: str, post: str, words: str, *, version: int, actor: Actor, now: datetime) -> int:
    """The owner asks another post for its part; the number of the leg. Raises NotAllowed, BadValue where that post is asked
    already, Stale."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        require_owner(row, actor)
        require_open(row)
        kind = kind_of_row(row)
        if kind.legs is None:
            raise NotAllowed(thing_of(row), _("such cases have no helpers"), _("transfer it"))
        helper = other_post(post, row, but=row.owner)
        if LegRow.objects.filter(case=row, post=helper.id, ended_at=None).exists():
            raise BadValue(_("post {post}").format(post=helper.id), _("it is asked already"), _("wait for its reply"))
        if LegRow.objects.filter(case=row).count() >= MOST_LEGS:
            raise BadValue(
                thing_of(row), _("it has {n} helpers already").format(n=MOST_LEGS), _("make a case of its own")
            )
        said = words_of(words, _("what is asked"))
        kept = words_kept(row, said, "leg")
        leg = LegRow.objects.create(case=row, post=helper.id, words=kept, asked_at=now, asked_by=actor.name)
        due_us = start_other(row, kind, kind.legs.clock, "leg", now=now, leg=leg.pk)
        row.legs_open += 1
        save(row)
        tell(
            row,
            "helper_asked",
            actor.name,
            now,
            leg=leg.pk,
            post=helper.id,
            words=commitment(said, salt_of(row)),
            due_us=due_us,
        )
    return int(leg.pk)


def reply_leg(case_id: str, leg_id: int, words: str, *, actor: Actor, now: datetime) -> None:
    """The helper replies; the case need not be as it was when the helper read it. Raises NotAllowed for another post, Stale
    where the leg is over."""
    with transaction.atomic():
        row = row_of(case_id)
        covers(row.jurisdiction, row.facility, actor)
        leg = _open_leg(row, leg_id)
        if leg.post != actor.post:
            raise NotAllowed(thing_of(row), _("another post was asked"), _("have {post} reply").format(post=leg.post))
        said = words_of(words, _("reply"))
        leg.reply = words_kept(row, said, "reply")
        _end(row, leg, actor, now)
        tell(row, "helper_replied", actor.name, now, leg=leg.pk, post=leg.post, words=commitment(said, salt_of(row)))


def waive_leg(case_id: str, leg_id: int, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """The owner goes on without a helper's reply; by name and with a reason."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        require_owner(row, actor)
        leg = _open_leg(row, leg_id)
        said = words_of(why, _("reason"))
        leg.waived_why = words_kept(row, said, "waived")
        _end(row, leg, actor, now)
        tell(row, "helper_waived", actor.name, now, leg=leg.pk, post=leg.post, why=commitment(said, salt_of(row)))


def _end(row: CaseRow, leg: LegRow, actor: Actor, now: datetime) -> None:
    end_other(row, "leg", "waived" if leg.waived_why else "done", actor=actor.name, now=now, leg=leg.pk)
    leg.ended_at, leg.ended_by = now, actor.name
    leg.save()
    row.legs_open -= 1
    save(row)


def _open_leg(row: CaseRow, leg_id: int) -> LegRow:
    leg = LegRow.objects.filter(case=row, id=leg_id).first()
    if leg is None:
        raise UnknownName(thing_of(row), _("no helper was asked under this number"), _("load the page again"))
    if leg.ended_at is not None:
        raise Stale(thing_of(row), _("this helper's part is over"), _("load the page again"))
    return leg
