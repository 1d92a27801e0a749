"""The door's view of the catalogue: loaded only when its version moved."""

from __future__ import annotations

from tocsin.doors.intake.http.known_catalogue import KnownCatalogue
from tocsin.terms.stream import Catalogue, Source


class World:
    """A catalogue in a database, a clock, and how often each was asked."""

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self.now = 0.0
        self.asked: list[str] = []
        self.known = KnownCatalogue(self.version, self.load, keep_s=1, clock=lambda: self.now)

    def version(self) -> int:
        self.asked.append("version")
        return self.catalogue.version

    def load(self) -> Catalogue:
        self.asked.append("load")
        return self.catalogue


def test_it_is_loaded_once_and_looked_at_once_a_while() -> None:
    world = World()
    assert world.known.fresh() is None
    first = world.known.current()
    assert world.known.current() is first
    assert world.asked == ["version", "load"]
    world.now = 1.0
    assert world.known.fresh() is None
    assert world.known.current() is first
    assert world.asked == ["version", "load", "version"]


def test_a_change_is_seen_at_once_by_who_asks_for_it() -> None:
    world = World()
    world.known.current()
    world.catalogue = world.catalogue.with_changes([Source("s", "S", "o")])
    assert world.known.current() is not world.catalogue
    assert world.known.refreshed() is world.catalogue
    assert world.known.current() is world.catalogue
