"""``tocsin backtest``: a small history with two floods, one warned in time, one missed, and a warning that nothing followed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from click.testing import CliRunner

from tocsin.app.backtest.judged import Levels
from tocsin.app.cli import main

BEGAN = datetime(2025, 6, 1, tzinfo=UTC)
HEAVY = {  # hours at which each gauge shows 30 mm an hour for three hours
    "north": (48, 200), "south": (300,),
}  # fmt: skip


@pytest.fixture
def history(tmp_path):
    lines = ["station,observed_at,property,value,unit"]
    for station, hours in HEAVY.items():
        for hour in range(24 * 21):
            value = 30.0 if any(at <= hour < at + 3 for at in hours) else 0.0
            lines.append(f"{station},{(BEGAN + timedelta(hours=hour)).isoformat()},precipitation,{value},mm")
    folder = tmp_path / "history"
    folder.mkdir()
    (folder / "rain.csv").write_text("\n".join(lines) + "\n")
    return folder


def truth(tmp_path, *rows: str, head: str = "start,end,hazard"):
    path = tmp_path / "truth.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def moment(hour: float) -> str:
    return (BEGAN + timedelta(hours=hour)).isoformat()


def run(history, truth_file, *more: str):
    return CliRunner().invoke(main, ["backtest", "natural_hazards", str(history), "--truth", str(truth_file), *more])


def scores(history, truth_file, *more: str) -> dict[str, dict]:
    answer = run(history, truth_file, "--json", "--rule", "rainstorm", *more)
    assert answer.exit_code == 0, answer.output
    return {line["level"]: line for line in json.loads(answer.output)["runs"][0]["scores"]}


def test_hits_misses_false_alarms_and_leads_are_those_of_the_history(history, tmp_path):
    # One flood four hours after the first cloudburst, one that no rain announced; two cloudbursts without a flood.
    path = truth(tmp_path, f"{moment(54)},{moment(60)},rainstorm", f"{moment(400)},{moment(404)},rainstorm")
    orange = scores(history, path)["orange"]
    assert (orange["hits"], orange["misses"], orange["false_alarms"]) == (1, 1, 2)
    assert orange["leads_h"] == [5.0]  # 60 mm in 3 h were complete at hour 49
    assert (orange["pod"], orange["far"]) == (0.5, pytest.approx(2 / 3))


def test_places_of_the_truth_are_kept_apart(history, tmp_path):
    path = truth(tmp_path, f"{moment(54)},{moment(60)},rainstorm,south", head="start,end,hazard,place")
    orange = scores(history, path)["orange"]
    assert (orange["hits"], orange["misses"], orange["false_alarms"]) == (0, 1, 3)  # it rained in the north


def test_what_the_truth_does_not_speak_of_is_left_out(history, tmp_path):
    path = truth(tmp_path, f"{moment(54)},{moment(60)},river_flood")
    answer = run(history, path, "--rule", "rainstorm")
    assert answer.exit_code == 2
    assert "gave nothing to score" in answer.output


def test_the_page_says_how_it_was_matched_and_the_drawing_is_written(history, tmp_path):
    path = truth(tmp_path, f"{moment(54)},{moment(60)},rainstorm")
    answer = run(history, path, "--plot", str(tmp_path / "drawings"))
    assert answer.exit_code == 0
    assert "one-to-one; a warning counts from 6 h before an event" in answer.output
    drawing = (tmp_path / "drawings" / "natural_hazards-rainstorm-orange-timeline.en.svg").read_text()
    assert "1 hits, 0 misses, 2 false" in drawing


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [("begin,end", "x,y", "no column start"), ("start,end", "2025-06-01T00:00,2025-06-02T00:00", "has no zone"),
     ("start,end", "yesterday,today", "is no moment"), ("start,end", f"{moment(5)},{moment(1)}", "ends before it starts"),
     ("start,end,level", f"{moment(1)},{moment(2)},purple", "no level 'purple'")],
)  # fmt: skip
def test_a_truth_that_cannot_be_read_is_refused_with_its_line(history, tmp_path, head, row, said):
    answer = run(history, truth(tmp_path, row, head=head))
    assert answer.exit_code == 2
    assert said in answer.output
    assert "remedy" in answer.output


@pytest.mark.parametrize(
    ("steps", "level", "expected"),
    [([(0, 1), (5, 3), (9, 1), (12, 0)], 1, [(0, 12, 3)]), ([(0, 1), (5, 3), (9, 1), (12, 0)], 2, [(5, 9, 3)]),
     ([(0, 3), (2, 1), (4, 4)], 3, [(0, 2, 3), (4, 20, 4)]), ([(0, 1), (3, 0)], 2, [])],
)  # fmt: skip
def test_a_signal_warns_at_a_level_while_it_stands_there_or_above(steps, level, expected):
    at, rank = (np.array(column, np.int64) for column in zip(*steps, strict=True))
    levels = Levels(("s",), np.zeros(len(at), np.int64), at, np.zeros(len(at), np.int64), rank)
    assert list(zip(*(column.tolist() for column in levels.stretches(level, 20)[1:]), strict=True)) == expected
