"""Feeds: what we write others can read, what others write we understand, and one bad entry hides no other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree
from tests.unit.cap.sample import SENT, alert, text

from tocsin.formats.cap import Distribution, FeedEntry, entry_id, entry_of, feed, read_edxl, read_feed, recognise
from tocsin.terms.errors import BadForm, BadTime, BadValue

ATOM = {"a": "http://www.w3.org/2005/Atom"}
HREF = "https://warnings.dongshi.example/cap/1.xml?a=1&b=2"


def made(*entries: FeedEntry, **changed: str) -> bytes:
    told = {
        "feed_id": "urn:uuid:1",
        "title": "Warnings of Dongshi",
        "self_url": "https://dongshi.example/feed.atom",
        **changed,
    }
    return feed(entries, updated=SENT, **told)


# ------------------------------------------------------------ ours
def test_a_feed_of_ours_is_read_back_without_a_finding():
    later = alert(identifier="urn:oid:2", sent=SENT + timedelta(hours=1))
    reading = read_feed(made(entry_of(later, "https://x.example/2"), entry_of(alert(), HREF, "en")))
    assert reading.kind == "atom"
    assert (reading.feed_id, reading.title, reading.updated) == ("urn:uuid:1", "Warnings of Dongshi", SENT)
    assert [entry.href for entry in reading.entries] == ["https://x.example/2", HREF]
    assert [entry.title for entry in reading.entries] == ["东市暴雨橙色预警", "Orange rainstorm warning for Dongshi"]
    assert [entry.updated for entry in reading.entries] == [later.sent, SENT]
    assert reading.errors == reading.findings == ()
    assert all(entry.usable and not entry.findings for entry in reading.entries)


def test_the_link_is_typed_and_the_id_is_the_messages_own():
    root = etree.fromstring(made(entry_of(alert(), HREF)))
    assert root.xpath("string(a:entry/a:link/@type)", namespaces=ATOM) == "application/cap+xml"
    assert root.xpath("string(a:link[@rel='self']/@href)", namespaces=ATOM) == "https://dongshi.example/feed.atom"
    assert root.xpath("string(a:entry/a:id)", namespaces=ATOM) == entry_id(alert())
    assert root.xpath("string(a:entry/@xml:lang)", namespaces=ATOM) == "zh-CN"


def test_an_id_follows_from_the_key_alone():
    assert entry_id(alert()) == entry_id(alert(note="other bytes", infos=()))
    assert entry_id(alert()) == entry_id(alert()).lower()
    assert len({entry_id(alert()), entry_id(alert(sender="x")), entry_id(alert(identifier="x")),
                entry_id(alert(sent=SENT + timedelta(seconds=1)))}) == 4  # fmt: skip
    assert entry_id(alert()) == "urn:uuid:e417eaa2-62e0-5378-98ae-331efcd42b07"


def test_what_is_not_actual_says_so():
    for status in ("Exercise", "Test", "System", "Draft"):
        assert entry_of(alert(status=status), HREF).title.startswith(f"[{status}] ")
    bare = entry_of(alert(msg_type="Cancel", infos=(), note="over"), HREF)
    assert (bare.title, bare.summary) == (f"Cancel {alert().identifier}", "over")


def test_an_empty_feed_is_a_feed():
    assert read_feed(made()).entries == ()
    assert read_feed(made()).findings == ()


@pytest.mark.parametrize("attack", ["<script>x</script>", "]]>", "\"'&amp;", "&lt;b&gt;"])
def test_markup_in_a_feed_stays_text(attack: str):
    entry = FeedEntry(attack, attack, SENT, attack, summary=attack, categories=(attack,), language=attack)
    data = made(entry, title=attack, author=attack, rights=attack, language=attack)
    root = etree.fromstring(data)
    assert {etree.QName(one).namespace for one in root.iter(etree.Element)} == {ATOM["a"]}
    read = read_feed(data).entries[0]
    assert (read.entry_id, read.title, read.href) == (attack, attack, attack)


def test_what_is_no_feed_is_not_written():
    for changed in ({"feed_id": ""}, {"title": " "}, {"self_url": ""}):
        with pytest.raises(BadValue, match="R69"):
            made(**changed)
    for entries in ((FeedEntry("", "t", SENT, "h"),), (FeedEntry("i", "t", SENT, ""),), (entry_of(alert(), HREF),) * 2):
        with pytest.raises(BadValue, match="R69"):
            made(*entries)
    with pytest.raises(BadTime):
        made(FeedEntry("i", "t", SENT.replace(tzinfo=None), "h"))


# ------------------------------------------------------------ theirs
def embedded(*bodies: str) -> bytes:
    entries = "".join(
        f"<entry><id>e{n}</id><title>t</title><updated>2025-07-20T06:35:00Z</updated>{body}</entry>"
        for n, body in enumerate(bodies)
    )
    head = "<id>f</id><title>t</title><updated>2025-07-20T06:35:00Z</updated>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{entries}</feed>'.encode()


MESSAGE = text().partition("\n")[2]


def test_a_message_inside_an_entry_is_read_whether_as_xml_or_as_text():
    escaped = MESSAGE.replace("&", "&amp;").replace("<", "&lt;")
    data = embedded(f'<content type="text/xml">{MESSAGE}</content>', f'<content type="text">{escaped}</content>')
    for entry in read_feed(data).entries:
        assert [one.alert for one in entry.messages] == [alert()]
        assert entry.usable
        assert entry.findings == ()


def test_a_broken_message_in_one_entry_hides_no_other():
    broken = MESSAGE.replace("<sender>cap@dongshi.example</sender>", "")
    reading = read_feed(
        embedded(*(f"<content>{body}</content>" for body in (broken, MESSAGE)), "", '<link href="https://a/b"/>')
    )
    first, second, third, fourth = reading.entries
    assert first.messages[0].alert is None
    assert {finding.rule for finding in first.messages[0].errors} == {"R4"}
    assert second.messages[0].alert == alert()
    assert not third.usable
    assert [finding.rule for finding in third.findings] == ["R69"]
    assert fourth.href == "https://a/b"
    assert [finding.grade for finding in fourth.findings] == ["warning"]


def test_of_several_links_the_typed_one_is_taken():
    links = '<link href="/page" type="text/html"/><link href="/other"/><link href="/cap" type="application/cap+xml"/>'
    assert read_feed(embedded(links)).entries[0].href == "/cap"
    assert read_feed(embedded('<link href="/page" type="text/html"/>')).entries[0].usable is False
    assert read_feed(embedded('<content src="/cap" type="application/cap+xml"/>')).entries[0].href == "/cap"


def test_an_id_that_stands_twice_is_told():
    data = embedded('<link href="a"/>', '<link href="b"/>').replace(b"e1", b"e0")
    assert any("twice" in finding.what for finding in read_feed(data).entries[1].findings)


RSS = """<rss version="2.0"><channel><title>Warnings</title><link>https://x.example/</link>
<lastBuildDate>Sun, 20 Jul 2025 06:35:00 GMT</lastBuildDate>
<item><title>Rain</title><link>https://x.example/page</link><guid>g1</guid><pubDate>Sun, 20 Jul 2025 14:35:00 +0800</pubDate>
<enclosure url="https://x.example/1.cap" type="application/cap+xml" length="5"/></item>
<item><title>Wind</title><link>https://x.example/2.cap</link><guid>g2</guid><pubDate>yesterday</pubDate></item>
<item><title>Nothing</title></item></channel></rss>"""


def test_rss_is_read():
    reading = read_feed(RSS.encode())
    assert (reading.kind, reading.title, reading.updated) == (
        "rss",
        "Warnings",
        datetime(2025, 7, 20, 6, 35, tzinfo=UTC),
    )
    assert [entry.href for entry in reading.entries] == ["https://x.example/1.cap", "https://x.example/2.cap", ""]
    assert [entry.updated for entry in reading.entries] == [SENT, None, None]
    assert [len(entry.findings) for entry in reading.entries] == [0, 2, 3]
    assert not reading.entries[2].usable
    assert [finding.grade for finding in reading.errors] == ["error", "error"]


def test_old_rss_is_read():
    data = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>W</title><link>l</link></channel>
      <item><title>t</title><link>https://x.example/1</link><dc:date>2025-07-20T06:35:00Z</dc:date></item></rdf:RDF>"""
    entry = read_feed(data.encode()).entries[0]
    assert (entry.entry_id, entry.href, entry.updated) == ("https://x.example/1", "https://x.example/1", SENT)


@pytest.mark.parametrize("data", [b"<html/>", b"<rss/>", b"", b"<feed/>", text().encode()])
def test_what_is_no_feed_is_an_error_and_no_empty_feed(data: bytes):
    with pytest.raises(BadForm):
        read_feed(data)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "entries", "errors", "messages"),
    [
        ("bad-no_id", 1, 3, 0), ("bad-no_link", 1, 1, 0), ("bad-no_title", 1, 2, 0), ("empty_index", 0, 0, 0),
        ("weather", 1, 0, 1), ("weather_index", 2, 0, 0), ("us-nws-atom-cap11-276kB", 163, 0, 0), ("no_entries", 0, 0, 0),
    ],
)  # fmt: skip
def test_feeds_of_the_corpus(corpus: Path, name: str, entries: int, errors: int, messages: int):
    reading = read_feed((corpus / "feeds" / f"{name}.atom").read_bytes())
    assert len(reading.entries) == entries
    assert len(reading.errors) == errors
    assert sum(len(entry.messages) for entry in reading.entries) == messages
    if name == "no_entries":
        assert ["no entry" in finding.what for finding in reading.findings] == [True]


# ------------------------------------------------------------ EDXL-DE
def wrapped(*bodies: str, version: str = "1.0") -> bytes:
    objects = "".join(
        f"<contentObject><xmlContent><embeddedXMLContent>{body}</embeddedXMLContent></xmlContent></contentObject>"
        for body in bodies
    )
    head = "<distributionID>d</distributionID><senderID>s</senderID><distributionStatus>Actual</distributionStatus>"
    space = f"urn:oasis:names:tc:emergency:EDXL:DE:{version}"
    return f'<EDXLDistribution xmlns="{space}">{head}{objects}</EDXLDistribution>'.encode()


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_each_message_of_a_wrapper_stands_alone(version: str):
    broken = MESSAGE.replace("<status>Actual</status>", "")
    read = read_edxl(wrapped(broken, MESSAGE, version=version))
    assert isinstance(read, Distribution)
    assert (read.distribution_id, read.sender, read.status, read.kind) == ("d", "s", "Actual", "")
    assert [one.schema_valid for one in read.messages] == [False, True]
    assert read.messages[1].alert == alert()


def test_what_is_no_wrapper_is_refused():
    for data in (text().encode(), b"<EDXLDistribution/>", wrapped(version="3.0")):
        with pytest.raises(BadForm):
            read_edxl(data)


@pytest.mark.data
def test_the_wrapper_of_the_corpus(corpus: Path):
    read = read_edxl((corpus / "feeds" / "au-bushfire-valid.edxlde.xml").read_bytes())
    assert len(read.messages) == 7
    assert all(one.alert is not None and one.schema_valid and not one.errors for one in read.messages)
    assert any(finding.rule == "R31" for one in read.messages for finding in one.findings)  # <br /> in its texts


def test_bytes_are_recognised():
    assert [recognise(data) for data in (text().encode(), made(), RSS.encode(), wrapped(), b"<x/>", b"")] == [
        "alert", "atom", "rss", "edxl", "", ""]  # fmt: skip
