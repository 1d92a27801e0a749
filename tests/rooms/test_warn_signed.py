"""Issued messages carry the deployment's signature: our own reader and a public tool verify the bytes that were published."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.test import Client

from tests.rooms.test_warn import TABLE, drafted, signed
from tocsin.app.cli import main
from tocsin.formats.cap import Pin, check, read, verify
from tocsin.formats.cap.new_key import new_pair
from tocsin.loop.warn import services
from tocsin.loop.warn.models import AlertRow, WarningRow
from tocsin.records.org.actor import SYSTEM
from tocsin.terms.errors import BadValue
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        yield built
        built._ring().clear()


@pytest.fixture
def key(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key in force, valid since the town's yesterday."""
    for path, content in zip((tmp_path / "key.pem", tmp_path / "cert.pem"),
                             new_pair("Simcity", days=30, at=town.now - timedelta(days=1)), strict=True):  # fmt: skip
        path.write_bytes(content)
    with_key = replace(
        settings.CONFIGURATION, cap_key=str(tmp_path / "key.pem"), cap_certificate=str(tmp_path / "cert.pem")
    )
    monkeypatch.setattr(settings, "CONFIGURATION", with_key)
    return tmp_path / "cert.pem"


def test_what_is_issued_is_signed_and_verified_by_a_public_tool(town: Town, key: Path, tmp_path: Path) -> None:
    identifier = signed(town, drafted(town))
    served = Client().get(f"/warnings/{identifier}.xml").content
    assert served == bytes(AlertRow.objects.get(identifier=identifier).document)
    sender = read(served).alert.sender  # type: ignore[union-attr]
    report = verify(served, {sender: [Pin.of(key.read_bytes())]}, at=town.now)
    assert report.verified
    assert [finding for finding in check(served, producing=True) if finding.grade == "error"] == []
    message = tmp_path / "message.xml"
    for content, expected in ((served, 0), (served.replace(b"<severity>Severe", b"<severity>Minor"), 1)):
        message.write_bytes(content)
        ran = subprocess.run(["xmlsec1", "--verify", "--pubkey-cert-pem", str(key), str(message)],
                             check=False, capture_output=True)  # fmt: skip
        assert bool(ran.returncode) is bool(expected), ran.stderr.decode()
    assert Client().get("/warnings/certificate.pem").content == key.read_bytes()


def test_with_a_certificate_that_is_over_nothing_is_issued(town: Town, key: Path) -> None:
    warning = drafted(town)
    for path, content in zip((key.with_name("key.pem"), key),
                             new_pair("Simcity", days=1, at=town.now - timedelta(days=9)), strict=True):  # fmt: skip
        path.write_bytes(content)
    with pytest.raises(BadValue) as caught:
        signed(town, warning)
    assert caught.value.remedy
    assert WarningRow.objects.get(id=warning).state == "submitted"
    assert not AlertRow.objects.exists()


def test_a_key_of_another_certificate_is_refused(town: Town, key: Path) -> None:
    warning = drafted(town)
    key.write_bytes(new_pair("Simcity", days=30, at=town.now)[1])
    with pytest.raises(BadValue, match="not the key of the certificate"):
        signed(town, warning)


def test_without_a_key_messages_go_out_unsigned_and_the_certificate_is_not_there(town: Town) -> None:
    identifier = signed(town, drafted(town))
    assert b"Signature" not in Client().get(f"/warnings/{identifier}.xml").content
    assert Client().get("/warnings/certificate.pem").status_code == 404


def test_the_command_makes_a_pair_that_fits_and_never_writes_over_one(tmp_path: Path) -> None:
    made = CliRunner().invoke(main, ["cap", "new-key", str(tmp_path), "--name", "Warnings of Dongshi"])
    assert made.exit_code == 0, made.output
    assert (tmp_path / "cap_key.pem").stat().st_mode & 0o777 == 0o600
    before = (tmp_path / "cap_key.pem").read_bytes()
    again = CliRunner().invoke(main, ["cap", "new-key", str(tmp_path), "--name", "x"])
    assert again.exit_code != 0
    assert (tmp_path / "cap_key.pem").read_bytes() == before
