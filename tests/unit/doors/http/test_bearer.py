"""Bearer tokens and the short memory that spares the database."""

from __future__ import annotations

import pytest

from tocsin.doors.intake.http.bearer import TokenMemory, bearer_of
from tocsin.terms.errors import NotAllowed


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer   ", "abc"])
def test_anything_but_a_bearer_token_is_refused(header: str) -> None:
    with pytest.raises(NotAllowed, match="tocsin sources token"):
        bearer_of(header)


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc "])
def test_the_scheme_has_no_case(header: str) -> None:
    assert bearer_of(header) == "abc"


class World:
    """A database of tokens, a clock, and how often it was asked."""

    def __init__(self) -> None:
        self.known = {"good": "gauges"}
        self.now = 0.0
        self.asked = 0
        self.memory = TokenMemory(self.verify, keep_s=10, size=2, clock=lambda: self.now)

    def verify(self, token: str) -> str | None:
        self.asked += 1
        return self.known.get(token)


def test_a_token_is_asked_for_once_and_again_after_a_while() -> None:
    world = World()
    world.memory.source("good")
    assert world.asked == 1
    assert world.memory.remembered("good") == "gauges"
    world.now = 10.0
    assert world.memory.remembered("good") is None
    world.memory.source("good")
    assert world.asked == 2


def test_a_withdrawn_token_ends_after_the_memory_does() -> None:
    world = World()
    world.memory.source("good")
    world.known.clear()
    assert world.memory.source("good") == "gauges"
    world.now = 10.0
    with pytest.raises(NotAllowed):
        world.memory.source("good")


def test_an_unknown_token_is_never_remembered() -> None:
    world = World()
    for _ in range(2):
        with pytest.raises(NotAllowed):
            world.memory.source("bad")
    assert world.asked == 2
    world.known["bad"] = "late"
    assert world.memory.source("bad") == "late"


def test_the_memory_is_bounded() -> None:
    world = World()
    world.known |= {f"t{n}": "s" for n in range(5)}
    for n in range(5):
        world.memory.source(f"t{n}")
    assert [n for n in range(5) if world.memory.remembered(f"t{n}")] == [3, 4]
