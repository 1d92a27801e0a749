"""What some bytes are: a message, a feed, or a wrapper with messages in it."""

from __future__ import annotations

from lxml import etree

from tocsin.formats.cap.hardened import parse_xml
from tocsin.terms.errors import Refused

__all__ = ["recognise"]

_KINDS = {"alert": "alert", "feed": "atom", "rss": "rss", "RDF": "rss", "EDXLDistribution": "edxl"}


def recognise(data: bytes) -> str:
    """alert, atom, rss or edxl; "" for anything else, unreadable XML among it."""
    try:
        root = parse_xml(data)
    except Refused:
        return ""
    return _KINDS.get(etree.QName(root).localname, "")
