"""Fetching a feed and the messages that it links to: conditionally, within limits, and never further inside than the address
that somebody here declared.

A feed is somebody else's text. What it links or redirects to may be the feed's own origin, or a public address; a host of our
own (``outward_inside``) is called only where the declaration itself names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from tocsin.doors.outward.client import Answer, Outward
from tocsin.doors.outward.guard import Guard
from tocsin.terms.errors import BadForm, Unavailable

__all__ = ["FEED_BYTES", "MESSAGE_BYTES", "Fetcher"]

FEED_BYTES = 8 << 20  # what the XML reader takes
MESSAGE_BYTES = 2 << 20
REDIRECTS = 3
TIMEOUT_S = 10.0
_MOVED = (301, 302, 303, 307, 308)


class Fetcher:
    """``inside``: hosts and networks of our own that a declaration may name; ``ca``: further authorities to trust."""

    def __init__(self, inside: tuple[str, ...] = (), ca: str = "", *, timeout_s: float = TIMEOUT_S) -> None:
        def client(guard: Guard, most: int) -> Outward:
            return Outward(guard, timeout_s=timeout_s, at_most_bytes=most, ca=ca)

        self._declared = {most: client(Guard(inside), most) for most in (FEED_BYTES, MESSAGE_BYTES)}
        self._public = {most: client(Guard(), most) for most in (FEED_BYTES, MESSAGE_BYTES)}

    def feed(self, address: str, conditions: Mapping[str, str]) -> Answer:
        """The feed at a declared address, 200 or 304. ``conditions``: If-None-Match, If-Modified-Since (rule 70). Raises
        BadValue for an address that must not be called, TooBig, Unavailable."""
        return self._get(address, address, FEED_BYTES, conditions)

    def message(self, address: str, href: str) -> bytes:
        """What an entry of the feed at ``address`` links to. Raises as ``feed``."""
        return self._get(address, urljoin(address, href), MESSAGE_BYTES, {}).body

    def close(self) -> None:
        """Let all connections go."""
        for client in (*self._declared.values(), *self._public.values()):
            client.close()

    def _get(self, declared: str, url: str, most: int, conditions: Mapping[str, str]) -> Answer:
        for _ in range(REDIRECTS + 1):
            clients = self._declared if _origin(url) == _origin(declared) else self._public
            wanted = {
                "accept": "application/cap+xml, application/atom+xml, application/rss+xml, application/xml, text/xml"
            }
            answer = clients[most].call("GET", url, headers=wanted | dict(conditions))
            if answer.status not in _MOVED:
                return _usable(answer, url, bool(conditions))
            url = urljoin(url, answer.headers.get("location", ""))
        raise Unavailable(f"server {urlsplit(url).netloc[:200]}", "redirects again and again", "correct the address")


def _usable(answer: Answer, url: str, conditional: bool) -> Answer:
    thing = f"server {urlsplit(url).netloc[:200]}"
    if answer.status == 304 and conditional:
        return answer
    if answer.status != 200:
        raise Unavailable(thing, f"answers {answer.status}", "see that the address is right; it is asked again")
    if answer.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise BadForm(thing, "sends compressed bytes, though it was asked not to", "let it send plain bytes")
    return answer


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port. What is no address has no origin, and the client refuses it."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return "", None, None
