"""Bytes to an XML tree without trusting them: no document type, no entity, no network, bounded size and depth.

Three walls: the prolog is looked at before any parser sees it; the parser neither loads nor expands anything; the tree is
asked afterwards whether it carries a document type all the same.
"""

from __future__ import annotations

import codecs
import re

from lxml import etree

from tocsin.terms.errors import BadForm, TooBig

__all__ = ["MOST_BYTES", "MOST_DEPTH", "encoding_of", "parse_xml"]

MOST_BYTES = 8_000_000
MOST_DEPTH = 32

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, ""), (codecs.BOM_UTF32_BE, ""),
         (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
_DECLARED = re.compile(r"\s*<\?xml\s[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
# Atomic: what was taken for a comment is never tried as anything else, or a long prolog would cost exponential time.
_DOCTYPE = re.compile(r"\s*+(?:(?><\?.*?\?>|<!--.*?-->)\s*+)*+<!DOCTYPE", re.DOTALL)
# In these, markup is itself: what the prolog says is what the parser will see. UTF-7 and EBCDIC would hide a DOCTYPE.
_KNOWN = re.compile(
    r"utf-?(?:8|16|16le|16be|16-le|16-be)|(?:us-)?ascii|iso-?8859-\d+|latin-?1|windows-125\d|cp125\d|gb2312|gbk|gb18030|"
    r"big5|shift_jis|euc-(?:jp|kr|cn|tw)|koi8-[ru]|tis-620",
    re.IGNORECASE,
)
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MOST_DEPTH + 1) + ")")
_REMEDY = "send plain XML without a DOCTYPE"


def encoding_of(data: bytes) -> str:
    """The encoding that the bytes themselves claim, in lower case; utf-8 where they claim none. Raises BadForm for one in
    which markup could hide."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _allowed(name)
    start = data[:4]
    if start.startswith(b"<\0") or start.startswith(b"\0<"):
        return "utf-16-le" if start[0] else "utf-16-be"
    if b"\0" in start:
        return _allowed("")
    declared = _DECLARED.match(data[:400].decode("latin-1"))
    return _allowed(declared.group(1).lower()) if declared else "utf-8"


def parse_xml(data: bytes, *, keep_comments: bool = False) -> etree._Element:
    """The root element. Raises TooBig over 8 MB or 32 levels, BadForm for anything that is not plain, well-formed XML."""
    if len(data) > MOST_BYTES:
        raise TooBig("XML", f"R3: it has {len(data)} bytes, {MOST_BYTES} are allowed", "send a smaller message")
    _refuse_doctype(data, encoding_of(data))
    # A parser is not shared: one that failed keeps state, and threads would have to take turns.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, attribute_defaults=False,
        huge_tree=False, recover=False, remove_comments=not keep_comments, remove_pis=not keep_comments,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise BadForm("XML", f"R1: it is not well-formed ({_first_line(error)})", "repair the XML") from None
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None or tree.docinfo.doctype:
        raise BadForm("XML", "R3: it has a document type", _REMEDY)
    if _TOO_DEEP(root):
        raise TooBig("XML", f"R3: it is more than {MOST_DEPTH} levels deep", "send a flatter message")
    return root


def _refuse_doctype(data: bytes, encoding: str) -> None:
    prolog = data[:2] if encoding.startswith("utf-16") else b""
    text = data.decode("utf-16", "replace") if prolog in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else (
        data.decode(encoding, "replace") if prolog else data.decode("latin-1"))  # fmt: skip
    if _DOCTYPE.match(text.lstrip("\ufeff").removeprefix("\xef\xbb\xbf")):
        raise BadForm("XML", "R3: it has a document type", _REMEDY)


def _allowed(encoding: str) -> str:
    if not _KNOWN.fullmatch(encoding):
        raise BadForm("XML", f"R2: the encoding {encoding or 'UTF-32'} is not taken", "write UTF-8")
    return encoding


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:160]
