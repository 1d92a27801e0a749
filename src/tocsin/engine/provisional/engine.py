"""Provisional and final judgement of one log: the final engine as it is, and what is said ahead of it.

Final transitions are those of the final engine alone, in its order. Between them stand provisional ones: a subject whose
rule waits for late data is raised at once on what has arrived, and that is confirmed, amended or retracted when the final
engine gets there. Where no source declares a lateness there is nothing beside the final engine, at no cost.

What is said depends on the order of rows in the log, not on how they were cut into records: rules over single streams speak
at the row that decides, areas, silence and sisters at ticks; retractions come with ticks too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from tocsin.engine.judge import Changes
from tocsin.engine.language.rule import Rule
from tocsin.engine.operators.ordering import NEVER, group_by_stream
from tocsin.engine.provisional.book import Book
from tocsin.engine.provisional.leading import Leading, Reach, judged_until, reach_of
from tocsin.engine.runner import Engine
from tocsin.engine.state.frame import pack_state, unpack_state
from tocsin.terms.errors import Damaged
from tocsin.terms.observation import Quality
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Finality, Transition
from tocsin.terms.stream import Catalogue

__all__ = ["ProvisionalEngine"]

Array = np.ndarray
Move = tuple[Changes, int]  # the k-th change of a rule
MAGIC = b"TCSPROV1"
# Bringing the leading engine level copies the state of all streams (measured on W1, five rules: 36 us a stream). At most so
# often that it costs a few per cent of live time; a function of the log, so that a replay does it at the same records.
PAUSE_US, PAUSE_US_A_STREAM = 30_000_000, 1_000


class ProvisionalEngine:
    """As ``Engine``, with provisional transitions among the final ones. ``final`` is the engine that it looks ahead of."""

    def __init__(self, rules: Sequence[Rule], catalogue: Catalogue | None = None, *, registered_us: int = 0) -> None:
        """``registered_us`` as of ``Engine``. Raises ValueError for a rule that mixes what cannot be mixed."""
        self._begin(Engine(rules, catalogue, registered_us=registered_us))

    def _begin(self, final: Engine) -> None:
        self.final = final
        self.lead: Leading | None = None
        self._books: dict[str, Book] = {}
        self._reach: dict[str, Reach] = {}
        self._levelled_us = NEVER  # tick at which the leading engine was last brought level
        self._must_level = False
        self._follow_catalogue()

    # ---------------------------------------------------------------- as the engine
    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules it judges by."""
        return self.final.rules

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue at this place of the log."""
        return self.final.catalogue

    @property
    def next_seq(self) -> int:
        """The record that it expects."""
        return self.final.next_seq

    @next_seq.setter
    def next_seq(self, seq: int) -> None:
        self.final.next_seq = seq
        if self.lead is not None:
            self.lead.next_seq = seq

    def feed(self, record: Record) -> list[Transition]:
        """Transitions that a record makes known, provisional ones among the final. Raises ValueError when a record is skipped
        or comes twice."""
        return self.feed_columns(record)[1]

    def feed_columns(self, record: Record) -> tuple[list[Changes], list[Transition]]:
        """The final engine's columns (for a second stage over signals, or a count), and the same as transitions with the
        provisional ones among them."""
        finals = self.final.feed_columns(record)
        if record.kind is RecordKind.CATALOGUE:
            return finals, self._catalogue_changed(record, finals)
        if self.lead is None:
            return finals, self.final._transitions(finals, record.seq)
        leads = self.lead.feed_columns(record)
        told = _Told(self.final, self._books, finals, record.seq)
        if record.kind is RecordKind.TICK:
            self._ticked(told, leads, record)
        elif record.batch is not None:
            self._observed(told, leads, record)
        return finals, told.in_order()

    def finish(self, at_us: int) -> list[Transition]:
        """End of a recorded file: what lateness held back is judged, and all that was said ahead of it is settled."""
        return self.finish_columns(at_us)[1]

    def finish_columns(self, at_us: int) -> tuple[list[Changes], list[Transition]]:
        """``finish`` as ``feed_columns`` gives it."""
        seq = self.final.next_seq
        finals = self.final.finish_columns(at_us)
        told = _Told(self.final, self._books, finals, seq)
        for name, book in self._books.items():
            for slot in {*told.slots(name), *np.flatnonzero(book.said).tolist()}:
                told.judge(book, slot)
                told.add(book, slot, book.settle(slot, seq, int(book.said_at[slot])))
        return finals, told.in_order()

    # ---------------------------------------------------------------- catalogue
    def _catalogue_changed(self, record: Record, finals: list[Changes]) -> list[Transition]:
        had = self.lead
        self._follow_catalogue()
        if had is not None and self.lead is not None:
            self.lead.next_seq = record.seq + 1
        self._must_level = self.lead is not None
        told = _Told(self.final, self._books, finals, record.seq)
        for book in self._books.values():
            for slot in np.flatnonzero((book.said > 0) & (book.awaited == 0)).tolist():  # nothing is awaited any more
                told.add(book, slot, book.settle(slot, record.seq, int(book.said_at[slot])))
        return told.in_order()

    def _follow_catalogue(self) -> None:
        """Which rules wait for late data now, and where. A rule that ever did keeps its book: its signals have names there."""
        reach = {rule.name: reach_of(self.final, rule) for rule in self.final.rules}
        late = {name: one for name, one in reach.items() if one.awaited.any() or name in self._books}
        for rule in self.final.rules:
            if rule.name in late:
                self._open_book(rule).grow(late[rule.name].awaited)
        self._reach = late
        rules = [rule for rule in self.final.rules if rule.name in late]
        if not rules:
            self.lead = None
            return
        if self.lead is None or [rule.name for rule in self.lead.rules] != [rule.name for rule in rules]:
            self.lead = Leading(rules, self.final.catalogue)
            self.lead._stand_at(self.final)
        else:
            self.lead.set_catalogue(self.final.catalogue)
        self.lead.wanted[:] = False
        for one in late.values():
            self.lead.wanted[one.streams] = True

    def _open_book(self, rule: Rule) -> Book:
        if rule.name not in self._books:
            judge = self.final._judges[rule.name]
            book = Book(rule, judge.digest, lambda slot: self.final.subject(rule, slot))
            book.grow(np.zeros(len(judge.ladder.level), np.int64))
            book.level[:], book.onset[:] = judge.ladder.level, judge.ladder.onset
            book.begin_level()
            self._books[rule.name] = book
        return self._books[rule.name]

    # ---------------------------------------------------------------- rows
    def _observed(self, told: _Told, leads: list[Changes], record: Record) -> None:
        """Rules over single streams speak at the row that decides; of the others only the standing is noted."""
        moves = _by_slot(leads)
        rows = _RowsOf(record, len(self.final.catalogue))
        for name, book in self._books.items():
            reach = self._reach[name]
            ahead = {slot: found for slot, found in moves.get(name, {}).items() if reach.awaited[slot] > 0}
            for slot in {**dict.fromkeys(told.slots(name)), **ahead}:
                if reach.how == "stream" and reach.awaited[slot] > 0:
                    self._interleave(told, book, slot, ahead.get(slot, []), rows)
                    continue
                told.judge(book, slot)
                for changes, k in ahead.get(slot, ()):
                    _follow(book, slot, changes, k)

    def _interleave(self, told: _Told, book: Book, slot: int, ahead: list[Move], rows: _RowsOf) -> None:
        """One stream's final and leading moves as they follow each other row by row. A row is newer than all before it or
        decides nothing: it first lets what waited be judged, then moves the leading engine."""
        finals = told.waiting(book, slot)
        if not finals:
            for changes, k in ahead:
                _follow(book, slot, changes, k)
                told.add(book, slot, book.say(slot, NEVER, told.seq))
            return
        if not ahead and not book.lead[slot]:
            told.judge(book, slot)
            return
        lateness = int(book.awaited[slot])
        newest = rows.newest(int(self.final._group_of[book.rule.name].members[slot]))
        at_final = np.searchsorted(newest, np.array([t.at_us + lateness for t in finals]))
        at_lead = np.searchsorted(newest, np.array([int(changes.at[k]) for changes, k in ahead], np.int64))
        for row in np.union1d(at_final, at_lead).tolist():
            if told.judge(book, slot, int((at_final == row).sum())):
                told.add(book, slot, book.say(slot, int(newest[row]) - lateness, told.seq))
            for n in np.flatnonzero(at_lead == row).tolist():
                _follow(book, slot, *ahead[n])
                told.add(book, slot, book.say(slot, NEVER, told.seq))

    # ---------------------------------------------------------------- ticks
    def _ticked(self, told: _Told, leads: list[Changes], record: Record) -> None:
        """Everything is looked at: what became final, what the leading engine says, what was not borne out."""
        assert self.lead is not None  # noqa: S101 - only called beside one
        moves = _by_slot(leads)
        for name, book in self._books.items():
            for slot in {**dict.fromkeys(told.slots(name)), **moves.get(name, {})}:
                told.judge(book, slot)
                if self._reach[name].awaited[slot] > 0:
                    for changes, k in moves.get(name, {}).get(slot, ()):
                        _follow(book, slot, changes, k)
        judged = {
            name: judged_until(self.final, book.rule, self._reach[name].how) for name, book in self._books.items()
        }
        if self._level_is_due(record.at_us, judged):
            self._bring_level(record.at_us)
        for name, book in self._books.items():
            for slot in book.open_slots().tolist():
                until = int(judged[name][slot])
                if book.said_at[slot] <= until:
                    told.add(book, slot, book.settle(slot, told.seq, int(book.said_at[slot])))
                if self._reach[name].awaited[slot] > 0:
                    told.add(book, slot, book.say(slot, until, told.seq))

    def _level_is_due(self, tick_us: int, judged: dict[str, Array]) -> bool:
        """Whether the leading engine lacks rows, or was not borne out, and the last time is long enough ago."""
        assert self.lead is not None  # noqa: S101 - only called beside one
        if self._must_level:
            return True
        if tick_us - self._levelled_us < max(PAUSE_US, PAUSE_US_A_STREAM * len(self.final.catalogue)):
            return False
        return self.lead.lacks(self.final) or any(
            bool(((book.said > book.level) & (book.said_at <= judged[name])).any())
            for name, book in self._books.items()
        )

    def _bring_level(self, tick_us: int) -> None:
        assert self.lead is not None  # noqa: S101 - only called beside one
        moves = _by_slot(self.lead.catch_up(self.final, tick_us))
        self._levelled_us, self._must_level = tick_us, False
        for name, book in self._books.items():
            book.begin_level()
            for slot, found in moves.get(name, {}).items():
                if self._reach[name].awaited[slot] > 0:
                    book.level_with(slot, [(int(changes.after[k]), int(changes.at[k])) for changes, k in found])
                    for changes, k in found:
                        _follow(book, slot, changes, k)

    # ---------------------------------------------------------------- rules that end
    def end_rule(self, name: str, cleared: dict[int, Transition], at_us: int, seq: int) -> list[Transition]:
        """A rule is taken back or changed: the clearances of its signals by slot, under the names by which they are known,
        and retractions of what was said ahead."""
        book = self._books.get(name)
        if book is None:
            return list(cleared.values())
        out: list[Transition] = []
        for slot in sorted({*cleared, *np.flatnonzero(book.said).tolist()}):
            out += book.judge(slot, cleared[slot]) if slot in cleared else book.settle(slot, seq, at_us)
        return out

    # ---------------------------------------------------------------- keeping
    def snapshot(self) -> bytes:
        """Everything needed to go on: the final engine's snapshot, and beside it what looks ahead."""
        final = self.final.snapshot()
        if self.lead is None:
            return final
        header = {
            "levelled_us": int(self._levelled_us), "must_level": self._must_level,
            "books": {name: book.digest for name, book in self._books.items()},
        }  # fmt: skip
        arrays = {f"{name}//{key}": array for name, book in self._books.items() for key, array in book.state().items()}
        parts = (final, self.lead.snapshot(), pack_state(header, arrays))
        return b"".join([MAGIC, *(len(part).to_bytes(8, "little") for part in parts), *parts])

    @classmethod
    def restore(cls, rules: Sequence[Rule], data: bytes) -> ProvisionalEngine:
        """As it was. Rules that changed their meaning start anew; a final engine's own snapshot is taken too.

        Raises Damaged when the bytes fail their check or come from another format.
        """
        self = cls.__new__(cls)
        if data[:8] != MAGIC:
            self._begin(Engine.restore(rules, data))
            self._must_level = self.lead is not None
            return self
        final, lead, books = _parts(data)
        self._begin(Engine.restore(rules, final))
        if self.lead is None:
            return self
        header, arrays = unpack_state(books)
        names = [rule.name for rule in self.lead.rules]
        restored = Leading.restore(self.lead.rules, lead)
        assert isinstance(restored, Leading)  # noqa: S101 - what restore gives is of its class
        restored.wanted, self.lead = self.lead.wanted, restored
        self._levelled_us = header["levelled_us"]
        same = header["books"] == {name: self._books[name].digest for name in names}
        self._must_level = header["must_level"] or not same
        for name, book in self._books.items():
            if header["books"].get(name) == book.digest:
                book.load({key: arrays[f"{name}//{key}"] for key in book.state()})
        return self


def _parts(data: bytes) -> list[bytes]:
    out, at = [], 32
    for n in range(3):
        size = int.from_bytes(data[8 + 8 * n : 16 + 8 * n], "little")
        out.append(data[at : at + size])
        at += size
    if at != len(data):
        raise Damaged("snapshot", "is torn or was changed", "use the snapshot before it")
    return out


class _Told:
    """What one record gives: final transitions by rule and slot until they are judged, then all in order."""

    def __init__(self, final: Engine, books: dict[str, Book], finals: list[Changes], seq: int) -> None:
        self.seq = seq
        self._plain: list[Transition] = []
        self._waiting: dict[str, dict[int, list[Transition]]] = {}
        self._said: dict[tuple[str, str], list[Transition]] = {}
        for changes in finals:
            expanded = final._expand(changes, seq)
            if changes.rule.name not in books:
                self._plain += expanded
                continue
            of_rule = self._waiting.setdefault(changes.rule.name, {})
            for slot, transition in zip(changes.slot.tolist(), expanded, strict=True):
                of_rule.setdefault(slot, []).append(transition)

    def slots(self, name: str) -> list[int]:
        """Slots of a rule whose final transitions wait."""
        return list(self._waiting.get(name, ()))

    def waiting(self, book: Book, slot: int) -> list[Transition]:
        """The final transitions of a slot that are still to be judged, in order."""
        return self._waiting.get(book.rule.name, {}).get(slot, [])

    def judge(self, book: Book, slot: int, number: int | None = None) -> int:
        """Take the next ``number`` (all) of them into the book; how many there were."""
        waiting = self.waiting(book, slot)
        taken = waiting[:number] if number is not None else list(waiting)
        del waiting[: len(taken)]
        for final in taken:
            self.add(book, slot, book.judge(slot, final))
        return len(taken)

    def add(self, book: Book, slot: int, transitions: Iterator[Transition]) -> None:
        """What was told of a slot, after all that was told of it before."""
        for transition in transitions:
            self._said.setdefault((book.rule.name, str(transition.subject)), []).append(transition)

    def in_order(self) -> list[Transition]:
        """Final transitions in the final engine's own order; provisional ones stand before the next final one of their
        subject, and what is left at the end."""
        if not self._said:
            return sorted(self._plain, key=_order)
        told = list(itertools.chain.from_iterable(self._said.values()))
        finals = sorted([*self._plain, *(t for t in told if t.finality is Finality.FINAL)], key=_order)
        if len(finals) == len(self._plain) + len(told):
            return finals
        out: list[Transition] = []
        for final in finals:
            mine = self._said.get((final.rule, str(final.subject)))
            while mine and mine[0].finality is not Finality.FINAL:
                out.append(mine.pop(0))
            out.append(mine.pop(0) if mine else final)
        rest = sorted((mine for mine in self._said.values() if mine), key=lambda mine: _order(mine[0]))
        return out + list(itertools.chain.from_iterable(rest))


class _RowsOf:
    """The rows of a record by stream, sorted out once and only when somebody asks."""

    def __init__(self, record: Record, streams: int) -> None:
        self._record, self._streams = record, streams
        self._time: Array | None = None
        self._start = np.zeros(0, np.int64)

    def newest(self, stream: int) -> Array:
        """After each row of a stream the newest moment among them, in log order."""
        if self._time is None:
            batch = self._record.batch
            assert batch is not None  # noqa: S101 - observations have rows
            good = batch.column("quality").to_numpy() != Quality.MISSING
            streams = batch.column("stream").to_numpy()[good]
            order = group_by_stream(streams, self._streams)
            self._time = batch.column("observed_at").cast("int64").to_numpy()[good][order]
            self._start = np.searchsorted(streams[order], np.arange(self._streams + 1))
        return np.asarray(np.maximum.accumulate(self._time[self._start[stream] : self._start[stream + 1]]))


def _order(transition: Transition) -> tuple[int, str, str]:
    return transition.at_us, transition.rule, str(transition.subject)


def _by_slot(leads: list[Changes]) -> dict[str, dict[int, list[Move]]]:
    out: dict[str, dict[int, list[Move]]] = {}
    for changes in leads:
        of_rule = out.setdefault(changes.rule.name, {})
        for k, slot in enumerate(changes.slot.tolist()):
            of_rule.setdefault(slot, []).append((changes, k))
    return out


def _follow(book: Book, slot: int, changes: Changes, k: int) -> None:
    book.follow(slot, int(changes.after[k]), int(changes.at[k]), int(changes.onset[k]), lambda: changes.evidence(k))
