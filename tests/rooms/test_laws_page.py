"""The law library on the web: what the packs in use and those of the rooms hold people to, as the command says it."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.test import Client

from tests.people import log_in
from tocsin.app.commands.laws import laws as command
from tocsin.packkit.library import KINDS
from tocsin.testing.town import CITY

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, packs=("petitions", "gas_leak")))
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    log_in(client, "auditor", CITY)
    return client


def said(*words: str) -> list[dict[str, object]]:
    ran = CliRunner().invoke(command, [*words, "--json"])
    assert ran.exit_code == 0, ran.output
    found: list[dict[str, object]] = json.loads(ran.output)
    return found


def test_the_page_shows_what_the_command_says_of_the_packs_in_use_and_of_the_rooms(client: Client) -> None:
    page = html.unescape(client.get("/laws").content.decode())
    lines = said("rectification", "petitions", "gas_leak")
    assert {line["kind"] for line in lines} >= {"rule", "clock", "case", "seal", "hazard", "warning"}
    assert f"Of {len(lines)} sources" in page
    for line in lines:
        assert f">{line['id']}</span>" in page, line
        assert str(line["clause"]) in page
        assert str(line["source"]) in page
    assert "workplace_safety/" not in page  # not in use here


def test_the_clocks_of_findings_are_there_whatever_packs_are_named(client: Client) -> None:
    shown = html.unescape(client.get("/laws?pack=rectification&kind=clock").content.decode())
    clocks = said("rectification", "--kind", "clock")
    assert len(clocks) == shown.count("<td>Statutory clock</td>") > 3
    for line in clocks:
        assert line["id"] in shown


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_word_and_is_chosen_by_it(client: Client, kind: str) -> None:
    assert f'<option value="{kind}" selected>' in client.get(f"/laws?kind={kind}").content.decode()


def test_a_kind_that_there_is_not_is_refused_by_the_command_and_shows_nothing_on_the_page(client: Client) -> None:
    ran = CliRunner().invoke(command, ["--kind", "moon"])
    assert ran.exit_code != 0
    assert "Nothing is like this" in client.get("/laws?kind=moon").content.decode()
