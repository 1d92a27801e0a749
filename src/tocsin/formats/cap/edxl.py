"""Importing EDXL-DE 1.0 and 2.0 distributions (R74): each message inside is read and judged alone."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from tocsin.formats.cap.hardened import parse_xml
from tocsin.formats.cap.read import Reading, read
from tocsin.formats.cap.schema import VERSIONS
from tocsin.terms.errors import BadForm

__all__ = ["Distribution", "read_edxl"]

_SPACES = ("urn:oasis:names:tc:emergency:EDXL:DE:1.0", "urn:oasis:names:tc:emergency:EDXL:DE:2.0")
_ALERTS = tuple(f"{{{space}}}alert" for space in VERSIONS)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A wrapper and the messages in it, in order. ``status`` and ``kind`` are the wrapper's: those of each message count for
    the message. A signature of an embedded message may not survive being cut out; it is judged, never assumed."""

    distribution_id: str
    sender: str
    status: str
    kind: str
    messages: tuple[Reading, ...]


def read_edxl(data: bytes) -> Distribution:
    """Raises BadForm for what is no EDXL-DE, TooBig over the limits of ``parse_xml``."""
    root = parse_xml(data)
    tag = etree.QName(root)
    if tag.namespace not in _SPACES or tag.localname != "EDXLDistribution":
        raise BadForm("EDXL-DE", f"R74: its root is {root.tag[:80]}", "send an EDXLDistribution of version 1.0 or 2.0")

    def told(name: str) -> str:
        return (root.findtext(f"{{{tag.namespace}}}{name}") or "").strip()

    found = [read(etree.tostring(element, encoding="UTF-8", xml_declaration=True, with_tail=False))
             for element in root.iter(*_ALERTS)]  # fmt: skip
    return Distribution(
        told("distributionID"), told("senderID"), told("distributionStatus"), told("distributionType"), tuple(found)
    )
