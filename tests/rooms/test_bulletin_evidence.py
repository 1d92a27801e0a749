"""From another authority's feed over HTTP to a signal and an event: the poller, the log, the engine process, the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from tests.rooms.bulletins import atom, bulletin_of, declare, feed, message, reference
from tests.rooms.feed_house import FeedHouse
from tests.rooms.test_engine_process import Running
from tocsin.doors.intake.feeds import into_log
from tocsin.doors.intake.feeds.fetching import Fetcher
from tocsin.doors.intake.feeds.into_log import deliver
from tocsin.doors.intake.feeds.poller import poll_one
from tocsin.geo import cell_of
from tocsin.loop.detect.models import EventRow, SignalRow
from tocsin.loop.observe.bulletins import queries
from tocsin.loop.observe.bulletins.models import BulletinRecord
from tocsin.loop.observe.log import LogReader
from tocsin.packkit.scaffold import new_pack
from tocsin.records.places import services as places
from tocsin.terms.errors import Unavailable
from tocsin.terms.moment import from_us
from tocsin.terms.record import RecordKind
from tocsin.terms.stream import Stream
from tocsin.testing.town import AREAS, EAST, WEST

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RULE = """
[[rule]]
id = "warned"
version = 1
hazard = "rainstorm"
streams = { property = "water_depth" }
level.orange = "bulletin(rainstorm) at orange"
level.red = "bulletin(rainstorm) at red"
source = "own: the test"
verified = false
valid_from = 2026-01-01
title = { en = "Warned", zh-hans = "已有预警" }
why = { en = "Another authority warns.", zh-hans = "其他部门已发布预警。" }
"""
MINUTE_US = 60_000_000


@pytest.fixture
def house() -> Iterator[FeedHouse]:
    made = FeedHouse()
    yield made
    made.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    pack = new_pack("cellar", tmp_path)
    with (pack / "rules.toml").open("a") as rules:
        rules.write(RULE)
    hazards = pack / "hazards.toml"
    hazards.write_text(
        hazards.read_text("utf-8") + hazards.read_text("utf-8").replace("[hazard.cellar]", "[hazard.rainstorm]"),
        "utf-8",
    )
    made = Running(tmp_path / "home", "2026-03-01", packs=("natural_hazards", str(pack)))
    places.put_jurisdictions(AREAS, actor="test", now=NOON)
    made.register([stream("east", 120.75, EAST), stream("west", 120.25, WEST)])
    yield made
    made.close()


def stream(name: str, lon: float, jurisdiction: str) -> Stream:
    """A gauge in a district."""
    return Stream(
        name,
        "hydro",
        name,
        "water_depth",
        "cm",
        lon=lon,
        lat=30.25,
        jurisdiction=jurisdiction,
        cell=cell_of(lon, 30.25),
    )


@pytest.fixture
def polls(house: FeedHouse, running: Running) -> Iterator[Callable[[], int]]:
    """Ask the feed now, and tell the log."""
    declare(feed(address=house.url + "/feed.atom"), now=NOON)
    fetcher = Fetcher(("127.0.0.1",))

    def poll() -> int:
        kept = poll_one("met", fetcher, lambda: from_us(running.now_us))
        deliver(running.client, running.home / "log")
        return kept

    yield poll
    fetcher.close()


def goes_on(running: Running, until: Callable[[], bool], minutes: int = 3) -> None:
    """Time passes, so that ticks come."""
    for _ in range(minutes):
        running.now_us += MINUTE_US
        running.process.step(0.02)
    running.step_until(until)


def bulletins_in_log(running: Running) -> int:
    return sum(record.kind is RecordKind.BULLETIN for record in LogReader(running.home / "log").read())


def test_a_bulletin_from_a_feed_raises_a_signal_and_its_cancel_clears_it(
    house: FeedHouse, running: Running, polls: Callable[[], int]
) -> None:
    """The real path: HTTP, raw bytes, verdict, state, log record, engine, signal and event; then the Cancel, all the way."""
    sent = from_us(running.now_us)
    house.pages = {"/feed.atom": atom(("one", "/1.xml")), "/1.xml": message(sent=sent)}
    assert polls() == 1
    goes_on(running, lambda: SignalRow.objects.filter(rule__endswith="/warned").exists())
    [signal] = SignalRow.objects.filter(rule__endswith="/warned")
    assert (signal.subject_key, signal.level) == ("east", 3)  # the west lies outside of its outline
    assert EventRow.objects.filter(hazard="rainstorm").exists()
    later = from_us(running.now_us)
    house.pages["/feed.atom"] = atom(("one", "/1.xml"), ("two", "/2.xml"))
    house.pages["/2.xml"] = message("m-2", sent=later, kind="Cancel", cites=reference("m-1", sent), info=False)
    assert polls() == 1
    assert bulletin_of("m-1").state == "cancelled"
    goes_on(running, lambda: SignalRow.objects.filter(rule__endswith="/warned", cleared_us__isnull=False).exists())
    assert bulletins_in_log(running) == 2


def test_the_log_is_told_once_whatever_is_killed_between(
    house: FeedHouse, running: Running, polls: Callable[[], int]
) -> None:
    """Killed after the log's answer and before it was noted: the next one finds it in the log and appends nothing."""
    house.pages = {"/feed.atom": message(sent=from_us(running.now_us))}
    with (
        mock.patch.object(into_log.services, "note_logged", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        polls()
    assert [row.seq for row in BulletinRecord.objects.all()] == [None]
    assert bulletins_in_log(running) == 1
    polls()
    assert bulletins_in_log(running) == 1
    [record] = BulletinRecord.objects.all()
    assert record.seq is not None
    assert queries.unlogged() == []


def test_without_an_engine_it_waits(house: FeedHouse, running: Running, polls: Callable[[], int]) -> None:
    house.pages = {"/feed.atom": message(sent=from_us(running.now_us))}
    down = mock.patch.object(running.client, "health", side_effect=Unavailable("engine", "does not answer", "start it"))
    with down, pytest.raises(Unavailable):
        polls()
    assert len(queries.unlogged()) == 1
    running.now_us += int(timedelta(minutes=2).total_seconds() * 1e6)
    polls()
    assert queries.unlogged() == []


def test_what_is_no_warning_in_earnest_never_reaches_the_log(
    house: FeedHouse, running: Running, polls: Callable[[], int]
) -> None:
    """R57."""
    house.pages = {"/feed.atom": message(sent=from_us(running.now_us), status="Exercise", note="Blue")}
    assert polls() == 1
    assert bulletins_in_log(running) == 0
