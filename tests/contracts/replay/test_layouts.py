"""How a folder is recognised and read; what is refused."""

import pytest

from tocsin.app.replay.command import replay_paths
from tocsin.app.replay.dataset import read_dataset
from tocsin.app.replay.layout import load_layout, recognise
from tocsin.app.replay.plain import plain_layout
from tocsin.app.replay.run import replay
from tocsin.packkit import find_pack, load_pack
from tocsin.terms.errors import BadForm, BadPack, BadTime, BadUnit, UnknownName

PROFILE = """
name = "gauges"
title = { en = "Gauges" }
[recognise]
"levels.csv" = ["station", "observed_at", "value"]
[source]
id = "town"
title = "Town gauges"
owner = "Town"
[stations]
file = "stations.csv"
stages = { alert_level = "alert" }
labels = { basin = "basin" }
[[observations]]
file = "levels.csv"
property = "river_stage"
unit = "m"
no_data_where_empty = "class"
[properties.river_stage]
unit = "m"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "stations.csv").write_text(
        "station,lon,lat,alert,basin\nA,1,2,3.5,North\nB,3,4,,North\nC,5,6,7,South\n"
    )
    (tmp_path / "levels.csv").write_text(
        "station,observed_at,value,class\n"
        "B,2025-01-01T02:00:00Z,1.5,ok\n"
        "A,2025-01-01T01:00:00Z,2.5,ok\n"
        "A,2025-01-01T03:00:00Z,,ok\n"
        "B,2025-01-01T01:00:00Z,0.0,\n"
    )
    (tmp_path / "p.toml").write_text(PROFILE)
    return tmp_path


def test_rows_come_in_order_of_time_and_no_data_is_neither_zero_nor_dropped(folder):
    data = read_dataset(folder, load_layout(folder / "p.toml"))
    names = [data.catalogue.streams[i].id for i in data.rows.stream]
    assert names == ["A/river_stage", "B/river_stage", "B/river_stage", "A/river_stage"]
    assert data.rows.missing.tolist() == [False, True, False, True]
    assert data.series("B", "river_stage")[1].tolist() == [1.5]
    gauge = data.catalogue.streams[data.catalogue.index("A/river_stage")]
    assert (gauge.stages, gauge.labels, gauge.lon) == ({"alert_level": 3.5}, {"basin": "North"}, 1.0)
    assert data.catalogue.streams[data.catalogue.index("B/river_stage")].stages == {}
    assert set(data.stations) - {s.feature for s in data.catalogue} == {"C"}


def test_a_folder_is_recognised_by_files_and_columns(folder):
    layout = load_layout(folder / "p.toml")
    assert recognise(folder, [layout]) is layout
    (folder / "levels.csv").write_text("station,when,value\n")
    assert recognise(folder, [layout]) is None


def test_a_layout_with_an_unknown_key_is_refused_by_name(folder):
    (folder / "p.toml").write_text(PROFILE + "\n[properties.x]\nunit='m'\nsize=3\n")
    with pytest.raises(BadPack, match="size"):
        load_layout(folder / "p.toml")


def test_a_station_nobody_registered_is_refused(folder):
    with (folder / "levels.csv").open("a") as lines:
        lines.write("Z,2025-01-01T05:00:00Z,1,ok\n")
    with pytest.raises(UnknownName, match="station 'Z'"):
        read_dataset(folder, load_layout(folder / "p.toml"))


def test_times_without_a_zone_are_refused(folder):
    text = (folder / "levels.csv").read_text().replace("Z,", ",")
    (folder / "levels.csv").write_text(text)
    with pytest.raises(BadTime, match="zone"):
        read_dataset(folder, load_layout(folder / "p.toml"))


def test_plain_files_are_read_by_their_columns(tmp_path):
    (tmp_path / "rain.csv").write_text(
        "station,observed_at,property,value,unit\nA,2025-01-01T01:00:00Z,precipitation,2,mm\n"
        "A,2025-01-01T02:00:00Z,precipitation,3,mm\n"
    )
    folder, layout = plain_layout([tmp_path])
    data = read_dataset(folder, layout)
    assert [s.id for s in data.catalogue] == ["A/precipitation"]
    assert data.catalogue.streams[0].unit == "mm"
    assert layout.scorer == ""


def test_a_folder_without_any_readable_table_says_what_is_needed(tmp_path):
    (tmp_path / "rain.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadForm, match="station, observed_at, property, value, unit"):
        plain_layout([tmp_path])


def test_plain_files_in_another_unit_are_registered_in_the_one_that_is_judged(tmp_path):
    pack = load_pack(find_pack("natural_hazards"))
    (tmp_path / "rain.csv").write_text(
        "station,observed_at,property,value,unit\n"
        "A,2012-07-21T01:00:00Z,precipitation,12,cm\nA,2012-07-21T02:00:00Z,precipitation,0,cm\n"
    )
    run, score = replay_paths((tmp_path,), pack)
    assert run.dataset.catalogue.streams[0].unit == "mm"
    assert {(s.rule, s.level) for s in run.signals if not s.quality} == {("natural_hazards/rainstorm", 4)}
    assert not any("not in force" in sentence for sentence in score.sentences)


def test_a_layout_in_another_unit_than_the_pack_judges_is_refused(folder):
    pack = load_pack(find_pack("natural_hazards"))
    data = read_dataset(folder, load_layout(folder / "p.toml"))
    assert replay(data, pack).counts["taken"] == 2
    text = (
        (folder / "p.toml")
        .read_text()
        .replace('[properties.river_stage]\nunit = "m"', '[properties.river_stage]\nunit = "cm"')
    )
    (folder / "p.toml").write_text(text)
    with pytest.raises(BadUnit, match="river_stage in m"):
        replay(read_dataset(folder, load_layout(folder / "p.toml")), pack)


def test_rules_that_were_not_yet_in_force_are_named(tmp_path):
    (tmp_path / "level.csv").write_text(
        "station,observed_at,property,value,unit\nA,2012-07-21T01:00:00Z,river_stage,12,m\n"
    )
    _, score = replay_paths((tmp_path,), load_pack(find_pack("natural_hazards")))
    (sentence,) = score.sentences
    assert sentence.startswith("Judged although not in force on all days of the data: ")
    assert "river_stage" in sentence
    assert "rainstorm" not in sentence
