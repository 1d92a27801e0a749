"""Declarations of feeds as TOML. Read whole, or refused with every fault. The form is in docs/bulletins.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tocsin.formats.toml import read_toml
from tocsin.loop.observe.bulletins.feed import Feed, PinnedCertificate, Sender, Speaks, pins_of
from tocsin.terms.errors import BadForm, BadValue, Refused

__all__ = ["FeedFaults", "read_feeds"]

MOST_FEEDS = 200
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_NUMBERS = {  # key -> field, seconds (or megabytes) a unit, least, most
    "every_s": ("every_s", 1, 5, 86_400),
    "fails_after_min": ("fails_after_s", 60, 1, 10_080),
    "silent_after_h": ("silent_after_s", 3600, 0, 8_784),
    "holds_for_h": ("holds_for_s", 3600, 1, 744),
    "kept_mb": ("kept_mb", 1, 1, 100_000),
}
_KEYS = {"id", "title", "address", "signature", "sender", "speaks", "relay", "gone_ends", *_NUMBERS}
_REMEDY = "correct these places; see docs/bulletins.md for the form"
ReadFile = Callable[[str], bytes]


class FeedFaults(BadForm):
    """A document with faults, all of them in its rule."""


def read_feeds(content: bytes, name: str, read_file: ReadFile) -> tuple[Feed, ...]:
    """The feeds of a document. ``read_file`` gives a file that it names (certificates). Raises FeedFaults; BadToml where it
    is no TOML at all."""
    document, _ = read_toml(content, name)
    faults = [f"{key}: no such table" for key in document.keys() - {"feed"}]
    feeds = []
    entries = document.get("feed", [])
    if not isinstance(entries, list) or len(entries) > MOST_FEEDS:
        raise FeedFaults(name, f"write at most {MOST_FEEDS} [[feed]]", _REMEDY)
    for number, entry in enumerate(entries, 1):
        try:
            feeds.append(_feed(entry, f"feed {number}", read_file))
        except Refused as error:
            faults.append(f"feed {number}: {error.thing}: {error.rule}")
    ids = [feed.id for feed in feeds]
    faults += [f"feed {one}: its id stands twice" for one in dict.fromkeys(ids) if ids.count(one) > 1]
    if faults:
        raise FeedFaults(name, "; ".join(faults), _REMEDY)
    return tuple(feeds)


def _feed(entry: Any, thing: str, read_file: ReadFile) -> Feed:
    if not isinstance(entry, dict):
        raise BadValue(thing, "must be a table", "write [[feed]]")
    for key in entry:
        if key not in _KEYS:
            raise BadValue(key, "no such key", f"known are {', '.join(sorted(_KEYS))}")
    feed_id = _text(entry, "id")
    if not _ID.fullmatch(feed_id):
        raise BadValue("id", "must be small letters, digits, - and _, at most 60", "correct it")
    signature = _text(entry, "signature", "show")
    if signature not in ("show", "require"):
        raise BadValue("signature", 'must be "show" or "require"', "choose one")
    senders = tuple(_senders(entry, read_file))
    if signature == "require" and (bare := [sender.name for sender in senders if not sender.pins]):
        raise BadValue("signature", f'"require" needs pins of every sender; {bare[0]} has none', "pin a certificate")
    pins_of(senders)
    numbers: Any = _numbers(entry)
    return Feed(
        feed_id, _titles(entry), _text(entry, "address"), senders, tuple(_speaks(entry)), signature=signature,
        relay=_yes_no(entry, "relay"), gone_ends=_yes_no(entry, "gone_ends"), **numbers,
    )  # fmt: skip


def _senders(entry: Mapping[str, Any], read_file: ReadFile) -> Iterator[Sender]:
    for table in _tables(entry, "sender", ("name", "pins", "delegates")):
        pins = table.get("pins", [])
        if not isinstance(pins, list):
            raise BadValue("pins", "must be a list of files", 'write pins = ["met.pem"]')
        yield Sender(
            _text(table, "name"), tuple(_pin(pin, read_file) for pin in pins), _texts(table, "delegates", needed=False)
        )


def _pin(pin: Any, read_file: ReadFile) -> PinnedCertificate:
    if isinstance(pin, str):
        pin = {"file": pin}
    if not isinstance(pin, dict) or set(pin) - {"file", "subject"}:
        raise BadValue("pins", "must be files, or { file, subject } for an authority", 'write pins = ["met.pem"]')
    data = read_file(_text(pin, "file"))
    if b"-----BEGIN CERTIFICATE-----" not in data:
        raise BadForm(f"certificate {pin['file']}", "it is no PEM", "give the certificate as PEM")
    return PinnedCertificate(data.decode("ascii", "replace"), _text(pin, "subject", ""))


def _speaks(entry: Mapping[str, Any]) -> Iterator[Speaks]:
    for table in _tables(entry, "speaks", ("hazard", "events", "jurisdictions")):
        yield Speaks(_text(table, "hazard"), _texts(table, "events"), _texts(table, "jurisdictions"))


def _tables(entry: Mapping[str, Any], key: str, known: tuple[str, ...]) -> list[dict[str, Any]]:
    tables = entry.get(key, [])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise BadValue(key, "at least one is needed", f"write [[feed.{key}]]")
    for table in tables:
        for name in table:
            if name not in known:
                raise BadValue(f"{key}.{name}", "no such key", f"known are {', '.join(known)}")
    return tables


def _titles(entry: Mapping[str, Any]) -> dict[str, str]:
    titles = entry.get("title")
    if not isinstance(titles, dict) or not titles or not all(isinstance(word, str) for word in titles.values()):
        raise BadValue(
            "title", 'must be titles by language, like { en = "Met office", zh-hans = "气象台" }', "write it"
        )
    return titles


def _numbers(entry: Mapping[str, Any]) -> dict[str, int]:
    found = {}
    for key, (name, unit, least, most) in _NUMBERS.items():
        value = entry.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise BadValue(key, f"must be a whole number from {least} to {most}", "correct it")
        found[name] = value * unit
    return found


def _yes_no(entry: Mapping[str, Any], key: str) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise BadValue(key, "must be true or false", "write true or false")
    return value


def _text(table: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or (default is None and not value) or len(value) > 300:
        raise BadValue(key, "must be a text of 1 to 300 characters", "write it")
    return value


def _texts(table: Mapping[str, Any], key: str, *, needed: bool = True) -> tuple[str, ...]:
    values = table.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values) or (needed and not values):
        raise BadValue(key, "must be a list of texts", f'write {key} = ["..."]')
    return tuple(values)
