"""The only writer of duty lists. Each verb: guard, change, ledger entry, outbox fact, return.

A line is never rewritten. What changes gets a new line from a moment on, which ends the one before: so the list can be asked
whose something was at any moment, and by whom and when that was entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.geo.jurisdiction import is_inside
from tocsin.records.cases.kinds import kinds_in_use
from tocsin.records.duties.facts import DutyChanged
from tocsin.records.duties.models import DutyRow
from tocsin.records.ledger import services as ledger
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.places import queries as places
from tocsin.terms.errors import BadTime, BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["LINES_AT_MOST", "NewLine", "end_duty", "put_duties"]

CHAIN = "duties"
LINES_AT_MOST = 2000
_WHY = 300


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to be entered. ``from_at`` None: from now. A facility brings its own area; a post brings its department."""

    facility: str = ""
    matter: str = ""
    jurisdiction: str = ""
    department: str = ""
    post: str = ""
    keeps: bool = False
    why: str = ""
    from_at: datetime | None = None


def put_duties(lines: Sequence[NewLine], *, actor: Actor, now: datetime) -> int:
    """Enter lines, each from its moment on; how many were new. A line that holds already is left as it is. Raises NotAllowed,
    UnknownName, BadValue, BadTime for a moment at or before which another line of the same begins or ends."""
    if len(lines) > LINES_AT_MOST:
        raise BadValue(_("duty list"), _("it has more than {n} lines").format(n=LINES_AT_MOST), _("load it in parts"))
    with transaction.atomic():
        made = [row for line in lines if (row := _put(_complete(line, actor, now), actor, now)) is not None]
        if made:
            body = {"lines": [_told(row) for row in made]}
            ledger.append(CHAIN, "duties_put", body, actor=actor.name, now=now)
            outbox.put([_changed(row, to_us(row.from_at), ended=False) for row in made], now=now)
    return len(made)


def end_duty(line_id: int, *, until_at: datetime | None = None, actor: Actor, now: datetime) -> None:
    """A line holds no more from a moment on (now); one that lies ahead is taken back. Raises UnknownName, NotAllowed, Stale,
    BadTime for a moment that has passed: what held, held."""
    with transaction.atomic():
        row = DutyRow.objects.select_for_update().filter(pk=line_id).first()
        if row is None:
            raise UnknownName(_("line of the duty list"), _("there is no such line"), _("open the duty lists"))
        _require_manager(actor, row.jurisdiction)
        if row.until_at is not None:
            raise Stale(_thing(row.facility, row.matter), _("its end is entered already"), _("load the page again"))
        ends = until_at or now
        if ends < now:
            raise BadTime(_thing(row.facility, row.matter), _("what held until today is not changed any more"),
                          _("let it end now or later"))  # fmt: skip
        row.until_at, row.ended_at, row.ended_by = max(ends, row.from_at), now, actor.name
        row.save(update_fields=["until_at", "ended_at", "ended_by"])
        body = {"line": row.pk, "facility": row.facility, "matter": row.matter, "until_us": to_us(row.until_at)}
        ledger.append(CHAIN, "duty_ended", body, actor=actor.name, now=now)
        outbox.put([_changed(row, to_us(row.until_at), ended=True)], now=now)


def _put(line: NewLine, actor: Actor, now: datetime) -> DutyRow | None:
    begins, thing = line.from_at or now, _thing(line.facility, line.matter)
    same = DutyRow.objects.select_for_update().filter(
        facility=line.facility, matter=line.matter, jurisdiction=line.jurisdiction
    )
    rows = [row for row in same if row.until_at != row.from_at]  # one that was taken back never held
    running = next((row for row in rows if row.until_at is None), None)
    if running is not None and _says(running) == (line.department, line.post, line.keeps, line.why):
        return None
    if any(row.from_at >= begins or (row.until_at is not None and row.until_at > begins) for row in rows):
        raise BadTime(thing, _("another line begins or ends after that moment"), _("give a later moment"))
    if running is not None:
        if begins < now:
            raise BadTime(thing, _("what held until today is not changed any more"),
                          _("let the new line begin now or later"))  # fmt: skip
        running.until_at, running.ended_at, running.ended_by = begins, now, actor.name
        running.save(update_fields=["until_at", "ended_at", "ended_by"])
    return DutyRow.objects.create(
        facility=line.facility, matter=line.matter, jurisdiction=line.jurisdiction, department=line.department,
        post=line.post, keeps=line.keeps, why=line.why, from_at=begins, put_at=now, put_by=actor.name,
    )  # fmt: skip


def _complete(line: NewLine, actor: Actor, now: datetime) -> NewLine:
    """The line with its area and department, every name of it checked."""
    thing = _thing(line.facility, line.matter)
    if not (line.facility or line.matter):
        raise BadValue(_("duty list"), _("a line names neither a facility nor a matter"), _("name what it is about"))
    if line.from_at is not None and line.from_at.tzinfo is None:
        raise BadTime(thing, _("a moment without a zone"), _("give the moment with its zone"))
    area = _area(line)
    _require_manager(actor, area)
    _require_matter(line.matter)
    department = line.department
    if line.post:
        post = org.post(line.post)
        if department and post.department != department:
            raise BadValue(thing, _("{post} is no post of {department}").format(post=post.id, department=department),
                           _("name the post's own department, or leave it out"))  # fmt: skip
        if not is_inside(area, post.jurisdiction) or post.role in (Role.ADMINISTRATOR, Role.AUDITOR):
            raise NotAllowed(_("post {post}").format(post=post.id), _("it does not answer for this area"),
                             _("choose another post"))  # fmt: skip
        department = post.department
    found = next((one for one in org.departments(EVERYWHERE) if one.id == department), None)
    if found is None:
        raise UnknownName(_("department {department}").format(department=department[:60]), _("nobody registered it"),
                          _("choose one of the list"))  # fmt: skip
    if not is_inside(area, found.jurisdiction):
        raise NotAllowed(_("department {department}").format(department=department),
                         _("it does not answer for this area"), _("choose another department"))  # fmt: skip
    return NewLine(line.facility, line.matter, area, department, line.post, line.keeps, line.why.strip()[:_WHY],
                   line.from_at)  # fmt: skip


def _area(line: NewLine) -> str:
    if line.facility:
        found = next((one for one in places.facilities(EVERYWHERE) if one.id == line.facility), None)
        if found is None:
            raise UnknownName(
                _("facility {facility}").format(facility=line.facility[:100]), _("nobody registered it"),
                _("choose one of the list"),
            )  # fmt: skip
        return found.jurisdiction
    if line.jurisdiction and places.area(EVERYWHERE, line.jurisdiction) is None:
        raise UnknownName(_("area {area}").format(area=line.jurisdiction[:80]), _("nobody registered it"),
                          _("choose one of the list"))  # fmt: skip
    return line.jurisdiction


def _require_matter(matter: str) -> None:
    """A pack in use, a kind of case of it, or one choice of one of its questions; never a question that lies under seal."""
    if not matter:
        return
    name, _colon, choice = matter.partition(":")
    kinds = kinds_in_use()
    fits = name in kinds or (not choice and name in {kind.pack for kind in kinds.values()})
    if fits and choice:
        question, _equals, value = choice.partition("=")
        asked = [form.question(question) for form in kinds[name].forms.values()]
        fits = any(one and not one.sealed and value in one.schema.get("enum", ()) for one in asked)
    if not fits:
        raise UnknownName(_("matter {matter}").format(matter=matter[:120]), _("no pack in use has such cases"),
                          _("write pack, pack/kind or pack/kind:question=choice"))  # fmt: skip


def _require_manager(actor: Actor, jurisdiction: str) -> None:
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF, jurisdiction)


def _says(row: DutyRow) -> tuple[str, str, bool, str]:
    return row.department, row.post, row.keeps, row.why


def _told(row: DutyRow) -> dict[str, object]:
    return {
        "line": row.pk, "facility": row.facility, "matter": row.matter, "jurisdiction": row.jurisdiction,
        "department": row.department, "post": row.post, "keeps": row.keeps, "from_us": to_us(row.from_at),
    }  # fmt: skip


def _changed(row: DutyRow, at_us: int, *, ended: bool) -> DutyChanged:
    return DutyChanged(row.pk, row.facility, row.matter, row.jurisdiction, at_us, ended)


def _thing(facility: str, matter: str) -> str:
    return _("duty list, {what}").format(what=", ".join(part for part in (facility, matter) if part)[:160])
