"""A paper as .docx (Office Open XML, ISO/IEC 29500)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from tocsin.formats.paper.page import BODY_MM, BODY_PT, DOCX_FONTS, LEFT_MM, PAGE_MM, TITLE_PT, TOP_MM
from tocsin.formats.paper.paper import Heading, Items, Paper, Part, Signature, Table, Text, clean, require_bounded

__all__ = ["as_docx"]

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the oldest that a ZIP can say: the same paper gives the same bytes


def as_docx(paper: Paper) -> bytes:
    """The document's bytes. Headings, lists and tables are real ones, so that a screen reader finds its way. Raises TooBig."""
    require_bounded(paper)
    document = docx.Document()
    _page(document, paper)
    if paper.mark:
        _line(document, paper.mark, WD_ALIGN_PARAGRAPH.CENTER, bold=True)
    title = document.add_heading(clean(paper.title), 0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if paper.number:
        _line(document, paper.number, WD_ALIGN_PARAGRAPH.CENTER)
    for part in paper.parts:
        _put(document, part)
    kept = io.BytesIO()
    document.save(kept)
    return _settled(kept.getvalue())


def _page(document: Document, paper: Paper) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(PAGE_MM[0]), Mm(PAGE_MM[1])
    section.top_margin, section.left_margin = Mm(TOP_MM), Mm(LEFT_MM)
    section.right_margin = Mm(PAGE_MM[0] - LEFT_MM - BODY_MM[0])
    section.bottom_margin = Mm(PAGE_MM[1] - TOP_MM - BODY_MM[1])
    for name, size in (("Normal", BODY_PT), ("Title", TITLE_PT), ("Heading 1", BODY_PT + 2)):
        _font(document.styles[name], size, paper.language)
    properties = document.core_properties
    properties.title, properties.language = clean(paper.title), paper.language
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = paper.made_at.replace(tzinfo=None)
    if paper.mark:  # on every page, since pages are copied singly; the first has it as its first line
        section.different_first_page_header_footer = True
        header = section.header.paragraphs[0]
        header.text, header.alignment = clean(paper.mark), WD_ALIGN_PARAGRAPH.CENTER


def _font(style: Any, size: int, language: str) -> None:
    style.font.size = Pt(size)
    style.font.name = DOCX_FONTS["en"]
    style.font.color.rgb = None
    properties = style.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), DOCX_FONTS["zh"])
    spoken = properties.find(qn("w:lang"))
    if spoken is None:
        spoken = properties.makeelement(qn("w:lang"), {})
        properties.append(spoken)
    spoken.set(qn("w:eastAsia" if language.startswith("zh") else "w:val"), language)


def _put(document: Document, part: Part) -> None:
    match part:
        case Heading(text):
            document.add_heading(clean(text), 1)
        case Text(text):
            _line(document, text)
        case Items(items):
            for item in items:
                document.add_paragraph(clean(item), style="List Bullet")
        case Table(columns, rows):
            _table(document, columns, rows)
        case Signature(office, dated):
            _line(document, f"{office}\n{dated}", WD_ALIGN_PARAGRAPH.RIGHT)


def _line(document: Document, text: str, alignment: WD_ALIGN_PARAGRAPH | None = None, *, bold: bool = False) -> None:
    paragraph = document.add_paragraph()
    if alignment is not None:
        paragraph.alignment = alignment
    paragraph.add_run(clean(text)).bold = bold or None


def _table(document: Document, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> None:
    table = document.add_table(rows=1, cols=len(columns), style="Table Grid")
    for cell, text in zip(table.rows[0].cells, columns, strict=True):
        cell.text = clean(text)
    head = table.rows[0]._tr.get_or_add_trPr()
    head.append(
        head.makeelement(qn("w:tblHeader"), {qn("w:val"): "true"})
    )  # repeated on each page, and read as a header
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = clean(text)


def _settled(package: bytes) -> bytes:
    """The same package with the same times and order in it, whenever it is made."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as given, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            made.writestr(zipfile.ZipInfo(name, _ZIP_TIME), given.read(name), zipfile.ZIP_DEFLATED)
    return kept.getvalue()
