"""Plain text: UTF-8, UTF-16 with its mark, or GB 18030; nothing in it that a browser or a shell would take for more."""

from __future__ import annotations

import codecs
import re

from tocsin.formats.document.terms import NotTaken, Why

__all__ = ["look_at_text", "plain"]

_HIDDEN = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x9f\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
_MARKUP = re.compile(r"\s*+(?:<\s*+[!?/a-zA-Z]|\{\\rtf|#!|%!PS|MZ|BEGIN:V|MIME-Version:|Content-Type:)", re.IGNORECASE)
_ANYWHERE = re.compile(
    r"<\s*+/?\s*+(?:script|iframe|html|svg|body|object|embed|meta|link|style|foreignobject)\b", re.IGNORECASE
)


def look_at_text(content: bytes) -> str:
    """The text. Raises NotTaken for what is no text, or is more than that."""
    text = plain(content)
    if _HIDDEN.search(text):
        raise NotTaken(Why.HIDDEN)
    if _MARKUP.match(text) or _ANYWHERE.search(text):
        raise NotTaken(Why.MARKUP)
    return text


def plain(content: bytes) -> str:
    """Bytes as text by their mark, else as UTF-8, else as GB 18030. Raises NotTaken."""
    if b"\0" in content[:4096] and not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise NotTaken(Why.KIND)
    for encoding in _encodings(content):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotTaken(Why.KIND)


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return ("utf-8-sig", "gb18030")
