"""Declarations of feeds: read whole, or refused with every fault."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tocsin.formats.cap.new_key import new_pair
from tocsin.loop.observe.bulletins.declaration import FeedFaults, read_feeds
from tocsin.loop.observe.bulletins.feed import Sender, Speaks, pins_of
from tocsin.terms.errors import BadForm

_, PEM = new_pair("Met Office", days=300, at=datetime(2026, 1, 1, tzinfo=UTC))
GOOD = """
[[feed]]
id = "met"
title = { en = "Met office", zh-hans = "气象台" }
address = "https://met.example/feed.atom"
every_s = 30
fails_after_min = 10
silent_after_h = 2
holds_for_h = 12
kept_mb = 64
signature = "require"
relay = true
gone_ends = false

[[feed.sender]]
name = "met@met.example"
pins = ["met.pem"]
delegates = ["flood@met.example"]

[[feed.speaks]]
hazard = "rainstorm"
events = ["Rainstorm", "OET:v1.2=OET-163"]
jurisdictions = ["simcity"]
"""


def read(text: str):
    return read_feeds(text.encode(), "feeds.toml", lambda name: PEM)


def test_everything_that_is_declared_is_read() -> None:
    [feed] = read(GOOD)
    assert (feed.id, feed.every_s, feed.fails_after_s, feed.silent_after_s, feed.holds_for_s) == (
        "met",
        30,
        600,
        7200,
        43200,
    )
    assert (feed.kept_mb, feed.signature, feed.relay, feed.gone_ends) == (64, "require", True, False)
    assert feed.speaks == (Speaks("rainstorm", ("Rainstorm", "OET:v1.2=OET-163"), ("simcity",)),)
    assert feed.senders[0].delegates == ("flood@met.example",)
    assert [len(pins) for pins in pins_of(feed.senders).values()] == [1]


def test_what_is_left_out_has_its_default() -> None:
    """Rule 73: a message that leaves the feed is not over; nothing is relayed unless somebody says so."""
    optional = (
        "every_s",
        "fails_after_min",
        "silent_after_h",
        "holds_for_h",
        "kept_mb",
        "signature",
        "relay",
        "gone_ends",
    )
    few = "\n".join(line for line in GOOD.splitlines() if line.split(" ")[0] not in optional)
    [feed] = read(few)
    assert (feed.signature, feed.relay, feed.gone_ends, feed.silent_after_s) == ("show", False, False, 0)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('id = "met"', 'id = "Met Office"', "small letters"),
        ("every_s = 30", "every_s = 1", "from 5 to 86400"),
        ("every_s = 30", "every_s = true", "whole number"),
        ('signature = "require"', 'signature = "hope"', "show"),
        ('pins = ["met.pem"]', "pins = []", "needs pins"),
        ('pins = ["met.pem"]', 'pins = [{ file = "met.pem", subject = "Met" }]', "no authority"),
        ("relay = true", 'relay = "yes"', "true or false"),
        ("relay = true", "relays = true", "no such key"),
        ('hazard = "rainstorm"', "", "hazard"),
        ('jurisdictions = ["simcity"]', "jurisdictions = []", "jurisdictions"),
        ('title = { en = "Met office", zh-hans = "气象台" }', 'title = "Met"', "titles by language"),
        ("[[feed.sender]]", "[[feed.sendr]]", "no such key"),
    ],
)
def test_each_fault_is_named(before: str, after: str, said: str) -> None:
    with pytest.raises(FeedFaults, match=said):
        read(GOOD.replace(before, after))


def test_all_faults_are_told_at_once_and_ids_stand_once() -> None:
    with pytest.raises(FeedFaults) as caught:
        read(GOOD.replace("every_s = 30", "every_s = 1") + GOOD.replace("relay = true", "relay = 1") + GOOD + GOOD)
    assert all(word in caught.value.rule for word in ("feed 1", "feed 2", "stands twice"))


def test_a_file_that_is_no_certificate_is_refused() -> None:
    with pytest.raises(FeedFaults, match="no PEM"):
        read_feeds(GOOD.encode(), "feeds.toml", lambda name: b"hello")
    with pytest.raises(BadForm):
        read("[[feed")


def test_a_sender_without_pins_is_a_sender() -> None:
    assert pins_of((Sender("x"),)) == {"x": []}
