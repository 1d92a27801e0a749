"""One joint rule: what it remembers, the moments at which it is judged, and what it says.

Time moves to the rule's frontier at ticks. Up to there every input is applied at its own moment, and at each moment at which
something changes near an anchor (an input, the end of a window, of a hold) that anchor is judged; so what comes out
depends on moments alone, not on how the log was cut. An input that comes after its moment was judged counts from
the frontier on: late, never lost. What no window can reach any more is forgotten.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tocsin.engine.joint.anchors import Anchors
from tocsin.engine.joint.spans import OPEN, Span, best_rank, run_at, stood
from tocsin.engine.judge import Changes, Judge
from tocsin.engine.language import joint, tree
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.walk import leaves, rule_nodes
from tocsin.engine.language.write_joint import write_joint
from tocsin.engine.operators.ordering import NEVER
from tocsin.terms.bulletin import Bulletin
from tocsin.terms.report import Report
from tocsin.terms.signal import Measure, Subject

__all__ = ["JointJudge"]

Array = np.ndarray
Source = tuple[str, str, str]  # ("signal", rule, subject) or ("bulletin", hazard, id)
Input = tuple[int, int, str, tuple[Any, ...]]  # moment, order of arrival, kind, what


class JointJudge:
    """A joint rule with its ladder over anchors (``judge``, as the first stage has it)."""

    def __init__(self, rule: Rule, judge: Judge) -> None:
        self.rule, self.judge = rule, judge
        nodes = list(dict.fromkeys(rule_nodes(rule)))
        self.stands = [node for node in nodes if isinstance(node, joint.Stands)]
        self.sequences = [node for node in nodes if isinstance(node, joint.Then)]
        self.counts = [node for node in nodes if isinstance(node, joint.Reports)]
        self.signals = [node for node in nodes if isinstance(node, joint.Signals)]
        terms: list[joint.Term] = [node.term for node in self.stands] + [node.term for node in self.signals]
        terms += [term for node in self.sequences for term in (node.first, node.second)]
        self.terms = list(dict.fromkeys(terms))
        self.rules = frozenset(term.rule for term in self.terms if isinstance(term, joint.SignalTerm))
        self.hazards = frozenset(term.hazard for term in self.terms if isinstance(term, joint.BulletinTerm))
        self.categories = frozenset(node.category for node in self.counts)
        self.lingers = sorted(
            {*(node.window_us for node in self.stands), *(node.window_us for node in self.signals)} - {0}
        )
        others = [node.window_us for node in self.sequences] + [node.window_us for node in self.counts]
        self.reach = max([*self.lingers, *others], default=0)
        self.holds = sorted({rung.hold.time_us for rung in rule.rungs if rung.hold.time_us})
        self.pauses = sorted({rung.at_least_us for rung in rule.rungs} | {rule.cool_down_us} - {0})
        self.anchors = Anchors(rule)
        self.subjects_of: dict[str, list[Subject]] = {}  # by rule that it looks at: all that it judges
        self.closed = NEVER  # the frontier: moments up to here are judged
        self.late = 0
        self._order = 0
        self.pending: list[Input] = []
        self.due: list[tuple[int, int]] = []
        self._due: set[tuple[int, int]] = set()
        self.stale: list[tuple[int, Source]] = []
        self.spans: dict[Source, list[Span]] = {}
        self.bulletins: dict[str, Bulletin] = {}  # by version
        self.latest: dict[str, Source] = {}  # by id
        self.reports: dict[tuple[int, int], list[tuple[int, int]]] = {}  # (count node, anchor) -> (moment, number)
        self.heard: list[
            tuple[int, str, str, int]
        ] = []  # moment, category, cell, number: what counts for anchors to come
        self.seen: dict[tuple[str, str, str, int], None] = {}  # source, category, cell, bucket
        self.met: dict[tuple[int, int, Source], tuple[int, int]] = {}  # (sequence, anchor, second) -> (began, after)
        self._near: dict[tuple[int, int], dict[Source, None]] = {}  # (term, anchor) -> sources
        self._numbers: dict[int, dict[int, int]] = {}  # term -> anchor -> subjects so near

    # ---------------------------------------------------------------- catalogue
    def update(self, catalogue: Any, subjects_of: dict[str, list[Subject]]) -> None:
        """Follow a changed catalogue. What is remembered is looked up anew for the anchors that there are now."""
        known = len(self.anchors)
        self.anchors.update(catalogue)
        self.subjects_of = subjects_of
        self._look_again()
        self._catch_up(known, self.closed)

    def _look_again(self) -> None:
        self._numbers.clear()
        self._near.clear()
        for source in self.spans:
            self._link(source)
        self.judge.ladder.grow(len(self.anchors))

    def _catch_up(self, known: int, now: int) -> None:
        """For the anchors that are new, from number ``known`` on: count what was reported near them before, and look again when
        what stands or stood near them begins, ends or leaves a window after ``now``."""
        if known == len(self.anchors):
            return
        for counts_from, category, cell, number in self.heard:
            for node_number, node in enumerate(self.counts):
                if node.category == category and counts_from + node.window_us > now:
                    for at in self.anchors.of_cell(cell, node.within_m):
                        if at >= known:
                            self.reports.setdefault((node_number, at), []).append((counts_from, number))
                            self._later(counts_from + node.window_us, at)
        for source, spans in self.spans.items():
            new = {at for _, reached in self._reached(source) for at in reached if at >= known}
            turns = {
                turn for low, until, _ in spans for turn in (low, until, *(until + window for window in self.lingers))
            }
            for turn in turns:
                if now < turn < OPEN:
                    for at in new:
                        self._later(turn, at)

    def _link(self, source: Source) -> set[int]:
        """The anchors that a source reaches by any term, noted."""
        touched: set[int] = set()
        for number, reached in self._reached(source):
            for at in reached:
                self._near.setdefault((number, at), {})[source] = None
            touched.update(reached)
        return touched

    def _unlink(self, source: Source) -> None:
        for number, reached in self._reached(source):
            for at in reached:
                sources = self._near.get((number, at), {})
                sources.pop(source, None)
                if not sources:
                    self._near.pop((number, at), None)

    def _reached(self, source: Source) -> Iterator[tuple[int, Iterable[int]]]:
        kind, name, key = source
        for number, term in enumerate(self.terms):
            if isinstance(term, joint.SignalTerm):
                if (kind, name) == ("signal", term.rule):
                    yield number, self.anchors.of_signal(_subject(key), term.within_m)
            elif (kind, name) == ("bulletin", term.hazard) and key in self.bulletins:
                yield number, self.anchors.of_bulletin(self.bulletins[key])

    def end_rule(self, rule: str) -> None:
        """The signals of a rule ended with it: it was taken back, or means something else now."""
        for (kind, name, subject), spans in sorted(self.spans.items()):
            if (kind, name) == ("signal", rule) and spans and spans[-1][1] == OPEN:
                self._put(self.closed + 1, "signal", (rule, subject, 0))

    # ---------------------------------------------------------------- inputs
    def take_changes(self, changes: Changes, subjects: Iterable[Subject]) -> None:
        """Signals of a rule that it looks at."""
        for k, subject in enumerate(subjects):
            self._put(int(changes.at[k]), "signal", (changes.rule.name, str(subject), int(changes.after[k])))

    def take_reports(self, source: str, reports: Iterable[Report]) -> None:
        """Reports of its categories; the first of a source, category, cell and bucket counts."""
        for report in reports:
            key = (source, report.category, report.cell, report.bucket_us)
            if report.category not in self.categories or key in self.seen:
                continue
            if report.counts_from_us > self.closed - self.reach:
                self.seen[key] = None
                self._put(report.counts_from_us, "report", (*key, report.count))

    def take_bulletin(self, bulletin: Bulletin) -> None:
        """A bulletin, from the moment on at which it was sent (of another hazard too: it may replace one of these)."""
        if self.hazards:
            self._put(bulletin.sent_us, "bulletin", (bulletin,))

    def _put(self, moment: int, kind: str, what: tuple[Any, ...]) -> None:
        if moment <= self.closed:
            self.late += 1
            moment = self.closed + 1
        self._order += 1
        heapq.heappush(self.pending, (moment, self._order, kind, what))

    # ---------------------------------------------------------------- time
    def advance(self, frontier: int) -> list[Changes]:
        """Judge every moment up to the frontier."""
        out: list[Changes] = []
        while (moment := self._next()) <= frontier:
            touched = self._apply(moment)
            while self.due and self.due[0][0] == moment:
                entry = heapq.heappop(self.due)
                self._due.discard(entry)
                touched.add(entry[1])
            if touched:
                out += self._judge(moment, sorted(touched))
        self.closed = max(self.closed, frontier)
        self._forget()
        return out

    def _next(self) -> int:
        return min(self.pending[0][0] if self.pending else OPEN, self.due[0][0] if self.due else OPEN)

    def _apply(self, moment: int) -> set[int]:
        touched: set[int] = set()
        while self.pending and self.pending[0][0] == moment:
            _, _, kind, what = heapq.heappop(self.pending)
            if kind == "signal":
                touched |= self._signal(moment, *what)
            elif kind == "report":
                touched |= self._report(moment, *what)
            else:
                touched |= self._bulletin(moment, *what)
        return touched

    def _signal(self, moment: int, rule: str, subject: str, rank: int) -> set[int]:
        source = ("signal", rule, subject)
        spans = self.spans.setdefault(source, [])
        touched = self._link(source)
        if spans and spans[-1][1] == OPEN:
            self._end(source, spans[-1], moment, touched)
        if rank:
            spans.append([moment, OPEN, rank])
        return touched

    def _end(self, source: Source, span: Span, moment: int, touched: set[int]) -> None:
        span[1] = moment
        if span[0] >= moment:
            self.spans[source].remove(span)
        for window in self.lingers:
            for at in touched:
                self._later(moment + window, at)
        heapq.heappush(self.stale, (moment + self.reach, source))

    def _bulletin(self, moment: int, bulletin: Bulletin) -> set[int]:
        """Each version has spans and an area of its own; the version before it ends when the next was sent."""
        touched: set[int] = set()
        before = self.latest.get(bulletin.id)
        if before is not None and before[2] in self.bulletins:
            if bulletin.sent_us <= self.bulletins[before[2]].sent_us:
                return touched
            touched |= self._link(before)
            for span in [span for span in self.spans.get(before, []) if span[1] > moment]:
                self._end(before, span, moment, touched)
        source = ("bulletin", bulletin.hazard, f"{bulletin.id}\x1f{bulletin.sent_us}")
        self.latest[bulletin.id], self.bulletins[source[2]] = source, bulletin
        begins = max(bulletin.from_us, moment)
        self.spans[source] = []
        reached = self._link(source)
        if bulletin.until_us > begins:
            span = [begins, bulletin.until_us, bulletin.rank]
            self.spans[source].append(span)
            for at in reached:
                self._later(begins, at)
                self._later(bulletin.until_us, at)
            self._end(source, span, bulletin.until_us, reached)
        else:
            heapq.heappush(self.stale, (moment + self.reach, source))
        return touched | reached

    def _report(self, moment: int, source: str, category: str, cell: str, bucket: int, number: int) -> set[int]:
        touched: set[int] = set()
        if self.anchors.add_cell(cell):
            self._look_again()
            self._catch_up(len(self.anchors) - 1, moment)
            touched.add(len(self.anchors) - 1)
        counts_from = Report(category, cell, bucket).counts_from_us
        self.heard.append((counts_from, category, cell, number))
        for node_number, node in enumerate(self.counts):
            if node.category != category or counts_from + node.window_us <= moment:
                continue
            for at in self.anchors.of_cell(cell, node.within_m):
                self.reports.setdefault((node_number, at), []).append((counts_from, number))
                self._later(counts_from + node.window_us, at)
                touched.add(at)
        return touched

    def _later(self, moment: int, at: int) -> None:
        entry = (moment, at)
        if moment > self.closed and entry not in self._due:
            self._due.add(entry)
            heapq.heappush(self.due, entry)

    def _forget(self) -> None:
        """What ended longer ago than any window reaches, and reports that no bucket can repeat any more."""
        while self.stale and self.stale[0][0] <= self.closed:
            _, source = heapq.heappop(self.stale)
            spans = self.spans.get(source)
            if spans is None:
                continue
            spans[:] = [span for span in spans if span[1] > self.closed - self.reach]
            if not spans:
                self._unlink(source)
                del self.spans[source]
                if source[0] == "bulletin":
                    gone = self.bulletins.pop(source[2])
                    if self.latest.get(gone.id) == source:
                        del self.latest[gone.id]
        self.heard = [one for one in self.heard if one[0] > self.closed - self.reach]
        while self.seen and Report("", "", next(iter(self.seen))[3]).counts_from_us <= self.closed - self.reach:
            del self.seen[next(iter(self.seen))]

    # ---------------------------------------------------------------- judging
    def _judge(self, moment: int, anchors: list[int]) -> list[Changes]:
        for number, node in enumerate(self.sequences):
            for at in anchors:
                self._meet(number, node, at, moment)
        sides = [[self._truth(truth, at, moment) for at in anchors] for truth in self.judge.truths]
        rise = np.array([[side is True for side in row] for row in sides], np.bool_)
        rise_false = np.array([[side is False for side in row] for row in sides], np.bool_)
        when = self.rule.clear.when
        clear = np.array([when is not None and self._truth(when, at, moment) is True for at in anchors], np.bool_)
        slot, t = np.array(anchors, np.int64), np.full(len(anchors), moment, np.int64)
        row, before, after, onset = (part.copy() for part in self.judge.ladder.run(slot, t, rise, rise_false, clear))
        # Again at the same moment: the streak towards the next step down begins with the change, not at the next judgement.
        again = self.judge.ladder.run(slot[row], t[row], rise[:, row], rise_false[:, row], clear[row])[0]
        assert not len(again)  # noqa: S101 - a ladder settles in one step
        self._wait(moment, anchors, sides, dict(zip(row.tolist(), after.tolist(), strict=True)))
        if not len(row):
            return []
        evidence = [
            tuple(self._evidence(anchors[i], moment, int(a), int(b)))
            for i, a, b in zip(row, before, after, strict=True)
        ]
        return [Changes(self.rule, slot[row], t[row], before, after, onset, evidence.__getitem__)]

    def _wait(self, moment: int, anchors: list[int], sides: list[list[bool | None]], changed: dict[int, int]) -> None:
        """Moments at which a hold or pause that runs now will be over."""
        level = self.judge.ladder.level
        for i, at in enumerate(anchors):
            waits = [hold for hold in self.holds if any(row[i] for row in sides)]
            if level[at] and self.rule.clear.hold.time_us:
                waits.append(self.rule.clear.hold.time_us)
            if i in changed:
                waits += self.pauses
            for wait in waits:
                if wait:
                    self._later(moment + wait, at)

    def _sources(self, term: joint.Term, at: int) -> Iterable[Source]:
        return self._near.get((self.terms.index(term), at), ())

    def _meet(self, number: int, node: joint.Then, at: int, moment: int) -> None:
        """Note each ``second`` that begins here now, if a ``first`` stood before it; forget those that are over."""
        for source, spans in self._seconds(node.second, at).items():
            since = run_at(spans, node.second.rank, moment)
            if since is None:
                self.met.pop((number, at, source), None)
            elif since == moment:
                after = self._before(node, at, moment)
                if after is not None:
                    self.met[number, at, source] = (moment, after)

    def _seconds(self, term: joint.Term, at: int) -> dict[Source, list[Span]]:
        """What may come second near an anchor, with its spans; versions of one bulletin are one."""
        out: dict[Source, list[Span]] = {}
        for kind, name, key in self._sources(term, at):
            one = (kind, name, key.partition("\x1f")[0])
            out[one] = sorted([*out.get(one, []), *self.spans.get((kind, name, key), [])])
        return out

    def _before(self, node: joint.Then, at: int, moment: int) -> int | None:
        """How long before ``moment`` a ``first`` last stood, within the window (us); None if none did."""
        ends = [
            min(until, moment)
            for source in self._sources(node.first, at)
            for low, until, rank in self.spans.get(source, ())
            if rank >= node.first.rank and low < moment and until > moment - node.window_us
        ]
        return moment - max(ends) if ends else None

    def _truth(self, node: tree.Truth, at: int, moment: int) -> bool | None:
        match node:
            case tree.And(left, right):
                both = (self._truth(left, at, moment), self._truth(right, at, moment))
                return False if False in both else None if None in both else True
            case tree.Or(left, right):
                both = (self._truth(left, at, moment), self._truth(right, at, moment))
                return True if True in both else None if None in both else False
            case tree.Not(of):
                said = self._truth(of, at, moment)
                return None if said is None else not said
            case tree.Compare(comparison, left, right):
                a, b = self._number(left, at, moment), self._number(right, at, moment)
                return None if a is None or b is None else _COMPARE[comparison](a, b)
            case joint.Stands(term, window):
                if self._nowhere(term, at):
                    return None
                return any(self._stood(source, term.rank, moment, window) for source in self._sources(term, at))
            case joint.Then():
                return self._sequence(node, at) is not None
        raise TypeError(f"{type(node).__name__} cannot stand in a joint rule")

    def _stood(self, source: Source, rank: int, moment: int, window_us: int) -> bool:
        return stood(self.spans.get(source, []), rank, moment, window_us)

    def _best(self, term: joint.Term, at: int, moment: int, window_us: int) -> float:
        found = (best_rank(self.spans.get(source, []), moment, window_us) for source in self._sources(term, at))
        return float(max(found, default=0))

    def _sequence(self, node: joint.Then, at: int) -> int | None:
        number = self.sequences.index(node)
        found = [
            self.met[number, at, source][1]
            for source in self._seconds(node.second, at)  # the versions of a bulletin are one
            if (number, at, source) in self.met
        ]
        return min(found, default=None)

    def _nowhere(self, term: joint.Term, at: int) -> bool:
        """A distance from a place that is not known says nothing."""
        return isinstance(term, joint.SignalTerm) and term.within_m > 0 and not self.anchors.all[at].located

    def _number(self, node: tree.Number, at: int, moment: int) -> float | None:
        match node:
            case tree.Constant(value):
                return value
            case tree.Arithmetic(op, left, right):
                a, b = self._number(left, at, moment), self._number(right, at, moment)
                if a is None or b is None or (op == "/" and b == 0):
                    return None
                return a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b
            case joint.Reports(_, within, window):
                if within > 0 and not self.anchors.all[at].located:
                    return None
                key = (self.counts.index(node), at)
                kept = [row for row in self.reports.get(key, ()) if row[0] > moment - window]
                self.reports[key] = kept
                if not kept:
                    del self.reports[key]
                return float(sum(number for _, number in kept))
            case joint.Signals(how, term, window):
                if self._nowhere(term, at):
                    return None
                found = {
                    self.anchors.member(_subject(source[2]))
                    for source in self._sources(term, at)
                    if self._stood(source, term.rank, moment, window)
                }
                if how == "how_many":
                    return float(len(found))
                number = self._of_all(term, at)
                return 100.0 * len(found) / number if number else None
        raise TypeError(f"{type(node).__name__} cannot stand in a joint rule")

    def _of_all(self, term: joint.SignalTerm, at: int) -> int:
        """How many subjects of the rule there are so near, those with one label counted once."""
        number = self.terms.index(term)
        if number not in self._numbers:
            members: dict[int, set[str]] = {}
            for subject in self.subjects_of.get(term.rule, ()):
                for anchor in self.anchors.of_signal(subject, term.within_m):
                    members.setdefault(anchor, set()).add(self.anchors.member(subject))
            self._numbers[number] = {anchor: len(found) for anchor, found in members.items()}
        return self._numbers[number].get(at, 0)

    def _evidence(self, at: int, moment: int, before: int, after: int) -> Iterator[Measure]:
        truth = (
            self.judge.rungs[after].when if after > before else (self.rule.clear.when or self.judge.rungs[before].when)
        )
        for leaf in leaves(truth):
            match leaf:
                case tree.Compare(comparison, left, right, text, unit):
                    value, limit = self._number(left, at, moment), self._number(right, at, moment)
                    if value is not None and limit is not None:
                        yield Measure(text, value, unit, comparison, limit)
                case joint.Stands(term, window):
                    best = self._best(term, at, moment, window)
                    yield Measure(write_joint(leaf), best, "level", ">=", float(term.rank))
                case joint.Then(_, second, window):
                    after_us = self._sequence(leaf, at)
                    if after_us is None:
                        best = self._best(second, at, moment, 0)
                        yield Measure(write_joint(leaf), best, "level", ">=", float(second.rank))
                    else:
                        yield Measure(write_joint(leaf), after_us / 1e6, "s", "<=", window / 1e6)

    # ---------------------------------------------------------------- keeping
    def state(self) -> dict[str, Any]:
        """Everything but the ladder and what the catalogue gives, for JSON."""
        return {
            "closed": self.closed, "late": self.late, "order": self._order,
            "anchors": [anchor.subject.key for anchor in self.anchors.all],
            "pending": [[t, n, kind, [_plain(part) for part in what]] for t, n, kind, what in sorted(self.pending)],
            "due": sorted(self.due), "stale": sorted(self.stale),
            "spans": sorted([*source, spans] for source, spans in self.spans.items()),
            "bulletins": [_plain(bulletin) for _, bulletin in sorted(self.bulletins.items())],
            "latest": sorted(self.latest.items()),
            "reports": sorted([*key, rows] for key, rows in self.reports.items()), "heard": self.heard,
            "seen": list(self.seen), "met": sorted([*key, *value] for key, value in self.met.items()),
        }  # fmt: skip

    def load(self, state: dict[str, Any]) -> None:
        """Take over a saved state, after ``update`` with the same catalogue."""
        self.anchors.arrange(state["anchors"])
        self.closed, self.late, self._order = state["closed"], state["late"], state["order"]
        self.pending = [(t, n, kind, tuple(_read(part) for part in what)) for t, n, kind, what in state["pending"]]
        self.due = [(t, at) for t, at in state["due"]]
        self._due = set(self.due)
        self.stale = [(t, (kind, name, key)) for t, (kind, name, key) in state["stale"]]
        self.spans = {(kind, name, key): [list(span) for span in spans] for kind, name, key, spans in state["spans"]}
        versions = [_bulletin_of(row) for row in state["bulletins"]]
        self.bulletins = {f"{bulletin.id}\x1f{bulletin.sent_us}": bulletin for bulletin in versions}
        self.latest = {name: (kind, hazard, key) for name, (kind, hazard, key) in state["latest"]}
        self.reports = {(node, at): [(t, number) for t, number in rows] for node, at, rows in state["reports"]}
        self.heard = [(t, category, cell, number) for t, category, cell, number in state.get("heard", ())]
        self.seen = dict.fromkeys((source, category, cell, bucket) for source, category, cell, bucket in state["seen"])
        self.met = {(number, at, tuple(source)): (began, after) for number, at, source, began, after in state["met"]}
        self._look_again()


_COMPARE = {
    "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "==": float.__eq__, "!=": float.__ne__,
}  # fmt: skip


def _subject(text: str) -> Subject:
    kind, _, key = text.partition(":")
    return Subject(kind, key)


def _plain(part: Any) -> Any:
    """A bulletin as a list; anything else as it is."""
    if not isinstance(part, Bulletin):
        return part
    return [part.id, part.issuer, part.hazard, part.rank, part.sent_us, part.from_us, part.until_us,
            list(part.jurisdictions), list(part.cells), list(part.circle) if part.circle else None]  # fmt: skip


def _read(part: Any) -> Any:
    return _bulletin_of(part) if isinstance(part, list) else part


def _bulletin_of(row: list[Any]) -> Bulletin:
    circle = (row[9][0], row[9][1], row[9][2]) if row[9] else None
    return Bulletin(row[0], row[1], row[2], row[3], row[4], row[5], row[6], tuple(row[7]), tuple(row[8]), circle)
