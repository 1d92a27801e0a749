"""`tocsin replay LOG` says what the live engine said: a pack's storm is played live, then its log is replayed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.rooms.test_engine_process import Running
from tocsin.app.cli import main
from tocsin.app.home import Home
from tocsin.app.replay.native_log import home_of_log, replay_log
from tocsin.app.replay.report import Score
from tocsin.app.replay.run import Replayed
from tocsin.engine.hazard import Facility
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.detect import queries as detect
from tocsin.loop.observe.log import History
from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.packkit.example import Example, read_example
from tocsin.packkit.fault import Faults
from tocsin.records import clock
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places.services import put_facilities
from tocsin.terms.errors import BadUnit, UnknownName
from tocsin.terms.stream import Stream

pytestmark = pytest.mark.django_db(transaction=True)

PACK = load_pack(next(path for path in builtin_pack_paths() if path.name == "natural_hazards"))
ROWS = 12  # a record; so that ticks fall between


def storm() -> Example:
    example = read_example(PACK.path, "storm", Faults())
    assert example is not None
    return example


def play(running: Running, example: Example) -> None:
    """The storm as it would have come: each batch when its newest row was observed, ticks in between, then quiet."""
    streams = list(example.catalogue)
    running.client.catalogue(catalogue_body(example.catalogue.sources.values(), streams))
    batch = example.batch
    for start in range(0, batch.num_rows, ROWS):
        part = batch.slice(start, ROWS)
        running.now_us = max(running.now_us, part.column("observed_at").cast("int64").to_numpy()[-1].item())
        running.client.observations(part, source=next(iter(example.catalogue.sources)))
        running.step_until(running.caught_up)
    for _ in range(8):
        running.now_us += 3_600_000_000
        running.step_until(running.caught_up)


@pytest.fixture
def lived(tmp_path: Path) -> tuple[Home, list[Facility]]:
    """A home whose engine lived through the storm, was stopped in it, and got another pack while it ran."""
    example = storm()
    put_facilities(example.facilities, actor="test", now=clock.now())
    root = tmp_path / "home"
    day = example.batch.column("observed_at")[0].as_py().date().isoformat()
    running = Running(root, day)
    running.now_us = example.batch.column("observed_at")[0].cast("int64").as_py() - 1
    play(running, example)
    running.close()
    running = Running(root, day, packs=("natural_hazards", "gas_leak"))
    running.close()
    return Home(root), list(example.facilities)


def told(run: Replayed) -> tuple[list[object], list[object]]:
    signals = sorted(
        (s.id, s.rule, str(s.subject), s.level, s.onset_us, 0 if s.cleared_us is not None else s.steps[-1][1])
        for s in run.signals
    )
    return signals, sorted(
        (e.id, e.hazard, str(e.state), e.level, e.began_us, e.ended_us, e.no_data) for e in run.events
    )


def recorded() -> tuple[list[object], list[object]]:
    """What the live database holds."""
    signals = sorted(
        (s.id, s.rule, str(s.subject), s.peak, s.onset_us, s.level) for s in detect.signals(EVERYWHERE, at_most=10_000)
    )
    events = detect.recent_events(EVERYWHERE, at_most=10_000)
    return signals, sorted((e.id, e.hazard, str(e.state), e.level, e.began_us, e.ended_us, e.no_data) for e in events)


def replayed(home: Home, path: Path | None = None, **other: object) -> tuple[Replayed, Score]:
    path = path or home.root
    found = home_of_log(path)
    assert found is not None
    return replay_log(path, found, **other)  # type: ignore[arg-type]


def test_a_replayed_log_says_what_the_database_holds(lived: tuple[Home, list[Facility]]) -> None:
    home, facilities = lived
    run, score = replayed(home, facilities=facilities)
    signals, events = recorded()
    assert {line[1] for line in signals} >= {"natural_hazards/rainstorm"}
    assert any(str(line[2]) == "proposed" for line in events) or any(line[1] == "waterlogging" for line in events)
    assert told(run) == (signals, events)
    assert score.held
    assert {pack.name for pack in run.packs} == {"natural_hazards", "gas_leak"}
    # the log's own folder says the same, and so does a log that was rolled into Parquet
    assert told(replayed(home, home.log, facilities=facilities)[0]) == (signals, events)
    History(home.parquet, home.log).roll()
    assert told(replayed(home, facilities=facilities)[0]) == (signals, events)


def test_another_packs_rules_may_be_tried_on_a_log(lived: tuple[Home, list[Facility]]) -> None:
    home, _ = lived
    gas = load_pack(next(path for path in builtin_pack_paths() if path.name == "gas_leak"))
    run, _ = replayed(home, pack=gas)
    assert run.signals == ()
    assert [pack.name for pack in run.packs] == ["gas_leak"]


def test_a_log_alone_finds_its_packs_where_they_are_installed(
    lived: tuple[Home, list[Facility]], tmp_path: Path
) -> None:
    home, _ = lived
    copy = tmp_path / "elsewhere"
    shutil.copytree(home.log, copy)
    run, score = replayed(home, copy)
    signals, _ = recorded()
    assert told(run)[0] == signals
    assert any("no consequence at a facility was proposed" in sentence for sentence in score.sentences)


def test_a_damaged_log_is_a_check_that_does_not_hold(lived: tuple[Home, list[Facility]]) -> None:
    home, _ = lived
    segment = sorted(home.log.glob("*.seg"))[0]
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(data)
    _, score = replayed(home)
    assert not score.held
    assert "damaged" in score.checks[0].figures


def test_a_pack_that_is_gone_is_named_with_what_to_do(lived: tuple[Home, list[Facility]], monkeypatch) -> None:
    home, _ = lived
    shutil.rmtree(home.packs)
    monkeypatch.setattr("tocsin.app.replay.native_log.builtin_pack_paths", lambda: ())
    with pytest.raises(UnknownName, match=r"natural_hazards .* --pack"):
        replayed(home)


def test_rules_that_judge_in_another_unit_are_refused(tmp_path: Path) -> None:
    running = Running(tmp_path / "home", "2026-03-01", packs=("gas_leak",))
    running.register([Stream("g", "hydro", "g", "river_stage", "cm")])
    running.step_until(running.caught_up)
    running.close()
    with pytest.raises(BadUnit, match="stream g"):
        replayed(Home(tmp_path / "home"), pack=PACK)


def test_the_command_prints_a_log(lived: tuple[Home, list[Facility]], tmp_path: Path) -> None:
    home, _ = lived
    shutil.copytree(home.log, tmp_path / "bare")  # no database there, so Django is not asked
    answer = CliRunner().invoke(main, ["replay", str(tmp_path / "bare"), "--json"], prog_name="tocsin")
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert {signal["id"] for signal in document["signals"]} == {line[0] for line in recorded()[0]}
    assert [pack["name"] for pack in document["packs"]] == ["natural_hazards", "gas_leak"]
    page = CliRunner().invoke(main, ["replay", str(tmp_path / "bare")], prog_name="tocsin").stdout
    assert "the log is whole" in page
    assert "natural_hazards/rainstorm" in page
