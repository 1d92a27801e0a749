"""The command: what it prints and how it exits, without a running product."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tocsin.app import cli
from tocsin.app.cli import COMMANDS, main
from tocsin.app.doctor import filesystem_of


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name in list(__import__("os").environ):
        if name.startswith("TOCSIN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))
    return CliRunner()


def test_help_names_every_command_and_imports_none(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: pytest.fail(f"imported {name}"))
    answer = run.invoke(main, ["--help"])
    assert answer.exit_code == 0
    assert all(name in answer.output for name in COMMANDS)


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--role", "king"], ["log", "verify", "--x"], ["ingest"]])
def test_wrong_use_exits_2(run: CliRunner, arguments: list[str]) -> None:
    assert run.invoke(main, arguments).exit_code == 2


def test_a_command_that_is_not_installed_breaks_no_other(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "absent", ("tocsin.app.absent:absent", "Not there."))
    answer = run.invoke(main, ["absent"])
    assert answer.exit_code == 2
    assert "not part of this installation" in answer.output
    assert run.invoke(main, ["log", "verify"]).exit_code == 0


def test_a_wrong_setting_is_said_as_thing_rule_and_remedy(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_LISTEN", "nowhere")
    answer = run.invoke(main, ["log", "verify"])
    assert answer.exit_code == 2
    assert "address:port" in answer.stderr
    assert "remedy:" in answer.stderr
    as_json = run.invoke(main, ["log", "verify", "--json"])
    assert as_json.exit_code == 2
    assert json.loads(as_json.stdout)["type"] == "urn:tocsin:problem:bad_value"


def test_an_empty_log_is_sound(run: CliRunner) -> None:
    answer = run.invoke(main, ["log", "verify", "--json"])
    assert answer.exit_code == 0
    assert json.loads(answer.output) == {"from_seq": 0, "next_seq": 0, "records": {}, "observations": 0, "damaged": [],
                                         "whole_in_history": 0, "accepted_losses": []}  # fmt: skip


def test_a_damaged_log_exits_1_and_names_the_place(run: CliRunner, tmp_path: Path) -> None:
    from tocsin.loop.observe.log import Entry, SegmentLog
    from tocsin.terms.record import RecordKind

    with SegmentLog.open(tmp_path / "home" / "log") as log:
        log.append([Entry(RecordKind.TICK, second, None, b'{"some": "body"}') for second in range(5)])
    (segment,) = (tmp_path / "home" / "log").glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[data.rindex(b"body")] ^= 1
    segment.write_bytes(data)
    answer = run.invoke(main, ["log", "verify", "--json"])
    assert answer.exit_code == 1
    found = json.loads(answer.output)
    assert (found["records"], len(found["damaged"])) == ({"tick": 4}, 1)
    assert segment.name in found["damaged"][0]["thing"]
    assert found["damaged"][0]["remedy"]


def test_doctor_tells_a_broken_setting_and_exits_1(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_TIME_ZONE", "Mars/Base")
    answer = run.invoke(main, ["doctor", "--json"])
    assert answer.exit_code == 1
    document = json.loads(answer.output)
    assert document["sound"] is False
    assert document["findings"][0]["state"] == "fault"
    assert "Mars/Base" in document["findings"][0]["what"]


@pytest.mark.skipif(sys.platform != "linux", reason="the mount table is Linux's")
def test_the_file_system_of_a_path_is_found_by_the_longest_mount(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        "1 0 8:1 / / rw shared:1 - ext4 /dev/sda rw\n"
        "2 1 0:1 / /srv rw shared:2 - nfs4 server:/srv rw\n"
        "3 2 8:2 / /srv/local\\040disk rw - xfs /dev/sdb rw\n"
    )
    assert filesystem_of(Path("/srvice"), table) == "ext4"
    assert filesystem_of(Path("/srv/tocsin"), table) == "nfs4"
    assert filesystem_of(Path("/srv/local disk/tocsin"), table) == "xfs"
    assert filesystem_of(Path("/"), tmp_path / "absent") is None
