"""Moves of cases: one, or thousands by a few statements. A single move is a list of one: there is one way only.

Rows are locked in the order of their ids, so that two lists never wait for each other in a ring. What is refused of a list is
refused case by case, in words, and holds up nothing else of it. Each case gets its own ledger entry and its own fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.packkit.answers import AnswerFault, answer_faults
from tocsin.packkit.case_moves import Standing, WhyNot, still_asked, why_not
from tocsin.packkit.checklists import form_of
from tocsin.packkit.concerns.lifecycle import REPLY
from tocsin.packkit.grading import hops_left, with_grade
from tocsin.packkit.lifecycle import CaseKind, Move
from tocsin.records.blobs import Photo
from tocsin.records.cases.calendars import calendars_in_use
from tocsin.records.cases.commitment import of_answers, salt_of
from tocsin.records.cases.facts import CaseMoved
from tocsin.records.cases.keeper import Keeper, kept_by_another
from tocsin.records.cases.kinds import kind_of
from tocsin.records.cases.models import CaseRow, ClockRow, DocumentRow, MessageRow
from tocsin.records.cases.refusals import AnswersRefused, merged, move_refused, purged, stale
from tocsin.records.cases.running import COLUMNS, moments_of, new_row, start_moment, zone_of
from tocsin.records.cases.sealing import Sealable, answered, put_answers, words_kept
from tocsin.records.cases.services.checking import against_list, open_findings
from tocsin.records.cases.services.documents import put_pictures, too_many
from tocsin.records.cases.services.ending import end_clocks
from tocsin.records.cases.services.grading import grade_moved, running_clocks
from tocsin.records.cases.services.rows import covers
from tocsin.records.ledger.bulk import Note, append_many
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.outbox import services as outbox
from tocsin.records.places import queries as places
from tocsin.records.row_updates import as_json, update_rows
from tocsin.records.rows import put_rows
from tocsin.terms.errors import BadValue, Refused, TooBig, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["MOST_AT_ONCE", "Moved", "Step", "move", "move_many"]

MOST_AT_ONCE = 500
_NOBODY = Keeper()
_READ = (
    "id", "number", "kind", "declaration_id", "state", "version", "owner", "jurisdiction", "facility", "values", "makers",
    "salt", "legs_open", "contested_at", "replied_at", "put_right_at", "over_at", "reopened", "survivor", "receipt", "sealed",
    "seal_key", "purged_at",
)  # fmt: skip
_WRITTEN = (
    "state", "version", "values", "makers", "moved_at", "replied_at", "put_right_at", "over_at", "reopened", "contested_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A case to be moved, and the version in which it was seen (None: whatever it is now, for lists)."""

    case: str
    version: int | None = None


@dataclass(slots=True)
class Moved:
    """What became of a list: the cases moved, and of each other one why not."""

    done: list[str] = field(default_factory=list)
    refused: dict[str, Refused] = field(default_factory=dict)


@dataclass(slots=True)
class _Seen:
    """A case as it was read, its kind, and what is to be written."""

    id: str
    number: str
    kind: str
    declaration_id: str
    state: str
    version: int
    owner: str
    jurisdiction: str
    facility: str
    values: dict[str, Any]
    makers: dict[str, str]
    salt: str
    legs_open: int
    contested_at: datetime | None
    replied_at: datetime | None
    put_right_at: datetime | None
    over_at: datetime | None
    reopened: int
    survivor: str
    receipt: str | None
    sealed: bytes | None
    seal_key: str
    purged_at: datetime | None
    before: str = ""
    was: dict[str, Any] = field(default_factory=dict)


def move(
    case_id: str, code: str, answers: Mapping[str, Any] | None = None, pictures: Sequence[Photo] = (), *,
    version: int, keeper: Keeper = _NOBODY, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Make one move. Raises UnknownName, NotAllowed, Stale, BadValue, AnswersRefused, TooBig; then nothing was changed."""
    moved = move_many([Step(case_id, version)], code, answers, pictures, keeper=keeper, actor=actor, now=now)
    for refused in moved.refused.values():
        raise refused


def move_many(
    steps: Sequence[Step], code: str, answers: Mapping[str, Any] | None = None, pictures: Sequence[Photo] = (), *,
    keeper: Keeper = _NOBODY, actor: Actor, now: datetime,
) -> Moved:  # fmt: skip
    """Make one move of many cases, with the same answers and pictures. Raises TooBig for more than MOST_AT_ONCE, BadValue for
    a case twice; anything else is refused of its case alone."""
    if len(steps) > MOST_AT_ONCE:
        raise TooBig(_("list of cases"), _("it holds more than {n}").format(n=MOST_AT_ONCE), _("send it in parts"))
    wanted = {step.case: step.version for step in steps}
    if len(wanted) != len(steps):
        raise BadValue(_("list of cases"), _("it names a case twice"), _("name each once"))
    moved = Moved()
    with transaction.atomic():
        rows = CaseRow.objects.select_for_update().filter(id__in=list(wanted)).order_by("id").values_list(*_READ)
        seen = [_Seen(*row) for row in rows]
        _Command(code, dict(answers or {}), wanted, actor, now, pictures, keeper).run(seen, moved)
    for case in wanted:
        if case not in moved.refused and case not in moved.done:
            moved.refused[case] = UnknownName(
                _("case"), _("there is none with this address"), _("open the list of cases")
            )
    return moved


class _Command:
    """One move of a list, from what was read to what is written."""

    def __init__(
        self, code: str, answers: dict[str, Any], wanted: Mapping[str, int | None], actor: Actor, now: datetime,
        pictures: Sequence[Photo], keeper: Keeper,
    ) -> None:  # fmt: skip
        self.pictures, self.keeper = pictures, keeper
        self.code, self.answers, self.wanted, self.actor, self.now = code, answers, wanted, actor, now
        self._operated: set[str] | None = None
        self._answered: dict[tuple[str, str, tuple[str, ...], date], list[AnswerFault]] = {}
        self._local: dict[str, datetime] = {}  # what time it is, by area
        self._started: dict[str, dict[str, int]] = {}  # deadlines of the clocks that began, by case
        self._area: dict[tuple[str, str], Refused | None] = {}

    def run(self, seen: list[_Seen], moved: Moved) -> None:
        taken, held = [], []
        for case in seen:
            kind = kind_of(case.kind, case.declaration_id)
            refused = self._refused(case, kind)
            if refused is not None:
                moved.refused[case.id] = refused
                continue
            held.append(case.values)
            self._change(case, kind)
            taken.append((case, kind))
            moved.done.append(case.id)
        if taken:
            listed = [(c, kind, before) for (c, kind), before in zip(taken, held, strict=True) if kind.checklists]
            self._write(taken)
            for c, kind, before in listed:
                open_findings(c, kind, kind.moves[self.code], before, self.answers, actor=self.actor, now=self.now)

    def _refused(self, case: _Seen, kind: CaseKind) -> Refused | None:
        area = (case.jurisdiction, case.facility)
        if area not in self._area:
            self._area[area] = self._outside(*area)
        if (outside := self._area[area]) is not None:
            return outside
        if case.survivor:
            return merged(case.number, CaseRow.objects.get(id=case.survivor).number)
        if case.purged_at is not None:
            return purged(case.number)
        if (kept := kept_by_another(kind, self.keeper)) is not None:
            return kept
        if (version := self.wanted[case.id]) is not None and version != case.version:
            return stale(case.number)
        return self._against_rules(case, kind)

    def _against_rules(self, case: _Seen, kind: CaseKind) -> Refused | None:
        actor = self.actor
        standing = Standing(case.state, {**case.values, **self.answers} if self.answers else case.values, case.makers,
                            case.legs_open, case.contested_at is not None, case.replied_at is not None,
                            self._running(case, kind), hops_left(kind, case.values))  # fmt: skip
        reason = why_not(kind, self.code, standing, role=actor.role, account=actor.account, is_owner=actor.post == case.owner,
                         operates=self._operates(case, kind))  # fmt: skip
        if reason is not None:
            return move_refused(kind, self.code, reason, case.number, case.state)
        move = kind.moves[self.code]
        # a case never ends over the heads of its helpers
        if kind.states[move.leads_to(case.state)].over and case.legs_open:
            return move_refused(kind, self.code, WhyNot.LEGS, case.number, case.state)
        if (against := self._against_pictures(move, case.id)) is not None:
            return against
        if not move.form:
            return AnswersRefused(answer_faults_of_none(self.answers), None) if self.answers else None
        here, form = self._local_time(case.jurisdiction), form_of(kind, move, case.values)
        asked = (case.declaration_id, form, still_asked(kind, form, answered(case.values, case.sealed)), here.date())
        if asked not in self._answered:  # the same answers to the same questions are looked at once a list
            self._answered[asked] = answer_faults(kind.forms[form], asked[2], self.answers, now=here)
        faults = self._answered[asked] or against_list(
            case, kind, move, case.values, self.answers, pictures=bool(self.pictures)
        )
        return AnswersRefused(faults, kind.forms[form]) if faults else None

    def _local_time(self, jurisdiction: str) -> datetime:
        if jurisdiction not in self._local:
            self._local[jurisdiction] = places.local_time(self.now, jurisdiction)
        return self._local[jurisdiction]

    def _against_pictures(self, move: Move, case: str) -> Refused | None:
        if move.pictures and not self.pictures:
            return BadValue(_("proof"), _("there is no photograph"),
                            _("add at least one photograph of the place as it is now"))  # fmt: skip
        if not self.pictures:
            return None
        return too_many(len(self.pictures) + DocumentRow.objects.filter(case_id=case).count())

    def _outside(self, jurisdiction: str, facility: str) -> Refused | None:
        try:
            covers(jurisdiction, facility, self.actor)
        except Refused as error:
            return error
        return None

    def _running_of(self, cases: list[str]) -> dict[str, dict[str, int]]:
        """Of cases whose grade may have changed their clocks, all that run after the move."""
        out: dict[str, dict[str, int]] = {case: {} for case in cases}
        rows = ClockRow.objects.filter(case_id__in=cases, purpose="case", ended_at=None) if cases else ()
        for row in rows:
            out[row.case_id][row.code] = to_us(row.due_at)
        return out

    def _running(self, case: _Seen, kind: CaseKind) -> tuple[str, ...]:
        """The clocks that run, where the move asks for one."""
        move = kind.moves.get(self.code)
        return running_clocks(case.id, now=self.now) if move and move.within else ()

    def _operates(self, case: _Seen, kind: CaseKind) -> bool:
        if self.code not in kind.moves or "not_operator" not in kind.moves[self.code].guards or not case.facility:
            return False
        if self._operated is None:
            held = org.posts_of(self.actor.account, now=self.now) if self.actor.account else []
            self._operated = {post.facility for post in held if post.facility}
        return case.facility in self._operated

    def _change(self, case: _Seen, kind: CaseKind) -> None:
        move, now = kind.moves[self.code], self.now
        after = kind.states[move.leads_to(case.state)]
        case.before, case.state, case.was = case.state, after.code, case.values
        case.version += 1
        case.makers = {**case.makers, self.code: self.actor.account}
        if move.form:
            case.values, case.sealed = put_answers(
                case, kind, case.values, case.sealed, form_of(kind, move, case.values), self.answers
            )
            if kind.grade:
                case.values = with_grade(kind.grade, case.values, self.answers)
        if after.replied and case.replied_at is None:
            case.replied_at = now
        case.put_right_at = (case.put_right_at or now) if after.put_right else None
        if after.over:
            case.over_at, case.contested_at = case.over_at or now, None
        elif case.over_at is not None:
            case.over_at, case.reopened = None, case.reopened + 1

    def _write(self, taken: list[tuple[_Seen, CaseKind]]) -> None:
        now, actor = self.now, self.actor.name
        dump = as_json
        update_rows(CaseRow, "id", _WRITTEN, [
            (c.id, c.state, c.version, dump(c.values), dump(c.makers), now, c.replied_at, c.put_right_at, c.over_at, c.reopened,
             c.contested_at) for c, _kind in taken
        ])  # fmt: skip
        for c, kind in taken:
            if c.seal_key and kind.moves[self.code].form:
                CaseRow.objects.filter(id=c.id).update(sealed=c.sealed)
        notes = self._clocks(taken)
        graded = grade_moved([(c, kind, c.was) for c, kind in taken if kind.grade], self.code, now=now)
        self._started |= self._running_of([c.id for c, kind in taken if kind.grade])
        kept = (
            put_pictures([(c.id, c.state) for c, _kind in taken], self.code, self.pictures, by=actor, now=now)
            if self.pictures
            else []
        )
        verb, more = self.keeper.verb or "case_moved", {**({"photos": kept} if kept else {}), **self.keeper.body}
        notes += [Note(c.id, verb, {**self._body(c), **more} if more else self._body(c)) for c, _kind in taken]
        notes += graded
        notes += self._told(taken)
        append_many(notes, actor=actor, now=now)
        at_us = to_us(now)
        outbox.put(
            (CaseMoved(c.id, c.kind, c.jurisdiction, at_us, self.code, c.before, c.state) for c, _kind in taken),
            now=now,
        )

    def _body(self, case: _Seen) -> dict[str, Any]:
        body: dict[str, Any] = {"number": case.number, "move": self.code, "before": case.before, "after": case.state}
        if case.id in self._started:
            body["clocks"] = self._started[case.id]
        if self.answers:
            body |= {"asked": sorted(self.answers), "answers": of_answers(self.answers, salt_of(case))}
        return body

    def _clocks(self, taken: list[tuple[_Seen, CaseKind]]) -> list[Note]:
        """Stop and start what the move says; entries for deadlines that passed unseen until now."""
        ends: list[tuple[str, tuple[str, ...] | None]] = []
        rows, cache, calendars = [], dict[Any, Any](), calendars_in_use()
        zones = {
            area: zone_of(area) for area in {case.jurisdiction for case, kind in taken if kind.moves[self.code].starts}
        }
        for case, kind in taken:
            move = kind.moves[self.code]
            if kind.states[case.state].over:
                ends.append((case.id, None))
            elif move.stops or move.starts:
                ends.append(
                    (case.id, kind.with_variants((*move.stops, *move.starts)))
                )  # one that starts again takes the place of the old one
            for name in move.starts:
                spec, zone = kind.clock_for(name, case.values), zones[case.jurisdiction]
                began = start_moment(spec, case.values, zone, self.now)
                key = (case.declaration_id, spec.code, began, zone)
                if key not in cache:
                    cache[key] = moments_of(spec, began, zone, calendars[spec.calendar], now=self.now)
                rows.append(new_row(case.id, spec, "case", began, zone, cache[key]))
                self._started.setdefault(case.id, {})[spec.code] = to_us(cache[key].due_at)
        notes = end_clocks(ends, "done", now=self.now)
        put_rows(ClockRow, COLUMNS, rows)
        return notes

    def _told(self, taken: list[tuple[_Seen, CaseKind]]) -> list[Note]:
        """The answer goes to the requester, and to those whose cases were merged into this one: each is owed one."""
        replied = [c for c, kind in taken if kind.requester and kind.states[c.state].replied and REPLY in self.answers]
        if not replied:
            return []
        words, notes = str(self.answers[REPLY]), []
        joined = CaseRow.objects.select_for_update().filter(survivor__in=[c.id for c in replied]).order_by("id")
        others = list(joined)
        owed: list[Sealable] = [*replied, *others]
        MessageRow.objects.bulk_create(
            [MessageRow(case_id=case.id, from_requester=False, is_reply=True, words=words_kept(case, words, "message"),
                        at=self.now, by=self.actor.name) for case in owed]
        )  # fmt: skip
        CaseRow.objects.filter(id__in=[other.id for other in others], replied_at=None).update(replied_at=self.now)
        notes += end_clocks([(other.id, None) for other in others], "replied", now=self.now)
        return [*notes, *(Note(other.id, "case_answered_with", {"number": other.number, "survivor": other.survivor})
                          for other in others)]  # fmt: skip


def answer_faults_of_none(answers: Mapping[str, Any]) -> list[AnswerFault]:
    """The faults of answers to a move that asks nothing."""
    return [AnswerFault(str(name)[:60], "surplus") for name in list(answers)[:8]]
