"""A real ``tocsin serve`` asks a real feed: declared from the command line, polled by the worker, told to the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.contracts.api.conftest import Served
from tests.rooms.bulletins import MET, atom, message
from tests.rooms.feed_house import FeedHouse
from tocsin.formats.bulletins import read_bulletin_body
from tocsin.loop.observe.log import LogReader
from tocsin.terms.record import RecordKind

DECLARED = """
[[feed]]
id = "met"
title = {{ en = "Met office", zh-hans = "气象台" }}
address = "{url}/feed.atom"
every_s = 5
relay = true
[[feed.sender]]
name = "{sender}"
[[feed.speaks]]
hazard = "rainstorm"
events = ["Rainstorm"]
jurisdictions = [""]
"""


@pytest.fixture
def house() -> Iterator[FeedHouse]:
    made = FeedHouse()
    yield made
    made.close()


def test_the_worker_asks_a_declared_feed_and_the_log_hears_of_it(tmp_path: Path, house: FeedHouse) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "tocsin.toml").write_text('outward_inside = ["127.0.0.1"]\n')
    now = datetime.now(UTC).replace(microsecond=0)
    document = message(sent=now)
    house.pages = {"/feed.atom": atom(("one", "/1.xml")), "/1.xml": document}
    running = Served(home)
    try:
        running.wait(lambda: running.http.get("/readyz").status_code == 200, "readiness")
        declared = tmp_path / "feeds.toml"
        declared.write_text(DECLARED.format(url=house.url, sender=MET), encoding="utf-8")
        assert json.loads(running.tocsin("feeds", "load", str(declared), "--json")) == {"loaded": 1}
        told = running.wait(
            lambda: "/bulletins/bul_" in (text := running.http.get("/bulletins").text) and text, "the bulletin"
        )
        address = told.split('href="/bulletins/bul_')[1].split('"')[0]
        assert running.http.get(f"/bulletins/bul_{address}").content == document
        [line] = json.loads(running.tocsin("feeds", "show", "--json"))
        assert (line["id"], line["messages_in_a_day"], line["trouble"]) == ("met", 1, "")
        assert "0 new messages" in running.tocsin("feeds", "poll", "met")
        running.tocsin("feeds", "poll", "nobody", code=2)
    finally:
        assert running.stop() == 0
    [record] = [one for one in LogReader(home / "log").read() if one.kind is RecordKind.BULLETIN]
    assert read_bulletin_body(record.body).issuer == MET
