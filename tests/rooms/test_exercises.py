"""Letters about invented data say that they are an exercise (ADR 8); letters about anything real never do."""

from __future__ import annotations

import pytest

from tests.rooms.responding import responding_town
from tests.rooms.verifying import verifying_town
from tocsin.loop.observe import queries as observe
from tocsin.loop.rectify import services as rectify
from tocsin.loop.respond import queries as respond
from tocsin.loop.respond import services as responding
from tocsin.loop.verify.invented import is_exercise
from tocsin.loop.warn.drafting import begins_as_exercise
from tocsin.records.blobs import Photo
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.signal import Subject
from tocsin.testing.town import EAST

pytestmark = pytest.mark.django_db
SENTENCE = "Exercise. Not a real warning."
PHOTO = Photo("a" * 64, "b" * 64, 640, 480, 12_345)
BOTH = pytest.mark.parametrize("synthetic", [True, False])


@BOTH
def test_letters_of_verify(synthetic: bool) -> None:
    with verifying_town(synthetic=synthetic) as town:
        storm = town.storm(level=3)
        assert is_exercise(storm.event) is synthetic
        for letter in (town.phone("duty").expects("New"), town.phone("inspector-east").expects("Verify by")):
            assert (letter.exercise, SENTENCE in letter.body, letter.subject.startswith("[Exercise]")) == (
                synthetic,
            ) * 3
        town.read_all()


@BOTH
def test_letters_of_rectify_with_an_event_and_without(synthetic: bool) -> None:
    with responding_town(synthetic=synthetic) as town:
        event = town.storm(level=3).event
        for of in (event, None):
            rectify.record(
                of, "mill", "general", "a broken pump", [PHOTO], actor=town.as_("inspector-east"), now=town.now
            )
            assert town.phone("case-handler").expects("waits for an order").exercise is synthetic
        town.read_all()


@BOTH
def test_a_response_that_a_verdict_opened(synthetic: bool) -> None:
    with responding_town(synthetic=synthetic) as town:
        event = town.storm(level=4).event
        incident = responding.consider(event, "event_confirmed", 4, now=town.now) or responding.open_by_hand(
            event, 2, actor=town.as_("commander"), now=town.now
        )
        assert respond.incident(EVERYWHERE, incident).exercise is synthetic
        letters = town.read_all()
        assert letters
        assert {letter.exercise for letter in letters} == {synthetic}


def test_an_actual_warning_ends_the_exercise_and_nothing_begins_it_again() -> None:
    with responding_town() as town:
        event = town.storm(level=4).event
        incident = responding.open_by_hand(event, 4, actor=town.as_("commander"), now=town.now)
        for exercise, after in ((True, True), (False, False), (True, False)):
            responding.consider(event, "warning", 4, warning="w", exercise=exercise, now=town.now)
            assert respond.incident(EVERYWHERE, incident).exercise is after
        assert [line.verb for line in ledger.chain(event)].count("response_became_actual") == 1
        town.read_all()


def test_one_real_gauge_makes_an_area_real() -> None:
    with verifying_town() as town:
        east, nothing = Subject("stream", "rain-east"), Subject("stream", "none")
        assert observe.are_synthetic({east})
        assert observe.are_synthetic({Subject("property", "precipitation"), Subject("jurisdiction", EAST)})
        assert not observe.are_synthetic({nothing})
        assert not observe.are_synthetic(set())
        from tocsin.loop.observe.models import SourceRow, StreamRow

        SourceRow.objects.create(id="real", title="Real", owner="Office", position=9)
        StreamRow.objects.filter(id="rain-west").update(source_id="real")
        assert observe.are_synthetic({east})
        assert not observe.are_synthetic({Subject("property", "precipitation")})
        assert not is_exercise("")  # of this deployment not every source is invented
        assert begins_as_exercise()
        town.read_all()
