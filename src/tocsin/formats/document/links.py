"""Links that a reader of a document may press."""

from __future__ import annotations

import re

from tocsin.formats.document.terms import NotTaken, Why

__all__ = ["judge_link", "scheme_of"]

_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2000-\u200f\u2028-\u202f\ufeff]")  # which programs drop from addresses
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")
_TAKEN = ("http", "https", "mailto", "tel")


def scheme_of(address: str) -> str:
    """An address's scheme in small letters (RFC 3986, 3.1), as a program sees it that drops what is unseen; "" without one."""
    found = _SCHEME.match(_UNSEEN.sub("", address).casefold())
    return found[1] if found else ""


def judge_link(address: str) -> None:
    """A link leads to a page, to mail, to a telephone, or to a place in the same file. Raises NotTaken."""
    scheme, plain = scheme_of(address), _UNSEEN.sub("", address)
    if scheme and scheme not in _TAKEN:
        raise NotTaken(Why.LAUNCH)
    if plain.startswith(("\\", "//", "/\\")):  # a share on another machine, which would be told who opens the document
        raise NotTaken(Why.OUTSIDE)
