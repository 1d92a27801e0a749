"""Rules about running text: nothing in it that a page, a phone or XML itself would take for more than text."""

from __future__ import annotations

import re

from tocsin.formats.cap.rules.checking import Checking

__all__ = ["check_text", "is_plain"]

# One quick look for anything odd; the sentences are made only where it finds something.
_ODD = re.compile(
    r"[<&\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r"<[A-Za-z/!?]")
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#\d+|#x[0-9A-Fa-f]+);")
_CONTROL = re.compile(r"[\x7f-\x9f]")
_OVERRIDE = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def is_plain(text: str) -> bool:
    """Whether nothing in a text needs a second look: nearly always, so callers ask before they name its place."""
    return _ODD.search(text) is None


def check_text(checking: Checking, xpath: str, text: str) -> None:
    """R31, and R1 for characters that XML cannot hold."""
    if not text or _ODD.search(text) is None:
        return
    if found := _NOT_XML.search(text):
        checking.add("R1", xpath, f"it holds U+{ord(found.group()):04X}, which XML does not know")
    if found := _TAG.search(text) or _ENTITY.search(text):
        checking.add("R31", xpath, f"it holds HTML: {text[found.start() : found.start() + 20]!r}")
    elif found := _CONTROL.search(text):
        checking.add("R31", xpath, f"it holds the control character U+{ord(found.group()):04X}")
    elif found := _OVERRIDE.search(text):
        checking.add("R31", xpath, f"it holds U+{ord(found.group()):04X}, which turns the direction of writing")
