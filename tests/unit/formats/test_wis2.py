"""Notifications of WIS2, in the published form (R75)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.wis2 import MOST_NOTIFICATIONS, is_notification, read_notifications
from tocsin.terms.errors import BadForm, TooBig

BOMB = base64.b64encode(gzip.compress(b"0" * (9 << 20))).decode()
DATA = b'<?xml version="1.0"?><alert/>'


def notification(**other: Any) -> dict[str, Any]:
    """As a WIS2 node publishes it (WIS2 Notification Message, conformance class core)."""
    properties = {
        "pubtime": "2022-03-20T04:50:18.314854383Z", "datetime": "2022-03-20T04:45:00Z",
        "data_id": "wis2/cn-cma/weather/advisories-warnings/2.49.0.1.156.0", "metadata_id": "urn:wmo:md:cn-cma:warnings",
        "integrity": {"method": "sha512", "value": base64.b64encode(hashlib.sha512(DATA).digest()).decode()},
    }  # fmt: skip
    made = {
        "id": "31e9d66a-cd83-4174-9429-b932f1abe1be", "conformsTo": ["http://wis.wmo.int/spec/wnm/1/conf/core"],
        "type": "Feature", "geometry": None, "properties": properties | other.pop("properties", {}),
        "links": [{"href": "https://node.example/warning.xml", "rel": "canonical", "type": "application/cap+xml"}],
    }  # fmt: skip
    return made | other


def read(**other: Any):
    return read_notifications(json.dumps(notification(**other)).encode())[0]


def test_a_notification_says_where_and_what_its_data_is() -> None:
    one = read()
    assert (one.href, one.relation, one.fault, one.content) == (
        "https://node.example/warning.xml",
        "canonical",
        "",
        None,
    )
    assert one.require_whole(DATA) == DATA
    with pytest.raises(BadForm, match="not what was announced"):
        one.require_whole(DATA + b" ")


@pytest.mark.parametrize("method", ["sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"])
def test_every_method_of_the_form_is_known(method: str) -> None:
    value = base64.b64encode(hashlib.new(method.replace("-", "_"), DATA).digest()).decode()
    assert read(properties={"integrity": {"method": method, "value": value}}).require_whole(DATA) == DATA


@pytest.mark.parametrize("encoding", ["utf-8", "base64", "gzip"])
def test_data_may_come_inside(encoding: str) -> None:
    packed = {"utf-8": DATA.decode(), "base64": base64.b64encode(DATA).decode(),
              "gzip": base64.b64encode(gzip.compress(DATA)).decode()}[encoding]  # fmt: skip
    one = read(properties={"content": {"encoding": encoding, "value": packed, "size": len(DATA)}})
    assert (one.content, one.fault) == (DATA, "")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"id": ""}, "has no id"), ({"links": []}, "has no link"), ({"links": "x"}, "has no link"),
        ({"properties": {"data_id": None}}, "has no data_id"), ({"properties": {"pubtime": "yesterday"}}, "no moment"),
        ({"properties": {"pubtime": "2022-03-20T04:50:18"}}, "no moment"),
        ({"properties": {"integrity": {"method": "md5", "value": "x"}}}, "not known"),
        ({"properties": {"content": {"encoding": "rot13", "value": "x"}}}, "not encoded|is not"),
        ({"properties": {"content": {"encoding": "gzip", "value": BOMB}}}, "unpacks"),
    ],
)  # fmt: skip
def test_each_fault_is_named_and_hides_no_other(other: dict[str, Any], said: str) -> None:
    body = {"type": "FeatureCollection", "features": [notification(**other), notification(), "nonsense"]}
    bad, good, nothing = read_notifications(json.dumps(body).encode())
    assert re.search(said, bad.fault), bad.fault
    assert good.fault == ""
    assert nothing.fault


def test_a_deletion_is_told_from_the_data() -> None:
    links = [{"rel": "canonical", "href": "https://x/a"}, {"rel": "deletion", "href": "https://x/b"}]
    assert (read(links=links).relation, read(links=links).href) == ("deletion", "https://x/b")


def test_what_is_none_is_refused() -> None:
    for bad in (b"", b"[]", b"{", b'{"type": "Point"}', b"\xff"):
        assert not is_notification(bad)
        with pytest.raises(BadForm):
            read_notifications(bad)
    many = json.dumps({"type": "FeatureCollection", "features": [{}] * (MOST_NOTIFICATIONS + 1)}).encode()
    with pytest.raises(TooBig):
        read_notifications(many)


KEYS = st.sampled_from(
    ["type", "content", "integrity", "href", "rel", "value", "encoding", "method", "pubtime", "data_id"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)


@given(st.recursive(LEAVES, lambda x: st.lists(x, max_size=3) | st.dictionaries(KEYS, x, max_size=5), max_leaves=20))
def test_whatever_json_comes_it_is_read_or_refused(document: Any) -> None:
    body = json.dumps({"type": "Feature", "properties": document, "links": document, "id": document}).encode()
    assert len(read_notifications(body)) == 1
