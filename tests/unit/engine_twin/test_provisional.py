"""Provisional beside final judgement: the final one is untouched, and whatever is said ahead of it is settled, once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import groupby

import pyarrow as pa
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tocsin.engine.group import selects
from tocsin.engine.language import tree
from tocsin.engine.language.rule import Clear, Hold, Rule, Rung
from tocsin.engine.provisional.engine import ProvisionalEngine
from tocsin.engine.runner import Engine
from tocsin.engine.ticks import with_ticks
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Change, Finality
from tocsin.terms.stream import Catalogue

from .plain_provisional import Word, tell
from .worlds import MINUTE, catalogues, observations, records, rules

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
KINDS = ("stream", "stream", "silence", "pair", "area")


@st.composite
def lively(draw, kinds=KINDS):
    """A rule that says something of most rows: a ladder over plain thresholds."""
    kind = draw(st.sampled_from(kinds))
    hold = st.sampled_from([Hold(), Hold(), Hold(2 * MINUTE, 1), Hold(0, 2)])
    quantity = {
        "stream": st.sampled_from([tree.Value(), tree.Window("sum", 3 * MINUTE, 0, False), tree.Previous()]),
        "pair": st.just(tree.Arithmetic("+", tree.Value(), tree.Sister("q"))),
        "area": st.sampled_from([tree.AreaNumber("how_many", 2 * MINUTE, at_least(tree.Value(), 1.0)),
                                 tree.AreaNumber("highest", 2 * MINUTE, None, tree.Value())]),
    }  # fmt: skip
    if kind == "silence":
        rungs: tuple[Rung, ...] = (Rung(2, tree.Silent(2 * MINUTE)),)
    else:
        number = draw(quantity[kind])
        rungs = tuple(Rung(rank, at_least(number, float(rank)), draw(hold)) for rank in (1, 2, 3))
    return Rule("t/lively", 1, "h", {"property": ("p",)} if kind == "pair" else {}, rungs,
                draw(st.builds(Clear, st.none(), hold)), per="cell" if kind == "area" else "stream")  # fmt: skip


def at_least(number, limit):
    return tree.Compare(">=", number, tree.Constant(limit))


@st.composite
def late_worlds(draw, kinds=KINDS):
    """Rules over two sources, one of which (or both, or none) declares a lateness, and rows in a late order: some within the
    lateness, some beyond it, some twice. With the ticks of a log that was written row by row."""
    catalogue = draw(catalogues(MINUTE))
    one, two = (draw(st.sampled_from([0, 2, 3, 6])) for _ in range(2))
    sources = [replace(catalogue.sources["s"], id=name, lateness_s=minutes * 60.0) for name, minutes in
               (("s", one), ("r", two))]  # fmt: skip
    streams = [replace(stream, source=draw(st.sampled_from(["s", "r"]))) for stream in catalogue.streams]
    one_rule = st.one_of(lively(kinds), lively(kinds), rules(MINUTE, kinds))
    several = [replace(draw(one_rule), name=f"t/{n}") for n in range(draw(st.integers(1, 3)))]
    rows = draw(observations(MINUTE, len(streams)))
    delays = draw(st.lists(st.sampled_from([0, 0, 0, 1, 1, 2, 4, 7]), min_size=len(rows), max_size=len(rows)))
    arrived = [row for _, row in sorted(zip(delays, rows, strict=True), key=lambda p: p[1][1] + p[0] * MINUTE)]
    arrived += draw(st.lists(st.sampled_from(rows), max_size=3))
    every = draw(st.sampled_from([1, 1, 2, 5])) * MINUTE
    return (
        Catalogue(sources, streams),
        several,
        list(with_ticks(records(arrived, (1,)), every)),
        rows[-1][1] + 9 * MINUTE,
    )


def joined(log):
    """The same log, rows between two ticks in one record."""
    out = []
    for kind, together in groupby(log, key=lambda record: record.kind):
        if kind is RecordKind.OBSERVATIONS:
            table = pa.Table.from_batches([record.batch for record in together]).combine_chunks()
            out.append(Record(len(out), kind, 0, table.to_batches()[0]))
        else:
            out += [Record(len(out) + n, kind, record.at_us) for n, record in enumerate(together)]
    return out


def play(engine, log, end_us):
    return [said for record in log for said in engine.feed(record)] + engine.finish(end_us)


def plainly(transitions):
    """As text (evidence may hold NaN), without what only provisional judgement knows."""
    return [repr(replace(t, episode="", amends=0, awaited_us=0)) for t in transitions]


def final_of(transitions):
    return [t for t in transitions if t.finality is Finality.FINAL]


@settings(relaxed, max_examples=120)
@given(late_worlds())
def test_the_final_sequence_is_that_of_the_engine_alone(world):
    catalogue, several, log, end = world
    said = play(ProvisionalEngine(several, catalogue), log, end)
    for kind in {t.change for t in said if t.finality is Finality.PROVISIONAL}:
        event(f"said ahead: {kind}")
    assert plainly(final_of(said)) == plainly(play(Engine(several, catalogue), log, end))


@settings(relaxed, max_examples=120)
@given(late_worlds())
def test_what_is_said_ahead_is_confirmed_or_retracted_exactly_once(world):
    catalogue, several, log, end = world
    level, said, open_, settled = defaultdict(int), defaultdict(int), {}, []
    for t in play(ProvisionalEngine(several, catalogue), log, end):
        who = (t.rule, t.subject)
        known = max(level[who], said[who])
        if t.finality is Finality.FINAL:
            assert t.previous == level[who]
            assert t.amends == (said[who] if 0 < said[who] <= t.level else 0)
            assert t.episode == open_.get(who, "")
            level[who], said[who] = t.level, 0 if t.amends else said[who]
            assert t.level or not said[who], "nothing said outlives its signal"
        elif t.change is Change.RETRACTED:
            assert (t.previous, t.level, t.amends) == (said[who], level[who], said[who])
            said[who] = 0
        else:
            assert t.awaited_us > 0
            assert t.previous == known < t.level
            assert (t.change is Change.RAISED) == (known == 0)
            said[who] = t.level
            if t.change is Change.RAISED:
                open_[who] = t.episode
        if not level[who] and not said[who] and who in open_:
            assert t.change in (Change.RETRACTED, Change.CLEARED)
            settled.append(open_.pop(who))
    assert not any(said.values())
    assert len(set(settled)) == len(settled)
    assert all(level[who] for who in open_), "what is still open was confirmed"


@settings(relaxed, max_examples=60)
@given(late_worlds())
def test_nothing_is_provisional_without_lateness(world):
    catalogue, several, log, end = world
    on_time = Catalogue([replace(s, lateness_s=0.0) for s in catalogue.sources.values()], catalogue.streams)
    engine = ProvisionalEngine(several, on_time)
    assert engine.lead is None
    assert repr(play(engine, log, end)) == repr(play(Engine(several, on_time), log, end))
    assert engine.snapshot() == engine.final.snapshot()


@settings(relaxed, max_examples=120)
@given(late_worlds())
def test_what_is_said_does_not_depend_on_how_the_log_was_cut(world):
    catalogue, several, log, end = world

    def by_subject(log):
        said = defaultdict(list)
        for t in play(ProvisionalEngine(several, catalogue), log, end):
            said[t.rule, t.subject].append(repr(replace(t, seq=0)))
        return said

    assert by_subject(log) == by_subject(joined(log))


@settings(relaxed, max_examples=80)
@given(late_worlds(), st.data())
def test_a_restart_anywhere_changes_nothing_that_is_said(world, data):
    catalogue, several, log, end = world
    stop = data.draw(st.integers(0, len(log)))
    whole, first = ProvisionalEngine(several, catalogue), ProvisionalEngine(several, catalogue)
    undisturbed = play(whole, log, end)
    before = [line for record in log[:stop] for line in first.feed(record)]
    second = ProvisionalEngine.restore(several, first.snapshot())
    assert repr(before + play(second, log[stop:], end)) == repr(undisturbed)
    assert second.snapshot() == whole.snapshot()


@settings(relaxed, max_examples=80)
@given(late_worlds(kinds=("stream",)))
def test_what_is_said_of_single_streams_is_what_the_twin_says(world):
    catalogue, several, log, _ = world
    rule = several[0]
    engine = ProvisionalEngine([rule], catalogue)
    said = [line for record in log for line in engine.feed(record)]
    chosen = tuple(sorted((name, tuple(values)) for name, values in rule.select.items()))
    late = [i for i, s in enumerate(catalogue.streams) if selects(chosen, s) and catalogue.source_of(i).lateness_s > 0]
    for name, words in tell(rule, catalogue, late, log).items():
        mine = [t for t in said if t.subject.key == name]
        found = [Word(str(t.finality), str(t.change), t.level, t.previous, t.at_us, t.amends) for t in mine]
        for word in words:
            event(f"{word.finality} {word.change}")
        assert found == words
