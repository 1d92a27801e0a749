"""Pages go out compressed, everything else as it is; and no two answers betray by their length what stands in them."""

from __future__ import annotations

import gzip
import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_page_is_compressed_for_who_takes_that(client: Client) -> None:
    plain = client.get("/login")
    packed = client.get("/login", headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    unpacked = gzip.decompress(packed.content)
    assert b'id="username"' in unpacked
    assert len(packed.content) < len(unpacked) / 2


def test_other_answers_are_not(client: Client) -> None:
    for path in ("/warnings.geojson", "/warnings/feed.atom", "/healthz"):
        assert "Content-Encoding" not in client.get(path, headers={"accept-encoding": "gzip"}), path


def test_no_secret_stands_in_two_answers_and_their_lengths_differ(client: Client) -> None:
    tokens, lengths = set(), set()
    for _again in range(12):
        answer = client.get("/login", headers={"accept-encoding": "gzip"})
        found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', gzip.decompress(answer.content))
        assert found
        tokens.add(found[1])
        lengths.add(len(answer.content))
    assert len(tokens) == 12
    assert len(lengths) > 3
