"""cases/*.toml: worked examples of casework - who does what when, which state follows, when what is due. Played without a
database: the same decisions and the same clocks as the kernel's, in a few plain lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.clocks import Calendar, Due, Extension, Pause, due, read_calendar
from tocsin.engine.language.faults import nearest
from tocsin.packkit.answers import answer_faults, start_of
from tocsin.packkit.appeal_levels import next_level
from tocsin.packkit.case_moves import Standing, put_aside, still_asked, why_not
from tocsin.packkit.checklists import checklist_faults, form_of
from tocsin.packkit.concerns.outcome import Outcome
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.grading import chain_step, grade_kept, hops_left, with_grade
from tocsin.packkit.lifecycle import OPENING, CaseKind, Move
from tocsin.packkit.section import Section, sections

__all__ = ["check_case_examples"]

_EXAMPLE_KEYS = ("kind", "zone", "step", "note")
_STEP_KEYS = ("at", "by", "open", "move", "pause", "resume", "extend", "appeal", "decide", "values", "state",
              "due", "grade", "hops", "refused", "note")  # fmt: skip


@dataclass(slots=True)
class _Clock:
    start: datetime
    pauses: list[Pause] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)


@dataclass(slots=True)
class _Play:
    kind: CaseKind
    zone: str
    calendar: Calendar
    state: str = ""
    replied: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    makers: dict[str, str] = field(default_factory=dict)
    clocks: dict[str, _Clock] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)
    outcomes: list[bool] = field(default_factory=list)
    appealed: bool = False

    def do(self, step: Mapping[str, Any], at: datetime) -> str:
        """One step; why it is refused, "" where it is not."""
        self._lapse(at)
        role, _, name = str(step.get("by", "")).partition("/")
        account, values = f"{role}/{name}", step.get("values", {})
        if step.get("open"):
            return self._open(role, account, values, at)
        if "move" in step:
            return self._move(str(step["move"]), role, account, values, at)
        if step.get("appeal"):
            return self._appeal(at)
        if "decide" in step:
            return self._decide(str(step["decide"]) == "upheld", role, at)
        return self._clock(step, role, at)

    def _lapse(self, at: datetime) -> None:
        """Times of rights that are over."""
        for code in [name for name in self.clocks if self.kind.clocks[name].lapses and self.due(name).strict <= at]:
            self.ended[code] = self.due(code).strict
            del self.clocks[code]

    def _open(self, role: str, account: str, values: Mapping[str, Any], at: datetime) -> str:
        if role not in self.kind.opens:
            return "role"
        if refused := self._answer(self.kind.form, values, at):
            return refused
        self.state, self.makers[OPENING] = self.kind.first, account
        for name in self.kind.starts:
            code = self.kind.clock_for(name, self.values).code
            self.clocks[code] = _Clock(self._start(code, at))
        return ""

    def _move(self, code: str, role: str, account: str, values: Mapping[str, Any], at: datetime) -> str:
        standing = Standing(self.state, {**self.values, **values}, self.makers, replied=self.replied,
                            running=[name for name in self.clocks if self.due(name).strict > at],
                            hops_left=hops_left(self.kind, self.values))  # fmt: skip
        reason = why_not(self.kind, code, standing, role=role, account=account, is_owner=role == self.kind.owner)
        if reason:
            return reason.value
        move = self.kind.moves[code]
        before, form = dict(self.values), form_of(self.kind, move, self.values)
        if refused := self._answer(form, values, at):
            return refused
        if checklist_faults(self.kind, move, before, values, recorded=False, pictures=True):
            self.values = before
            return "form"
        self.state, self.makers[code] = move.leads_to(self.state), account
        self.replied = self.replied or self.kind.states[self.state].replied
        ended = tuple(self.clocks) if self.kind.states[self.state].over else self.kind.with_variants(move.stops)
        for name in ended:
            self.clocks.pop(name, None)
        for name in move.starts:
            named = self.kind.clock_for(name, self.values).code
            self.ended.pop(named, None)
            self.clocks[named] = _Clock(self._start(named, at))
        self._graded(move, before, at)
        return ""

    def _graded(self, move: Move, before: Mapping[str, Any], at: datetime) -> None:
        """What a grade does to clocks: the chain's next hop, and those that run in another's place."""
        step = chain_step(self.kind, move.code, before, self.values)
        chain = self.kind.grade.chain if self.kind.grade else None
        if chain and step:
            self.clocks.pop(chain.clock, None)
            if step == "start":
                self.clocks[chain.clock] = _Clock(at)
        for base, others in self.kind.variants.items():
            wanted = self.kind.clock_for(base, self.values).code
            for name in (base, *others):
                if name in self.clocks and name != wanted:
                    self.clocks[wanted] = _Clock(self.clocks.pop(name).start)

    def _appeal(self, at: datetime) -> str:
        """The requester appeals at the level that is next."""
        desk = next_level(self.kind, self.outcomes)
        if self.appealed or not (self.replied or self.kind.states[self.state].over):
            return "state"
        if desk is None:
            return "last_level"
        if desk.ask in self.ended and self.ended[desk.ask] <= at:
            return "late"
        self.clocks.pop(desk.ask, None)
        self.clocks[desk.clock], self.appealed = _Clock(at), True
        return ""

    def _decide(self, upheld: bool, role: str, at: datetime) -> str:
        desk = next_level(self.kind, self.outcomes)
        if not self.appealed or desk is None:
            return "state"
        if role != desk.role:
            return "role"
        self.clocks.pop(desk.clock, None)
        self.outcomes.append(upheld)
        self.appealed = False
        if upheld:
            self.state, self.replied = desk.reopens, False
            self.clocks = {name: _Clock(self._start(name, at)) for name in desk.starts or self.kind.starts}
        else:
            self.state = desk.stands or self.state
        return ""

    def _answer(self, form: str, values: Mapping[str, Any], at: datetime) -> str:
        asked = still_asked(self.kind, form, self.values)
        if form:
            faults = answer_faults(self.kind.forms[form], asked, values, now=at)
        if (form and faults) or (values and not form):
            return "form"
        aside = put_aside(self.kind, form, self.values)
        self.values = {aside.get(name, name): value for name, value in self.values.items()} | dict(values)
        if self.kind.grade and form:
            self.values = with_grade(self.kind.grade, self.values, values)
        return ""

    def _clock(self, step: Mapping[str, Any], role: str, at: datetime) -> str:
        what = next((key for key in ("pause", "resume", "extend") if key in step), "")
        code = str(step.get(what, ""))
        running, spec = self.clocks.get(code), self.kind.clocks.get(code)
        grant = spec and (spec.extension if what == "extend" else spec.pause)
        if not (running and grant) or role not in grant.who:
            return "clock"
        if what == "extend" and grant.period and len(running.extensions) < grant.times:
            running.extensions.append(Extension(grant.period, grant.clause))
        elif what == "pause":
            running.pauses.append(Pause(at))
        elif what == "resume" and running.pauses:
            running.pauses[-1] = Pause(running.pauses[-1].from_at, at)
        else:
            return "clock"
        return ""

    def _start(self, code: str, at: datetime) -> datetime:
        given = self.values.get(self.kind.clocks[code].at)
        return start_of(given, self.zone) if given else at

    def due(self, code: str) -> Due:
        """When a running clock is due."""
        running = self.clocks[code]
        return due(self.kind.clocks[code].period, running.start, calendar=self.calendar, zone=self.zone,
                   pauses=running.pauses, extensions=running.extensions)  # fmt: skip


def check_case_examples(folder: Folder, kinds: Mapping[str, CaseKind], faults: Faults) -> list[Outcome]:
    """Play every example; each difference is a fault with its line."""
    out = []
    for name in folder.names("cases/*.toml"):
        before = len(faults.faults)
        document = folder.document(name)
        top = Section(document, (), document.data, faults)
        top.known(_EXAMPLE_KEYS)
        code = top.text("kind", need=bool(document.data))
        if code not in kinds:
            top.fault(f"no kind of case {code!r}", nearest(code, kinds), "kind")
            continue
        play = _Play(kinds[code], top.text("zone", "Asia/Shanghai"), read_calendar("cn"))
        for section in sections(document, "step", faults):
            section.known(_STEP_KEYS)
            _step(play, section)
        out.append(Outcome(name, False, len(faults.faults) == before))
    return out


def _step(play: _Play, section: Section) -> None:
    at = section.data.get("at")
    if not isinstance(at, datetime) or at.tzinfo is None:
        section.fault("at must be a moment with its zone", "write at = 2026-09-10T10:00:00+08:00", "at")
        return
    refused, expected = play.do(section.data, at), section.text("refused")
    if refused != expected:
        section.fault(f"refused for {refused or 'nothing'}, not for {expected or 'nothing'}", "correct the step, or the pack",
                      "refused" if expected else "at")  # fmt: skip
    state = section.text("state", play.state)
    if state != play.state:
        section.fault(f"the case is {play.state!r}, not {state!r}", "correct the step, or the pack", "state")
    grade = grade_kept(play.kind, play.values)
    if "grade" in section.data and section.text("grade") != (grade.code if grade else ""):
        section.fault(f"its grade is {grade.code if grade else 'none'!r}", "correct the step, or the pack", "grade")
    left = hops_left(play.kind, play.values)
    if "hops" in section.data and section.whole("hops") != left:
        section.fault(f"its report has {left} bodies to go", "correct the step, or the pack", "hops")
    for code, moment in section.table("due").items():
        if code not in play.clocks:
            section.fault(f"clock {code} does not run", "correct the step, or the pack", "due", code)
        elif not isinstance(moment, datetime) or play.due(code).strict != moment.astimezone(UTC):
            local = play.due(code).strict.astimezone(ZoneInfo(play.zone))
            section.fault(f"clock {code} is due at {local.isoformat()}", "correct the step, or the pack", "due", code)
