"""Documents of strangers: each kind is taken for what it is; what acts, hides, lies or is cut off is refused for its reason."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from datetime import UTC, datetime

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.document.made import (
    CATALOG,
    HEAD,
    ODT,
    PAGE,
    field,
    odt,
    package,
    packed_pdf,
    pdf,
    rels,
    stream,
    word,
    word_with,
    xlsx,
)  # fmt: skip

from tocsin.formats.document import MOST_BYTES, FileKind, NotTaken, Why, look_at
from tocsin.formats.paper import Paper, Text, as_pdf

PACKED = b"<< /Type /ObjStm /N 1 /First 4 /Filter /%s /Length 4 >>\nstream\nabcd\nendstream"


def related(what: str, target: str) -> bytes:
    """A Word file with a relation that leads outside."""
    return word_with({"word/_rels/a.xml.rels": rels(what, target, outside=True)})


def why(content: bytes) -> Why | None:
    """Why it is not taken; None where it is."""
    try:
        look_at(content)
    except NotTaken as error:
        return error.why
    return None


@pytest.mark.parametrize(("content", "kind"), [
    (pdf(), FileKind.PDF), (packed_pdf(b"<< /Type /Outlines >>"), FileKind.PDF), (word(), FileKind.DOCX),
    (xlsx(), FileKind.XLSX), (odt(), FileKind.ODT), ("你好，世界\n".encode(), FileKind.TEXT),
    ("你好，世界".encode("gb18030"), FileKind.TEXT),
    (b"a < b and c > d\n", FileKind.TEXT), ("\ufeff你好".encode("utf-16-le"), FileKind.TEXT),
    (b"\xff\xd8\xff\xe0", FileKind.PICTURE),
    (b"\x89PNG\r\n\x1a\n", FileKind.PICTURE), (b"RIFF\0\0\0\0WEBPVP8 ", FileKind.PICTURE),
], ids=lambda value: value.value if isinstance(value, FileKind) else "")  # fmt: skip
def test_each_kind_is_known_by_its_content(content: bytes, kind: FileKind) -> None:
    assert look_at(content) is kind


def test_a_pdf_of_ours_is_taken() -> None:
    made = as_pdf(Paper("zh-Hans", "首报", (Text("水位上涨"),), datetime(2026, 11, 26, tzinfo=UTC)))
    assert look_at(made) is FileKind.PDF


def test_what_is_written_by_hand_here_is_pdf_for_another_reader() -> None:
    for made in (pdf(), packed_pdf(b"<< /Type /Outlines >>")):
        assert len(pdfium.PdfDocument(made)) == 1


ACTING = {
    "script": (b"<< /Type /Action /S /JavaScript /JS (app.alert\\(1\\)) >>", Why.SCRIPT),
    "script with an escaped name": (b"<< /S /J#61v#61Script >>", Why.SCRIPT),
    "script named by reference": (b"/JavaScript", Why.SCRIPT),
    "launch": (b"<< /S /Launch /F (cmd.exe) >>", Why.LAUNCH),
    "form sent away": (b"<< /S /SubmitForm /F (http://x) >>", Why.LAUNCH),
    "embedded": (b"<< /Type /Filespec /EF << /F 9 0 R >> /EmbeddedFile 1 >>", Why.EMBEDDED),
    "another file": (b"<< /S /GoToR /F (\\\\\\\\host\\\\share) >>", Why.OUTSIDE),
    "XFA": (b"<< /XFA 9 0 R >>", Why.SCRIPT),
    "film": (b"<< /Subtype /RichMedia >>", Why.EMBEDDED),
    "javascript address": (b"<< /S /URI /URI (javascript:alert) >>", Why.LAUNCH),
    "file address": (b"<< /S /URI /URI (file:/etc/passwd) >>", Why.LAUNCH),
    "script address in pieces": (b"<< /S /URI /URI (java\n\tscript:alert) >>", Why.LAUNCH),
    "a share": (b"<< /S /URI /URI (\\\\\\\\host\\\\share) >>", Why.OUTSIDE),
    "address by reference": (b"<< /S /URI /URI 9 0 R >>", Why.UNSEEN),
    "in an array, deep": (b"[[[<< /Next [ << /S /Launch >> ] >>]]]", Why.LAUNCH),
    "behind a remark": (b"<< % ) >> endobj \n /S /JavaScript >>", Why.SCRIPT),
    "behind a string with brackets": (b"<< /T (a \\) ( ) >>) /S /JavaScript >>", Why.SCRIPT),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTING)
def test_a_pdf_that_acts_is_refused_also_where_it_is_packed(name: str) -> None:
    body, reason = ACTING[name]
    assert why(pdf(extra=[body])) is reason
    assert why(packed_pdf(body)) is reason


def test_harmless_actions_of_a_pdf_stay() -> None:
    link = b"<< /Type /Annot /A << /S /URI /URI (https://example.org/a) >> /Dest [3 0 R /Fit] >>"
    assert why(pdf(extra=[link], catalog=CATALOG[:-2] + b"/OpenAction [3 0 R /Fit] >>")) is None
    assert why(pdf(extra=[b"(this string only speaks of /JavaScript and /Launch)"])) is None


@pytest.mark.parametrize(("content", "reason"), [
    (pdf(trailer=b"/Encrypt 5 0 R"), Why.LOCKED),
    (packed_pdf(b"<< >>", b"/DecodeParms << /Predictor 12 /Columns 4 >>"), Why.UNSEEN),
    (packed_pdf(b"", filtered=PACKED % b"LZWDecode"), Why.UNSEEN),
    (packed_pdf(b"", filtered=PACKED % b"FlateDecode"), Why.BROKEN),
    (pdf(extra=[b"<< /Length 3 /F (x.bin) >>\nstream\nabc\nendstream"]), Why.OUTSIDE),
    (pdf() + package({"a": "b"}), Why.TWO_THINGS),
    (pdf() + b"MZ trailing program", Why.TWO_THINGS),
    (b"GIF89a" + pdf(), Why.TWO_THINGS),
    (pdf(head=HEAD + b"<script>alert(1)</script>\n"), Why.BROKEN),
    (pdf().replace(b"startxref\n", b"startxref\n1"), Why.BROKEN),
    (pdf().replace(b"0000000015 00000 n", b"0000000016 00000 n"), Why.BROKEN),
    (pdf(page=PAGE[:-2] + b"/MediaBox [0 0 1 1] >>"), Why.BROKEN),
    (pdf(extra=[b"[" * 200 + b"]" * 200]), Why.BOMB),
    (pdf(extra=[b"(" * 50]), Why.BROKEN),
    (pdf(extra=[b"<< /Length 99999999999999999999 >>\nstream\nabc\nendstream"]), Why.BROKEN),  # found by mutation
], ids=lambda value: value.name if isinstance(value, Why) else "")  # fmt: skip
def test_a_pdf_that_cannot_be_seen_whole_is_refused(content: bytes, reason: Why) -> None:
    assert why(content) is reason


def test_a_pdf_has_one_meaning_only() -> None:
    """An object inside a stream, reached by a cross-reference that leads into it: readers would see it."""
    hidden = b"9 0 obj\n<< /S /JavaScript >>\nendobj\n"
    body = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(hidden), hidden)
    whole = pdf(extra=[body])
    assert why(whole) is None  # nothing leads there
    at = whole.index(hidden)
    entry = b"%010d 00000 n \n" % whole.index(b"5 0 obj")
    assert why(whole.replace(entry, b"%010d 00000 n \n" % at)) is Why.BROKEN


def test_a_length_that_lies_is_refused() -> None:
    end = b"endstream endobj 6 0 obj << /S /JavaScript >> endobj"
    body = b"<< /Length 4 >>\nstream\nabcdefgh %s\nendstream" % end
    assert why(pdf(extra=[body])) is Why.BROKEN
    by_reference = b"<< /Length 6 0 R >>\nstream\nabcd\nendstream"
    assert why(pdf(extra=[by_reference, b"4"])) is None
    assert why(pdf(extra=[by_reference, b"9"])) is Why.BROKEN


def test_a_pdf_that_unpacks_to_gigabytes_is_refused() -> None:
    packed = zlib.compress(bytes(64 << 20), 9)
    bombs = [b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed)] * 5
    assert why(pdf(extra=bombs)) is Why.BOMB
    assert (
        why(pdf(extra=[stream(b"x", b"/X 1").replace(b"/Filter /FlateDecode", b"/Filter [/FlateDecode /FlateDecode]")]))
        is Why.BOMB
    )


@pytest.mark.parametrize("content", [pdf(), packed_pdf(b"<< >>"), word(), xlsx(), odt()])
def test_what_is_cut_off_is_refused_wherever_it_is_cut(content: bytes) -> None:
    for at in {*range(8, len(content) - 8, max(1, len(content) // 40)), len(content) - 8}:
        assert why(content[:at]) in (Why.BROKEN, Why.TWO_THINGS, Why.UNSEEN, Why.KIND), at


OFFICE = {
    "macros by name": (word_with({"word/vbaProject.bin": b"x"}), Why.SCRIPT),
    "macros by type": (xlsx(main="application/vnd.ms-excel.sheet.macroEnabled.main+xml"), Why.SCRIPT),
    "Excel 4 macros": (xlsx(xl__macrosheets__sheet1_dot_xml="<x/>"), Why.SCRIPT),
    "OLE": (word_with({"word/embeddings/oleObject1.bin": b"x"}), Why.EMBEDDED),
    "OLE by relation": (word_with({"word/_rels/a.xml.rels": rels("oleObject")}), Why.EMBEDDED),
    "a file as package": (word_with({"word/embeddings/sheet.xlsx": xlsx()}), Why.EMBEDDED),
    "any other file": (word_with({"word/media/program.exe": b"MZ"}), Why.EMBEDDED),
    "ActiveX": (word_with({"word/activeX/activeX1.xml": "<x/>"}), Why.EMBEDDED),
    "template elsewhere": (related("attachedTemplate", "http://x/t.dotm"), Why.OUTSIDE),
    "picture elsewhere": (related("image", "http://x/1.png"), Why.OUTSIDE),
    "link to a program": (related("hyperlink", "file:/c:/a.exe"), Why.LAUNCH),
    "link to a script": (related("hyperlink", " javascript:alert(1)"), Why.LAUNCH),
    "a workbook elsewhere": (xlsx(xl__externalLinks__externalLink1_dot_xml="<x/>"), Why.OUTSIDE),
    "a database": (xlsx(xl__connections_dot_xml="<x/>"), Why.OUTSIDE),
    "DDE field in pieces": (word_with({"word/document.xml": field("DDEAUTO c:\\\\windows\\\\cmd.exe")}), Why.OUTSIDE),
    "picture by field": (word_with({"word/document.xml": field('INCLUDEPICTURE "http://x"')}), Why.OUTSIDE),
    "DDE formula": (xlsx(xl__worksheets__sheet1_dot_xml="<s><f>cmd|'/c calc'!A1</f></s>"), Why.LAUNCH),
    "web formula": (xlsx(xl__worksheets__sheet1_dot_xml='<s><f>WEBSERVICE("http://x")</f></s>'), Why.LAUNCH),
    "entities": (word_with({"word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), Why.ENTITIES),
    "entities in UTF-16": (word_with({"word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]>'.encode("utf-16")}), Why.ENTITIES),
    "an encoding that hides": (word_with({"word/document.xml": b'<?xml version="1.0" encoding="utf-7"?><a/>'}), Why.UNSEEN),
    "deep": (word_with({"word/document.xml": "<a>" * 500 + "</a>" * 500}), Why.BOMB),
    "no XML": (word_with({"word/document.xml": "<a><b></a>"}), Why.BROKEN),
    "neither": (package({"a.txt": "b"}), Why.KIND),
    "a jar": (package({"META-INF/MANIFEST.MF": "Manifest-Version: 1.0"}), Why.KIND),
    "ODF macros": (odt(Basic__Standard__script_dot_xml="<x/>"), Why.SCRIPT),
    "ODF event": (odt('<script:event-listener xlink:href="vnd.sun.star.script:x"/>'), Why.SCRIPT),
    "ODF object": (odt('<draw:object xlink:href="./Object 1"/>'), Why.EMBEDDED),
    "ODF picture elsewhere": (odt('<draw:image xlink:href="https://x/1.png"/>'), Why.OUTSIDE),
    "ODF link to a program": (odt('<text:a xlink:href="file:/bin/sh">x</text:a>'), Why.LAUNCH),
    "ODF section elsewhere": (odt('<text:section-source xlink:href="../x.odt"/>'), Why.OUTSIDE),
    "ODF spreadsheet": (odt(mime="application/vnd.oasis.opendocument.spreadsheet"), Why.KIND),
    "old Office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), Why.OLD_OFFICE),
}  # fmt: skip


@pytest.mark.parametrize("name", OFFICE)
def test_an_office_file_that_acts_is_refused(name: str) -> None:
    content, reason = OFFICE[name]
    assert why(content) is reason


def test_links_of_office_files_stay() -> None:
    link = rels("hyperlink", "https://example.org/a?b=c", outside=True)
    assert why(word_with({"word/_rels/a.xml.rels": link})) is None
    assert why(word_with({"word/document.xml": field('HYPERLINK "http://example.org/import/link"')})) is None
    assert (
        why(odt('<text:a xlink:href="https://example.org">x</text:a><draw:image xlink:href="Pictures/1.png"/>')) is None
    )


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    assert why(word_with({"word/media/a.png": bytes(60 << 20)})) is Why.BOMB
    assert why(package({"[Content_Types].xml": "<a/>", **{f"p{n}.xml": "<a/>" for n in range(2100)}})) is Why.UNSEEN


def test_sizes_that_lie_are_refused() -> None:
    content = bytearray(xlsx(xl__a_dot_xml="<a>" + "x" * 5000 + "</a>"))
    at = content.rindex(b"xl/a.xml") - 46
    struct.pack_into("<L", content, at + 24, 10)
    assert why(bytes(content)) in (Why.BROKEN, Why.BOMB)


def test_parts_over_one_another_and_bytes_between_are_refused() -> None:
    plain = xlsx()
    with zipfile.ZipFile(io.BytesIO(plain)) as given:
        second = given.infolist()[1].header_offset
    directory = plain.rindex(b"PK\x01\x02")
    overlapping = bytearray(plain)
    struct.pack_into("<L", overlapping, directory + 42, 0)
    assert why(bytes(overlapping)) in (Why.BOMB, Why.BROKEN)
    assert why(b"MZ" + plain) is Why.TWO_THINGS
    assert why(plain + b"behind") in (Why.TWO_THINGS, Why.BROKEN)
    assert second > 0


def test_names_that_lead_out_or_come_twice_are_refused() -> None:
    for name in ("../evil.xml", "/etc/evil.xml", "a\\b.xml", "c:evil.xml"):
        assert why(word_with({name: "<a/>"})) is Why.UNSEEN
    assert why(word_with({"WORD/DOCUMENT.XML": "<a/>"})) is Why.UNSEEN


def test_a_locked_package_is_refused() -> None:
    content = bytearray(xlsx())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(mark)
        content[place + at] |= 1
    assert why(bytes(content)) is Why.LOCKED


@pytest.mark.parametrize(("content", "reason"), [
    (b"", Why.EMPTY), (b"a" * (MOST_BYTES + 1), Why.BIG), (b"<html><script>alert(1)</script>", Why.MARKUP),
    (b"  \n<?xml version='1.0'?><svg/>", Why.MARKUP), (b"harmless at first\n<SCRIPT src=x>", Why.MARKUP),
    (b"#!/bin/sh\nrm -rf /\n", Why.MARKUP), (rb"{\rtf1\object", Why.MARKUP), (b"MZ\x90", Why.KIND),
    (b"MZ as programs", Why.MARKUP),
    (b"\x7fELF\0\0\0\0", Why.KIND),
    (bytes(range(256)), Why.KIND), (b"a\x1b[2Jb", Why.HIDDEN), ("a\u202eb".encode(), Why.HIDDEN),
    (b"BEGIN:VCALENDAR\n", Why.MARKUP),
    (b"\xff\xfe" + "<svg onload=x>".encode("utf-16-le"), Why.MARKUP), (b"GIF89a\0\0", Why.KIND),
])  # fmt: skip
def test_what_is_no_plain_text_is_refused(content: bytes, reason: Why) -> None:
    assert why(content) is reason


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([pdf(), packed_pdf(b"<< /A [1 2 (x)] >>"), xlsx(), odt()]), st.data())
def test_whatever_is_changed_it_is_taken_or_refused_with_a_reason(content: bytes, data: st.DataObject) -> None:
    spoiled = bytearray(content)
    for _time in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(spoiled) - 1))
        spoiled[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    assert why(bytes(spoiled)) is None or isinstance(why(bytes(spoiled)), Why)


@pytest.mark.parametrize(("content", "found"), [
    (b"<" + b" " * (8 << 20), None),  # found by trying: it took minutes before spaces were taken once only
    (b"< " * (4 << 20), None), (pdf(extra=[b"(" * (8 << 20)]), Why.BOMB),
    (pdf(extra=[b"[" + b"/a " * (2 << 20) + b"]"]), Why.BOMB),
    (pdf().replace(b"xref\n0 5", b"xref\n" + b"0 0\n" * (1 << 20) + b"0 5"), Why.BOMB),
], ids=["spaces", "brackets", "open strings", "names", "sections"])  # fmt: skip
def test_megabytes_made_to_be_slow_are_soon_done(content: bytes, found: Why | None) -> None:
    assert why(content) is found


def test_reasons_have_words() -> None:
    assert all(reason.value for reason in Why)


@pytest.mark.parametrize("content", [
    word_with({"word/document.xml": "<w:document><w:body/></w:document>"}), xlsx(xl__sheet_dot_xml='<a x:href="b"/>'),
    word_with({"word/document.xml": '<w:instrText xmlns:w="http://a}b/c">DDEAUTO</w:instrText>'}),
    package({"mimetype": ODT, "content.xml": "<office:text/>", "META-INF/manifest.xml": "<m/>"}),
    package({"mimetype": ODT, "content.xml": '<a xlink:href="https://example.org"/>', "META-INF/manifest.xml": "<m/>"}),
])  # fmt: skip
def test_a_name_that_readers_take_apart_differently_is_refused(content: bytes) -> None:
    assert why(content) is Why.BROKEN
