"""Recording engine batches: once, whole, in order; and reading them back with a scope."""

from __future__ import annotations

import math

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.rooms.town import EAST, HOUR_US, WEST, change, event_of, record, register, transition
from tocsin.loop.detect import queries
from tocsin.loop.detect.models import EventMember, SignalChangeRow, SignalRow
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.outbox.models import OutboxFact
from tocsin.terms.errors import Damaged, UnknownName
from tocsin.terms.event import EventState
from tocsin.terms.signal import Subject

pytestmark = pytest.mark.django_db
EAST_ONLY = Scope("simcity/east", "duty_officer")


@pytest.fixture(autouse=True)
def _catalogue(db) -> None:
    register(EAST, WEST)


def test_a_signal_runs_from_onset_to_clearance_with_all_its_evidence() -> None:
    record(transition(level=2, seq=1), seq=1)
    record(transition(change="changed", level=4, previous=2, seq=2, at_us=2 * HOUR_US), seq=2)
    (line,) = queries.open_signals(EVERYWHERE)
    assert (line.level, line.peak, line.onset_us, line.changed_us, line.cleared_us) == (
        4,
        4,
        HOUR_US,
        2 * HOUR_US,
        None,
    )
    assert line.jurisdiction == "simcity/east"

    record(transition(change="cleared", previous=4, seq=3, at_us=3 * HOUR_US), seq=3)
    assert queries.open_signals(EVERYWHERE) == []
    (line,) = queries.signals(EVERYWHERE)
    assert (line.level, line.peak, line.cleared_us) == (0, 4, 3 * HOUR_US)
    changes = queries.signal_changes(EVERYWHERE, [line.id])
    assert [(c.change, c.level, c.previous, c.seq) for c in changes] == [
        ("raised", 2, 0, 1), ("changed", 4, 2, 2), ("cleared", 0, 4, 3)]  # fmt: skip
    assert changes[0].evidence == transition().evidence


def test_one_batch_may_hold_several_transitions_of_one_signal() -> None:
    record(
        transition(level=1), transition(change="changed", level=3, previous=1), transition(change="cleared", previous=3)
    )
    (line,) = queries.signals(EVERYWHERE)
    assert (line.level, line.peak) == (0, 3)
    assert [c.change for c in queries.signal_changes(EVERYWHERE, [line.id])] == ["raised", "changed", "cleared"]


def test_a_repeat_changes_nothing() -> None:
    first = transition()
    batch = {"changes": (change(event_of(first)),), "seq": 1}
    assert record(first, **batch).transitions == 1
    before = _everything()
    again = record(first, **batch)
    assert (again.transitions, again.event_changes, again.consumed_seq) == (0, 0, 1)
    assert _everything() == before


def test_an_overlap_adds_only_what_is_new() -> None:
    first, second = transition(seq=1), transition("g2", seq=2)
    record(first, changes=(change(event_of(first)),), seq=1)
    got = record(first, second, changes=(change(event_of(first)), change(event_of(second), seq=2)), seq=2, first_seq=0)
    assert (got.transitions, got.event_changes) == (1, 1)
    assert SignalChangeRow.objects.count() == 2
    assert queries.consumed_seq() == 2


def test_a_gap_is_refused_and_nothing_of_the_batch_stays() -> None:
    record(transition(), seq=1)
    before = _everything()
    with pytest.raises(Damaged, match="records 2 to 4 were never recorded"):
        record(transition("g2", seq=5), seq=5, first_seq=5)
    assert _everything() == before


def test_a_batch_right_after_the_mark_is_no_gap() -> None:
    record(transition(), seq=1, first_seq=0)
    record(transition("g2", seq=2), seq=2, first_seq=2)
    assert queries.mark() == queries.Mark(2, "digest-2")


@pytest.mark.parametrize(
    "impossible",
    [
        transition(change="changed", previous=2, seq=2),
        transition(change="cleared", previous=2, seq=2),
        transition("g2", "raised", level=3, previous=1, seq=2),
    ],
)
def test_a_transition_that_does_not_follow_shows_a_missing_batch(impossible) -> None:
    with pytest.raises(Damaged, match="cannot follow"):
        record(impossible, seq=2)
    assert queries.consumed_seq() == -1


def test_a_cleared_signal_is_over_for_good() -> None:
    record(transition(), transition(change="cleared", previous=4), seq=1)
    with pytest.raises(Damaged, match="cannot follow"):
        record(transition(seq=2), seq=2)


def test_an_event_with_its_signals_explanation_and_family() -> None:
    one, two = transition(), transition("g2")
    parent = event_of(one, two)
    child = event_of(state=EventState.PROPOSED, hazard="tunnel_flood", level=1, parent=parent.id, lon=math.nan,
                     lat=math.nan, jurisdiction="simcity/west/tunnel", place="North tunnel")  # fmt: skip
    record(one, two, changes=(change(parent), change(child, "proposed", because="cascade:tunnel1")))
    detail = queries.event(EVERYWHERE, parent.id)
    assert [line.id for line in detail.signals] == [one.signal, two.signal]
    assert detail.explanation == parent.explanation
    assert [c.evidence for c in detail.signal_changes] == [one.evidence, two.evidence]
    assert [line.id for line in detail.children] == [child.id]
    proposed = queries.event(EVERYWHERE, child.id)
    assert proposed.parent is not None
    assert proposed.parent.id == parent.id
    assert proposed.event.state is EventState.PROPOSED
    assert math.isnan(proposed.event.lon)
    assert proposed.changes[0].because == "cascade:tunnel1"


def test_events_are_listed_by_level_then_age() -> None:
    streams = ["g1", "g2", "g1"]
    signals = [transition(stream, onset_us=n) for n, stream in enumerate(streams, 1)]
    events = [
        event_of(s, level=level, began_us=began) for s, level, began in zip(signals, (2, 4, 4), (5, 9, 7), strict=True)
    ]
    record(*signals, changes=tuple(change(e) for e in events))
    assert [line.id for line in queries.open_events(EVERYWHERE)] == [events[2].id, events[1].id, events[0].id]


def test_an_event_across_a_border_is_seen_from_both_sides_with_their_own_signals() -> None:
    east, west = transition(), transition("g2")
    both = event_of(east, west)
    record(east, west, changes=(change(both),))
    for scope, own in ((EAST_ONLY, east), (Scope("simcity/west", "duty_officer"), west)):
        assert [line.id for line in queries.open_events(scope)] == [both.id]
        assert [line.id for line in queries.event(scope, both.id).signals] == [own.signal]
        assert [line.signal for line in queries.event(scope, both.id).signal_changes] == [own.signal]


def test_nothing_outside_a_scope_is_there() -> None:
    west = transition("g2")
    event = event_of(west)
    record(west, changes=(change(event),))
    assert queries.open_signals(EAST_ONLY) == []
    assert queries.signals(EAST_ONLY) == []
    assert queries.open_events(EAST_ONLY) == []
    assert queries.recent_events(EAST_ONLY) == []
    assert queries.changes_since(EAST_ONLY, 0).changes == ()
    assert queries.signal_changes(EAST_ONLY, [west.signal]) == []
    with pytest.raises(UnknownName):
        queries.event(EAST_ONLY, event.id)
    with pytest.raises(UnknownName):
        queries.signal(EAST_ONLY, west.signal)


def test_the_feed_goes_on_from_its_cursor() -> None:
    one, two = transition(), transition("g2", seq=2)
    record(one, changes=(change(event_of(one)),), seq=1)
    first = queries.changes_since(EVERYWHERE, 0)
    assert [c.change for c in first.changes] == ["opened"]
    assert first.cursor == queries.newest_cursor()
    grown = event_of(one, two, changed_us=2 * HOUR_US)
    record(two, changes=(change(grown, "changed", seq=2),), seq=2)
    second = queries.changes_since(EVERYWHERE, first.cursor)
    assert [(c.event, c.change) for c in second.changes] == [(grown.id, "changed")]
    assert [(e.id, e.signals) for e in second.events] == [(grown.id, 2)]
    assert queries.changes_since(EVERYWHERE, second.cursor) == queries.Changes(second.cursor, (), (), False)


def test_a_limited_feed_says_that_there_is_more() -> None:
    signals = [transition(onset_us=n) for n in range(1, 4)]
    record(*signals, changes=tuple(change(event_of(s)) for s in signals))
    page = queries.changes_since(EVERYWHERE, 0, at_most=2)
    assert page.more
    assert len(page.changes) == 2
    rest = queries.changes_since(EVERYWHERE, page.cursor, at_most=2)
    assert not rest.more
    assert len(rest.changes) == 1


def test_a_merge_keeps_the_history_of_the_event_that_gave_way() -> None:
    one, two = transition(onset_us=1), transition("g2", onset_us=2)
    old, young = event_of(one), event_of(two)
    record(one, two, changes=(change(old), change(young)), seq=1)
    gave_way = event_of(two, state=EventState.MERGED, merged_into=old.id, ended_us=9)
    grown = event_of(one, two, id=old.id)
    record(changes=(change(gave_way, "merged", seq=2), change(grown, "changed", seq=2)), seq=2)
    assert [line.id for line in queries.open_events(EVERYWHERE)] == [old.id]
    detail = queries.event(EVERYWHERE, old.id)
    assert [line.id for line in detail.signals] == [one.signal, two.signal]
    assert [line.id for line in detail.merged] == [young.id]
    assert EventMember.objects.filter(event_id=young.id).count() == 1
    assert OutboxFact.objects.get(kind="event_merged").body.count(old.id) == 1
    with pytest.raises(Damaged, match="cannot follow"):
        record(changes=(change(event_of(two), "changed", seq=3),), seq=3)


def test_an_event_may_not_hold_a_signal_that_was_never_recorded() -> None:
    def attempt() -> None:
        with transaction.atomic():
            record(changes=(change(event_of(transition())),))
            connection.check_constraints()  # both databases check at commit, which a test never reaches

    with pytest.raises(IntegrityError):
        attempt()


def test_every_transition_and_event_change_is_a_fact() -> None:
    one = transition()
    record(one, changes=(change(event_of(one)),))
    assert sorted(OutboxFact.objects.filter(kind__regex="^(signal|event)").values_list("kind", flat=True)) == [
        "event_opened", "signal_raised"]  # fmt: skip


def test_a_batch_that_found_nothing_only_moves_the_mark() -> None:
    entries = len(ledger.chain("detect"))
    record(seq=7)
    assert queries.consumed_seq() == 7
    assert len(ledger.chain("detect")) == entries


def test_an_edited_transition_is_found_by_the_batch_root() -> None:
    record(transition(), seq=1)
    record(transition("g2", seq=2), seq=2)
    assert queries.verify_batches() == []
    SignalChangeRow.objects.filter(batch=2).update(level=1)
    (breach,) = queries.verify_batches()
    assert "batch 2" in breach.detail


def test_a_removed_and_an_invented_transition_are_found() -> None:
    record(transition(), transition("g2"), seq=1)
    row = SignalChangeRow.objects.order_by("id")[0]
    row.delete()
    assert [b.kind for b in queries.verify_batches()] == ["edited"]
    row.batch = 99
    row.save(force_insert=True)
    assert [b.kind for b in queries.verify_batches()] == ["edited", "inserted"]


def test_a_window_without_data_is_no_value_and_not_zero() -> None:
    nothing = transition()
    measure = nothing.evidence[0]
    object.__setattr__(measure, "value", math.nan)
    record(nothing)
    (read,) = queries.signal_changes(EVERYWHERE, [nothing.signal])
    assert math.isnan(read.evidence[0].value)


@pytest.mark.parametrize(
    ("subject", "jurisdiction"),
    [
        (Subject("basin", "blue"), "simcity"),
        (Subject("feature", "gauge2"), "simcity/west"),
        (Subject("jurisdiction", "simcity/east"), "simcity/east"),
        (Subject("stream", "nobody"), ""),
        (Subject("basin", "red"), ""),
    ],
)
def test_an_area_lies_where_all_its_streams_lie(subject: Subject, jurisdiction: str) -> None:
    record(transition(subject=subject))
    assert queries.signals(EVERYWHERE, subject=subject)[0].jurisdiction == jurisdiction


class AnyBatching(TestCase):
    """Property: how the log's records are cut into batches, and which batches are repeated, changes nothing."""

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=12))
    def test_the_record_is_the_same(self, cuts: list[tuple[int, int]]) -> None:
        steps = _story()
        record(*steps, seq=len(steps))
        whole = _signals_and_changes()
        _forget()
        at = -1
        for back, forth in [
            *cuts,
            (0, len(steps) + 1),
        ]:  # each batch begins some records before the mark, ends some after
            start, end = max(0, at + 1 - back), min(at + forth, len(steps))
            record(*(step for step in steps if start <= step.seq <= end), seq=end, first_seq=start)
            at = max(at, end)
        assert _signals_and_changes() == whole
        assert queries.verify_batches() == []


def _story() -> list:
    """Two streams going up and down, one record each step."""
    steps, level = [], {"g1": 0, "g2": 0}
    onset = dict(level)
    for seq, (stream, to) in enumerate(
        [("g1", 2), ("g2", 1), ("g1", 4), ("g1", 0), ("g2", 3), ("g1", 1), ("g2", 0), ("g1", 0)], start=1
    ):
        before, level[stream] = level[stream], to
        onset[stream] = seq if not before else onset[stream]
        kind = "raised" if not before else "changed" if to else "cleared"
        steps.append(transition(stream, kind, level=to, previous=before, seq=seq, at_us=seq, onset_us=onset[stream]))
    return steps


def _signals_and_changes() -> tuple:
    changes = SignalChangeRow.objects.order_by("id").values_list(
        "signal_id", "change", "level", "previous", "at_us", "seq"
    )
    facts = OutboxFact.objects.order_by("id").filter(kind__startswith="signal").values_list("kind", "body")
    return sorted(SignalRow.objects.values_list()), list(changes), list(facts)


def _forget() -> None:
    from tocsin.loop.detect.models import EngineMark
    from tocsin.records.ledger.models import LedgerChain, LedgerEntry

    for model in (SignalChangeRow, SignalRow, EngineMark, OutboxFact, LedgerEntry, LedgerChain):
        model.objects.all().delete()


def _everything() -> tuple:
    from django.apps import apps

    return tuple(
        sorted(map(repr, model.objects.values_list()))
        for room in ("detect", "ledger", "outbox")
        for model in apps.get_app_config(room).get_models()
    )


def test_five_thousand_transitions_are_written_by_a_few_statements(django_assert_max_num_queries) -> None:
    """Set-based, not a statement a row. (How long it takes is the benchmark's business, not a test's.)"""
    streams = [f"s{n}" for n in range(5000)]
    batch = [transition(stream) for stream in streams]
    events = tuple(change(event_of(*batch[n : n + 50])) for n in range(0, 5000, 50))
    with django_assert_max_num_queries(60):
        record(*batch, changes=events)
    assert SignalRow.objects.count() == 5000
