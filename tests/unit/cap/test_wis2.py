"""WIS2 notices: what we write has what the specification asks for and is read back; what is none is refused in words."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cap.sample import SENT, alert, with_info

from tocsin.formats.cap import read_wis2, target_shape, wis2_notice, write
from tocsin.formats.cap.wis2 import DELETION, MOST_BYTES
from tocsin.terms.errors import BadForm, BadValue, Refused

HREF = "https://dongshi.example/warnings/1.xml"
DOCUMENT = write(alert())
MADE = wis2_notice(alert(), DOCUMENT, href=HREF, centre="cn-dongshi", published=SENT + timedelta(seconds=2))


def changed(**other: Any) -> bytes:
    return json.dumps(json.loads(MADE) | other).encode()


def told(**other: Any) -> bytes:
    """With other properties; None takes one away."""
    made = json.loads(MADE)
    made["properties"] = {k: v for k, v in (made["properties"] | other).items() if v is not None}
    return json.dumps(made).encode()


def test_a_notice_has_what_the_core_asks_for():
    """Requirements id, conformance, type, geometry, data_id, pubtime, temporal, integrity, links, message size."""
    made = json.loads(MADE)
    uuid.UUID(made["id"])
    assert made["conformsTo"] == ["http://wis.wmo.int/spec/wnm/1/conf/core"]
    assert made["type"] == "Feature"
    assert made["geometry"]["type"] == "Polygon"
    assert shapely.Polygon(made["geometry"]["coordinates"][0]).buffer(1e-3).covers(target_shape(alert().infos[0]))
    properties = made["properties"]
    assert properties["data_id"].startswith("cn-dongshi/data/core/weather/advisories-warnings/")
    assert properties["pubtime"] == "2025-07-20T06:35:02Z"
    assert properties["start_datetime"] == "2025-07-20T06:35:00Z" < properties["end_datetime"]
    assert properties["integrity"]["method"] == "sha512"
    assert made["links"] == [{"href": HREF, "rel": "canonical", "type": "application/cap+xml", "length": len(DOCUMENT)}]
    assert len(MADE) <= MOST_BYTES


def test_it_is_read_back_and_knows_its_message_from_any_other():
    notice = read_wis2(MADE)
    assert (notice.href, notice.is_deleted, notice.published) == (HREF, False, SENT + timedelta(seconds=2))
    assert notice.fits(DOCUMENT)
    assert not notice.fits(DOCUMENT.replace(b"Severe", b"Minor"))
    again = wis2_notice(alert(), DOCUMENT, href=HREF, centre="cn-dongshi", published=SENT + timedelta(hours=1))
    assert read_wis2(again).id == notice.id
    assert read_wis2(wis2_notice(alert(identifier="urn:oid:2.49.0.1.156.7"), DOCUMENT, href=HREF, centre="c",
                                 published=SENT)).id != notice.id  # fmt: skip


def test_without_an_end_and_without_a_place_it_is_a_notice_too():
    made = json.loads(wis2_notice(with_info(expires=None, areas=()), DOCUMENT, href=HREF, centre="c", published=SENT))
    assert made["geometry"] is None
    assert "datetime" in made["properties"]
    assert read_wis2(json.dumps(made).encode()).fits(DOCUMENT)


def test_what_was_taken_away_is_said_to_be():
    gone = read_wis2(changed(links=[{"href": "#", "rel": DELETION}]))
    assert gone.is_deleted


@pytest.mark.parametrize("data", [
    b"", b"[]", b"null", b"{}", b"\xff", b"[" * 8_000, b" " * (MOST_BYTES + 1),
    changed(id="1"), changed(type="FeatureCollection"), changed(conformsTo=[]), changed(conformsTo=["http://x.example/"]),
    changed(geometry={"type": "MultiPolygon", "coordinates": []}), changed(links=[]), changed(links=[{"rel": "canonical"}]),
    changed(links=[{"rel": "canonical", "href": "file:/etc/passwd"}]), changed(links=[{"rel": "item", "href": HREF}]),
    changed(properties={}), told(pubtime="2025-07-20T14:35:00+08:00"), told(pubtime="soon"), told(data_id=None),
    told(start_datetime=None), told(integrity={"method": "sha512"}),
])  # fmt: skip
def test_what_is_no_notice_is_refused_in_words(data: bytes):
    with pytest.raises(Refused) as caught:
        read_wis2(data)
    assert caught.value.remedy


@given(st.binary(max_size=300) | st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) |
       st.dictionaries(st.sampled_from(["id", "type", "links", "properties", "geometry", "conformsTo"]), inner)).map(
       lambda made: json.dumps(made).encode()))  # fmt: skip
def test_no_bytes_are_a_surprise(data: bytes):
    with pytest.raises(Refused):
        read_wis2(data)


def test_what_cannot_be_announced_is_refused():
    for href, moment in (("/warnings/1.xml", SENT), (HREF, SENT.replace(tzinfo=None))):
        with pytest.raises(BadValue):
            wis2_notice(alert(), DOCUMENT, href=href, centre="c", published=moment)
    with pytest.raises(BadForm):
        read_wis2(b"no")
