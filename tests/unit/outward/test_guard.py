"""The guard: what was given to us must not lead into our own network."""

from __future__ import annotations

import pytest

from tocsin.doors.outward.guard import Guard
from tocsin.terms.errors import BadValue

INSIDE = [
    "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:7f00:1::",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_a_network_that_is_not_public_is_refused_written_or_resolved(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(BadValue, match="not public"):
        Guard().require_url(f"https://{host}/x")
    with pytest.raises(BadValue, match="not public"):
        Guard(resolve=lambda host, port: [address]).addresses("a.example", 443)


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is_taken(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    Guard().require_url(f"https://{host}/x")
    assert Guard(resolve=lambda host, port: [address]).addresses("a.example", 443) == [address]


def test_one_bad_address_among_good_ones_is_enough() -> None:
    with pytest.raises(BadValue):
        Guard(resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"]).addresses("a.example", 443)


@pytest.mark.parametrize(
    "url",
    ["http://a.example/", "ftp://a.example/", "https:///x", "https://user:word@a.example/", "https://a.example:0/",
     "https://a.example:99999/", "file:" + "///etc/passwd", "gopher://a.example/", "https://a b.example/", "https://[::1", ""],
)  # fmt: skip
def test_what_is_no_encrypted_address_of_a_host_is_refused(url: str) -> None:
    with pytest.raises(BadValue) as caught:
        Guard().require_url(url)
    assert "word@" not in str(caught.value)


def test_what_is_declared_inside_may_be_called_also_without_encryption() -> None:
    guard = Guard(["siren.town.example", "10.20.0.0/16"], resolve=lambda host, port: ["10.1.1.1"])
    guard.require_url("http://siren.town.example/on")
    guard.require_url("http://10.20.3.4:8080/")
    assert guard.addresses("SIREN.town.example.", 80) == ["10.1.1.1"]
    with pytest.raises(BadValue):
        guard.require_url("http://10.21.3.4/")
    with pytest.raises(BadValue):
        guard.addresses("other.example", 80)
