"""Escalation: told to one after the other by the declared chain, exactly once a step, until somebody has it (N7, N8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.rooms.town import NOW
from tocsin.app.sender import send_due
from tocsin.records.dispatch import answers
from tocsin.records.dispatch.facts import LetterAnswered
from tocsin.records.escalation import queries, services
from tocsin.records.escalation.chain import Chain, Step, chain_for
from tocsin.records.escalation.document import read_chains
from tocsin.records.escalation.models import EscalationRow
from tocsin.records.escalation.services import Need
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.outbox.fact import read_fact
from tocsin.records.outbox.models import OutboxFact
from tocsin.terms.errors import BadForm, BadValue, NotAllowed, UnknownName
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.testing.channels import Inbox

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def whatever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """These needs are about nothing that a room knows; that rooms are asked is a test of its own."""
    monkeypatch.setattr(services, "_still", {})


POSTS = ("first", "second", "third")


def minutes(n: float) -> timedelta:
    return n * MINUTE


def office() -> None:
    org.put_departments([DepartmentLine("office", {"en": "Office"}, "town")], actor=SYSTEM, now=NOW)
    lines = [PostLine(name, {"en": name}, "office", Role.DUTY_OFFICER, "town/east", mail=f"{name}@town.example",
                      language="en", phone=f"+861380000000{n}") for n, name in enumerate(POSTS)]  # fmt: skip
    boss = PostLine("boss", {"en": "boss"}, "office", Role.COMMANDER, "town", mail="boss@town.example", language="en")
    mute = PostLine("mute", {"en": "mute"}, "office", Role.DUTY_OFFICER, "town/east", language="en")
    org.put_posts([*lines, boss, mute], actor=SYSTEM, now=NOW)


def declare(*chains: Chain) -> None:
    services.put_chains(chains, actor=SYSTEM, now=NOW)


def need(about: str = "evt_1", **other: object) -> Need:
    fields = {"kind": "event", "about": about, "event": about, "jurisdiction": "town/east", "level": 3,
              "title": {"en": "Flood in the east"}, "said": {"en": "Take it."}, "link": f"/events/{about}/"}  # fmt: skip
    return Need(**(fields | other))  # type: ignore[arg-type]


def chain(*steps: Step, **other: object) -> Chain:
    return Chain(**({"id": "c", "kinds": ("event",), "steps": steps} | other))  # type: ignore[arg-type]


class World(Inbox):
    """A mailbox with the minute at which each letter came."""

    def __init__(self) -> None:
        super().__init__("mail")
        self.came: list[tuple[datetime, str]] = []

    def at(self, now: datetime) -> None:
        services.sweep(now=now)
        before = len(self.letters)
        send_due(self, now=now, jitter=lambda: 1.0)
        self.came += [(now, letter.recipient.removeprefix("post:")) for letter in self.letters[before:]]


def run(world: World, until: float, *, since: float = 0, every: float = 1) -> None:
    step = since
    while step <= until:
        world.at(NOW + minutes(step))
        step += every


# ---------------------------------------------------------------- the chain
def twin(declared: Chain, everybody: Sequence[str], until: int) -> list[tuple[int, str]]:
    """Slow and plain: walk minute by minute, count down to the next step."""
    told: list[tuple[int, str]] = []
    todo = [(round_, step) for round_ in range(declared.repeats + 1) for step in range(len(declared.steps))]
    wait = int(declared.steps[0].after / MINUTE)
    for minute in range(until + 1):
        told_now: set[str] = set()
        while wait == 0 and todo:
            _round, number = todo.pop(0)
            step = declared.steps[number]
            reached = [post for post in step.posts if post in everybody]
            told += [(minute, post) for post in reached if post not in told_now]
            told_now |= set(reached)
            if not todo:
                break
            if todo[0][1] == 0:
                wait = int(declared.again / MINUTE)
            else:
                wait = int(declared.steps[todo[0][1]].after / MINUTE) if reached else 0
        wait -= 1
        wait = max(wait, 0) if not todo else wait
    return told


class AgainstTheTwin(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(
        steps=st.lists(st.builds(
            Step, st.integers(0, 7).map(minutes), st.lists(st.sampled_from([*POSTS, "mute"]), min_size=1, max_size=3,
                                                           unique=True).map(tuple)), min_size=1, max_size=3),
        repeats=st.integers(0, 2), again=st.integers(1, 9), pause=st.integers(0, 30),
    )  # fmt: skip
    def test_every_step_comes_at_its_minute_once(self, steps: list[Step], repeats: int, again: int, pause: int) -> None:
        """N7: steps, time-outs and repeats against a twin; then the same with the server down for a while."""
        office()
        declared = chain(*steps, repeats=repeats, again=minutes(again))
        declare(declared)
        services.start(need(), now=NOW)
        world = World()
        run(world, 60)
        expected = twin(declared, POSTS, 60)
        assert [(int((at - NOW) / MINUTE), who) for at, who in world.came] == expected
        # The same need, but nobody sweeps for ``pause`` minutes: nobody is told before the time, what fell due comes at once,
        # each post once in that moment, and afterwards everything as if nothing had been.
        services.end("event", "evt_1", "over", now=NOW)
        services.start(need("evt_2"), now=NOW)
        late = World()
        run(late, 60, since=pause)
        held_up = Counter(who for minute, who in expected if minute <= pause)
        first = Counter(who for at, who in late.came if at == NOW + minutes(pause))
        assert first == Counter(dict.fromkeys(held_up, 1))
        after = [(int((at - NOW) / MINUTE), who) for at, who in late.came if at > NOW + minutes(pause)]
        assert after == [pair for pair in expected if pair[0] > pause]


def test_a_chain_that_nobody_answers_is_exhausted_once_and_stays_on_show() -> None:
    office()
    declare(chain(Step(minutes(1), ("first",)), Step(minutes(2), ("second",)), repeats=1, again=minutes(5)))
    row = services.start(need(), now=NOW)
    world = World()
    run(world, 30)
    assert [who for _at, who in world.came] == ["first", "second", "first", "second"]
    verbs = [line.verb for line in ledger.chain("evt_1") if line.verb.startswith("escalation")]
    assert verbs == ["escalation_started", *["escalation_stepped"] * 4, "escalation_exhausted"]
    assert OutboxFact.objects.filter(kind="escalation_exhausted").count() == 1
    (line,) = queries.unanswered(EVERYWHERE)
    assert (line.id, line.next_at) == (row, None)
    assert [post for post, _at in line.told] == ["first", "second", "first", "second"]
    assert queries.unanswered(Scope("town/west", "duty_officer")) == []


def test_no_chain_no_escalation_and_the_nearest_chain_serves() -> None:
    office()
    assert services.start(need(), now=NOW) == ""
    one = chain(Step(minutes(1), ("first",)), id="whole")
    east = chain(Step(minutes(1), ("second",)), id="east", areas=("town/east",))
    red = chain(Step(minutes(1), ("third",)), id="red", least_level=4)
    assert chain_for([one, east, red], "event", 4, "town/east") == east
    assert chain_for([one, red], "event", 4, "town/west") == red
    assert chain_for([one, red], "event", 3, "town/west") == one
    assert chain_for([one], "signature", 3, "town") is None


def test_a_step_that_reaches_nobody_costs_no_time() -> None:
    office()
    declare(chain(Step(minutes(1), ("mute",)), Step(minutes(9), ("boss",))))
    services.start(need(), now=NOW)
    world = World()
    run(world, 3)
    assert world.came == [(NOW + minutes(1), "boss")]


def test_roles_are_those_on_duty_of_the_area() -> None:
    office()
    declare(chain(Step(minutes(1), roles=(Role.DUTY_OFFICER,)), Step(minutes(1), roles=(Role.COMMANDER,))))
    account, _ = org.open_account("lin.mei", "Lin Mei", actor=SYSTEM, now=NOW)
    org.start_shift("second", account, from_at=NOW, until_at=NOW + timedelta(hours=8), actor=SYSTEM, now=NOW)
    services.start(need(), now=NOW)
    world = World()
    run(world, 5)
    assert [who for _at, who in world.came] == ["second"]  # nobody holds the commander's post


# ---------------------------------------------------------------- who has it
def answer(world: World, who: str, now: datetime) -> None:
    """By the link of the newest letter of this post."""
    letter = [letter for letter in world.letters if letter.recipient == f"post:{who}"][-1]
    answers.answer_by_link(letter.key, answers.link_of(letter.key).rpartition("/")[2], now=now)
    told = [read_fact(row.kind, row.body) for row in OutboxFact.objects.filter(kind="letter_answered")]
    services.note_answers([fact for fact in told if isinstance(fact, LetterAnswered)], now)


def test_any_answer_stops_the_chain() -> None:
    """N8: the link in the letter of a step."""
    office()
    declare(chain(Step(minutes(1), ("first", "second")), Step(minutes(2), ("third",)), repeats=3))
    services.start(need(), now=NOW)
    world = World()
    run(world, 2)
    answer(world, "second", NOW + minutes(2))
    run(world, 60, since=3)
    assert [who for _at, who in world.came] == ["first", "second"]
    assert queries.unanswered(EVERYWHERE) == []
    last = [line for line in ledger.chain("evt_1") if line.verb == "escalation_acknowledged"]
    assert [line.actor for line in last] == ["post:second"]
    assert OutboxFact.objects.filter(kind="escalation_acknowledged").count() == 1


def test_each_must_answer_where_the_step_says_so() -> None:
    """N7: "each must acknowledge"."""
    office()
    declare(chain(Step(minutes(1), ("first", "second"), each=True), Step(minutes(10), ("third",)), repeats=1))
    services.start(need(), now=NOW)
    world = World()
    run(world, 2)
    answer(world, "first", NOW + minutes(2))
    assert len(queries.unanswered(EVERYWHERE)) == 1
    run(world, 11, since=3)
    assert world.came[-1] == (NOW + minutes(11), "third")
    answer(world, "second", NOW + minutes(12))
    assert queries.unanswered(EVERYWHERE) == []
    run(world, 60, since=12)
    assert len(world.came) == 3


def test_what_is_over_calls_nobody() -> None:
    office()
    declare(chain(Step(minutes(1), ("first",)), repeats=5))
    services.register("event", lambda about: about != "evt_1")
    services.start(need(), now=NOW)
    services.start(need("evt_2"), now=NOW)
    world = World()
    run(world, 2)
    assert [letter.subject for letter in world.letters] == ["Nobody has it yet: Flood in the east"]
    assert EscalationRow.objects.get(about="evt_1").ended_because == "over"


def test_taking_the_thing_in_hand_and_rising_above_it() -> None:
    office()
    declare(chain(Step(minutes(1), ("first",))))
    first = services.start(need(once=True), now=NOW)
    assert services.start(need(once=True), now=NOW) == first
    assert services.acknowledge("event", "evt_1", by="post:first", now=NOW)
    assert not services.acknowledge("event", "evt_1", by="post:first", now=NOW)
    assert services.start(need(once=True), now=NOW) == ""  # nobody is called again for what they have
    risen = services.start(need(once=True, level=4), now=NOW)
    assert risen not in ("", first)
    assert services.start(need(level=4, once=True), now=NOW) == risen


def test_the_button_on_the_console_is_for_who_was_told_or_works_on_events() -> None:
    office()
    declare(chain(Step(minutes(1), ("boss",))))
    row = services.start(need(), now=NOW)

    def actor(post: str, role: Role, area: str = "town/east") -> Actor:
        return Actor(f"{post}/a", "a", post, role, area)

    with pytest.raises(UnknownName):
        services.take(row, actor=actor("west", Role.DUTY_OFFICER, "town/west"), now=NOW)
    with pytest.raises(NotAllowed):
        services.take(row, actor=actor("look", Role.AUDITOR), now=NOW)
    services.take(row, actor=actor("first", Role.DUTY_OFFICER), now=NOW)
    services.take(row, actor=actor("first", Role.DUTY_OFFICER), now=NOW)
    assert EscalationRow.objects.get(id=row).ended_by == "first/a"


# ---------------------------------------------------------------- declaring
def test_a_chain_that_cannot_be_is_refused() -> None:
    office()
    good = Step(minutes(1), ("first",))
    for bad, refusal in (
        (chain(), BadValue), (chain(good, kinds=("nothing",)), BadValue), (chain(good, again=minutes(0.5)), BadValue),
        (chain(Step(minutes(1))), BadValue), (chain(Step(minutes(1), ("first",), channels=("smoke",))), BadValue),
        (chain(Step(minutes(1), ("nobody",))), UnknownName), (chain(Step(minutes(1), roles=("king",))), UnknownName),
        (chain(Step(minutes(-1), ("first",))), BadValue), (chain(good, repeats=101), BadValue),
    ):  # fmt: skip
        with pytest.raises(refusal):
            declare(bad)
    with pytest.raises(BadValue):
        declare(chain(good), chain(good))
    with pytest.raises(NotAllowed):
        services.put_chains([chain(good)], actor=Actor("a/b", "b", "a", Role.COMMANDER, ""), now=NOW)


DOCUMENT = b"""
[[chains]]
id = "red"
kinds = ["event", "signature"]
from_level = "orange"
areas = ["town"]
repeats = 2
again_minutes = 7
[[chains.steps]]
after_minutes = 3
roles = ["duty_officer"]
channels = ["mail", "sms"]
[[chains.steps]]
after_minutes = 0.5
posts = ["boss"]
each = true
"""


def test_a_document_is_read_whole_or_refused_with_every_fault() -> None:
    (read,) = read_chains(DOCUMENT, "chains.toml", CHINA_FOUR_COLOUR)
    assert read == Chain(
        "red", ("event", "signature"),
        (Step(minutes(3), roles=("duty_officer",), channels=("mail", "sms")), Step(minutes(0.5), ("boss",), each=True)),
        3, ("town",), 2, minutes(7),
    )  # fmt: skip
    assert Chain.of(read.as_document()) == read
    wrong = (
        DOCUMENT.replace(b"orange", b"purple")
        .replace(b"repeats = 2", b"repeats = true")
        .replace(b"each = true", b"each = 1")
    )
    with pytest.raises(BadForm) as refused:
        read_chains(wrong + b"\nnonsense = 1\n", "chains.toml", CHINA_FOUR_COLOUR)
    for fault in ("from_level", "repeats", "each", "nonsense"):
        assert fault in refused.value.rule


def test_what_is_begun_is_undone_with_its_transaction() -> None:
    office()
    declare(chain(Step(minutes(0), ("first",))))
    services.start(need(), now=NOW)
    with transaction.atomic():
        services.sweep(now=NOW)
        transaction.set_rollback(True)  # the power fails
    world = World()
    world.at(NOW)
    assert world.came == [(NOW, "first")]
