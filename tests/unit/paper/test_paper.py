"""Papers as .docx and PDF: what is in them, the same bytes each time, and no way in or out for hostile text."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import docx
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from tocsin.formats.paper import Heading, Items, Paper, Signature, Table, Text, as_docx, as_pdf
from tocsin.formats.paper.paper import clean
from tocsin.terms.errors import TooBig

AT = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
ORDER = Paper(
    "zh-Hans", "责令限期整改指令书", (
        Heading("一、隐患情况"), Text("东市街道：储罐区围堰开裂。\n复查时仍未修复。"), Items(("停用 3 号储罐", "设置警戒")),
        Table(("项目", "期限"), (("围堰修复", "2026-12-01"), ("人员培训", "2026-12-05"))),
        Signature("东市应急管理局", "2026年11月26日"),
    ), AT, number="东应急责改〔2026〕7号", mark="演练 EXERCISE",
)  # fmt: skip


def words_of_pdf(data: bytes) -> str:
    """What a reader of the PDF can copy."""
    return "\n".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(data))


def test_a_docx_holds_all_of_the_paper_in_real_headings_lists_and_tables() -> None:
    document = docx.Document(io.BytesIO(as_docx(ORDER)))
    styles = [(paragraph.style.name, paragraph.text) for paragraph in document.paragraphs]
    assert ("Title", "责令限期整改指令书") in styles
    assert ("Heading 1", "一、隐患情况") in styles
    assert ("List Bullet", "停用 3 号储罐") in styles
    assert styles[-2:] == [("Normal", "东市应急管理局"), ("Normal", "2026年11月26日")]
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [
        ["项目", "期限"], ["围堰修复", "2026-12-01"], ["人员培训", "2026-12-05"],
    ]  # fmt: skip
    assert document.sections[0].header.paragraphs[0].text == "演练 EXERCISE"
    assert document.core_properties.author == ""
    assert round(document.sections[0].left_margin.mm) == 28


def test_a_pdf_holds_all_of_the_paper_and_is_tagged() -> None:
    data = as_pdf(ORDER)
    said = words_of_pdf(data)
    for text in (
        "责令限期整改指令书",
        "东应急责改〔2026〕7号",
        "演练 EXERCISE",
        "停用 3 号储罐",
        "2026-12-05",
        "东市应急管理局",
    ):
        assert text in said
    assert pdfium.raw.FPDFCatalog_IsTagged(pdfium.PdfDocument(data).raw)


@pytest.mark.parametrize("make", [as_docx, as_pdf])
def test_the_same_paper_gives_the_same_bytes(make) -> None:
    assert make(ORDER) == make(ORDER)


HOSTILE = (
    '<script>alert(1)</script><img src="http://169.254.169.254/x"><link rel="attachment" href="file:/etc/passwd">'
    "]]>&lt;\u202e\x00"
)


def test_hostile_text_stays_text() -> None:
    paper = Paper("en", HOSTILE, (Heading(HOSTILE), Text(HOSTILE), Items((HOSTILE,)), Table((HOSTILE,), ((HOSTILE,),)),
                                  Signature(HOSTILE, HOSTILE)), AT, HOSTILE, HOSTILE)  # fmt: skip
    said = words_of_pdf(as_pdf(paper))
    assert "<script>" in said.replace("\n", "")
    assert "root:" not in said
    with zipfile.ZipFile(io.BytesIO(as_docx(paper))) as package:
        for name in package.namelist():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(package.read(name))  # well-formed
                assert b"169.254.169.254/x" not in package.read(name) or name.startswith(
                    ("word/document", "word/header", "docProps")
                )
    assert "\u202e" not in said


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200))
def test_any_text_makes_a_docx_that_gives_it_back(text: str) -> None:
    document = docx.Document(io.BytesIO(as_docx(Paper("en", "t", (Heading(text),), AT))))
    expected = clean(text).replace("\r\n", "\n").replace("\r", "\n")
    assert document.paragraphs[1].text == expected


def test_making_a_pdf_leaves_the_readers_of_pictures_strict() -> None:
    """WeasyPrint lets the whole process take pictures that are cut short; a photograph is evidence."""
    as_pdf(ORDER)
    whole = io.BytesIO()
    Image.new("RGB", (800, 600), "red").save(whole, "JPEG")
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(whole.getvalue()[:-900])).load()


def test_a_paper_without_end_is_refused() -> None:
    endless = Paper("en", "t", (Text("x" * 200_001),), AT)
    for make in (as_docx, as_pdf):
        with pytest.raises(TooBig, match="200,000 at most"):
            make(endless)
