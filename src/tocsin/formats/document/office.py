"""Office files: Office Open XML (ISO/IEC 29500) of Word and Excel, and OpenDocument text (ISO/IEC 26300), without anything in
them that acts: no macros, no embedded objects, no parts from elsewhere, no fields that start programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from tocsin.formats.document.links import judge_link, scheme_of
from tocsin.formats.document.terms import FileKind, NotTaken, Why
from tocsin.formats.document.xml_part import elements, local_name
from tocsin.formats.document.zipped import unpacked

__all__ = ["look_at_office"]

_MAIN = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": FileKind.DOCX,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": FileKind.XLSX,
}
_ODT = b"application/vnd.oasis.opendocument.text"
# of content types, relationship types and names of parts, in small letters
_SCRIPTS = (
    "vbaproject",
    "vbadata",
    "macroenabled",
    "macrosheet",
    "ms-office.vba",
    "/customui",
    "userform",
    "/ctrlprops",
)
_OBJECTS = ("oleobject", "activex", "/embeddings/", "/package", "/control", "afchunk", "/altchunk", "subdocument")
_ELSEWHERE = (
    "externallink",
    "attachedtemplate",
    "/connections",
    "querytable",
    "webextension",
    "mailmerge",
    "/framesets",
)
_XML_ENDINGS = (".xml", ".rels", ".rdf", ".vml")
_PLAIN_ENDINGS = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".tif",
    ".tiff",
    ".bmp",
    ".emf",
    ".wmf",
    ".odttf",
    ".fntdata",
    ".ttf",
)
_ACTING_FIELD = re.compile(
    r"\b(?:dde(?:auto)?|includetext|includepicture|import|link|database|macrobutton|rd)\b", re.IGNORECASE
)
_ACTING_FORMULA = re.compile(r"\||\b(?:webservice|call|exec|register(?:\.id)?)\s*\(", re.IGNORECASE)


def look_at_office(content: bytes) -> FileKind:
    """Which of the three it is. Raises NotTaken."""
    parts = unpacked(content)
    if "mimetype" in parts:
        return _opendocument(parts)
    if "[Content_Types].xml" not in parts:
        raise NotTaken(Why.KIND)
    kind = _main_kind(parts)
    for name in parts:
        _judge_words(f"/{name}/".casefold())
        ending = _ending(name)
        if name.endswith("/") or ending in _PLAIN_ENDINGS or name == "[Content_Types].xml":
            continue
        if ending not in _XML_ENDINGS and ending != ".bin":
            raise NotTaken(Why.EMBEDDED)
        if ending == ".bin":
            if "printersettings" not in name.casefold():
                raise NotTaken(Why.EMBEDDED)
        elif ending == ".rels":
            _relations(parts[name])
        else:
            _xml(parts[name])
    return kind


def _ending(name: str) -> str:
    return f".{name.rsplit('.', 1)[-1].casefold()}"


def _main_kind(parts: Mapping[str, bytes]) -> FileKind:
    found = set()
    for element in elements(parts["[Content_Types].xml"]):
        stated = str(element.get("ContentType", ""))
        _judge_words(stated.casefold())
        if stated in _MAIN:
            found.add(_MAIN[stated])
    if len(found) != 1:
        raise NotTaken(Why.TWO_THINGS if found else Why.KIND)
    return found.pop()


def _judge_words(words: str) -> None:
    for marks, why in ((_SCRIPTS, Why.SCRIPT), (_OBJECTS, Why.EMBEDDED), (_ELSEWHERE, Why.OUTSIDE)):
        if any(mark in words for mark in marks):
            raise NotTaken(why)


def _relations(part: bytes) -> None:
    for element in elements(part):
        if local_name(element) != "Relationship":
            continue
        what = f"/{str(element.get('Type', '')).rsplit('/', 1)[-1].casefold()}/"
        if element.get("TargetMode", "Internal") == "External":
            if what != "/hyperlink/":
                raise NotTaken(Why.OUTSIDE)
            target = str(element.get("Target", ""))
            judge_link(target)
            if not scheme_of(target) and not target.startswith("#"):  # a file beside it, by whatever name
                raise NotTaken(Why.OUTSIDE)
        _judge_words(what)


def _xml(part: bytes) -> None:
    told: list[str] = []  # a field's instruction may be cut into pieces
    for element in elements(part):
        name = local_name(element)
        if name == "instrText":
            told.append(element.text or "")
        elif name == "fldSimple":
            told.append(
                " " + next((str(v) for k, v in element.attrib.items() if etree.QName(k).localname == "instr"), "")
            )
        elif name == "f" and element.text and _ACTING_FORMULA.search(_first_words(element.text)):
            raise NotTaken(Why.LAUNCH)
        elif name in ("ddeLink", "oleLink", "OLEObject", "control", "altChunk"):
            raise NotTaken(Why.EMBEDDED)
    if _ACTING_FIELD.search(_first_words("".join(told))):
        raise NotTaken(Why.OUTSIDE)


def _first_words(fields: str) -> str:
    """Instructions and formulas without what stands in quotes: a link's address is no instruction."""
    return re.sub(r'"[^"]*"', " ", fields)


def _opendocument(parts: Mapping[str, bytes]) -> FileKind:
    if parts["mimetype"].strip() != _ODT or next(iter(parts)) != "mimetype":
        raise NotTaken(Why.KIND)
    if "content.xml" not in parts or "META-INF/manifest.xml" not in parts:
        raise NotTaken(Why.BROKEN)
    for name in parts:
        top, ending = name.split("/")[0].casefold(), _ending(name)
        if top in ("basic", "scripts", "dialogs") and not name.endswith("/"):
            raise NotTaken(Why.SCRIPT)
        if top.startswith("object") or "/objectreplacements" in f"/{name}".casefold():
            raise NotTaken(Why.EMBEDDED)
        plain = name in ("mimetype", "layout-cache") or name.endswith("/") or ending in _PLAIN_ENDINGS
        if ending in _XML_ENDINGS:
            for why in _odf_faults(parts[name]):
                raise NotTaken(why)
        elif not plain:
            raise NotTaken(Why.EMBEDDED)
    return FileKind.ODT


_ODF = {
    "script": Why.SCRIPT, "event-listener": Why.SCRIPT, "scripts": Why.SCRIPT, "object-ole": Why.EMBEDDED,
    "plugin": Why.EMBEDDED, "applet": Why.SCRIPT, "floating-frame": Why.OUTSIDE, "dde-source": Why.LAUNCH,
    "dde-connection-decl": Why.LAUNCH, "dde-connection": Why.LAUNCH, "encryption-data": Why.LOCKED, "object": Why.EMBEDDED,
    "section-source": Why.OUTSIDE, "execute-macro": Why.SCRIPT,
}  # fmt: skip


def _odf_faults(part: bytes) -> Iterator[Why]:
    for element in elements(part):
        name = local_name(element)
        if name in _ODF and not (name == "scripts" and len(element) == 0):  # LibreOffice writes an empty one
            yield _ODF[name]
        target = element.get("{http://www.w3.org/1999/xlink}href")
        if target is None:
            continue
        if name == "a":
            judge_link(str(target))
        elif scheme_of(str(target)) or str(target).startswith(("/", "..")):
            yield Why.OUTSIDE
