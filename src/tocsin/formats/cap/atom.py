"""Writing an Atom 1.0 feed (RFC 4287) of messages: one entry a message, the link to it typed application/cap+xml."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.formats.cap.encode import attribute, escaped, reference_text
from tocsin.formats.cap.message import Alert, Info
from tocsin.terms.errors import BadTime, BadValue

__all__ = ["CAP_TYPE", "FeedEntry", "entry_id", "entry_of", "feed"]

CAP_TYPE = "application/cap+xml"
_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One message in a feed. ``href`` is where its bytes are; ``entry_id`` never changes for a message."""

    entry_id: str
    title: str
    updated: datetime
    href: str
    summary: str = ""
    published: datetime | None = None
    categories: tuple[str, ...] = ()
    language: str = ""


def entry_id(alert: Alert) -> str:
    """An id that follows from sender, identifier and sent alone: the same message has the same id in every feed."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"cap:{reference_text(alert.reference)}").urn


def entry_of(alert: Alert, href: str, language: str = "") -> FeedEntry:
    """The entry of a message: the headline of the info in ``language`` (else the first), marked where it is no actual one."""
    info = _info_in(alert, language)
    title = (info.headline or info.event) if info else f"{alert.msg_type} {alert.identifier}"
    return FeedEntry(
        entry_id(alert), title if alert.status == "Actual" else f"[{alert.status}] {title}", alert.sent, href,
        summary=info.description if info else alert.note, published=alert.sent,
        categories=info.categories if info else (), language=info.language if info else "",
    )  # fmt: skip


def feed(
    entries: Iterable[FeedEntry],
    *,
    feed_id: str,
    title: str,
    updated: datetime,
    self_url: str,
    author: str = "",
    language: str = "",
    rights: str = "",
    hubs: Sequence[str] = (),
) -> bytes:
    """The feed as UTF-8. ``updated`` is when it last changed; ``hubs``: where a reader asks to be told of changes (W3C
    WebSub, 4); a feed without entries is a feed. Raises BadValue for an empty
    id, title or address and for two entries with one id, BadTime for a time without zone."""
    told = list(entries)
    _complete(feed_id, title, self_url, told)
    tongue = f" xml:lang={attribute(language)}" if language else ""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>', f'<feed xmlns="{_ATOM}"{tongue}>', f"  <id>{escaped(feed_id)}</id>",
        f"  <title>{escaped(title)}</title>", f"  <updated>{_moment(updated)}</updated>",
        f'  <link rel="self" type="application/atom+xml" href={attribute(self_url)}/>',
        *(f'  <link rel="hub" href={attribute(hub)}/>' for hub in hubs),
        f"  <author><name>{escaped(author or title)}</name></author>",
    ]  # fmt: skip
    if rights:
        lines.append(f"  <rights>{escaped(rights)}</rights>")
    for entry in told:
        lines += _entry(entry)
    return "\n".join([*lines, "</feed>", ""]).encode()


def _entry(entry: FeedEntry) -> Iterator[str]:
    tongue = f" xml:lang={attribute(entry.language)}" if entry.language else ""
    yield f"  <entry{tongue}>"
    yield f"    <id>{escaped(entry.entry_id)}</id>"
    yield f"    <title>{escaped(entry.title)}</title>"
    yield f"    <updated>{_moment(entry.updated)}</updated>"
    if entry.published is not None:
        yield f"    <published>{_moment(entry.published)}</published>"
    yield f"    <link type={attribute(CAP_TYPE)} href={attribute(entry.href)}/>"
    for category in entry.categories:
        yield f"    <category term={attribute(category)}/>"
    if entry.summary:
        yield f"    <summary>{escaped(entry.summary)}</summary>"
    yield "  </entry>"


def _complete(feed_id: str, title: str, self_url: str, entries: list[FeedEntry]) -> None:
    for name, text in (("id", feed_id), ("title", title), ("address", self_url)):
        if not text.strip():
            raise BadValue("feed", f"R69: it has no {name}", f"give it an {name}")
    seen: set[str] = set()
    for entry in entries:
        if not (entry.entry_id.strip() and entry.title.strip() and entry.href.strip()):
            raise BadValue(
                f"feed entry {entry.entry_id[:80]!r}", "R69: it lacks an id, a title or a link", "give it all three"
            )
        if entry.entry_id in seen:
            raise BadValue(
                f"feed entry {entry.entry_id[:80]!r}", "R69: two entries have this id", "list a message once"
            )
        seen.add(entry.entry_id)


def _info_in(alert: Alert, language: str) -> Info | None:
    wanted = language.lower()
    named = (info for info in alert.infos if wanted and info.spoken.lower().startswith(wanted))
    return next(named, alert.infos[0] if alert.infos else None)


def _moment(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise BadTime(f"time {moment}", "it has no zone", "give it one")
    return moment.isoformat(timespec="seconds")
