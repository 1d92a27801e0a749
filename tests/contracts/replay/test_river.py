"""Cyclone Ditwah: the bars of the replay on the real record (its README holds the traps)."""

import json

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tocsin.app.engine_process.standing_places import PlaceBook
from tocsin.app.replay.command import replay
from tocsin.app.replay.intake import take_in
from tocsin.app.replay.signals import level_at, of_rule
from tocsin.engine.grouping import Grouper, no_data_rules
from tocsin.engine.runner import Engine
from tocsin.engine.ticks import with_ticks
from tocsin.terms.record import Record, RecordKind

from .conftest import data_folder

pytestmark = pytest.mark.data


def check(score, name):
    return next(c for c in score.checks if c.name == name)


def table(score, beginning):
    return next(t for t in score.tables if t.title.startswith(beginning))


def test_nothing_is_lost_on_the_way_in(river):
    run, _ = river
    assert run.counts == {"rows": 7373, "taken": 7338, "missing": 35, "refused": 0, "late": 0, "duplicate": 0}


def test_all_578_officially_classed_rows_are_reproduced(river):
    _, score = river
    assert check(score, "official classes").held
    assert check(score, "official classes").figures.startswith("578 of 578")


def test_all_crossings_are_raised_at_the_first_reading(river):
    _, score = river
    crossings = {row[0]: row[1:4] for row in table(score, "Crossings: raised").rows}
    assert crossings == {"Alert": (36, 36, 36), "Minor Flood": (30, 30, 30), "Major Flood": (20, 20, 20)}
    for stage in crossings:
        assert check(score, f"{stage} crossings").held


def test_the_four_typing_errors_are_flagged_and_change_no_event(river):
    _, score = river
    assert check(score, "typing errors flagged").held
    assert check(score, "typing errors change no event").held
    assert len(table(score, "Typing errors").rows) == 4


def test_gauges_silent_in_flood_are_no_data_in_danger_and_never_normal(river):
    run, score = river
    for name in ("silent in flood is no data in danger", "silent in flood is never normal", "their events say so"):
        assert check(score, name).held, check(score, name).figures
    gone = {row[0] for row in table(score, "Gauges silent in flood").rows if row[6] == "did not come back"}
    assert gone == {"Weraganthota", "Peradeniya", "Moragaswewa", "Thaldena"}
    stages = of_rule(run.signals, "natural_hazards/river_stage")
    assert {name: level_at(stages[f"{name}/river_stage"], run.ended_us) > 0 for name in gone} == dict.fromkeys(
        gone, True
    )


def test_the_wave_is_seen_upstream_before_the_official_red(river):
    _, score = river
    assert check(score, "upstream before the official red").held
    rows = {(row[0], row[1]): row[3:] for row in table(score, "Lead of upstream").rows}
    assert rows["Glencourse", "Major Flood"] == (12.9, 44.0)
    official = next(v for k, v in rows.items() if k[0].startswith("OFFICIAL"))
    assert official == (7.4, 38.4)
    assert any("no false-alarm figure" in sentence for sentence in score.sentences)


def test_a_broken_record_is_seen(tmp_path):
    """The checks can fail: with a stage copied wrongly, classes and crossings no longer hold, and the command says 1."""
    for file in data_folder("river").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    stations = tmp_path / "stations.csv"
    stations.write_text(
        stations.read_text().replace("LK-11,80.08134,6.910489,7.0,8.0,10.0", "LK-11,80.08134,6.910489,7.0,8.0,12.0")
    )
    got = CliRunner().invoke(replay, [str(tmp_path), "--json"])
    assert got.exit_code == 1, got.output
    failed = {c["name"] for c in json.loads(got.stdout)["checks"] if not c["held"]}
    assert "Major Flood crossings" in failed


def test_files_without_a_known_truth_are_replayed_too(tmp_path):
    table_ = pq.read_table(data_folder("river") / "observations.parquet").slice(0, 200)
    pq.write_table(table_, tmp_path / "stages.parquet")
    got = CliRunner().invoke(replay, [str(tmp_path / "stages.parquet"), "--json"])
    assert got.exit_code == 0, got.output
    document = json.loads(got.stdout)
    assert document["dataset"]["layout"] == "plain"
    assert document["counts"]["taken"] == 200
    assert document["checks"] == []


def test_wrong_use_is_two(tmp_path):
    assert CliRunner().invoke(replay, [str(tmp_path / "nowhere")]).exit_code == 2


def test_events_are_those_of_live_order(river):
    """Fed record by record with a tick a minute, as the engine process does, the events are the same."""
    run, _ = river
    taken = take_in(run.dataset, lambda *_: None)
    places = PlaceBook(run.dataset.catalogue)
    grouper = Grouper(run.pack.hazards, run.pack.cascades, (), run.scheme, independent_of=places.independent,
                      no_data_rules=no_data_rules(run.pack.rules))  # fmt: skip
    engine, changes = Engine(run.pack.rules, run.dataset.catalogue), []
    records = (Record(seq, RecordKind.OBSERVATIONS, 0, batch) for seq, batch in enumerate(taken.batches))
    for record in with_ticks(records, 60_000_000):
        changes += grouper.feed(engine.feed(record), places)
        if record.kind is RecordKind.TICK:
            changes += grouper.advance(record.at_us)
    changes += grouper.feed(engine.finish(run.ended_us), places)
    changes += grouper.advance(run.ended_us)

    def plain(events):
        return {(e.id, e.level, e.state, e.began_us, e.ended_us, e.signals, e.no_data) for e in events}

    assert plain({c.event.id: c.event for c in changes}.values()) == plain(run.events)


def test_any_folder_can_be_read_by_a_mapping_of_ones_own(tmp_path):
    (tmp_path / "levels.csv").write_text("when,gauge,cm\n2025-01-01T01:00:00Z,G1,120\n2025-01-01T02:00:00Z,G1,380\n")
    (tmp_path / "gauges.csv").write_text("gauge,x,y,alarm\nG1,113.6,34.7,3.5\n")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING)
    got = CliRunner().invoke(replay, [str(tmp_path), "--mapping", str(mapping), "--json"])
    assert got.exit_code == 0, got.output
    (signal,) = (s for s in json.loads(got.stdout)["signals"] if s["rule"] == "natural_hazards/river_stage")
    assert signal["steps"] == [{"at": "2025-01-01T02:00:00Z", "level": "yellow"}]


MAPPING = """
name = "town"
title = { en = "Town gauges" }
[source]
id = "town"
title = "Town gauges"
owner = "Town"
[stations]
file = "gauges.csv"
id = "gauge"
lon = "x"
lat = "y"
stages = { alert_level = "alarm" }
[[observations]]
file = "levels.csv"
station = "gauge"
observed_at = "when"
value = "cm"
property = "river_stage"
unit = "cm"
[properties.river_stage]
unit = "m"
low = -10.0
high = 60.0
"""
