"""Grouping against its slow twin, in any split, with a restart anywhere."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.hazard import Cascade
from tocsin.terms.event import EventState

from .plain_grouping import PlainGrouper
from .street import HAZARDS, RAIN_FLOODS, S, Street, facility, place_of, transition

FACILITIES = [facility("ward", 0, "hospital"), facility("class", 9, "school"),
              *[facility(f"low{km}", km, depth="low") for km in (2, 5, 6, 12)]]  # fmt: skip
GAUGES = ("0", "2", "2b", "3", "5", "7", "8", "12", "14", "lost1")
RULES = {"rain": ("pack/rain", "pack/silent"), "flood": ("pack/flood",)}


@st.composite
def logs(draw):
    """Transitions as an engine gives them (raised, changed, cleared in turn for each rule and subject), with ticks.
    Time runs forward; what is known late, as silence is, lies up to eight seconds behind."""
    now, held, was, log = 0, {}, {}, []
    for seq in range(draw(st.integers(1, 30))):
        now += draw(st.sampled_from([0, 0, 1, 2, 4, 11]))
        if draw(st.integers(0, 4)) == 0:
            log.append(now * S)
            continue
        hazard = draw(st.sampled_from(sorted(RULES)))
        who = (draw(st.sampled_from(GAUGES)), hazard, draw(st.sampled_from(RULES[hazard])))
        at = now - draw(st.sampled_from([0, 0, 0, 1, 8]))
        level = draw(st.integers(1, 4))
        gauge, _, rule = who
        more = {
            "hazard": hazard,
            "rule": rule,
            "seq": seq,
            "quality": draw(st.integers(0, 15)) == 0 and who not in held,
        }
        if who not in held:
            at = max(at, was.get(who, at))  # a rule raises again only after it cleared
            log.append(transition("raised", gauge, at, level, **more))
            held.update({} if more["quality"] else {who: at})
        elif draw(st.booleans()):
            was[who] = max(at, held[who]) + 1
            log.append(transition("cleared", gauge, max(at, held[who]), onset=held.pop(who), **more))
        else:
            log.append(transition("changed", gauge, max(at, held[who]), level, onset=held[who], **more))
    return log


def play(street, log, cuts=None, restarts=frozenset()):
    """Feeds a log: one record at a time, or (``cuts``) the transitions between two ticks in one go."""
    waiting = []
    for number, entry in enumerate([*log, None]):
        if number in restarts:
            street.restart()
        if isinstance(entry, int) or entry is None:
            street.feed(*waiting)
            waiting = []
            if entry is not None:
                street.advance(entry / S)
        elif cuts and cuts[number % len(cuts)]:
            waiting.append(entry)
        else:
            street.feed(*waiting, entry)
            waiting = []
    return street


@settings(max_examples=120, deadline=None)
@given(logs())
def test_same_events_as_the_twin(log):
    street = play(
        Street([], FACILITIES, independent_of=lambda s: s.key.rstrip("b"), no_data_rules={"pack/silent"}), log
    )
    plain = PlainGrouper(HAZARDS, FACILITIES, 4, "pack/silent")
    for entry in log:
        if isinstance(entry, int):
            plain.advance(entry)
        else:
            plain.feed(entry, place_of(entry.subject))
    kept = [event for event in street.events.values() if event.state is not EventState.MERGED]
    assert {
        (e.id, e.hazard, tuple(sorted(e.signals)), e.level, e.began_us, e.ended_us, e.no_data) for e in kept
    } == plain.outcome()
    everything = {signal for event in street.events.values() for signal in event.signals}
    assert {signal for event in kept for signal in event.signals} == everything


RING = [RAIN_FLOODS, Cascade("flood", 2, "rain", ("tunnel",), 2.5, child_rank=1)]


@settings(max_examples=80, deadline=None)
@given(logs(), st.lists(st.booleans(), min_size=1, max_size=5), st.frozensets(st.integers(0, 30), max_size=3))
def test_any_split_and_any_restart_give_the_same_events(log, cuts, restarts):
    one_by_one = play(Street(RING, FACILITIES), log)
    assert play(Street(RING, FACILITIES), log, cuts).events == one_by_one.events
    restarted = play(Street(RING, FACILITIES), log, restarts=restarts)
    assert (restarted.events, restarted.said) == (one_by_one.events, one_by_one.said)
    assert restarted.grouper.snapshot() == one_by_one.grouper.snapshot()


@settings(max_examples=80, deadline=None)
@given(logs())
def test_families_are_trees_and_no_proposal_outlives_its_parent(log):
    street = play(Street(RING, FACILITIES), log)
    live = {event.id: event for event in street.grouper.live}
    assert live == {key: event for key, event in street.events.items() if event.state in ("open", "proposed")}
    proposals = [event for event in live.values() if event.state is EventState.PROPOSED]
    for event in live.values():
        ancestors = [event.id]
        while (parent := street.events[ancestors[-1]].parent) is not None:
            assert parent not in ancestors
            ancestors.append(parent)
    assert all(event.parent in live and live[event.parent].state is EventState.OPEN for event in proposals)
    assert all(not event.signals for event in proposals)
    at = [(event.hazard, event.lon) for event in proposals]
    assert len(at) == len(set(at))
