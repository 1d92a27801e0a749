"""Files as people and attackers make them: PDF written by hand with right offsets, ZIP packages part by part."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence

import docx

HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R >>"
TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="{main}"/></Types>'
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{what}" Target="{target}"{mode}/>'
    "</Relationships>"
)
ODT = "application/vnd.oasis.opendocument.text"
ODF = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0">'
    "<office:body><office:text>{inner}</office:text></office:body></office:document-content>"
)


def stream(text: bytes, head: bytes = b"") -> bytes:
    """A stream packed by Flate."""
    packed = zlib.compress(text)
    return b"<< /Filter /FlateDecode /Length %d %s >>\nstream\n%s\nendstream" % (len(packed), head, packed)


def pdf(
    catalog: bytes = CATALOG, extra: Sequence[bytes] = (), page: bytes = PAGE, trailer: bytes = b"", head: bytes = HEAD
) -> bytes:
    """A PDF with a table of right offsets; ``extra`` objects are numbered from 5."""
    objects = [catalog, PAGES, page, stream(b"BT (hello) Tj ET"), *extra]
    out, offsets = bytearray(head), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(out)


def packed_pdf(inner: bytes, how: bytes = b"", filtered: bytes | None = None) -> bytes:
    """A PDF whose fifth object lies in an object stream (6), found by a cross-reference stream (7)."""
    objects = [CATALOG, PAGES, PAGE, stream(b"BT ET")]
    out, offsets = bytearray(HEAD), {}
    for number, body in enumerate(objects, 1):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    offsets[6] = len(out)
    text = b"5 0 " + inner
    body = stream(text, b"/Type /ObjStm /N 1 /First 4 " + how) if filtered is None else filtered
    out += b"6 0 obj\n%s\nendobj\n" % body
    offsets[7] = len(out)
    rows = bytearray()
    for number in range(8):
        if number == 5:
            rows += bytes([2]) + (6).to_bytes(4, "big") + bytes([0])
        elif number in offsets:
            rows += bytes([1]) + offsets[number].to_bytes(4, "big") + bytes([0])
        else:
            rows += bytes(6)
    up, before = bytearray(), bytes(6)  # PNG's filter "up", as writers of PDF do it
    for at in range(0, len(rows), 6):
        row = rows[at : at + 6]
        up += bytes([2]) + bytes((a - b) & 255 for a, b in zip(row, before, strict=True))
        before = bytes(row)
    xref = stream(bytes(up), b"/Type /XRef /W [1 4 1] /Size 8 /Root 1 0 R /DecodeParms << /Columns 6 /Predictor 12 >>")
    out += b"7 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF" % (xref, offsets[7])
    return bytes(out)


def package(parts: Mapping[str, str | bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as made:
        for name, content in parts.items():
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_STORED if name == "mimetype" else how)
    return out.getvalue()


def xlsx(main: str = XLSX, **parts: str | bytes) -> bytes:
    """A workbook of the least parts; further parts by name, with ``__`` for a slash and ``_dot_`` for a dot."""
    named = {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}
    base = {"[Content_Types].xml": TYPES.format(main=main), "xl/workbook.xml": "<workbook/>"}
    return package({**base, **named})


def rels(what: str, target: str = "x", *, outside: bool = False) -> str:
    """A part of relationships."""
    return RELS.format(what=what, target=target, mode=' TargetMode="External"' if outside else "")


def odt(inner: str = "<text:p>hello</text:p>", mime: str = ODT, **parts: str | bytes) -> bytes:
    """A text of OpenDocument."""
    named = {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}
    return package(
        {"mimetype": mime, "content.xml": ODF.format(inner=inner), "META-INF/manifest.xml": "<manifest/>", **named}
    )


def word(text: str = "hello") -> bytes:
    """A document as python-docx writes it."""
    document = docx.Document()
    document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def word_with(changes: Mapping[str, str | bytes]) -> bytes:
    """The same with parts replaced or added."""
    with zipfile.ZipFile(io.BytesIO(word())) as given:
        parts: dict[str, str | bytes] = {name: given.read(name) for name in given.namelist()}
    return package({**parts, **changes})


def field(instruction: str) -> str:
    """A Word document's main part with a field, its instruction cut into two pieces."""
    half = len(instruction) // 2
    pieces = "".join(
        f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in (instruction[:half], instruction[half:])
    )
    return f'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p>{pieces}</w:p></w:body></w:document>'
