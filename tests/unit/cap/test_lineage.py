"""Which message holds: told from the set of messages, in whatever order they came."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cap.sample import SENT, alert, english

from tocsin.formats.cap import Alert, Line, LineState, Reading, Reference, read, trace
from tocsin.formats.cap.encode import encode

MINUTE = timedelta(minutes=1)


def message(name: str, kind: str = "Alert", *cited: Alert | Reference, after: int = 0, sender: str = "") -> Alert:
    references = tuple(one.reference if isinstance(one, Alert) else one for one in cited)
    made = alert(identifier=name, msg_type=kind, sent=SENT + after * MINUTE, references=references,
                 infos=(english(headline=name),))  # fmt: skip
    return replace(made, sender=sender) if sender else made


def received(made: Alert) -> Reading:
    return read(encode(made))


def places(*messages: Alert, **named: frozenset[str]) -> dict[str, str]:
    lines = trace(map(received, messages), {key.replace("_at_", "@"): value for key, value in named.items()})
    return {line.alert.identifier: line.state.value for line in lines.values()}


def line_of(name: str, *messages: Alert) -> Line:
    return next(line for line in trace(map(received, messages)).values() if line.alert.identifier == name)


FIRST = message("a")
SECOND = message("b", "Update", FIRST, after=1)
THIRD = message("c", "Update", SECOND, after=2)
END = message("d", "Cancel", THIRD, after=3)


@pytest.mark.parametrize("order", list(itertools.permutations((FIRST, SECOND, THIRD, END))))
def test_the_order_of_arrival_changes_nothing(order):
    assert places(*order) == {"a": "replaced", "b": "replaced", "c": "cancelled", "d": "in force"}


def test_an_update_replaces_and_says_by_whom():
    line = line_of("a", FIRST, SECOND)
    assert line.state is LineState.REPLACED
    assert line.ended_by == (SECOND.sender, "b", SECOND.sent)
    assert line_of("b", FIRST, SECOND).state is LineState.IN_FORCE


def test_a_cancel_of_the_first_reaches_what_cited_it():
    late = message("d", "Cancel", FIRST, after=3)
    assert places(FIRST, SECOND, THIRD, late) == {"a": "cancelled", "b": "cancelled", "c": "cancelled", "d": "in force"}


def test_what_came_after_a_cancel_is_not_cancelled_by_it():
    early = message("d", "Cancel", FIRST, after=1)
    assert places(FIRST, early, message("e", "Update", FIRST, after=2))["e"] == "in force"


def test_a_cancel_before_its_alert_is_held_and_then_obeyed():
    cancel = message("x", "Cancel", FIRST, after=5)
    assert places(cancel) == {"x": "held"}
    assert places(cancel, FIRST) == {"x": "in force", "a": "cancelled"}


def test_an_update_whose_alert_never_came_stands_by_itself():
    assert places(SECOND) == {"b": "in force"}


def test_a_wrong_sent_still_finds_its_message_and_is_noted():
    wrong = Reference(FIRST.sender, "a", SENT + timedelta(days=3))
    for cited in (wrong, replace(wrong, sent=None)):
        later = message("b", "Update", replace(cited), after=1)
        lines = trace([received(FIRST), Reading(later, encode_any(later), "1.2", True, ())])
        first, second = lines.values()
        assert first.state is LineState.REPLACED
        assert [finding.rule for finding in second.findings] == ["R51"]


def encode_any(made: Alert) -> bytes:
    return repr(made).encode()


def test_nobody_cancels_for_another_without_being_registered():
    stranger = message("x", "Cancel", FIRST, after=1, sender="else@where.example")
    assert places(FIRST, stranger) == {"a": "in force", "x": "held"}
    assert [finding.rule for finding in line_of("x", FIRST, stranger).findings] == ["R51"]
    delegates = frozenset({"else@where.example"})
    assert places(FIRST, stranger, **{"cap_at_dongshi.example": delegates})["a"] == "cancelled"


def test_two_updates_of_one_alert_stand_beside_each_other_and_the_later_holds():
    one, two = message("u1", "Update", FIRST, after=1), message("u2", "Update", FIRST, after=2)
    assert places(FIRST, two, one) == {"a": "replaced", "u1": "replaced", "u2": "in force"}
    assert line_of("u1", FIRST, one, two).beside == [(two.sender, "u2", two.sent)]
    assert line_of("u2", FIRST, one, two).beside == [(one.sender, "u1", one.sent)]
    chain = message("u3", "Update", FIRST, one, after=3)
    assert line_of("u3", FIRST, one, chain).beside == []


def test_the_same_key_twice_is_one_and_other_bytes_are_a_conflict():
    twin = received(FIRST)
    assert len(trace([received(FIRST), twin])) == 1
    other = received(replace(FIRST, note="not the same"))
    (line,) = trace([received(FIRST), other, other]).values()
    assert line.alert == FIRST
    assert [finding.rule for finding in line.findings][:1] == ["R53"]


def test_the_same_content_under_a_new_name_is_asked_about():
    again = replace(FIRST, identifier="again", sent=SENT + MINUTE)
    line = line_of("again", FIRST, again)
    assert line.like == (FIRST.sender, "a", SENT)
    assert [finding.rule for finding in line.findings] == ["R54"]
    ended = message("d", "Cancel", FIRST, after=2)
    assert line_of("again", FIRST, ended, replace(again, sent=SENT + 3 * MINUTE)).like is None


def test_answers_are_kept_with_what_they_answer():
    thanks, fault = message("k", "Ack", FIRST, after=1), message("f", "Error", FIRST, after=2)
    line = line_of("a", FIRST, thanks, fault)
    assert [key[1] for key in line.answers] == ["k", "f"]
    assert line.state is LineState.IN_FORCE
    assert places(FIRST, thanks)["k"] == "answer"


def test_withheld_messages_are_left_out():
    assert trace([read(b"nonsense")]) == {}


@given(st.data())
def test_any_set_of_messages_gives_one_answer(data):
    """Random webs of updates and cancels: no order of arrival changes any place, and one that ends is ended by a later one."""
    made: list[Alert] = []
    for number in range(data.draw(st.integers(1, 7))):
        kind = data.draw(st.sampled_from(("Alert", "Update", "Cancel", "Ack")))
        cited = data.draw(st.lists(st.sampled_from(made), max_size=2)) if made else []
        made.append(message(f"m{number}", kind, *cited, after=data.draw(st.integers(0, 3))))
    readings = [Reading(one, one.identifier.encode(), "1.2", True, ()) for one in made]
    straight = trace(readings)
    shuffled = trace(data.draw(st.permutations(readings)))
    for key, line in straight.items():
        assert shuffled[key].state is line.state
        assert line.ended_by is None or straight[line.ended_by].alert.sent >= line.alert.sent


@pytest.mark.data
def test_the_two_services_that_cite_a_wrong_time(corpus: Path):
    for name in ("cn-baoding-update-en-zh", "be-update-nl-fr-en-de"):
        update = read((corpus / "real" / f"{name}.xml").read_bytes())
        cited = update.require().references[0]
        first = alert(identifier=cited.identifier, sender=cited.sender, sent=update.require().sent - timedelta(hours=9))
        lines = trace([Reading(first, b"first", "1.2", True, ()), update])
        places_now = [line.state for line in lines.values()]
        assert places_now == [LineState.REPLACED, LineState.IN_FORCE], name
        assert [finding.rule for finding in lines[update.require().sender, update.require().identifier,
                                                  update.require().sent].findings] == ["R51"]  # fmt: skip
