"""Headers of public answers: what a reader asks for, and what is said of what it gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from django.conf import settings
from django.utils.translation.trans_real import parse_accept_lang_header

from tocsin.doors.portal.public import LANGUAGES
from tocsin.records.audience.hub import feed_url, hubs

__all__ = ["POLICY", "WIDGET_POLICY", "Wants", "hub_links", "wants"]

# A public page loads its own sheets and its one script, and is framed by nobody. The widget alone is there to be framed.
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WIDGET_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"form-action 'none'; base-uri 'none'; frame-ancestors *"
)
_QUERY_AT_MOST = 12


@dataclass(frozen=True, slots=True)
class Wants:
    """Language, encodings it takes (the best first), conditions, and what was chosen in the address."""

    language: str
    codings: tuple[bytes, ...]
    none_match: bytes = b""
    modified_since: bytes = b""
    chosen: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """What was chosen of this name."""
        return dict(self.chosen).get(name, "")


def wants(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> Wants:
    """Read a request."""
    accepts = languages = cookie = none_match = since = b""
    for name, value in headers:
        if name == b"accept-encoding":
            accepts = value
        elif name == b"accept-language":
            languages = value
        elif name == b"cookie":
            cookie = value
        elif name == b"if-none-match":
            none_match = value
        elif name == b"if-modified-since":
            since = value
    chosen = _chosen(query) if query else ()
    return Wants(_language(chosen, languages, cookie if b"django_language=" in cookie else b""), _codings(accepts),
                 none_match, since, chosen)  # fmt: skip


@lru_cache(maxsize=1024)
def _chosen(query: bytes) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(query[:500].decode("ascii", "replace"), max_num_fields=_QUERY_AT_MOST))
    except ValueError:
        return ()


@lru_cache(maxsize=256)
def _codings(accepts: bytes) -> tuple[bytes, ...]:
    given = {}
    for part in accepts.lower().split(b","):
        name, _, rest = part.strip().partition(b";")
        given[name.strip()] = b"q=0" not in rest.replace(b" ", b"") or b"q=0." in rest.replace(b" ", b"")
    return tuple(one for one in (b"br", b"gzip") if given.get(one, False))


@lru_cache(maxsize=1024)
def _language(chosen: tuple[tuple[str, str], ...], languages: bytes, cookie: bytes) -> str:
    """That of the address, else of the console's cookie, else what the browser asks for, else the deployment's."""
    named = dict(chosen).get("lang", "")
    if named in LANGUAGES:
        return named
    for part in cookie.decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "django_language" and value in LANGUAGES:
            return value
    for code, _quality in parse_accept_lang_header(languages.decode("latin-1")[:500]):
        if code.startswith("zh"):
            return "zh-hans"
        if code.startswith("en"):
            return "en"
    return str(settings.LANGUAGE_CODE)


def hub_links() -> list[tuple[str, str]]:
    """(rel, address) of the feed: its hubs and itself (W3C WebSub, 4)."""
    return [*(("hub", address) for address in hubs()), ("self", feed_url())]
