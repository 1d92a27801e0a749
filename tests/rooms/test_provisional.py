"""What is provisional, from the engine to the page: said at once, named for life, confirmed or retracted, never gone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils.translation import override

from tests.rooms.test_engine_recovery import Engine
from tests.rooms.town import EAST, HOUR_US, NOW, change, event_of, record, register, transition
from tocsin.app.home import Home
from tocsin.app.replay.ahead import ahead
from tocsin.app.replay.native_log import replay_log
from tocsin.doors.console.lines import awaited_words
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.detect import queries
from tocsin.loop.verify import services as verify
from tocsin.packkit import plain_sentence
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox.models import OutboxFact
from tocsin.terms.errors import Damaged
from tocsin.terms.event import EventState
from tocsin.terms.ids import event_id
from tocsin.terms.signal import Change, Finality, Transition
from tocsin.terms.stream import Source, Stream

pytestmark = pytest.mark.django_db(transaction=True)
EPISODE = "eps_" + "1" * 32


def said(change: str = "raised", **more: object) -> Transition:
    """A transition of the provisional track."""
    return dataclasses.replace(
        transition(change="raised", **more),  # type: ignore[arg-type]
        change=Change(change), finality=Finality.PROVISIONAL, episode=EPISODE, awaited_us=30_000_000,
    )  # fmt: skip


def confirmed(**more: object) -> Transition:
    """The final raise of the same signal, an hour later than it was said to have begun."""
    return dataclasses.replace(transition(onset_us=2 * HOUR_US, **more), episode=EPISODE, amends=2)  # type: ignore[arg-type]


def kinds() -> list[str]:
    return list(OutboxFact.objects.filter(kind__startswith="signal_").order_by("id").values_list("kind", flat=True))


def test_a_signal_keeps_its_name_and_gets_its_final_id_when_it_is_final() -> None:
    register(EAST)
    record(said(level=2, seq=1), seq=1)
    (line,) = queries.open_signals(EVERYWHERE)
    assert (line.id, line.final_id, line.finality, line.level, line.said, line.confirmed) == (
        EPISODE, None, Finality.PROVISIONAL, 2, 2, 0)  # fmt: skip
    final = confirmed(level=4, seq=2)
    record(final, seq=2)
    (line,) = queries.open_signals(EVERYWHERE)
    assert (line.id, line.final_id, line.finality) == (EPISODE, final.signal, Finality.FINAL)
    assert (line.level, line.said, line.confirmed, line.peak, line.onset_us) == (4, 0, 4, 4, 2 * HOUR_US)
    assert kinds() == ["signal_raised", "signal_confirmed"]
    assert queries.verify_batches() == []


def test_a_retracted_signal_stays_to_be_seen() -> None:
    register(EAST)
    record(said(level=3, seq=1), said("retracted", level=0, previous=3, seq=2, at_us=HOUR_US), seq=2)
    assert queries.open_signals(EVERYWHERE) == []
    (line,) = queries.signals(EVERYWHERE)
    assert (line.finality, line.level, line.peak, line.cleared_us) == (Finality.RETRACTED, 0, 3, HOUR_US)
    assert kinds() == ["signal_raised", "signal_retracted"]
    assert queries.verify_batches() == []


def test_what_had_been_called_higher_is_no_height_that_was_reached() -> None:
    register(EAST)
    lower = dataclasses.replace(confirmed(level=2, seq=2), amends=0)
    record(said(level=4, seq=1), lower, said("retracted", level=2, previous=4, seq=3), seq=3)
    (line,) = queries.open_signals(EVERYWHERE)
    assert (line.level, line.confirmed, line.said, line.peak) == (2, 2, 0, 2)


def test_a_retraction_of_what_was_never_said_is_refused() -> None:
    register(EAST)
    with pytest.raises(Damaged):
        record(said("retracted", level=0, previous=3, seq=1), seq=1)


def test_the_file_follows_from_provisional_to_retracted() -> None:
    register(EAST)
    first = said(level=4, seq=1)
    event = dataclasses.replace(
        event_of(first, level=4), id=event_id(first.known_as), signals=(first.known_as,), finality=Finality.PROVISIONAL,
        ahead=True,
    )  # fmt: skip
    record(first, changes=(change(event, because=f"signal:{EPISODE}"),), seq=1)
    verify.open_dossier(event.id, level=4, now=NOW)
    over = dataclasses.replace(event, state=EventState.ENDED, finality=Finality.RETRACTED, ended_us=HOUR_US)
    record(said("retracted", level=0, previous=4, seq=2), changes=(change(over, "ended", seq=2),), seq=2)
    verify.note_ended(event.id, now=NOW)
    verify.note_ended(event.id, now=NOW)
    verbs = [line.verb for line in ledger.chain(event.id)]
    assert [verb for verb in verbs if "provisionally" in verb or "retracted" in verb] == [
        "raised_provisionally", "retracted_by_data"]  # fmt: skip
    detail = queries.event(EVERYWHERE, event.id)
    assert (detail.event.state, detail.event.finality) == (EventState.ENDED, Finality.RETRACTED)
    assert [line.finality for line in detail.changes] == [Finality.PROVISIONAL, Finality.RETRACTED]


# ---------------------------------------------------------------- the engine process
@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    running: list[Engine] = []

    def begin() -> Engine:
        while running:
            running.pop().stop()
        running.append(Engine(tmp_path / "home"))
        return running[0]

    first = begin()
    stream = Stream("rain", "gauges", "g", "precipitation", "mm", 110.0, 30.0, low=0.0, cadence_s=3600.0)
    late = Source("gauges", "Gauges", "Water", lateness_s=3 * 3600.0)
    first.client.catalogue(catalogue_body([late], [stream]))
    first.settle()
    yield begin
    while running:
        running.pop().stop()


def told() -> list[tuple[object, ...]]:
    lines = queries.signals(EVERYWHERE)
    return [(c.signal, c.change, c.level, c.previous, c.at_us, str(c.finality), c.amends)
            for c in queries.signal_changes(EVERYWHERE, [line.id for line in lines])]  # fmt: skip


def hazards() -> list[queries.SignalLine]:
    return [line for line in queries.signals(EVERYWHERE) if not line.quality]


def test_a_crash_between_the_provisional_and_the_final_word_changes_neither(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.rain(0, 1.0)
    engine.settle()
    engine.process.evaluation.save()
    engine.rain(1, 60.0)
    engine.settle()
    (line,) = hazards()
    assert line.finality is Finality.PROVISIONAL
    assert line.id.startswith("eps_")
    assert line.awaited_us == 3 * HOUR_US
    (event,) = queries.open_events(EVERYWHERE)
    assert (event.finality, event.ahead) == (Finality.PROVISIONAL, True)
    engine = start()
    engine.settle()
    assert [one.id for one in hazards()] == [line.id]
    for hour in (2, 3, 4, 5):
        engine.rain(hour, 0.0)
        engine.settle()
    (final,) = hazards()
    assert (final.id, final.finality, final.onset_us) == (line.id, Finality.FINAL, line.onset_us)
    assert final.final_id is not None
    assert final.final_id.startswith("sig_")
    (after,) = queries.events(EVERYWHERE, [event.id]).values()
    assert after.finality is Finality.FINAL
    run, _ = replay_log(engine.home / "log", Home(engine.home))
    replayed = [(t.known_as, str(t.change), t.level, t.previous, t.at_us, str(t.finality), t.amends)
                for t in (*run.said, *run.transitions)]  # fmt: skip
    assert sorted(replayed) == sorted(told())
    counted = next(a for a in ahead(run) if a.rule == line.rule)
    assert (counted.raised, counted.confirmed, counted.retracted) == (1, 1, 0)


def test_people_read_what_is_still_awaited_in_both_languages() -> None:
    register(EAST)
    record(said(level=2, seq=1), seq=1)
    (line,) = queries.open_signals(EVERYWHERE)
    assert awaited_words(line) == "Provisional: 30 s of late data are still awaited"
    with override("zh-hans"):
        assert awaited_words(line) == "初判：仍在等待30秒的迟到数据"
        assert "初判" in plain_sentence(said("retracted", level=0, previous=2), "g1", "zh-hans")
