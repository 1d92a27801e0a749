"""Polling feeds over real HTTP: conditional, within limits, never further inside, one bad one never another's trouble."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tests.rooms.bulletins import MET, atom, bulletin_of, declare, feed, message, recorded
from tests.rooms.feed_house import FeedHouse
from tocsin.doors.intake.feeds import polling
from tocsin.doors.intake.feeds.fetching import FEED_BYTES, Fetcher
from tocsin.doors.intake.feeds.poller import Poller, poll_one
from tocsin.formats.cap import read, wis2_notice
from tocsin.loop.observe.bulletins import queries
from tocsin.loop.observe.bulletins.feed import Feed, Sender, Speaks
from tocsin.loop.observe.bulletins.models import BulletinRow
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import services as places
from tocsin.terms.errors import BadForm, BadValue, TocsinError, TooBig, Unavailable
from tocsin.testing.town import AREAS

pytestmark = pytest.mark.django_db
FILE = "file:" + "///etc/passwd"
NOW = datetime(2025, 11, 22, 3, 0, tzinfo=UTC)
LONG = 60.0  # a test that waits so long has failed


@pytest.fixture
def house() -> Iterator[FeedHouse]:
    made = FeedHouse()
    yield made
    made.close()


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    made = Fetcher(("127.0.0.1",), timeout_s=1.5)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def areas(db: None) -> None:
    places.put_jurisdictions(AREAS, actor="test", now=NOW)


def at(house: FeedHouse, path: str = "/feed.atom", feed_id: str = "met", **other: object) -> Feed:
    made = feed(feed_id, address=house.url + path, **other)
    declare(made, now=NOW)
    return made


def ask(fetcher: Fetcher, feed_id: str = "met", now: datetime = NOW) -> int:
    return poll_one(feed_id, fetcher, lambda: now)


def faults(feed_id: str = "met") -> list[tuple[str, str]]:
    return [(one.rule, one.what) for one in queries.faults_of(EVERYWHERE, feed_id)]


# ---------------------------------------------------------------- the good way
def test_r70_conditional_requests_and_each_message_is_fetched_once(house: FeedHouse, fetcher: Fetcher) -> None:
    """R70: ETag goes back, 304 is "as before"; an entry that is known is not fetched again, one that changed is."""
    at(house)
    house.pages = {"/feed.atom": atom(("one", "/1.xml"), ("two", "/2.xml")), "/1.xml": message("m-1", sent=NOW),
                   "/2.xml": message("m-2", sent=NOW, headline="Second")}  # fmt: skip
    house.etags["/feed.atom"] = '"v1"'
    assert ask(fetcher) == 2
    assert bulletin_of("m-2").href == "/2.xml"
    assert bytes(bulletin_of("m-1").document) == house.pages["/1.xml"]
    assert ask(fetcher) == 0
    assert house.paths() == ["/feed.atom", "/1.xml", "/2.xml", "/feed.atom"]
    assert house.asked[-1][1]["if-none-match"] == '"v1"'
    house.pages["/feed.atom"] = atom(("one", "/1.xml"), ("two", "/2.xml"), ("three", "/3.xml"))
    house.pages["/3.xml"] = message("m-3", sent=NOW, headline="Third")
    house.etags["/feed.atom"] = '"v2"'
    assert ask(fetcher) == 1
    assert house.paths()[-2:] == ["/feed.atom", "/3.xml"]


def test_r70_last_modified_goes_back_too(house: FeedHouse, fetcher: Fetcher) -> None:
    at(house)
    stamp = "Sat, 22 Nov 2025 02:00:00 GMT"
    house.pages["/feed.atom"] = (200, {"Last-Modified": stamp}, atom())
    ask(fetcher)
    house.pages["/feed.atom"] = (304, {}, b"")
    ask(fetcher)
    assert house.asked[-1][1]["if-modified-since"] == stamp


def test_a_single_message_and_messages_inside_entries_are_feeds_too(house: FeedHouse, fetcher: Fetcher) -> None:
    inside = message("in-1", sent=NOW, headline="Inside").split(b"\n", 1)[1]
    wrapped = atom(("one", "")).replace(
        b'<link type="application/cap+xml" href=""/>', b"<content type='text/xml'>" + inside + b"</content>"
    )
    house.pages = {"/one.xml": message("m-1", sent=NOW), "/feed.atom": wrapped}
    at(house, "/one.xml")
    assert ask(fetcher) == 1
    at(house)
    assert ask(fetcher) == 1
    assert bulletin_of("in-1").admitted


def test_an_rss_feed_is_read(house: FeedHouse, fetcher: Fetcher) -> None:
    house.pages = {"/m.xml": message("m-1", sent=NOW), "/rss": (
        b'<?xml version="1.0"?><rss version="2.0"><channel><title>W</title><link>https://w.example</link>'
        b"<item><guid>g</guid><title>t</title><pubDate>Sat, 22 Nov 2025 02:00:00 GMT</pubDate><link>m.xml</link></item>"
        b"</channel></rss>"
    )}  # fmt: skip
    at(house, "/rss")
    assert ask(fetcher) == 1


def test_r74_each_message_of_an_edxl_wrapper_is_handled_alone(house: FeedHouse, fetcher: Fetcher) -> None:
    """R74: a broken one inside hides no other."""
    good, bad = (message(name, sent=NOW, headline=name).split(b"\n", 1)[1] for name in ("m-1", "m-2"))
    bad = bad.replace(b"<identifier>m-2</identifier>", b"")
    house.pages["/edxl"] = (
        b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionID>d</distributionID>'
        + b"".join(b"<contentObject><xmlContent>" + one + b"</xmlContent></contentObject>" for one in (bad, good))
        + b"</EDXLDistribution>"
    )  # fmt: skip
    at(house, "/edxl")
    assert ask(fetcher) == 1
    assert bulletin_of("m-1").admitted
    assert len(faults()) == 1


def test_r75_notices_of_wis2_are_read_like_a_feed(house: FeedHouse, fetcher: Fetcher) -> None:
    """R75: one behind a link, one that is not what was announced, one deleted, one that breaks the form."""
    documents = [message(f"m-{n}", sent=NOW, headline=f"Number {n}") for n in range(3)]
    alerts = [read(document).require() for document in documents]

    def told(number: int, of: bytes | None = None) -> dict[str, Any]:
        href = f"{house.url}/{number}.xml"
        return json.loads(
            wis2_notice(alerts[number], of or documents[number], href=href, centre="cn-cma", published=NOW)
        )

    deleted = told(2)
    deleted["links"][0]["rel"] = "http://def.wmo.int/def/rel/wnm/-/deletion"
    notices = [told(0), told(1, b"something else"), deleted, {"type": "Feature"}]
    house.pages = {f"/{n}.xml": document for n, document in enumerate(documents)}
    house.pages["/wis2"] = json.dumps({"type": "FeatureCollection", "features": notices}).encode()
    at(house, "/wis2")
    assert ask(fetcher) == 1
    assert bulletin_of("m-0").admitted
    assert "/2.xml" not in house.paths()
    said = " ".join(what for _, what in faults())
    assert "not what was announced" in said
    assert "WNM" in said
    assert ask(fetcher) == 0
    assert house.paths().count("/0.xml") == 1
    house.pages["/wis2"] = json.dumps(told(0)).encode()
    assert ask(fetcher) == 0


def test_recorded_feeds_and_wrappers_are_read(house: FeedHouse, fetcher: Fetcher) -> None:
    """R74, R76: a real EDXL-DE wrapper of an Australian service, a real feed of CAP 1.1 of the US weather service."""
    house.pages["/au"] = recorded("feeds/au-bushfire-valid.edxlde.xml")
    house.pages["/us"] = recorded("feeds/us-nws-atom-cap11-276kB.atom")
    at(house, "/au")
    assert ask(fetcher) >= 1
    assert {row.why_not for row in BulletinRow.objects.all()} == {
        "unknown sender"
    }  # kept, shown, and counts for nothing
    at(house, "/us", feed_id="us")
    asked: list[str] = []
    with mock.patch.object(
        Fetcher, "message", side_effect=lambda at, href: asked.append(href) or message(f"n{len(asked)}", sent=NOW)
    ):
        assert ask(fetcher, "us") == polling.MOST_LINKS
    assert all("nws.noaa.gov" in href or "weather.gov" in href for href in asked)


# ---------------------------------------------------------------- faults
@pytest.mark.parametrize("name", ["bad-no_id.atom", "bad-no_link.atom", "bad-no_title.atom"])
def test_r69_bad_feeds_give_errors_per_entry_and_never_an_empty_all_clear(
    house: FeedHouse, fetcher: Fetcher, name: str
) -> None:
    """R69: and what such a feed does not list has not left it (R73)."""
    at(house, "/m.xml", gone_ends=True)
    house.pages["/m.xml"] = message(sent=NOW)
    ask(fetcher)
    at(house, "/bad", gone_ends=True)
    house.pages["/bad"] = recorded(f"feeds/{name}")
    with mock.patch.object(Fetcher, "message", side_effect=Unavailable("server", "is not called in a test", "-")):
        ask(fetcher)
    assert faults()
    assert bulletin_of("m-1").state == "in force"


def test_r71_one_bad_entry_never_hides_the_others(house: FeedHouse, fetcher: Fetcher) -> None:
    """R71: what cannot be fetched, read or understood is named, and the rest is taken."""
    at(house)
    house.pages = {
        "/feed.atom": atom(("gone", "/none.xml"), ("html", "/page"), ("xxe", "/xxe"), ("good", "/1.xml"), ("ftp", "ftp://x/y")),
        "/page": b"<html><body>Sorry</body></html>", "/1.xml": message(sent=NOW),
        "/xxe": b'<!DOCTYPE a [<!ENTITY x SYSTEM "' + FILE.encode() + b'">]><alert>&x;</alert>',
    }  # fmt: skip
    assert ask(fetcher) == 1
    said = " ".join(what for _, what in faults())
    assert len(faults()) == 4
    assert "answers 404" in said
    assert "no CAP message" in said


def test_a_link_that_failed_is_tried_again_though_the_feed_is_as_before(house: FeedHouse, fetcher: Fetcher) -> None:
    at(house)
    house.pages["/feed.atom"] = atom(("one", "/1.xml"))
    house.etags["/feed.atom"] = '"v1"'
    assert ask(fetcher) == 0
    house.pages["/1.xml"] = message(sent=NOW)
    assert ask(fetcher) == 1
    assert faults() == []
    with mock.patch.object(polling, "MOST_TRIES", 2):
        house.pages["/feed.atom"] = atom(("one", "/1.xml"), ("never", "/never.xml"))
        house.etags["/feed.atom"] = '"v2"'
        for _ in range(4):
            ask(fetcher)
    assert house.paths().count("/never.xml") == 2


@pytest.mark.parametrize(
    "body", [b"", b"all is well", b"<html/>", b"<feed", b'<!DOCTYPE feed><feed xmlns="http://www.w3.org/2005/Atom"/>']
)
def test_what_is_no_feed_is_a_failure_and_no_empty_feed(house: FeedHouse, fetcher: Fetcher, body: bytes) -> None:
    """R69, R3."""
    at(house)
    house.pages["/feed.atom"] = body
    with pytest.raises(TocsinError):
        ask(fetcher)
    assert queries.feed("met").failing_since == NOW
    assert queries.feed("met").heard_at is None


def test_failures_are_asked_again_later_and_later(house: FeedHouse, fetcher: Fetcher) -> None:
    at(house, "/none")
    waits, now = [], NOW
    for _ in range(7):
        with pytest.raises(Unavailable, match="404"):
            ask(fetcher, now=now)
        due = next(
            now + timedelta(seconds=s) for s in range(5, 1200) if queries.due_feeds(now=now + timedelta(seconds=s))
        )
        waits.append((due - now).total_seconds())
        now = due
    assert waits[0] < waits[2] < waits[4]
    assert max(waits) <= 990


# ---------------------------------------------------------------- hostile
def test_a_feed_leads_never_further_inside_than_its_declaration(house: FeedHouse, fetcher: Fetcher) -> None:
    """R37: neither by redirect nor by link, also where the setting lets us call that host."""
    inner = FeedHouse()
    try:
        inner.pages["/secret.xml"] = message("stolen", sent=NOW)
        at(house)
        for target in (f"{inner.url}/secret.xml", "http://169.254.169.254/latest/meta-data/", "http://[::1]:1/", "https://localhost/x",
                       FILE, "//10.0.0.1/x"):  # fmt: skip
            house.pages["/feed.atom"] = (302, {"Location": target}, b"")
            with pytest.raises((BadValue, Unavailable)):
                ask(fetcher)
        house.pages["/feed.atom"] = atom(
            *((f"e{n}", link) for n, link in enumerate((f"{inner.url}/secret.xml", "http://10.0.0.1/x")))
        )
        assert ask(fetcher) == 0
        assert len(faults()) == 2
        assert inner.asked == []
    finally:
        inner.close()


def test_redirects_within_the_feeds_own_house_are_followed_three_times(house: FeedHouse, fetcher: Fetcher) -> None:
    at(house)
    house.pages["/feed.atom"] = (301, {"Location": "/moved"}, b"")
    house.pages["/moved"] = atom()
    assert ask(fetcher) == 0
    house.pages["/moved"] = (302, {"Location": "/feed.atom"}, b"")
    with pytest.raises(Unavailable, match="again and again"):
        ask(fetcher)


def test_too_much_is_refused_whole_or_compressed(house: FeedHouse, fetcher: Fetcher) -> None:
    at(house)
    house.pages["/feed.atom"] = b" " * (FEED_BYTES + 1)
    with pytest.raises(TooBig):
        ask(fetcher)
    house.pages["/feed.atom"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * (64 << 20)))
    with pytest.raises(BadForm, match="compressed"):
        ask(fetcher)


def test_a_poll_fetches_only_so_many_links_and_bytes_and_goes_on_at_the_next(
    house: FeedHouse, fetcher: Fetcher
) -> None:
    at(house)
    house.pages = {f"/{n}.xml": message(f"m-{n}", sent=NOW, headline=f"Number {n}") for n in range(7)}
    house.pages["/feed.atom"] = atom(*((f"e{n}", f"/{n}.xml") for n in range(7)))
    house.etags["/feed.atom"] = '"v1"'
    with mock.patch.object(polling, "MOST_LINKS", 3):
        assert [ask(fetcher) for _ in range(4)] == [3, 3, 1, 0]
    assert [path for path in house.paths() if path.endswith(".xml")] == [f"/{n}.xml" for n in range(7)]
    size = len(house.pages["/0.xml"])
    house.pages |= {f"/{n}.xml": message(f"n-{n}", sent=NOW, headline=f"Number {n}") for n in range(4)}
    at(house, feed_id="again")
    with mock.patch.object(polling, "MOST_BYTES", size * 2 + 10):
        assert [ask(fetcher, "again") for _ in range(2)] == [2, 2]


@pytest.mark.django_db(transaction=True)
def test_dead_slow_huge_endless_and_redirecting_feeds_block_no_other(house: FeedHouse, tmp_path: Path) -> None:
    """One of each kind beside a good one: while all of them are still at it the good one is heard; then each has failed by
    itself, in words, and nothing of them is on the disk."""
    house.rude = {"/endless": house.endless, "/drips": house.drips, "/mute": house.mute, "/nonsense": house.nonsense}
    house.held = {"/held"}
    house.pages = {
        "/good": message(sent=NOW), "/huge": b"<feed>" + b" " * FEED_BYTES, "/held": atom(),
        "/inside": (302, {"Location": "http://169.254.169.254/"}, b""), "/loop": (302, {"Location": "/loop"}, b""),
    }  # fmt: skip
    bad = ["endless", "drips", "mute", "nonsense", "huge", "inside", "loop", "nowhere"]
    feeds = [feed(name, address=f"{house.url}/{name}") for name in [*bad, "held", "good"]]
    feeds.append(feed("dead", address="http://127.0.0.1:9/"))
    declare(*feeds, now=NOW)
    poller = Poller(
        Fetcher(("127.0.0.1",), timeout_s=3.0), lambda: NOW, engine=tmp_path / "none.sock", log_folder=tmp_path
    )
    assert poller.begin_due() == len(feeds)
    until = time.monotonic() + LONG
    while queries.feed("good").heard_at is None:
        assert time.monotonic() < until
    assert queries.feed("held").heard_at is None  # it is still being asked
    house.release()
    house.stop.set()
    assert poller.join(LONG)
    for name in [*bad, "dead"]:
        line = queries.feed(name)
        assert (line.failing_since, bool(line.error)) == (NOW, True), name
    assert queries.feed("held").heard_at == NOW
    assert [row.identifier for row in BulletinRow.objects.all()] == ["m-1"]
    assert poller.begin_due() == 0  # nobody is asked again at once


def test_a_feed_of_too_many_entries_is_cut_and_says_so(house: FeedHouse, fetcher: Fetcher) -> None:
    at(house)
    house.pages["/feed.atom"] = atom(*((f"e{n}", "") for n in range(12)))
    with mock.patch.object(polling, "MOST_ENTRIES", 5):
        ask(fetcher)
    assert any("lists 12 entries" in what for _, what in faults())


def test_a_feed_that_changes_its_address_begins_anew(house: FeedHouse, fetcher: Fetcher) -> None:
    made = at(house)
    house.pages = {"/feed.atom": atom(), "/other": atom()}
    house.etags = {"/feed.atom": '"v1"', "/other": '"v1"'}
    ask(fetcher)
    declare(replace(made, address=house.url + "/other"), now=NOW)
    ask(fetcher)
    assert "if-none-match" not in house.asked[-1][1]


def test_two_feeds_with_one_message_have_it_once(house: FeedHouse, fetcher: Fetcher) -> None:
    """R53 across feeds."""
    house.pages["/m.xml"] = message(sent=NOW)
    declare(feed("one", address=house.url + "/m.xml"), feed("two", address=house.url + "/m.xml", senders=(Sender(MET),),
            speaks=(Speaks("rainstorm", ("*",), ("",)),)), now=NOW)  # fmt: skip
    assert (ask(fetcher, "one"), ask(fetcher, "two")) == (1, 0)
    assert BulletinRow.objects.count() == 1
