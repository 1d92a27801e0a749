"""Opening a case: its number, its owner, its first clocks, the version of the pack that it keeps, a receipt if one is due."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.packkit.answers import answer_faults
from tocsin.packkit.case_moves import still_asked
from tocsin.packkit.grading import grade_kept, with_grade
from tocsin.packkit.lifecycle import OPENING, CaseKind
from tocsin.records.blobs import Photo
from tocsin.records.cases.calendars import calendars_in_use
from tocsin.records.cases.commitment import new_salt, of_answers, salt_of
from tocsin.records.cases.facts import CaseOpened
from tocsin.records.cases.keeper import Keeper, kept_by_another
from tocsin.records.cases.kinds import declare, openable
from tocsin.records.cases.models import STANDS_IN, CaseRow, ClockRow, HandRow, NumberRow
from tocsin.records.cases.refusals import AnswersRefused, in_words
from tocsin.records.cases.running import COLUMNS, moments_of, new_row, start_moment, zone_of
from tocsin.records.cases.sealing import begin, put_answers
from tocsin.records.cases.services.documents import put_pictures, too_many
from tocsin.records.cases.services.listed import listed_owner
from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import PostLine
from tocsin.records.outbox import services as outbox
from tocsin.records.places import queries as places
from tocsin.records.rows import put_rows
from tocsin.terms.errors import BadValue, NotAllowed, Unavailable, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["Opened", "code_digest", "open_case"]

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_PLACE = 300
_NOBODY = Keeper()


@dataclass(frozen=True, slots=True)
class Opened:
    """A case with its number; ``receipt``: the requester's code, shown this once and kept nowhere ("" where there is none)."""

    id: str
    number: str
    receipt: str = ""


def open_case(
    kind_name: str, answers: Mapping[str, Any], *, jurisdiction: str = "", facility: str = "", place: str = "",
    event: str = "", parent: str = "", once: str = "", pictures: Sequence[Photo] = (), keeper: Keeper = _NOBODY,
    actor: Actor, now: datetime,
) -> Opened:  # fmt: skip
    """Open a case. Asked twice with the same ``once`` it gives the same one (without its receipt, which was shown). Raises
    UnknownName, Unavailable (no post could own it; no seal key), NotAllowed, BadValue, AnswersRefused, TooBig."""
    kind, pack = openable(kind_name)
    for refused in (kept_by_another(kind, keeper), too_many(len(pictures))):
        if refused is not None:
            raise refused
    if once and (same := CaseRow.objects.filter(once=once).first()):
        return Opened(same.id, same.number)
    area = _area(jurisdiction, facility)
    _may_open(kind, area, facility, actor)
    answers = _answers(kind, answers, places.local_time(now, area))
    with transaction.atomic():
        if once and (same := CaseRow.objects.filter(once=once).first()):
            return Opened(same.id, same.number)
        listed, by_line = listed_owner(kind, area, facility, answers, now=now)
        owner, stands_in = (listed, False) if listed else _first_owner(kind, area, actor, now=now)
        code = _new_code() if kind.requester else ""
        case_id = new_id("cas", now=now)
        row = CaseRow(
            id=case_id, number=_number(kind, area, now), kind=kind.name, declaration_id=declare(pack, now=now),
            state=kind.first, owner=owner.id, jurisdiction=area, facility=facility,
            event=event, parent=_parent(parent, actor), salt=new_salt(), seal_key=begin(case_id, kind, now=now),
            makers={OPENING: actor.account}, opened_at=now, moved_at=now, opened_by=actor.name,
            receipt=code_digest(code) if code else None, once=once or None,
        )  # fmt: skip
        where = place.strip()[:_PLACE]
        row.values, row.sealed = put_answers(row, kind, {}, None, kind.form, answers, where)
        if kind.grade:
            row.values = with_grade(kind.grade, row.values, answers)
        row.place = "" if kind.sealed else where
        row.save(force_insert=True)
        HandRow.objects.create(
            case=row, what=STANDS_IN if stands_in else "assigned", after=row.owner, at=now, by=actor.name
        )
        started = _start(row, kind, now)
        body = {
            "number": row.number, "kind": row.kind, "pack": pack.sha, "state": row.state, "owner": row.owner,
            "jurisdiction": area, "facility": facility, "event": event, "parent": row.parent, "clocks": started,
            "duty_line": by_line, "asked": sorted(answers), "answers": of_answers(answers, salt_of(row)),
        }  # fmt: skip
        if (grade := grade_kept(kind, row.values)) and kind.grade:
            body |= {"grade": grade.code, "asked": sorted({*answers, kind.grade.name})}
        if stands_in:
            body["stands_in_for"] = kind.owner
        if pictures:
            body["photos"] = put_pictures([(row.id, row.state)], OPENING, pictures, by=actor.name, now=now)
        ledger.append(row.id, keeper.verb or "case_opened", {**body, **keeper.body}, actor=actor.name, now=now)
        outbox.put([CaseOpened(row.id, row.kind, area, to_us(now), row.state)], now=now)
    return Opened(row.id, row.number, code)


def code_digest(code: str) -> str:
    """How a receipt code is kept: 100 random bits need no salt. Spaces, dashes and small letters do not matter."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(f"tocsin receipt {plain}".encode()).hexdigest()


def _may_open(kind: CaseKind, area: str, facility: str, actor: Actor) -> None:
    if actor.role == Role.SYSTEM:
        return  # what a declared plan asks for
    if actor.role not in kind.opens:
        raise NotAllowed(in_words(kind.title), _("your post does not open such cases"), _("tell who does"))
    if actor.role == Role.FACILITY_OPERATOR and actor.facility != facility:
        raise NotAllowed(in_words(kind.title), _("it is not about your facility"), _("choose your own facility"))
    actor.require(Act.WORK_CASES, None if actor.role == Role.FACILITY_OPERATOR else area)


def _answers(kind: CaseKind, answers: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    if not kind.form:
        if answers:
            raise BadValue(in_words(kind.title), _("it asks for nothing at its opening"), _("leave the answers out"))
        return {}
    form = kind.forms[kind.form]
    faults = answer_faults(form, still_asked(kind, kind.form, {}), answers, now=now)
    if faults:
        raise AnswersRefused(faults, form)
    return dict(answers)


def _area(jurisdiction: str, facility: str) -> str:
    """Where it is: the facility's area, or one that is registered."""
    if facility:
        found = places.facility(EVERYWHERE, facility)
        if found is None:
            raise UnknownName(_("facility"), _("nobody registered it"), _("choose one of the list"))
        return found.jurisdiction
    if jurisdiction and places.area(EVERYWHERE, jurisdiction) is None:
        raise UnknownName(
            _("area {area}").format(area=jurisdiction[:80]), _("nobody registered it"), _("choose one of the list")
        )
    return jurisdiction


def _parent(parent: str, actor: Actor) -> str:
    if parent and not CaseRow.objects.filter(actor.scope.of_facility(), id=parent).exists():
        raise UnknownName(_("case"), _("the one it comes from is not in your area"), _("open it from that case"))
    return parent


def _first_owner(kind: CaseKind, area: str, actor: Actor, *, now: datetime) -> tuple[PostLine, bool]:
    """The nearest post of the owning role on duty, else the nearest that exists: a case never has nobody. What a room of the
    loop keeps is never refused for want of a post, since somebody stands before the danger: the supervisor stands in, else who
    opens it. Whether somebody stands in."""
    if found := _nearest(Role(kind.owner), area, now=now):
        return found, False
    if kind.room:
        if found := _nearest(Role(kind.supervisor), area, now=now):
            return found, True
        if actor.post:
            return org.post(actor.post), True
    raise Unavailable(in_words(kind.title), _("no post could own such a case here"),
                      _("have the administrator make a post for it"))  # fmt: skip


def _nearest(role: Role, area: str, *, now: datetime) -> PostLine | None:
    there = [post for post in org.posts(EVERYWHERE) if post.role == role and Scope(post.jurisdiction, "").covers(area)]
    nearest = org.on_duty(role, area, now=now) or sorted(there, key=lambda post: (-len(post.jurisdiction), post.id))
    return nearest[0] if nearest else None


def _number(kind: CaseKind, area: str, now: datetime) -> str:
    key = f"{kind.number}{places.local_time(now, area).year}"
    NumberRow.objects.bulk_create([NumberRow(key=key)], ignore_conflicts=True)
    row = NumberRow.objects.select_for_update().get(key=key)
    NumberRow.objects.filter(key=key).update(last=row.last + 1)
    return f"{key}-{row.last + 1:06d}"


def _start(row: CaseRow, kind: CaseKind, now: datetime) -> dict[str, int]:
    """The clocks of the opening; their deadlines for the ledger."""
    zone, calendars, rows, due = zone_of(row.jurisdiction), calendars_in_use(), [], {}
    for name in kind.starts:
        spec = kind.clock_for(name, row.values)
        began = start_moment(spec, row.values, zone, now)
        moments = moments_of(spec, began, zone, calendars[spec.calendar], now=now)
        rows.append(new_row(row.id, spec, "case", began, zone, moments))
        due[spec.code] = to_us(moments.due_at)
    put_rows(ClockRow, COLUMNS, rows)
    return due


def _new_code() -> str:
    groups = ["".join(secrets.choice(_LETTERS) for _letter in range(4)) for _group in range(5)]
    return "-".join(groups)
