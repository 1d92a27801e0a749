"""Load, find, digest, scaffold, describe."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from tocsin.engine.runner import Engine
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.packkit import (
    builtin_pack_paths,
    check_pack,
    find_pack,
    load_pack,
    refused_streams,
    require_fit,
    unfit_streams,
)
from tocsin.packkit.describe import describe
from tocsin.packkit.scaffold import new_pack
from tocsin.terms.errors import BadUnit, BadValue, Refused, UnknownName
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue, Source, Stream

PATHS = {path.name: path for path in builtin_pack_paths()}


def test_a_new_pack_passes_its_own_check(tmp_path: Path) -> None:
    pack = new_pack("flash_flood", tmp_path)
    assert [str(fault) for fault in check_pack(pack)] == []
    assert load_pack(pack).tier == "bronze"


@pytest.mark.parametrize("name", ["", "A", "flash flood", "../x", "1st", "x" * 80])
def test_bad_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadValue):
        new_pack(name, tmp_path)


def test_a_pack_is_never_written_over(tmp_path: Path) -> None:
    new_pack("flash_flood", tmp_path)
    with pytest.raises(BadValue, match="exists already"):
        new_pack("flash_flood", tmp_path)


def test_the_sha_covers_every_file_and_nothing_else(tmp_path: Path) -> None:
    copy = tmp_path / "gas_leak"
    shutil.copytree(PATHS["gas_leak"], copy)
    sha = load_pack(copy).sha
    assert sha == load_pack(PATHS["gas_leak"]).sha
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "x.pyc").write_bytes(b"x")
    (copy / ".hidden").write_text("x")
    assert load_pack(copy).sha == sha
    example = copy / "examples" / "leak" / "observations.csv"
    example.write_text(example.read_text() + "gas-1,2026-07-20T09:00:00Z,1.2\n")
    assert load_pack(copy).sha != sha


def test_find_pack(tmp_path: Path) -> None:
    assert find_pack("gas_leak") == PATHS["gas_leak"]
    assert find_pack(str(tmp_path)) == tmp_path
    with pytest.raises(UnknownName, match="did you mean 'gas_leak'"):
        find_pack("gas_leek")


def test_packs_outside_the_tree_come_by_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_pack("outside_pack", tmp_path)
    installed = tmp_path / "outside-0.1.dist-info"  # as pip leaves a distribution behind
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 0.1\n")
    (installed / "entry_points.txt").write_text("[tocsin.packs]\noutside_pack = outside_pack\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_pack(find_pack("outside_pack")).name == "outside_pack"


def test_what_is_kept_of_a_pack() -> None:
    pack = load_pack(PATHS["natural_hazards"])
    assert pack.rule("rainstorm") is pack.rule("natural_hazards/rainstorm")
    assert pack.properties["river_stage"].stages == ("alert_level", "minor_flood_level", "major_flood_level")
    assert pack.tables["cn_pm25_24h"].points[4] == (150.0, 200.0)
    assert (pack.cascades[0].parent, pack.cascades[0].rank, pack.cascades[0].child) == ("rainstorm", 3, "waterlogging")
    assert set(pack.replays) == {"beijing_air", "river_sri_lanka"}
    assert pack.provenance["natural_hazards/rainstorm"].verified
    assert not pack.provenance["natural_hazards/gale_mean"].verified
    with pytest.raises(KeyError):
        pack.rule("nothing")


def test_rules_hold_only_within_their_dates() -> None:
    pack = load_pack(PATHS["natural_hazards"])
    assert pack.rules_in_force(date(2000, 1, 1)) == ()
    before = {rule.name for rule in pack.rules_in_force(date(2012, 1, 1))}
    assert "natural_hazards/rainstorm" in before
    assert "natural_hazards/heavy_pollution" not in before
    assert len(pack.rules_in_force(date(2026, 1, 1))) == len(pack.rules)


def test_a_rule_in_words() -> None:
    pack = load_pack(PATHS["natural_hazards"])
    told = describe(pack, pack.rule("rainstorm"))
    assert told.levels["en"][3] == ("Red I", "sum(3h) >= 100 mm", "total rain in 3 h is at least 100 mm")
    assert told.levels["zh-hans"][3][2] == "3小时累计降雨量不低于100毫米"
    assert told.clear["en"] == "down when total rain in 3 h is below 30 mm, for 1 h"
    assert [cost.observations for cost in told.windows] == [12, 6, 3]
    heat = describe(pack, pack.rule("heat"))
    assert (
        heat.levels["en"][0][2]
        == "number of days in a row with the highest air temperature at least 35 °C is at least 3"
    )


def test_a_stream_in_another_unit_does_not_fit() -> None:
    pack = load_pack(PATHS["natural_hazards"])
    streams = [Stream("a", "s", "a", "river_stage", "cm"), Stream("b", "s", "b", "river_stage", "m"),
               Stream("c", "s", "c", "something_else", "K")]  # fmt: skip
    assert [error.thing for error in unfit_streams(pack, streams)] == ["stream a"]
    assert "register it in m" in unfit_streams(pack, streams)[0].remedy


@pytest.mark.parametrize(
    "stream",
    [
        Stream("a", "s", "a", "caller_mood", "1"),
        Stream("a", "s", "a", "petition_count", "1"),
        Stream("a", "s", "a", "crowd", "1", stages={"protest_size": 100.0}),
        Stream("a", "s", "a", "crowd", "1", labels={"重点人员": "x"}),
    ],
)
def test_streams_about_people_or_sealed_content_are_refused(stream: Stream) -> None:
    (error,) = refused_streams([stream])
    assert error.thing == "stream a"
    assert error.remedy
    with pytest.raises(Refused):
        require_fit([], [stream])


def test_streams_of_any_other_kind_are_free() -> None:
    pack = load_pack(PATHS["natural_hazards"])
    free = Stream("a", "s", "a", "slope_stability", "1", stages={"warning_stage": 2.0}, labels={"rain_group": "7"})
    require_fit([pack], [free, Stream("b", "s", "b", "river_stage", "m")])
    with pytest.raises(BadUnit, match=r"is in cm, .* judges river_stage in m \(and 1 more\)"):
        require_fit([pack], [Stream(name, "s", name, "river_stage", "cm") for name in "ab"])


def test_a_rain_gauge_registered_without_its_range_still_raises_from_a_part_of_the_window() -> None:
    """The pack knows that rain is never negative; nobody should have to repeat it for every gauge."""
    rainstorm = load_pack(find_pack("natural_hazards")).rule("rainstorm")
    engine = Engine(
        [rainstorm], Catalogue([Source("s", "s", "s")], [Stream("g", "s", "g", "precipitation", "mm", cadence_s=300.0)])
    )
    times = pa.array(
        [1_750_000_000_000_000 + minute * 300_000_000 for minute in range(6)], pa.timestamp("us", tz="UTC")
    )
    columns = [pa.array([0] * 6, pa.int32()), times, pa.array([20.0] * 6), pa.array([0] * 6, pa.uint8()), times,
               pa.nulls(6, pa.timestamp("us", tz="UTC"))]  # fmt: skip
    batch = pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS)
    said = engine.feed(Record(0, RecordKind.OBSERVATIONS, 0, batch))
    assert [(line.change, line.level) for line in said] == [("raised", 3), ("changed", 4)]  # 60 mm, then 100 mm, of 3 h


def test_an_example_in_another_unit_than_its_pack_judges_is_a_fault(tmp_path: Path) -> None:
    pack = new_pack("flash_flood", tmp_path)
    streams = pack / "examples" / "rising_water" / "streams.toml"
    streams.write_text(streams.read_text("utf-8").replace('unit = "cm"', 'unit = "m"'), "utf-8")
    faults = [fault for fault in check_pack(pack) if fault.file == "examples/rising_water/streams.toml"]
    assert ["is in m, pack flash_flood judges water_depth in cm" in fault.what for fault in faults] == [True]
