"""The engine process in this process: what it takes into the log, and which rules it lets judge on which day."""

from __future__ import annotations

import dataclasses
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tocsin.app import doctor
from tocsin.app.configuration import Configuration
from tocsin.app.engine_process.process import EngineProcess
from tocsin.app.home import Home
from tocsin.doors.intake.socket.client import EngineClient
from tocsin.formats.catalogue import catalogue_body
from tocsin.formats.reports import reports_body
from tocsin.geo import cell_of
from tocsin.loop.detect.models import EventRow, SignalRow
from tocsin.loop.observe.log import LogReader
from tocsin.packkit.example import observation_batch
from tocsin.packkit.scaffold import new_pack
from tocsin.records import clock
from tocsin.terms.errors import BadUnit, Refused, TooBig
from tocsin.terms.moment import to_us
from tocsin.terms.record import RecordKind
from tocsin.terms.report import Report
from tocsin.terms.stream import Source, Stream

pytestmark = pytest.mark.django_db(transaction=True)

SOURCES = [Source("hydro", "Water bureau", "Water bureau")]
Start = Callable[..., "Running"]


class Running:
    """An engine process, the moment it believes in, and a client of its socket."""

    def __init__(self, home: Path, day: str, **settings: Any) -> None:
        self.home, self.now_us = home, 0
        self.set_day(day)
        self.process = EngineProcess(Configuration(home=Home(home), **settings), wall_us=lambda: self.now_us)
        self.process.open()
        self.client = EngineClient(home / "run" / "engine.sock")
        self.step_until(self.caught_up)

    def caught_up(self) -> bool:
        return self.process.evaluation.engine.next_seq == self.process.health()["next_seq"]

    def set_day(self, day: str) -> None:
        self.now_us = to_us(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC))

    def step_until(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + 20
        while self.process.step(0.02) or not done():
            assert time.monotonic() < until, self.process.trouble

    def register(self, streams: Sequence[Stream]) -> int:
        return self.client.catalogue(catalogue_body(SOURCES, streams))

    def rules_records(self) -> int:
        return sum(record.kind is RecordKind.RULES for record in LogReader(self.home / "log").read())

    @property
    def rules(self) -> set[str]:
        return {rule.name.partition("/")[2] for rule in self.process.evaluation.engine.rules}

    def close(self) -> None:
        self.client.close()
        self.process.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def begin(day: str = "2026-03-01", **settings: Any) -> Running:
        while started:
            started.pop().close()
        started.append(Running(tmp_path / "home", day, **settings))
        return started[-1]

    yield begin
    while started:
        started.pop().close()


def dated_pack(folder: Path, name: str = "cellar", **dates: str) -> str:
    """A new pack whose one rule has these dates."""
    pack = new_pack(name, folder)
    rules = pack / "rules.toml"
    text = re.sub(r"valid_from = .*\n", "", rules.read_text("utf-8"))
    lines = "".join(f"{key} = {value}\n" for key, value in dates.items())
    rules.write_text(text.replace("[[rule]]\n", f"[[rule]]\n{lines}", 1), "utf-8")
    manifest = pack / "pack.toml"
    manifest.write_text(re.sub(r"valid_from = .*", "valid_from = 2000-01-01", manifest.read_text("utf-8")), "utf-8")
    return str(pack)


def test_a_stream_in_another_unit_than_a_pack_judges_is_refused(start: Start) -> None:
    running = start()
    next_seq = running.process.health()["next_seq"]
    with pytest.raises(BadUnit) as caught:
        running.register(
            [Stream("a", "hydro", "a", "river_stage", "m"), Stream("b", "hydro", "b", "river_stage", "cm")]
        )
    error = caught.value
    assert error.thing == "stream b"
    assert "pack natural_hazards judges river_stage in m" in error.rule
    assert error.remedy.startswith("register it in m;")
    assert running.process.health()["next_seq"] == next_seq
    # other properties are free, and so is the same stream once it is in the pack's unit
    running.register([Stream("b", "hydro", "b", "river_stage", "m"), Stream("c", "hydro", "c", "well_depth", "cm")])
    running.step_until(lambda: len(running.process.evaluation.engine.catalogue) == 2)


def test_streams_whose_windows_would_need_more_than_there_is_are_refused_in_words(start: Start) -> None:
    running = start(packs=("natural_hazards",), engine_memory_mb=8)
    gauges = [Stream(f"rain-{n}", "hydro", f"rain-{n}", "precipitation", "mm", cadence_s=60.0) for n in range(900)]
    running.register(gauges[:20])
    with pytest.raises(TooBig) as caught:
        running.register(gauges)
    assert "of memory" in caught.value.rule
    assert "8.0 MiB" in caught.value.rule
    assert caught.value.remedy
    assert len(running.process.evaluation.engine.catalogue) <= 20
    running.register(gauges[:30])  # whoever asks for less is served as before


@pytest.mark.parametrize(
    "stream",
    [
        Stream("a", "hydro", "a", "face_count", "1"),
        Stream("a", "hydro", "a", "crowd", "1", stages={"protest_size": 5.0}),
        Stream("a", "hydro", "a", "crowd", "1", labels={"重点人员": "yes"}),
    ],
)
def test_a_stream_about_people_is_refused(start: Start, stream: Stream) -> None:
    running = start()
    with pytest.raises(Refused, match=r"stream a: .* Remedy: "):
        running.register([stream])
    assert len(running.process.evaluation.engine.catalogue) == 0


def test_a_rule_judges_from_its_first_day_to_its_last(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pack = dated_pack(tmp_path, valid_from="2026-03-02", valid_to="2026-03-04")
    with caplog.at_level(logging.WARNING):
        running = start("2026-03-01", packs=(pack,))
    assert running.rules == set()
    assert "cellar/deep_water is left out on 2026-03-01: its source is in force from 2026-03-02" in caplog.text
    running.set_day("2026-03-02")
    running.step_until(lambda: running.rules == {"deep_water"})
    running.set_day("2026-03-03")
    said = running.rules_records()
    running.process.step(0.02)
    assert running.rules == {"deep_water"}
    assert running.rules_records() == said  # nothing new to say, so nothing is written
    running.set_day("2026-03-04")
    running.step_until(lambda: running.rules == set())


def test_what_judged_is_read_from_the_log_after_a_restart(start: Start, tmp_path: Path) -> None:
    pack = dated_pack(tmp_path, valid_from="2026-03-02")
    start("2026-03-01", packs=(pack,))
    running = start("2026-03-01", packs=(pack,))
    assert running.rules == set()
    assert running.process.evaluation.packs[0].left_out == ("cellar/deep_water",)
    assert start("2026-03-05", packs=(pack,)).rules == {"deep_water"}


def test_the_deployment_may_say_otherwise(start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pack = dated_pack(tmp_path, valid_from="2020-01-01", valid_to="2021-01-01")
    with caplog.at_level(logging.WARNING):
        assert start(packs=(pack,), allow_out_of_date_rules=True).rules == {"deep_water"}
    assert "judges all the same" in caplog.text
    assert start(packs=(pack,)).rules == set()


def test_the_day_is_that_of_the_deployments_zone(start: Start, tmp_path: Path) -> None:
    pack = dated_pack(tmp_path, valid_from="2026-03-02")
    running = start("2026-03-01", packs=(pack,), time_zone="Asia/Shanghai")
    assert running.rules == set()
    running.now_us += 5 * 3_600_000_000  # 17:00 UTC is past midnight there
    running.step_until(lambda: running.rules == {"deep_water"})


def test_a_pack_waits_until_streams_that_stood_before_it_fit(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    running = start(packs=("gas_leak",))
    running.register([Stream("g", "hydro", "g", "river_stage", "cm")])
    running.step_until(lambda: len(running.process.evaluation.engine.catalogue) == 1)
    with caplog.at_level(logging.ERROR):
        running = start(packs=("gas_leak", "natural_hazards"))
    assert "not put in force: stream g: is in cm" in caplog.text
    assert "rainstorm" not in running.rules
    assert "gas_leak" in running.rules
    running.register([Stream("g", "hydro", "g", "river_stage", "m")])
    running.step_until(lambda: "rainstorm" in running.rules)


def test_doctor_names_the_rules_that_do_not_judge_and_the_streams_that_do_not_fit(start: Start, tmp_path: Path) -> None:
    (tmp_path / "current").mkdir()
    old = dated_pack(tmp_path, valid_from="2020-01-01", valid_to="2021-01-01")
    new = dated_pack(tmp_path / "current", "attic", valid_from="2020-01-01")
    (tmp_path / "home").mkdir()
    configuration = Configuration(home=Home(tmp_path / "home"), packs=(old, new))
    findings = {finding.what: finding for finding in doctor._packs(configuration)}
    left_out = findings[
        "rule cellar/deep_water is left out: its source is in force from 2020-01-01 and no more from 2021-01-01"
    ]
    assert (left_out.state, "allow_out_of_date_rules" in left_out.remedy) == ("note", True)
    assert [what for what, finding in findings.items() if finding.state == "fault"] == [
        f"no rule of cellar judges on {clock.now().date()}"
    ]
    assert not any("attic/deep_water" in what for what in findings)
    allowed = dataclasses.replace(configuration, allow_out_of_date_rules=True)
    assert {finding.state for finding in doctor._packs(allowed)} == {"ok", "note"}

    running = start(packs=("gas_leak",))
    running.register([Stream("g", "hydro", "g", "river_stage", "cm")])
    running.step_until(lambda: len(running.process.evaluation.engine.catalogue) == 1)
    running.process.evaluation.commit()
    (tmp_path / "home" / "db.sqlite3").touch()
    assert [finding.state for finding in doctor._streams(dataclasses.replace(configuration, packs=("gas_leak",)))] == [
        "ok"
    ]
    with pytest.raises(BadUnit, match="stream g"):
        list(doctor._streams(dataclasses.replace(configuration, packs=("natural_hazards",))))


def test_a_gas_sensor_and_people_who_smell_it_become_one_orange_event(start: Start) -> None:
    """From the socket's door to the database: observations and counts of reports join in a signal and an event."""
    running = start(packs=("gas_leak",))
    hall = Stream("hall", "hydro", "hall", "combustible_gas", "%", lon=120.0, lat=30.0, cadence_s=60.0)
    running.register([hall])
    running.step_until(lambda: len(running.process.evaluation.engine.catalogue) == 1)
    begun = running.now_us

    def minutes(n: int) -> int:
        return begun + n * 60_000_000

    def pass_until(n: int) -> None:
        for minute in range((running.now_us - begun) // 60_000_000 + 1, n + 1):
            running.now_us = minutes(minute)
            running.client.observations(observation_batch([0], [minutes(minute)], [12.0]), source="hydro")
            running.step_until(running.caught_up)

    pass_until(10)
    report = Report("gas_smell", cell_of(120.0, 30.0, 9), begun, 3)
    running.client.reports(reports_body("hotline", [report]), source="hotline")
    pass_until(20)
    events = list(EventRow.objects.filter(hazard="gas_leak"))
    assert [event.level for event in events] == [3]
    rules = set(SignalRow.objects.filter(id__in=events[0].members.values("signal")).values_list("rule", flat=True))
    assert rules == {"gas_leak/gas_leak", "gas_leak/gas_leak_smelt"}
