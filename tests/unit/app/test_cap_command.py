"""``tocsin cap``: what it prints and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.unit.cap.keys import certificate, ec_key, pem
from tests.unit.cap.sample import SENT, alert, text, with_info

from tocsin.app.cli import main
from tocsin.formats.cap import entry_of, feed, sign, write
from tocsin.formats.cap.encode import encode


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["cap", *map(str, arguments)])


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.xml"
    path.write_bytes(write(alert()))
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.xml"
    path.write_bytes(encode(with_info(severity="Grave", web="x")))
    return path


def test_a_good_message_exits_0_and_a_bad_one_1(good: Path, bad: Path):
    assert run("check", good).exit_code == 0
    assert "0 errors, 0 warnings" in run("check", good).output
    answer = run("check", good, bad)
    assert answer.exit_code == 1
    assert "R20 error /cap:alert/cap:info[1]/cap:severity: 'Grave'" in answer.output
    assert "remedy: " in answer.output


def test_json_names_rule_grade_and_place(bad: Path):
    (told,) = json.loads(run("check", bad, "--json").output)
    assert (told["file"], told["schema_valid"], told["identifier"]) == (str(bad), False, alert().identifier)
    assert told["findings"][0] == {
        "rule": "R20", "grade": "error", "xpath": "/cap:alert/cap:info[1]/cap:severity",
        "what": "'Grave' is not one of Extreme, Severe, Moderate, Minor, Unknown",
        "remedy": "give all five, spelt as the standard spells them",
    }  # fmt: skip


def test_ours_are_judged_more_strictly(tmp_path: Path):
    path = tmp_path / "bare.xml"
    path.write_bytes(encode(with_info(instruction="", expires=None)))
    assert run("check", path).exit_code == 0
    answer = run("check", path, "--ours")
    assert answer.exit_code == 1
    assert "P2 error" in answer.output
    assert "R27 error" in answer.output


def test_feeds_and_wrappers_are_opened(tmp_path: Path):
    atom, edxl = tmp_path / "feed.atom", tmp_path / "wrapper.xml"
    atom.write_bytes(
        feed([entry_of(alert(), "https://x.example/1")], feed_id="urn:x", title="t", updated=SENT, self_url="u")
    )
    body = text().partition("\n")[2]
    edxl.write_text(f'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">{body}</EDXLDistribution>')
    answer = run("check", atom, edxl, "--json")
    assert answer.exit_code == 0
    assert [told["kind"] for told in json.loads(answer.output)] == ["atom", "alert"]
    assert "atom, 1 entries" in run("check", atom).output


def test_what_is_no_message_is_an_error_and_what_is_not_there_wrong_use(tmp_path: Path):
    path = tmp_path / "x"
    path.write_text("nothing")
    assert run("check", path).exit_code == 1
    assert run("check", tmp_path / "absent").exit_code == 2
    assert run("check").exit_code == 2
    assert run("verify", path, "--pin", path).exit_code == 2


def test_verify_trusts_the_pin_alone(tmp_path: Path):
    made, other = certificate(ec_key("us")), certificate(ec_key("forger"))
    pin, path, forged = tmp_path / "pin.pem", tmp_path / "signed.xml", tmp_path / "forged.xml"
    pin.write_bytes(pem(made))
    path.write_bytes(sign(write(alert()), ec_key("us"), made))
    forged.write_bytes(sign(write(alert()), ec_key("forger"), other))
    at = ("--at", "2025-07-20T16:00:00+08:00")
    assert run("verify", path, "--pin", pin, *at).exit_code == 0
    answer = run("verify", forged, "--pin", pin, *at, "--json")
    assert answer.exit_code == 1
    told = json.loads(answer.output)
    assert (told["verdict"], told["verified"], told["sender"]) == ("wrong key", False, alert().sender)
    late = run("verify", path, "--pin", pin, "--at", "2031-01-01T00:00:00-00:00")
    assert (late.exit_code, "expired certificate (not verified)" in late.output) == (1, True)
    assert run("verify", path, "--pin", pin, "--at", "2031-01-01T00:00:00Z").exit_code == 2
    assert run("verify", path, "--pin", pin, "--subject", "x", *at).exit_code == 2
    assert run("verify", path, "--pin", path, *at).exit_code == 2
    assert run("verify", path).exit_code == 2


def test_verify_without_a_moment_asks_the_clock(tmp_path: Path, good: Path):
    pin = tmp_path / "pin.pem"
    pin.write_bytes(pem(certificate(ec_key("us"))))
    answer = run("verify", good, "--pin", pin)
    assert (answer.exit_code, "absent (not verified)" in answer.output) == (1, True)
