"""Reading Atom and RSS feeds of messages (R69, R71): what each entry says, where its message is, or the message itself.

One bad entry never hides the others; a feed that cannot be read is an error and never an empty feed, for an empty feed
would look like an all-clear.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from tocsin.formats.cap.atom import CAP_TYPE
from tocsin.formats.cap.finding import Finding, Findings
from tocsin.formats.cap.hardened import parse_xml
from tocsin.formats.cap.read import Reading, read
from tocsin.formats.cap.schema import VERSIONS
from tocsin.formats.cap.times import read_time
from tocsin.terms.errors import BadForm

__all__ = ["FeedReading", "ReadEntry", "read_feed"]

_ATOM = "{http://www.w3.org/2005/Atom}"
_OLD_RSS = "{http://purl.org/rss/1.0/}"
_ALERTS = frozenset(f"{{{space}}}alert" for space in VERSIONS)
_CAP_TYPES = frozenset({CAP_TYPE, "application/common-alerting-protocol+xml"})


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """One entry. ``href`` is where its message is ("" where there is none to fetch); ``messages`` are those in it."""

    entry_id: str
    title: str
    updated: datetime | None
    href: str
    messages: tuple[Reading, ...]
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether there is a message to fetch or to read; an entry that is not is shown as faulty, never passed over."""
        return bool(self.href or self.messages)


@dataclass(frozen=True, slots=True)
class FeedReading:
    """``kind`` is atom or rss. ``findings`` are about the feed itself."""

    kind: str
    feed_id: str
    title: str
    updated: datetime | None
    entries: tuple[ReadEntry, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The errors of the feed and of its entries."""
        every = [*self.findings, *(finding for entry in self.entries for finding in entry.findings)]
        return tuple(finding for finding in every if finding.grade == "error")


def read_feed(data: bytes) -> FeedReading:
    """Raises BadForm for what is no feed, TooBig over the limits of ``parse_xml``."""
    root = parse_xml(data)
    if root.tag == f"{_ATOM}feed":
        return _atom(root)
    if root.tag == "rss" or root.tag.endswith("}RDF"):
        return _rss(root)
    raise BadForm("feed", f"R69: its root is {root.tag[:80]}", "send an Atom or RSS feed")


def _atom(root: etree._Element) -> FeedReading:
    findings = Findings()
    told = _header(root, "/atom:feed", _ATOM, "updated", findings)
    if any(child.tag in _ALERTS for child in root):
        findings.note("R69", "/atom:feed", "it holds a message that is in no entry", "warning")
    found = root.findall(f"{_ATOM}entry")
    entries = tuple(_atom_entry(entry, f"/atom:feed/atom:entry[{n}]") for n, entry in enumerate(found, 1))
    return FeedReading("atom", *told, _unique(entries), tuple(findings.found))


def _atom_entry(entry: etree._Element, xpath: str) -> ReadEntry:
    findings = Findings()
    told = _header(entry, xpath, _ATOM, "updated", findings)
    links = [(link.get("href", "").strip(), link.get("type", "").lower(), link.get("rel", "alternate"))
             for link in entry.iterfind(f"{_ATOM}link")]  # fmt: skip
    source = entry.find(f"{_ATOM}content")
    if source is not None and source.get("src"):
        links.append((source.get("src", "").strip(), source.get("type", "").lower(), "alternate"))
    messages = _embedded(entry)
    return ReadEntry(*told, _chosen(links, bool(messages), xpath, findings), messages, tuple(findings.found))


def _rss(root: etree._Element) -> FeedReading:
    findings = Findings()
    channel = root.find("channel")
    space = "" if channel is not None else _OLD_RSS
    if channel is None:
        channel = root.find(f"{_OLD_RSS}channel")
    if channel is None:
        raise BadForm("feed", "R69: it has no channel", "send an RSS feed with a channel")
    title, moment = _text(channel, f"{space}title"), _rss_time(channel, space)
    if not title:
        findings.note("R69", "/rss/channel", "it has no title")
    items = channel.findall("item") if not space else root.findall(f"{_OLD_RSS}item")
    entries = tuple(_rss_entry(item, f"/rss/channel/item[{n}]", space) for n, item in enumerate(items, 1))
    return FeedReading("rss", _text(channel, f"{space}link"), title, moment, _unique(entries), tuple(findings.found))


def _rss_entry(item: etree._Element, xpath: str, space: str) -> ReadEntry:
    findings = Findings()
    link, title, moment = _text(item, f"{space}link"), _text(item, f"{space}title"), _rss_time(item, space)
    name = _text(item, "guid") or link
    for what, there in (("guid", name), ("title", title), ("pubDate", moment)):
        if not there:
            findings.note("R69", f"{xpath}", f"it has no {what}", "error" if what == "guid" else "warning")
    links = [
        (one.get("url", "").strip(), one.get("type", "").lower(), "enclosure") for one in item.iterfind("enclosure")
    ]
    links.append((link, "", "alternate"))
    messages = _embedded(item)
    return ReadEntry(
        name, title, moment, _chosen(links, bool(messages), xpath, findings), messages, tuple(findings.found)
    )


def _header(
    block: etree._Element, xpath: str, space: str, updated: str, findings: Findings
) -> tuple[str, str, datetime | None]:
    """id, title and updated, each of them wanted."""
    texts = {name: _text(block, f"{space}{name}") for name in ("id", "title", updated)}
    missing = [name for name, text in texts.items() if not text]
    if missing:
        findings.note("R69", xpath, f"it has no {', '.join(missing)}")
    moment, _, what = read_time(texts[updated])
    if texts[updated] and moment is None:
        findings.note("R69", f"{xpath}/atom:updated", what)
    return texts["id"], texts["title"], moment


def _chosen(links: list[tuple[str, str, str]], has_message: bool, xpath: str, findings: Findings) -> str:
    """The link to the message: the one that says so, else the first that may be one."""
    typed = [href for href, kind, _ in links if href and kind.partition(";")[0].strip() in _CAP_TYPES]
    plain = [href for href, kind, rel in links if href and rel in ("alternate", "enclosure") and "html" not in kind]
    if not typed and not plain and not has_message:
        findings.note("R69", xpath, "it has no link to a message")
    elif not typed and not has_message:
        findings.note("R69", xpath, f"its link is not typed {CAP_TYPE}", "warning")
    return (typed or plain or [""])[0]


def _embedded(block: etree._Element) -> tuple[Reading, ...]:
    """Messages inside an entry, each read alone; as XML, or as text of XML."""
    found = list(block.iter(*_ALERTS))
    made = [read(etree.tostring(element, encoding="UTF-8", xml_declaration=True, with_tail=False)) for element in found]
    content = block.findtext(f"{_ATOM}content") or ""
    if not made and content.lstrip().startswith("<") and "alert" in content:
        reading = read(content.strip().encode())
        made += [reading] if reading.version else []
    return tuple(made)


def _unique(entries: tuple[ReadEntry, ...]) -> tuple[ReadEntry, ...]:
    """Two entries with one id: the second is marked."""
    seen: set[str] = set()
    made = []
    for number, entry in enumerate(entries, 1):
        if entry.entry_id and entry.entry_id in seen:
            findings = Findings()
            findings.note(
                "R69", f"//*[local-name()='entry' or local-name()='item'][{number}]", "its id stands twice", "warning"
            )
            made.append(replace(entry, findings=(*entry.findings, *findings.found)))
        else:
            made.append(entry)
        seen.add(entry.entry_id)
    return tuple(made)


def _text(block: etree._Element, tag: str) -> str:
    return (block.findtext(tag) or "").strip()


def _rss_time(block: etree._Element, space: str) -> datetime | None:
    text = _text(block, f"{space}pubDate") or _text(block, f"{space}lastBuildDate")
    if not text:
        return read_time(_text(block, "{http://purl.org/dc/elements/1.1/}date"))[0]
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo is not None else None
