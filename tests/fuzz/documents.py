"""The target of uploaded documents. Bytes of a whole file are packed and have checksums, so that blind changes seldom come far:
a first byte says in which good file the rest is laid as one part, unpacked.

What is taken is asked of other readers: PDFium finds neither script nor file in it, ``zipfile`` no part that acts, ``str`` no
character that no text has.
"""

from __future__ import annotations

import io
import re
import zipfile
from functools import cache

import pypdfium2.raw as pdfium

from tests.unit.document.made import ODF, ODT, TYPES, XLSX, package, packed_pdf, pdf, rels, stream, word
from tocsin.formats.document import FileKind, look_at
from tocsin.formats.document.text import plain

__all__ = ["WAYS", "document", "laid"]

WAYS = 11
_ACTING_PARTS = ("vbaproject", "activex", "embeddings/", "basic/", "scripts/", "oleobject")


def document(data: bytes) -> bool:
    """First byte: where the rest is laid; the rest: a file, an object of a PDF, a part of a package."""
    made = laid(data)
    kind = look_at(made)
    if kind is FileKind.PDF:
        _ask_pdfium(made)
    elif kind in (FileKind.DOCX, FileKind.XLSX, FileKind.ODT):
        with zipfile.ZipFile(io.BytesIO(made)) as other:
            assert other.testzip() is None, "another reader finds a damaged part"
            for name in other.namelist():
                assert not any(part in name.casefold() for part in _ACTING_PARTS), f"a part that acts was taken: {name}"
                assert b"<!ENTITY" not in other.read(name), "a part declares entities"
    elif kind is FileKind.TEXT:
        text = plain(made)
        assert "\0" not in text, "a text holds a zero"
        assert not re.search(r"<script[\s/>]", text, re.IGNORECASE), "a text holds a script"
    return True


def laid(data: bytes) -> bytes:
    """The file that an input stands for."""
    how, content = (data[0] if data else 0) % WAYS, data[1:]
    match how:
        case 1:
            return pdf(extra=[content])
        case 2:
            return packed_pdf(content)
        case 3:
            return pdf(trailer=content)
        case 4:
            return pdf(extra=[stream(b"1 0 " + content, b"/Type /ObjStm /N 1 /First 4")])
        case 5:
            return package({**_word(), "word/document.xml": content})
        case 6:
            return package({**_word(), "word/_rels/document.xml.rels": content})
        case 7:
            return package({**_workbook(), "xl/worksheets/sheet1.xml": content})
        case 8:
            return package({**_workbook(), "[Content_Types].xml": content})
        case 9:
            return package({**_text(), "content.xml": content})
        case 10:  # a part by a name of its own
            name, _line, part = content.partition(b"\n")
            return package({**_word(), f"word/{name.decode('latin-1')[:60] or 'a.xml'}": part})
        case _:
            return content


def _ask_pdfium(content: bytes) -> None:
    """PDFium repairs what it can; what it opens at all must hold nothing that acts."""
    opened = pdfium.FPDF_LoadMemDocument64(content, len(content), None)
    if not opened:
        return
    try:
        assert pdfium.FPDFDoc_GetJavaScriptActionCount(opened) <= 0, "PDFium finds a script"
        assert pdfium.FPDFDoc_GetAttachmentCount(opened) <= 0, "PDFium finds a file"
        assert pdfium.FPDF_GetFormType(opened) not in (2, 3), "PDFium finds an XFA form"
    finally:
        pdfium.FPDF_CloseDocument(opened)


@cache
def _word() -> dict[str, str | bytes]:
    with zipfile.ZipFile(io.BytesIO(word())) as given:
        return {name: given.read(name) for name in given.namelist()}


@cache
def _workbook() -> dict[str, str | bytes]:
    return {
        "[Content_Types].xml": TYPES.format(main=XLSX),
        "xl/workbook.xml": "<workbook/>",
        "_rels/.rels": rels("sheet"),
    }


@cache
def _text() -> dict[str, str | bytes]:
    return {"mimetype": ODT, "content.xml": ODF.format(inner=""), "META-INF/manifest.xml": "<manifest/>"}
