"""Merging and splitting. A merge is a link with a survivor and can be undone; the earliest statutory deadline survives, and
what is owed to each requester (clocks that ``stay``) goes on for each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.calendars import calendars_in_use
from tocsin.records.cases.commitment import commitment, salt_of
from tocsin.records.cases.models import CaseRow, ClockRow, LegRow, MergeRow
from tocsin.records.cases.refusals import merged, purged, words_of
from tocsin.records.cases.running import recompute
from tocsin.records.cases.sealing import resealed, words_kept
from tocsin.records.cases.services.crossing import tell_run_out
from tocsin.records.cases.services.rows import (
    covers,
    kind_of_row,
    require_open,
    require_owner,
    row_of,
    save,
    tell,
    thing_of,
)
from tocsin.records.ledger.bulk import append_many
from tocsin.records.org.actor import Actor
from tocsin.terms.errors import BadValue, Stale

__all__ = ["merge", "split"]


def merge(case_id: str, survivor_id: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """The owner of the survivor takes a case of the same kind into it. Raises BadValue for itself or another kind, NotAllowed,
    Stale where one of them is over, disputed, merged or changed."""
    if case_id == survivor_id:
        raise BadValue(_("case"), _("it cannot be merged into itself"), _("choose the other case"))
    with transaction.atomic():
        # In the order of ids, as everybody locks: two merges crosswise never wait in a ring.
        first, second = sorted((case_id, survivor_id))
        both = {row.id: row for row in (row_of(first), row_of(second))}
        row, survivor = both[case_id], both[survivor_id]
        _may_merge(row, survivor, actor)
        if row.version != version:
            raise Stale(thing_of(row), _("somebody has changed it since you saw it"), _("load the page again"))
        kind, said = kind_of_row(row), words_of(why, _("reason"))
        moved: dict[str, list[Any]] = {
            "clocks": _clocks_along(row, survivor, kind, actor, now),
            "legs": _legs_along(row, survivor),
            "also": [],
        }
        for inner in (
            CaseRow.objects.select_for_update().filter(survivor=row.id).order_by("id")
        ):  # those merged into it before
            inner.survivor = survivor.id
            save(inner)
            moved["also"].append(inner.id)
        row.survivor = survivor.id
        kept = words_kept(row, said, "merge")
        MergeRow.objects.create(merged=row, survivor=survivor, why=kept, moved=moved, at=now, by=actor.name)
        save(row)
        save(survivor)
        body = {"merged": row.number, "survivor": survivor.number, "why": commitment(said, salt_of(row))}
        tell(row, "case_merged", actor.name, now, **body, also=moved["also"])
        tell(survivor, "case_took_in", actor.name, now, **body)


def split(case_id: str, why: str, *, actor: Actor, now: datetime) -> None:
    """Undo a merge: the case stands alone again, in the state it had, with its own clocks counted from their own starts. Raises
    NotAllowed for who does not own the survivor, Stale where it is not merged."""
    with transaction.atomic():
        link = MergeRow.objects.filter(merged_id=case_id, undone_at=None).order_by("-id").first()
        if link is None:
            raise Stale(_("case"), _("it is not merged into another"), _("load the page again"))
        first, second = sorted((case_id, link.survivor_id))
        both = {row.id: row for row in (row_of(first), row_of(second))}
        row, survivor = both[case_id], both[link.survivor_id]
        covers(survivor.jurisdiction, survivor.facility, actor)
        require_owner(survivor, actor)
        if row.purged_at is not None:
            raise purged(row.number)
        said = words_of(why, _("reason"))
        _clocks_back(row, survivor, link.moved["clocks"], now)
        back = LegRow.objects.filter(id__in=link.moved["legs"], case=survivor)
        opened = back.filter(ended_at=None).count()
        ClockRow.objects.filter(leg_id__in=link.moved["legs"]).update(case=row)
        _go(back, survivor, row)
        row.legs_open, survivor.legs_open, row.survivor = opened, survivor.legs_open - opened, ""
        CaseRow.objects.filter(id__in=link.moved["also"], survivor=survivor.id).update(survivor=row.id)
        link.undone_at, link.undone_by = now, actor.name
        link.save()
        save(row)
        save(survivor)
        body = {"merged": row.number, "survivor": survivor.number, "why": commitment(said, salt_of(row))}
        tell(row, "case_split", actor.name, now, **body)
        tell(survivor, "case_gave_back", actor.name, now, **body)


def _may_merge(row: CaseRow, survivor: CaseRow, actor: Actor) -> None:
    for one in (row, survivor):
        covers(one.jurisdiction, one.facility, actor)
        if one.survivor:
            raise merged(one.number, CaseRow.objects.get(id=one.survivor).number)
        require_open(one)
        if one.contested_at is not None:
            raise Stale(thing_of(one), _("it is disputed whose it is"), _("wait for the ruling"))
    require_owner(survivor, actor)
    if kind_of_row(row).room:
        raise BadValue(thing_of(row), _("such cases are not merged"), _("withdraw the one that was recorded twice"))
    if row.kind != survivor.kind:
        raise BadValue(
            thing_of(row), _("the other is of another kind"), _("link them instead, by opening one from the other")
        )


def _legs_along(row: CaseRow, survivor: CaseRow) -> list[int]:
    legs = LegRow.objects.filter(case=row, ended_at=None)
    ids = list(legs.values_list("id", flat=True))
    ClockRow.objects.filter(leg_id__in=ids).update(case=survivor)
    _go(legs, row, survivor)
    row.legs_open, survivor.legs_open = row.legs_open - len(ids), survivor.legs_open + len(ids)
    return ids


def _go(legs: QuerySet[LegRow], old: CaseRow, new: CaseRow) -> None:
    """Legs from one case to another; what was written goes under the other's key."""
    for leg in list(legs):
        leg.case = new
        for name, what in (("words", "leg"), ("reply", "reply"), ("waived_why", "waived")):
            setattr(leg, name, resealed(getattr(leg, name), what, old, new))
        leg.save()


def _clocks_along(row: CaseRow, survivor: CaseRow, kind: CaseKind, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Of each clock the earlier deadline goes on, at the survivor. What was ended and what was moved is kept, to be undone."""
    running = {one.code: one for one in _running(survivor)}
    ever = set(ClockRow.objects.filter(case=survivor, purpose="case").values_list("code", flat=True))
    mine = _running(row)
    late = [one for one in mine if one.overdue_at is None and not one.standing and one.due_at <= now]
    append_many(tell_run_out(late, now=now), actor=actor.name, now=now)
    kept: list[dict[str, Any]] = []
    for clock in mine:
        if kind.clocks[clock.code].stays:
            continue
        theirs = running.get(clock.code)
        if theirs is None and clock.code in ever:  # what the survivor has done is done for both
            _end(clock, now)
            kept.append({"ended": clock.pk})
        elif theirs is None or clock.due_at < theirs.due_at:
            if theirs is not None:
                _end(theirs, now)
            clock.case, clock.origin = survivor, row.id
            _reasons(clock, row, survivor)
            clock.save()
            kept.append({"moved": clock.pk, "instead_of": theirs.pk if theirs else None})
        else:
            _end(clock, now)
            kept.append({"ended": clock.pk})
    return kept


def _clocks_back(row: CaseRow, survivor: CaseRow, kept: list[dict[str, Any]], now: datetime) -> None:
    in_use, kind, theirs = calendars_in_use(), kind_of_row(row), kind_of_row(survivor)
    for one in kept:
        clock = ClockRow.objects.select_for_update().get(id=one.get("moved") or one["ended"])
        still = clock.ended_at is None
        if clock.case_id != row.id:
            _reasons(clock, survivor, row)
        clock.case, clock.origin, clock.ended_at, clock.ended_how = row, "", None, ""
        spec = kind.clocks[clock.code]
        recompute(clock, spec, in_use[spec.calendar], now=now)
        clock.save()
        if one.get("instead_of") and still and survivor.over_at is None:
            own = ClockRow.objects.select_for_update().get(id=one["instead_of"])
            own.ended_at, own.ended_how = None, ""
            recompute(own, theirs.clocks[own.code], in_use[theirs.clocks[own.code].calendar], now=now)
            own.save()


def _running(row: CaseRow) -> list[ClockRow]:
    return list(ClockRow.objects.select_for_update().filter(case=row, purpose="case", ended_at=None).order_by("id"))


def _reasons(clock: ClockRow, old: CaseRow, new: CaseRow) -> None:
    clock.pauses = [[*one[:3], resealed(one[3], "clock", old, new)] for one in clock.pauses]
    clock.extensions = [[one[0], resealed(one[1], "clock", old, new), *one[2:]] for one in clock.extensions]


def _end(clock: ClockRow, now: datetime) -> None:
    clock.ended_at, clock.ended_how = now, "merged"
    clock.save()
