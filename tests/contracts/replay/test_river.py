"""Cyclone Ditwah: the bars of the replay on the real record (its README holds the traps)."""

import json

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tocsin.app.replay.command import replay
from tocsin.app.replay.signals import level_at, of_rule

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
    assert document["dataset"]["profile"] == "plain"
    assert document["counts"]["taken"] == 200
    assert document["checks"] == []


def test_wrong_use_is_two(tmp_path):
    assert CliRunner().invoke(replay, [str(tmp_path / "nowhere")]).exit_code == 2
