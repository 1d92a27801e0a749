"""The elements of one XML part, in the order of their ends, without expanding or loading anything."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from tocsin.formats.document.terms import NotTaken, Why

__all__ = ["elements", "local_name"]

_DEEPEST, _ELEMENTS_AT_MOST = 120, 1_000_000
_DECLARED = re.compile(r"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_ENCODINGS = ("utf-8", "utf8", "us-ascii", "ascii", "utf-16")


def elements(part: bytes) -> Iterator[etree._Element]:
    """Every element when it is complete; it is emptied afterwards. Raises NotTaken for a document type, for more than 120
    levels or a million elements, and for what is not well-formed; names of undeclared prefixes too, by which one reader sees a
    script where another sees nothing."""
    _refuse_declarations(part)
    stream = etree.iterparse(
        io.BytesIO(part), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False,
        dtd_validation=False, attribute_defaults=False, huge_tree=False, recover=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    depth = seen = 0
    try:
        for event, element in stream:
            if event == "start":
                depth, seen = depth + 1, seen + 1
                if depth > _DEEPEST or seen > _ELEMENTS_AT_MOST:
                    raise NotTaken(Why.BOMB)
                continue
            depth -= 1
            if not all(_is_plain(str(name)) for name in (element.tag, *element.attrib)):
                raise NotTaken(Why.BROKEN)
            yield element
            element.clear(keep_tail=True)
    except (etree.XMLSyntaxError, LookupError, ValueError):
        raise NotTaken(Why.BROKEN) from None


def local_name(element: Any) -> str:
    """An element's name without its namespace; empty for what is none."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _is_plain(name: str) -> bool:
    """Whether a name has a declared prefix or none, and a namespace that cannot be taken for part of the name."""
    space, _end, local = name.rpartition("}")
    return ":" not in local and not set(space[1:]) & {"{", "}"}


def _refuse_declarations(part: bytes) -> None:
    text = _decoded(part)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise NotTaken(Why.ENTITIES)


def _decoded(part: bytes) -> str:
    """As the parser will see it. An encoding in which markup could hide is refused."""
    if part.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return part.decode("utf-16", "replace")
    declared = _DECLARED.match(part[:200].decode("latin-1").removeprefix("\xef\xbb\xbf"))
    if b"\0" in part[:4] or (declared and declared[1].casefold() not in _ENCODINGS):
        raise NotTaken(Why.UNSEEN)
    return part.decode("latin-1")
