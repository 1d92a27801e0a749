"""One poll of one feed: what it lists, and the messages that are new. Within a time, a number of links and a sum of bytes;
what does not fit is fetched at the next poll. One bad entry never hides the others (R71)."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tocsin.doors.intake.feeds.fetching import Fetcher
from tocsin.formats.cap import Finding, ReadEntry, Reading, read_edxl, read_feed, read_wis2, recognise
from tocsin.loop.observe.bulletins.queries import FeedLine
from tocsin.loop.observe.bulletins.services import Came, Heard, Listed
from tocsin.terms.errors import BadForm, TocsinError

__all__ = ["MOST_ENTRIES", "entry_key", "poll"]

MOST_ENTRIES = 2000  # of a feed that are looked at
MOST_LINKS = 100  # fetched in one poll
MOST_BYTES = 24 << 20  # of messages in one poll
MOST_TRIES = 8  # of a link that fails; then only when its entry changes
WITHIN_S = 45.0

Fits = Callable[[bytes], bool]
Known = Mapping[str, tuple[str, int]]


@dataclass(slots=True)
class _Poll:
    line: FeedLine
    known: Known
    fetcher: Fetcher
    ends: float
    messages: list[Came] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)
    links: int = 0
    taken: int = 0

    def room(self) -> bool:
        """Whether another message may be fetched."""
        return self.links < MOST_LINKS and self.taken < MOST_BYTES and time.monotonic() < self.ends

    def take(self, key: str, href: str, documents: list[bytes]) -> bool:
        """Keep messages, as far as there is room for them."""
        size = sum(map(len, documents))
        if self.taken + size > MOST_BYTES:
            return False
        self.taken += size
        self.messages += [Came(key, href, document) for document in documents]
        return True


def poll(line: FeedLine, known: Known, fetcher: Fetcher) -> Heard:
    """Ask a feed. Raises a TocsinError where no readable feed came: that is a failure, never "nothing in force"."""
    conditions = {"if-none-match": line.etag, "if-modified-since": line.modified}
    answer = fetcher.feed(line.feed.address, {name: value for name, value in conditions.items() if value})
    if answer.status == 304:
        return Heard(unchanged=True)
    work = _Poll(line, known, fetcher, time.monotonic() + WITHIN_S)
    kind = recognise(answer.body)
    if kind in ("atom", "rss"):
        newest_at, whole = _entries(work, answer.body)
    elif notices := _notices(answer.body):
        newest_at, whole = _notified(work, notices)
    elif kind == "edxl":
        newest_at, whole = _embedded(work, answer.body)
    elif kind == "alert":
        newest_at, whole = None, True
        key = entry_key(line.feed.address, hashlib.sha256(answer.body).hexdigest())
        work.listed.append(Listed(key, "", line.feed.address, "", ""))
        work.take(key, line.feed.address, [answer.body])
    else:
        raise BadForm(f"feed {line.feed.id}", "R69: it is no Atom, RSS, CAP, EDXL-DE or WIS2", "correct the address")
    headers = answer.headers
    return Heard(
        tuple(work.listed), tuple(work.messages), _token(headers.get("etag", "")), _token(headers.get("last-modified", "")),
        newest_at, whole,
    )  # fmt: skip


def entry_key(entry_id: str, href: str) -> str:
    """What an entry is known by."""
    return hashlib.sha256(f"{entry_id}\x1f{href}".encode()).hexdigest()[:40]


def _token(text: str) -> str:
    """A header to be sent back as it came; one that a header cannot hold is left out."""
    return text if len(text) <= 300 and text.isascii() and text.isprintable() else ""


def _embedded(work: _Poll, body: bytes) -> tuple[datetime | None, bool]:
    """A wrapper of messages: each stands alone (R74)."""
    wrapper = read_edxl(body)
    for number, reading in enumerate(wrapper.messages[:MOST_ENTRIES], 1):
        key = entry_key(wrapper.distribution_id, hashlib.sha256(reading.raw).hexdigest())
        rule, what = _refused([reading])
        work.listed.append(
            Listed(key, f"{wrapper.distribution_id} {number}", work.line.feed.address, "", "", rule, what)
        )
        if not what and not work.take(key, work.line.feed.address, [reading.raw]):
            work.listed[-1] = replace(work.listed[-1], wanted=True)
    return None, not any(entry.what or entry.wanted for entry in work.listed)


def _entries(work: _Poll, body: bytes) -> tuple[datetime | None, bool]:
    """A feed of entries: messages in them are read, links followed where they are new."""
    feed = read_feed(body)
    for number, entry in enumerate(feed.entries[:MOST_ENTRIES], 1):
        _entry(work, entry, number)
    too_many = len(feed.entries) > MOST_ENTRIES
    if too_many:
        what = f"it lists {len(feed.entries)} entries, {MOST_ENTRIES} are looked at"
        work.listed.append(Listed(entry_key("", "too many"), "", "", "", "", "R69", what))
    moments = [entry.updated for entry in feed.entries if entry.updated is not None]
    newest_at = max(moments + ([feed.updated] if feed.updated is not None else []), default=None)
    return newest_at, not (too_many or feed.errors or any(one.wanted or one.what for one in work.listed))


def _notices(body: bytes) -> list[bytes]:
    """A notice of WIS2, or a collection of them, each by itself; none for anything else."""
    if body.lstrip()[:1] != b"{":
        return []
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    features = document.get("features")
    if document.get("type") == "FeatureCollection" and isinstance(features, list):
        return [json.dumps(feature).encode() for feature in features[:MOST_ENTRIES]]
    return [body] if document.get("type") == "Feature" else []


def _notified(work: _Poll, notices: list[bytes]) -> tuple[datetime | None, bool]:
    """Notices of WIS2 (R75): news, never a list of what holds, so that nothing leaves it; what was taken away there is not
    cancelled by that (R73). Only what was announced is taken."""
    for number, notice in enumerate(notices, 1):
        try:
            one = read_wis2(notice)
        except TocsinError as error:
            key = entry_key(f"notice {number}", hashlib.sha256(notice).hexdigest())
            work.listed.append(Listed(key, "", "", "", "", "R75", error.rule[:300]))
            continue
        published = one.published.isoformat()
        listed = Listed(entry_key(one.id, one.href), one.id, one.href, one.data_id, published)
        before, tries = work.known.get(listed.key, (None, 0))
        if not one.is_deleted and before != published and not (before is not None and tries >= MOST_TRIES):
            listed = _fetched(work, listed, tries, one.fits)
        work.listed.append(listed)
    return None, False


def _entry(work: _Poll, entry: ReadEntry, number: int) -> None:
    key = entry_key(entry.entry_id or f"entry {number}", entry.href)
    updated = entry.updated.isoformat() if entry.updated is not None else ""
    rule, what = _fault(entry.findings)
    listed = Listed(key, entry.entry_id, entry.href, entry.title, updated, rule, what)
    before, tries = work.known.get(key, (None, 0))
    if entry.messages:
        refused, why = _refused(entry.messages)
        listed = replace(listed, rule=rule or refused, what=what or why)
        good = [reading.raw for reading in entry.messages if reading.alert is not None]
        if not work.take(key, work.line.feed.address, good):
            listed = replace(listed, wanted=True)
    elif entry.href and not (before == updated and before != "") and not (before is not None and tries >= MOST_TRIES):
        listed = _fetched(work, listed, tries)
    work.listed.append(listed)


def _fetched(work: _Poll, listed: Listed, tries: int, fits: Fits = lambda body: True) -> Listed:
    """The entry after its message was fetched, or not. ``fits``: whether these are the bytes that were announced."""
    if not work.room():
        return replace(listed, wanted=True, tries=tries)
    work.links += 1
    try:
        body = work.fetcher.message(work.line.feed.address, listed.href)
        if not fits(body):
            raise BadForm(f"data of {listed.entry_id[:80]}", "R75: it is not what was announced", "it is fetched again")
        documents, rule, what = _messages(body)
    except TocsinError as error:
        said = f"{error.thing}: {error.rule}"
        return replace(listed, rule=listed.rule or "", what=said[:300], wanted=tries + 1 < MOST_TRIES, tries=tries + 1)
    if not work.take(listed.key, listed.href, documents):
        return replace(listed, wanted=True, tries=tries)
    return replace(listed, rule=rule, what=what) if what else listed


def _messages(body: bytes) -> tuple[list[bytes], str, str]:
    """The messages of what a link led to, and what is wrong with it."""
    kind = recognise(body)
    if kind == "alert":
        return [body], "", ""
    if kind != "edxl":
        return [], "R69", "its link leads to something that is no CAP message"
    inside = read_edxl(body).messages
    rule, what = _refused(inside)
    return [reading.raw for reading in inside if reading.alert is not None], rule, what


def _refused(inside: tuple[Reading, ...] | list[Reading]) -> tuple[str, str]:
    """The first reason why one of these messages must be withheld."""
    first = next((reading.errors[0] for reading in inside if reading.alert is None and reading.errors), None)
    return (first.rule, first.what[:300]) if first else ("", "")


def _fault(findings: tuple[Finding, ...]) -> tuple[str, str]:
    first = next((finding for finding in findings if finding.grade == "error"), None)
    return (first.rule, first.what[:300]) if first else ("", "")
