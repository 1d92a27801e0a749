"""What was due, told from made-up histories: the same as a slow twin reads off them, and blind to what comes later."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.loop.review.owed import Owed, known_at, owed
from tocsin.loop.review.reconstruction import Place, Sources, duties_held, reconstruct
from tocsin.loop.review.story import Told
from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.terms.moment import from_us, to_us

KIND = load_pack(next(path for path in builtin_pack_paths() if path.name == "workplace_safety")).cases["finding"]
START = datetime(2026, 3, 2, tzinfo=UTC)
CASE = "cas_1"
# What may happen, as (verb, body); 0 stands for "some hours from now".
HAPPENS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("case_moved", {"move": "order", "after": "ordered", "clocks": {"rectify": 0}}),
    ("case_moved", {"move": "plan", "after": "planned"}),
    ("case_moved", {"move": "report_closed", "after": "closed_by_owner", "clocks": {"recheck": 0}}),
    ("case_moved", {"move": "not_put_right", "after": "relapsed", "clocks": {"rectify": 0}}),
    ("case_moved", {"move": "look_again", "after": "looked_at"}),
    ("clock_extended", {"clock": "rectify", "due_us": 0}),
    ("clock_extended", {"clock": "recheck", "due_us": 0}),
    ("clock_paused", {"clock": "recheck"}),
    ("clock_resumed", {"clock": "recheck", "due_us": 0}),
    ("case_transferred", {"owner": "desk-two"}),
)
STEP = st.tuples(st.integers(0, len(HAPPENS) - 1), st.integers(1, 40), st.integers(1, 60))
ENDS = {"report_closed": {"rectify", "recheck"}, "not_put_right": {"recheck", "rectify"}, "look_again": {"recheck"},
        "order": {"rectify"}, "plan": set()}  # fmt: skip # a clock that begins again takes the place of the old one


def history(steps: list[tuple[int, int, int]]) -> list[Told]:
    """Entries, each some hours after the one before, with deadlines some hours ahead."""
    at, told = (
        START,
        [Told(START, 1, CASE, 1, "h1", "inspector/acc_1", "case_opened", {"owner": "desk", "state": "recorded"})],
    )
    for number, (which, gap, ahead) in enumerate(steps, 2):
        at += timedelta(hours=gap)
        verb, body = HAPPENS[which]
        due_us = to_us(at + timedelta(hours=ahead))
        said = {key: dict.fromkeys(value, due_us) if key == "clocks" else due_us if key == "due_us" else value
                for key, value in body.items()}  # fmt: skip
        told.append(Told(at, number, CASE, number, f"h{number}", "desk/acc_2", verb, said))
    return told


def twin(told: list[Told], at: datetime) -> list[tuple[str, int, str, datetime, str]]:
    """For every entry that starts a clock: search ahead for what ended it, then look what moved its deadline in between."""
    known, out = [one for one in told if one.at <= at], []
    for place, entry in enumerate(known):
        for code, due_us in entry.body.get("clocks", {}).items():
            later = known[place + 1 :]
            end = next((one for one in later if code in ENDS.get(one.body.get("move", ""), ())), None)
            between = [
                one for one in later if (end is None or one.number < end.number) and one.body.get("clock") == code
            ]
            setters = [one for one in between if "due_us" in one.body and one.body["due_us"] != due_us] or [entry]
            due = from_us(setters[-1].body.get("due_us", due_us))
            acts = [one.verb for one in between if one.verb in ("clock_paused", "clock_resumed")]
            stands = bool(acts) and acts[-1] == "clock_paused"
            if end is not None:
                fate = "late" if end.at >= due else "kept"
            else:
                fate = "missed" if due <= at and not stands else "open"
            owner = [one.body["owner"] for one in known[: place + 1] if "owner" in one.body][-1]
            out.append((code, setters[-1].number, owner, due, fate))
    return sorted(out)


def plain(found: list[Owed], at: datetime) -> list[tuple[str, int, str, datetime, str]]:
    return sorted((one.code, one.told.number, one.post, one.due_at, one.fate(at)) for one in found)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEP, max_size=14), st.integers(0, 500), st.randoms(use_true_random=False))
def test_clocks_are_those_of_the_twin_in_whatever_order_entries_come(
    steps: list[tuple[int, int, int]], hours: int, dice: random.Random
) -> None:
    told, at = history(steps), START + timedelta(hours=hours)
    shuffled = [*told, *told[:3]]  # some twice
    dice.shuffle(shuffled)
    assert plain(owed(shuffled, {CASE: KIND}, at=at), at) == twin(told, at)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, max_size=14), st.integers(0, 500))
def test_what_is_written_later_changes_nothing(steps: list[tuple[int, int, int]], hours: int) -> None:
    told, at = history(steps), START + timedelta(hours=hours)
    place, sources = Place("mill", "city/east"), Sources({CASE: KIND})
    assert reconstruct(told, sources, place=place, at=at) == reconstruct(
        known_at(told, at), sources, place=place, at=at
    )


def test_a_crossing_told_beside_the_move_that_ended_the_clock_opens_nothing() -> None:
    told = history([(2, 1, 5), (4, 9, 1)])
    due_us = told[1].body["clocks"]["recheck"]
    crossing = Told(
        told[-1].at, 9, CASE, 4, "h4", "rule:cases", "clock_run_out", {"clock": "recheck", "due_us": due_us}
    )
    at = START + timedelta(days=30)
    assert [one.fate(at) for one in owed([*told, crossing], {CASE: KIND}, at=at)] == ["late"]


def test_of_cases_of_earlier_versions_a_crossing_tells_of_the_clock() -> None:
    """Their moves did not say when the clocks that they started would end."""
    moved = Told(START, 1, CASE, 1, "h", "desk/a", "case_moved", {"move": "report_closed", "after": "closed_by_owner"})
    due = START + timedelta(days=10)
    crossed = Told(due, 2, CASE, 2, "h", "rule:cases", "clock_run_out",
                   {"clock": "recheck", "purpose": "case", "due_us": to_us(due)})  # fmt: skip
    [found] = owed([moved, crossed], {CASE: KIND}, at=due)
    assert (found.code, found.fate(due), found.told) == ("recheck", "missed", crossed)


def test_opinions_tasks_and_helpers_are_owed_by_whom_they_were_asked() -> None:
    due_us = to_us(START + timedelta(hours=5))

    def entry(number: int, verb: str, actor: str = "desk/a", hours: int = 0, **body: Any) -> Told:
        return Told(START + timedelta(hours=hours), number, CASE, number, "h", actor, verb, body)

    told = [
        entry(1, "consultation_asked", consultation="con_1", posts=["gas", "fire"], due_us=due_us),
        entry(2, "task_given", task="tsk_1", kind="response", post="gas", due_us=due_us),
        entry(3, "helper_asked", leg=1, post="fire", due_us=due_us),
        entry(4, "opinion_signed", "gas/acc_1", 1, consultation="con_1"),
        entry(5, "task_withdrawn", hours=2, task="tsk_1"),
        entry(6, "helper_replied", "fire/acc_3", 8, leg=1),
        entry(7, "consultation_decided", hours=9, consultation="con_1"),
    ]
    at = START + timedelta(hours=10)
    found = {(one.what, one.post): one.fate(at) for one in owed(told, {CASE: KIND}, at=at)}
    assert found == {
        ("opinion", "gas"): "kept", ("opinion", "fire"): "missed", ("task", "gas"): "dropped", ("helper", "fire"): "late",
    }  # fmt: skip


def test_duty_lines_of_other_places_and_matters_are_not_told() -> None:
    def line(number: int, **given: Any) -> dict[str, Any]:
        return {"line": number, "facility": "", "matter": "", "jurisdiction": "", "department": f"d{number}", "post": "",
                "keeps": False, "from_us": to_us(START)} | given  # fmt: skip

    put = Told(START, 1, "duties", 1, "h", "service:cli", "duties_put", {"lines": [
        line(1, facility="mill", jurisdiction="city/east"), line(2, facility="school", jurisdiction="city/west"),
        line(3, matter="workplace_safety", jurisdiction="city"), line(4, matter="petitions", jurisdiction="city"),
        line(5, matter="workplace_safety", jurisdiction="town"),
    ]})  # fmt: skip
    place = Place("mill", "city/east", ("workplace_safety/finding", "workplace_safety"))
    assert [(one.line, one.decides) for one in duties_held([put], place=place, at=START)] == [(1, True), (3, False)]
    assert duties_held([put], place=place, at=START - timedelta(seconds=1)) == []
