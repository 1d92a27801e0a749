"""What was due at a moment, and what came of it, told by the ledger alone: deadlines of cases, inspections, reviews of risks,
tasks, parts of helpers, opinions. Pure: entries and a moment in, the same list out, whatever was written later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.loop.review.story import Told, post_of
from tocsin.packkit.lifecycle import CaseKind
from tocsin.terms.moment import from_us

__all__ = ["Owed", "known_at", "owed"]


@dataclass(frozen=True, slots=True)
class Owed:
    """Something that was due. ``what``: clock, inspection, review, task, helper or opinion; ``code``: of the clock, or of what
    sort a task is; ``post``: in whose hands it was; ``told``: the entry that set or last moved it; ``ended``: the entry that
    ended it, None while nothing did; ``dropped``: it was taken back, or its right lapsed; ``standing``: its clock stands
    still."""

    what: str
    subject: str
    code: str
    post: str
    told: Told
    due_at: datetime
    ended: Told | None = None
    dropped: bool = False
    standing: bool = False

    def fate(self, at: datetime) -> str:
        """``kept`` and ``late``: done, before the deadline or after; ``missed``: not done, and it had passed at the moment;
        ``open``: it lay ahead or stood still; ``dropped``."""
        if self.dropped:
            return "dropped"
        if self.ended is not None:
            return "late" if self.ended.at >= self.due_at else "kept"
        return "missed" if not self.standing and at >= self.due_at else "open"

    def is_gap(self, at: datetime) -> bool:
        """Whether it was not done in time."""
        return self.fate(at) in ("late", "missed")


def known_at(told: Iterable[Told], at: datetime) -> list[Told]:
    """The entries that the record held at a moment, in the order in which it learned them, each once."""
    kept = {(one.subject, one.number): one for one in told if one.at <= at}
    return sorted(kept.values(), key=lambda one: (one.at, one.order, one.subject, one.number))


def owed(
    told: Iterable[Told], kinds: Mapping[str, CaseKind], *, at: datetime, done: Mapping[str, str] | None = None
) -> list[Owed]:
    """Everything that was due by what the record held at a moment, the earliest first. ``kinds``: of cases, by subject;
    ``done``: by the name of a kind of inspection, the state in which one was done."""
    entries = known_at(told, at)
    books = _Books(entries, kinds, done or {})
    for entry in entries:
        books.read(entry)
    return sorted(books.all(), key=lambda one: (one.due_at, one.what, one.subject, one.code, one.told.order))


@dataclass(slots=True)
class _Open:
    what: str
    code: str
    post: str
    told: Told
    due_us: int
    standing: bool = False


class _Books:
    """What is open, by what it is about, as entry after entry is read."""

    def __init__(self, entries: Sequence[Told], kinds: Mapping[str, CaseKind], done: Mapping[str, str]) -> None:
        self.kinds, self.done = kinds, done
        self.owner: dict[str, str] = {}
        self.open: dict[tuple[str, ...], _Open] = {}
        self.over: list[Owed] = []
        self.facility_of = {
            one.subject: str(one.body.get("facility", "")) for one in entries if one.body.get("facility")
        }

    def all(self) -> Iterator[Owed]:
        yield from self.over
        for key, one in self.open.items():
            yield self._owed(key, one)

    def read(self, entry: Told) -> None:
        body = entry.body
        if isinstance(body.get("owner"), str):
            self.owner[entry.subject] = body["owner"]
        if entry.subject in self.kinds:
            self._case(entry, self.kinds[entry.subject])
        for verbs in (self._inspection, self._risk, self._task, self._helper, self._opinion):
            verbs(entry)

    def _case(self, entry: Told, kind: CaseKind) -> None:
        body, subject = entry.body, entry.subject
        move = kind.moves.get(str(body.get("move", "")))
        if move is not None:
            after = kind.states.get(str(body.get("after", "")))
            ends = kind.with_variants((*move.stops, *move.starts))
            for key in [key for key in self.open if key[:2] == ("clock", subject)]:
                if (after is not None and after.over) or key[2] in ends:
                    self._close(key, entry)
            self._inspected(entry, kind)
        began = dict(body.get("clocks") or {})
        if kind.grade is not None and move is not None and "clocks" in body:
            began = self._all_that_run(entry, began)
        for code, due_us in began.items():
            self._set(("clock", subject, str(code)), "clock", str(code), self.owner.get(subject, ""), entry, due_us)
        if body.get("clock") and body.get("purpose", "case") == "case":
            self._clock(entry, ("clock", subject, str(body["clock"])))
        if entry.verb == "case_merged":
            for key in [key for key in self.open if key[:2] == ("clock", subject)]:
                self._close(key, entry, dropped=True)

    def _all_that_run(self, entry: Told, running: Mapping[str, Any]) -> dict[str, Any]:
        """A move of a graded case names all clocks that run after it: the others ended, and one with another deadline began
        anew (the next hop of a report). Those that began."""
        for key in [key for key in self.open if key[:2] == ("clock", entry.subject)]:
            if running.get(key[2]) != self.open[key].due_us:
                self._close(key, entry)
        return {code: due for code, due in running.items() if ("clock", entry.subject, code) not in self.open}

    def _clock(self, entry: Told, key: tuple[str, ...]) -> None:
        if entry.verb == "clock_lapsed":
            self._close(key, entry, dropped=True)
        elif key in self.open:
            one = self.open[key]
            one.standing = entry.verb == "clock_paused" or (one.standing and entry.verb != "clock_resumed")
            if isinstance(entry.body.get("due_us"), int) and entry.body["due_us"] != one.due_us:
                one.due_us, one.told = entry.body["due_us"], entry
        elif entry.verb in ("clock_nearing", "clock_run_out") and not self._ended(
            key, entry
        ):  # of an earlier version's case
            self._set(key, "clock", key[2], self.owner.get(entry.subject, ""), entry, entry.body.get("due_us"))

    def _ended(self, key: tuple[str, ...], entry: Told) -> bool:
        """Whether the clock that an entry tells of has ended already: its crossing is told beside the move that ended it."""
        due_us = entry.body.get("due_us")
        return any((one.what, one.subject, one.code) == key and isinstance(due_us, int) and one.due_at == from_us(due_us)
                   for one in self.over)  # fmt: skip

    def _inspected(self, entry: Told, kind: CaseKind) -> None:
        if kind.name not in self.done or not kind.states[str(entry.body["after"])].over:
            return
        was_done = entry.body["after"] == self.done[kind.name]
        facility = self.facility_of.get(entry.subject, "")
        for key in [key for key in self.open if key[0] == "inspection"]:
            if key[2] == entry.subject or (not key[2] and was_done and key[1] == f"inspection:{facility}"):
                self._close(key, entry, dropped=not was_done and entry.at < from_us(self.open[key].due_us))

    def _inspection(self, entry: Told) -> None:
        if entry.verb in ("inspection_planned", "inspection_overdue"):
            case = str(entry.body.get("case", ""))
            key, post = ("inspection", entry.subject, case), self.owner.get(case, "")
            unnamed = ("inspection", entry.subject, "")
            if entry.verb == "inspection_planned" and self.open.get(unnamed, entry) is not entry:
                del self.open[unnamed]  # it was overdue before a case could be opened: now it has one
            if entry.verb == "inspection_planned" or key not in self.open:
                self._set(key, "inspection", str(entry.body.get("grade", "")), post, entry, entry.body.get("due_us"))

    def _risk(self, entry: Told) -> None:
        key, body = ("review", entry.subject), entry.body
        if entry.verb in ("risk_entered", "risk_assessed"):
            self._close(key, entry)
            self._set(
                key, "review", str(body.get("grade", "")), str(body.get("owner", "")), entry, body.get("review_us")
            )
        elif entry.verb == "risk_closed":
            self._close(key, entry)
        elif key in self.open and entry.verb == "risk_handed":
            self.open[key].post = str(body.get("owner", ""))
        elif key in self.open and entry.verb == "risk_review_moved" and isinstance(body.get("due_us"), int):
            self.open[key].due_us, self.open[key].told = body["due_us"], entry

    def _task(self, entry: Told) -> None:
        key, body = ("task", str(entry.body.get("task", ""))), entry.body
        if entry.verb == "task_given":
            self._set(key, "task", str(body.get("kind", "")), str(body.get("post", "")), entry, body.get("due_us"))
        elif entry.verb in ("task_done", "task_withdrawn"):
            self._close(key, entry, dropped=entry.verb == "task_withdrawn")

    def _helper(self, entry: Told) -> None:
        key, body = ("helper", entry.subject, str(entry.body.get("leg", ""))), entry.body
        if entry.verb == "helper_asked":
            self._set(key, "helper", "", str(body.get("post", "")), entry, body.get("due_us"))
        elif entry.verb in ("helper_replied", "helper_waived"):
            self._close(key, entry, dropped=entry.verb == "helper_waived")

    def _opinion(self, entry: Told) -> None:
        asked, body = str(entry.body.get("consultation", "")), entry.body
        if entry.verb == "consultation_asked":
            for post in body.get("posts") or ():
                self._set(("opinion", asked, str(post)), "opinion", "", str(post), entry, body.get("due_us"))
        elif entry.verb == "opinion_signed":
            self._close(("opinion", asked, post_of(entry.actor)), entry)
        elif entry.verb in ("consultation_decided", "consultation_withdrawn"):
            for key in [key for key in self.open if key[:2] == ("opinion", asked)]:
                if entry.at < from_us(self.open[key].due_us):  # what was due before was missed all the same
                    self._close(key, entry, dropped=True)

    def _set(self, key: tuple[str, ...], what: str, code: str, post: str, entry: Told, due_us: Any) -> None:
        if isinstance(due_us, int) and not isinstance(due_us, bool):
            self.open[key] = _Open(what, code, post, entry, due_us)

    def _close(self, key: tuple[str, ...], entry: Told, *, dropped: bool = False) -> None:
        if one := self.open.pop(key, None):
            self.over.append(self._owed(key, one, entry, dropped))

    def _owed(self, key: tuple[str, ...], one: _Open, ended: Told | None = None, dropped: bool = False) -> Owed:
        subject = one.told.subject if key[0] in ("task", "opinion") else key[1]
        return Owed(one.what, subject, one.code, one.post, one.told, from_us(one.due_us), ended, dropped, one.standing)
