"""The only writer of risks. Each verb: guard, change, ledger entry, outbox fact, return.

A risk is of a place, a facility, a process or a project. Nothing here takes a person: not by kind, and not by words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.geo.jurisdiction import is_inside
from tocsin.packkit.answers import has_unseen
from tocsin.records.cases.calendars import calendars_in_use
from tocsin.records.cases.facts import CalendarLoaded
from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org import queries as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import MAY, Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.places import queries as places
from tocsin.records.risks.facts import RiskChanged, RiskReviewOverdue
from tocsin.records.risks.inspecting import open_due, plan_facility
from tocsin.records.risks.matrices import ends_of, pack_of
from tocsin.records.risks.models import AssessmentRow, RiskRow
from tocsin.terms.boundary import name_refused, text_refused
from tocsin.terms.errors import BadValue, NotAllowed, Stale, TooBig, UnknownName
from tocsin.terms.moment import to_us

__all__ = [
    "OF", "TREATMENTS", "Assessment", "NewRisk", "assess_risk", "close_risk", "enter_risk", "hand_risk", "on_calendar_loaded",
    "sweep",
]  # fmt: skip

OF = ("place", "facility", "process", "project")
TREATMENTS = ("avoid", "lower", "share", "accept")  # ISO 31000, 6.5.2, in four words
WORDS_AT_MOST = 4000
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Assessment:
    """How likely, how bad, what is done about it. ``likelihood`` and ``consequence``: steps of the matrix."""

    likelihood: str
    consequence: str
    treatment: str
    measures: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class NewRisk:
    """A risk to be entered. A facility brings its own area; ``owner``: the post that answers for it."""

    of: str
    title: str
    pack: str
    owner: str
    assessment: Assessment
    facility: str = ""
    place: str = ""
    jurisdiction: str = ""


def enter_risk(given: NewRisk, *, actor: Actor, now: datetime) -> str:
    """Enter a risk with its first assessment; its id. Raises BadValue (a kind that is none of things, a step that is none of
    the matrix, words about people), UnknownName, NotAllowed, TooBig."""
    thing = _("risk")
    _require_thing(given, thing)
    area = _area(given)
    actor.require(Act.KEEP_RISKS, area)
    with transaction.atomic():
        row = RiskRow(
            id=new_id("rsk", now=now), of=given.of, title=given.title.strip(), facility=given.facility,
            place=given.place.strip(), jurisdiction=area, pack=given.pack, owner=_owner(given.owner, area),
            opened_at=now, opened_by=actor.name, version=0,
        )  # fmt: skip
        _assess(row, given.assessment, actor, now)
        _tell(row, "risk_entered", actor, now, of=row.of, facility=row.facility, **_graded(row))
    return row.id


def assess_risk(risk_id: str, given: Assessment, *, version: int, actor: Actor, now: datetime) -> None:
    """Assess it anew: its review clock starts again, and the plan of inspections follows. Raises UnknownName, NotAllowed,
    Stale, BadValue."""
    with transaction.atomic():
        row = _held(risk_id, version, actor)
        _see_review(row, now)
        _assess(row, given, actor, now)
        _tell(row, "risk_assessed", actor, now, **_graded(row))


def hand_risk(risk_id: str, post: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Another post answers for it from now on; the review clock goes on. Raises what ``assess_risk`` raises."""
    with transaction.atomic():
        row = _held(risk_id, version, actor)
        before, row.owner = row.owner, _owner(post, row.jurisdiction)
        _save(row)
        _tell(row, "risk_handed", actor, now, before=before, owner=row.owner)


def close_risk(risk_id: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """It is no risk any more, with the reason. Raises what ``assess_risk`` raises."""
    with transaction.atomic():
        row = _held(risk_id, version, actor)
        row.closed_why = _words(why, _("reason"))
        if not row.closed_why:
            raise BadValue(_thing(row), _("no reason is given"), _("say why it is no risk any more"))
        _see_review(row, now)
        row.closed_at, row.closed_by = now, actor.name
        _save(row)
        plan_facility(row.facility, now=now)
        _tell(row, "risk_closed", actor, now)


def sweep(*, now: datetime) -> int:
    """Reviews whose day has passed are told of, once; inspections that come near are opened as cases. How many."""
    told = 0
    waiting = RiskRow.objects.filter(closed_at=None, overdue_at=None, due_at__lte=now)
    while waiting.exists():
        with transaction.atomic():
            for row in waiting.select_for_update().order_by("due_at", "id")[:_AT_ONCE]:
                _see_review(row, now)
                row.save(update_fields=["overdue_at"])
                told += 1
    return told + open_due(now=now)


def on_calendar_loaded(facts: Sequence[CalendarLoaded], now: datetime) -> None:
    """Reviews that were rolled off rest days which have been announced since are computed again."""
    codes, last = {fact.calendar for fact in facts}, ""
    while True:
        with transaction.atomic():
            rows = (
                RiskRow.objects.select_for_update().filter(closed_at=None, provisional=True, id__gt=last).order_by("id")
            )
            found = list(rows[:_AT_ONCE])
            calendars = calendars_in_use()
            for row in found:
                _announced(row, codes, calendars, now)
        if not found:
            return
        last = found[-1].id


def _announced(row: RiskRow, codes: Collection[str], calendars: calendars_in_use, now: datetime) -> None:
    try:
        pack = pack_of(row.pack)
    except UnknownName:
        return  # its matrix is declared no more: the day that was told stands
    if pack.clocks[row.clock].calendar not in codes:
        return
    before, ends = row.due_at, ends_of(pack, row.clock, row.assessed_at, row.jurisdiction, calendars)
    row.due_at, row.warn_at, row.provisional, row.calendar = ends.due_at, ends.warn_at, ends.provisional, ends.calendar
    row.save(update_fields=["due_at", "warn_at", "provisional", "calendar"])
    if row.due_at != before or not row.provisional:
        _tell(row, "risk_review_moved", SYSTEM, now, due_us=to_us(row.due_at))


def _assess(row: RiskRow, given: Assessment, actor: Actor, now: datetime) -> None:
    pack = pack_of(row.pack)
    found = pack.risks.graded(given.likelihood, given.consequence) if pack.risks else None
    if found is None:
        raise BadValue(
            _thing(row), _("likelihood or consequence is no step of the matrix"), _("choose one of each list")
        )
    if given.treatment not in TREATMENTS:
        raise BadValue(_thing(row), _("the treatment is none of the four"), _("avoid, lower, share or accept it"))
    measures, why = _words(given.measures, _("measures")), _words(given.why, _("reason"))
    if given.treatment != "accept" and not measures:
        raise BadValue(_thing(row), _("nothing is said of what is done about it"), _("say the measures, or accept it"))
    row.likelihood, row.consequence, row.grade, row.level = given.likelihood, given.consequence, found.code, found.level
    row.treatment, row.measures, row.assessed_at, row.overdue_at = given.treatment, measures, now, None
    ends = ends_of(pack, found.review, now, row.jurisdiction)
    row.clock, row.due_at, row.warn_at = found.review, ends.due_at, ends.warn_at
    row.provisional, row.calendar = ends.provisional, ends.calendar
    _save(row)
    AssessmentRow.objects.create(
        risk=row, likelihood=row.likelihood, consequence=row.consequence, grade=row.grade, level=row.level,
        treatment=row.treatment, measures=measures, why=why, sha=pack.sha, at=now, by=actor.name,
    )  # fmt: skip
    plan_facility(row.facility, now=now)


def _see_review(row: RiskRow, now: datetime) -> None:
    """A review day never passes unseen, also where the risk is assessed or closed before the sweep came by."""
    if row.overdue_at is None and row.due_at <= now:
        row.overdue_at = now
        body = {"risk": row.id, "owner": row.owner, "due_us": to_us(row.due_at)}
        ledger.append(row.id, "risk_review_overdue", body, actor=SYSTEM.name, now=now)
        outbox.put([RiskReviewOverdue(row.id, row.jurisdiction, row.owner, to_us(row.due_at))], now=now)


def _require_thing(given: NewRisk, thing: str) -> None:
    if given.of not in OF:
        raise BadValue(thing, _("a risk is of a place, a facility, a process or a project, never of people"),
                       _("choose one of the four"))  # fmt: skip
    if not given.title.strip():
        raise BadValue(thing, _("it has no title"), _("say in a few words what may happen"))
    if len(given.title.strip()) > 200 or len(given.place.strip()) > 300:
        raise TooBig(thing, _("title or place is too long"), _("at most 200 and 300 characters"))
    for text in (given.title, given.place):
        _words(text, thing)
    if given.of == "facility" and not given.facility:
        raise BadValue(thing, _("no facility is named"), _("choose one of the list"))
    if given.of == "place" and not (given.place.strip() or given.facility):
        raise BadValue(thing, _("no place is named"), _("say where it is"))


def _words(text: str, thing: str) -> str:
    """What somebody wrote, without blanks around it. Raises TooBig, and BadValue where it speaks of people as risks."""
    said = text.replace("\r\n", "\n").strip()
    if len(said) > WORDS_AT_MOST:
        raise TooBig(thing, _("it is longer than {n} characters").format(n=WORDS_AT_MOST), _("say it in fewer words"))
    if has_unseen(said):
        raise BadValue(thing, _("holds characters that cannot be seen"), _("type it again without them"))
    crossing = text_refused(said) or name_refused(said)
    if crossing is not None:
        raise BadValue(thing, _("“{word}”: a risk is of a thing, never of people").format(word=crossing.matched),
                       _("say what of the place, the facility or the work is dangerous"))  # fmt: skip
    return said


def _area(given: NewRisk) -> str:
    if given.facility:
        found = next((one for one in places.facilities(EVERYWHERE) if one.id == given.facility), None)
        if found is None:
            raise UnknownName(_("facility"), _("nobody registered it"), _("choose one of the list"))
        return found.jurisdiction
    if given.jurisdiction and places.area(EVERYWHERE, given.jurisdiction) is None:
        raise UnknownName(_("area {area}").format(area=given.jurisdiction[:80]), _("nobody registered it"),
                          _("choose one of the list"))  # fmt: skip
    return given.jurisdiction


def _owner(post_id: str, area: str) -> str:
    if not post_id:
        raise BadValue(_("risk"), _("no post answers for it"), _("choose the post that does"))
    post = org.post(post_id)
    if post.role not in MAY[Act.KEEP_RISKS] or not is_inside(area, post.jurisdiction):
        raise NotAllowed(
            _("post {post}").format(post=post.id), _("it keeps no risks of this area"), _("choose another post")
        )
    return post.id


def _held(risk_id: str, version: int, actor: Actor) -> RiskRow:
    row = RiskRow.objects.select_for_update().filter(id=risk_id).first()
    if row is None:
        raise UnknownName(_("risk"), _("there is none with this address"), _("open the risk register"))
    actor.require(Act.KEEP_RISKS, row.jurisdiction)
    if row.closed_at is not None:
        raise Stale(_thing(row), _("it is closed"), _("enter it anew if it has come back"))
    if row.version != version:
        raise Stale(_thing(row), _("somebody changed it meanwhile"), _("load the page again and decide anew"))
    return row


def _save(row: RiskRow) -> None:
    row.version += 1
    row.save()


def _graded(row: RiskRow) -> dict[str, object]:
    return {"pack": row.pack, "likelihood": row.likelihood, "consequence": row.consequence, "grade": row.grade,
            "level": row.level, "treatment": row.treatment, "owner": row.owner, "review_us": to_us(row.due_at)}  # fmt: skip


def _tell(row: RiskRow, verb: str, actor: Actor, now: datetime, **body: object) -> None:
    ledger.append(row.id, verb, {"risk": row.id, "jurisdiction": row.jurisdiction, **body}, actor=actor.name, now=now)
    outbox.put([RiskChanged(row.id, row.jurisdiction, row.level, verb, to_us(now))], now=now)


def _thing(row: RiskRow) -> str:
    return _("risk “{title}”").format(title=row.title[:80])
