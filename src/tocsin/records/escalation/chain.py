"""Chain: whom to call one after the other, and how long to wait between. Pure; declared by the deployment.

A chain serves kinds of need (an event that nobody took in hand, a warning that waits for a signature) from a level on, in some
areas. Its steps come ``after`` so long each, counted from the one before (the first from the beginning); after the last
it begins again ``again`` later, as often as ``repeats`` says, and is then exhausted. A step that reaches nobody costs no time.
The shape is GoAlert's escalation policy (exemplars.md, 3) with the times in front of the steps, since Tocsin's own letter
has gone out already when a need begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from tocsin.geo import is_inside

__all__ = ["CHANNELS", "KINDS", "Chain", "Place", "Step", "chain_for", "following"]

KINDS = ("event", "verification", "signature", "unreached", "callout", "gap")
CHANNELS = ("mail", "sms", "voice")


@dataclass(frozen=True, slots=True)
class Step:
    """Who is told, by what: posts by id, and roles, of which those on duty nearest to the area are told. ``each``: it is only
    answered when every one of them said so; else anybody will do."""

    after: timedelta
    posts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("mail",)
    each: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """``areas`` empty: everywhere."""

    id: str
    kinds: tuple[str, ...]
    steps: tuple[Step, ...]
    least_level: int = 0
    areas: tuple[str, ...] = ()
    repeats: int = 0
    again: timedelta = timedelta(minutes=10)

    def as_document(self) -> dict[str, Any]:
        """As it is kept; ``Chain.of`` reads it. Times in seconds."""
        steps = [asdict(step) | {"after": step.after.total_seconds()} for step in self.steps]
        return asdict(self) | {"steps": steps, "again": self.again.total_seconds()}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Chain:
        """Read what ``as_document`` made."""
        steps = tuple(
            Step(timedelta(seconds=s["after"]), tuple(s["posts"]), tuple(s["roles"]), tuple(s["channels"]), s["each"])
            for s in kept["steps"]
        )
        return cls(kept["id"], tuple(kept["kinds"]), steps, kept["least_level"], tuple(kept["areas"]), kept["repeats"],
                   timedelta(seconds=kept["again"]))  # fmt: skip

    def serves(self, kind: str, level: int, jurisdiction: str) -> bool:
        """Whether it is declared for this need."""
        here = not self.areas or any(is_inside(jurisdiction, area) for area in self.areas)
        return kind in self.kinds and level >= self.least_level and here


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a chain one is: which round, which step of it."""

    round: int
    step: int


def chain_for(chains: Sequence[Chain], kind: str, level: int, jurisdiction: str) -> Chain | None:
    """The chain that serves a need: the one for the smallest area, of those the one from the highest level on, of those
    the first."""
    fit = [chain for chain in chains if chain.serves(kind, level, jurisdiction)]
    return max(fit, key=lambda chain: (max(map(len, chain.areas), default=0), chain.least_level), default=None)


def following(chain: Chain, place: Place | None) -> tuple[Place | None, timedelta]:
    """What comes after ``place`` (None: the beginning), and how long after it; None: the chain is exhausted then.

    >>> one = Chain("c", ("event",), (Step(timedelta(minutes=5)),), repeats=1)
    >>> following(one, None)
    (Place(round=0, step=0), datetime.timedelta(seconds=300))
    >>> following(one, Place(0, 0)), following(one, Place(1, 0))[0]
    ((Place(round=1, step=0), datetime.timedelta(seconds=600)), None)
    """
    if place is None:
        return Place(0, 0), chain.steps[0].after
    if place.step + 1 < len(chain.steps):
        return Place(place.round, place.step + 1), chain.steps[place.step + 1].after
    if place.round < chain.repeats:
        return Place(place.round + 1, 0), chain.again
    return None, chain.again
