"""A paper as .docx (Office Open XML, ISO/IEC 29500)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from tocsin.formats.paper.page import (
    BODY_MM,
    DOCX_FONTS,
    FOLIO_PT,
    LEFT_MM,
    PAGE_MM,
    SIGNATURE_EM,
    TOP_MM,
    Type,
    type_of,
)
from tocsin.formats.paper.paper import (
    WHOLE_ROW,
    Heading,
    Items,
    Paper,
    Part,
    Signature,
    Signers,
    Table,
    Text,
    clean,
    require_bounded,
)

__all__ = ["as_docx"]

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the oldest that a ZIP can say: the same paper gives the same bytes
_CELL = "Table Text"


def as_docx(paper: Paper) -> bytes:
    """The document's bytes. Headings, lists and tables are real ones, so that a screen reader finds its way. Raises TooBig."""
    require_bounded(paper)
    document = docx.Document()
    setting = type_of(paper.language)
    _styles(document, paper.language, setting)
    _page(document, paper)
    if paper.mark:
        mark = _line(document, paper.mark, WD_ALIGN_PARAGRAPH.CENTER)
        mark.runs[0].bold, mark.paragraph_format.space_after = True, Pt(setting.line_pt / 2)
    title = document.add_heading(clean(paper.title), 0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if paper.number:
        _line(document, paper.number, WD_ALIGN_PARAGRAPH.CENTER).paragraph_format.space_after = Pt(setting.line_pt / 2)
    for part in paper.parts:
        _put(document, part, setting)
    kept = io.BytesIO()
    document.save(kept)
    return _settled(kept.getvalue())


def _page(document: Document, paper: Paper) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(PAGE_MM[0]), Mm(PAGE_MM[1])
    section.top_margin, section.left_margin = Mm(TOP_MM), Mm(LEFT_MM)
    section.right_margin = Mm(PAGE_MM[0] - LEFT_MM - BODY_MM[0])
    section.bottom_margin = Mm(PAGE_MM[1] - TOP_MM - BODY_MM[1])
    section.footer_distance = Mm(PAGE_MM[1] - TOP_MM - BODY_MM[1] - 7 - FOLIO_PT * 0.3528)  # 7 mm below the body
    document.settings.odd_and_even_pages_header_footer = True
    properties = document.core_properties
    properties.title, properties.language = clean(paper.title), paper.language
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = paper.made_at.replace(tzinfo=None)
    section.different_first_page_header_footer = bool(paper.mark)  # the first page has the mark as its first line
    if paper.mark:  # on every page, since pages are copied singly
        for header in (section.header, section.even_page_header):
            header.paragraphs[0].text, header.paragraphs[0].alignment = clean(paper.mark), WD_ALIGN_PARAGRAPH.CENTER
        _folio(section.first_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _folio(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _folio(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)


def _folio(paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
    """The page's number between dashes, one character from the outer edge."""
    paragraph.alignment = side
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Pt(FOLIO_PT)
    for text in ("— ", None, " —"):
        run = paragraph.add_run(text or "")
        run.font.size = Pt(FOLIO_PT)
        if text is None:
            for kind, inner in (("begin", ""), ("", "PAGE"), ("end", "")):
                name = "w:fldChar" if kind else "w:instrText"
                element = run._r.makeelement(qn(name), {qn("w:fldCharType"): kind} if kind else {})
                element.text = inner or None
                run._r.append(element)


def _styles(document: Document, language: str, setting: Type) -> None:
    cell = document.styles.add_style(_CELL, WD_STYLE_TYPE.PARAGRAPH)
    cell.base_style = document.styles["Normal"]
    faces = ("zh", "heading", "title", "zh", "zh") if setting.is_chinese else ("zh",) * 5
    sizes = (setting.body_pt, setting.body_pt if setting.is_chinese else setting.body_pt + 1, setting.title_pt,
             setting.table_pt, setting.body_pt)  # fmt: skip
    for name, size, face in zip(("Normal", "Heading 1", "Title", _CELL, "List Bullet"), sizes, faces, strict=True):
        style = document.styles[name]
        _font(style, size, face, language)
        lines = style.paragraph_format
        lines.space_before = lines.space_after = Pt(0)
        if name == "Title":
            lines.line_spacing, lines.space_after = 1.3, Pt(setting.line_pt / 2)
            for border in style.element.findall(f".//{qn('w:pBdr')}"):
                border.getparent().remove(border)
        elif name == _CELL:
            lines.line_spacing_rule, lines.space_before, lines.space_after = WD_LINE_SPACING.SINGLE, Pt(2), Pt(2)
        else:
            lines.line_spacing_rule, lines.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(setting.line_pt)
        if name == "Heading 1":
            style.font.bold, lines.space_before, lines.space_after = (
                not setting.is_chinese,
                Pt(setting.line_pt / 3),
                Pt(2),
            )
        if name == "Title":
            style.font.bold = not setting.is_chinese


def _font(style: Any, size: float, face: str, language: str) -> None:
    style.font.size = Pt(size)
    style.font.name = DOCX_FONTS["en"]
    style.font.color.rgb = None
    properties = style.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), DOCX_FONTS[face])
    spoken = properties.find(qn("w:lang"))
    if spoken is None:
        spoken = properties.makeelement(qn("w:lang"), {})
        properties.append(spoken)
    spoken.set(qn("w:eastAsia" if language.startswith("zh") else "w:val"), language)


def _put(document: Document, part: Part, setting: Type) -> None:
    match part:
        case Heading(text):
            document.add_heading(clean(text), 1)
        case Text(text, flush):
            lines = text.split("\n")
            for at, line in enumerate(lines):
                paragraph = _line(document, line)
                if setting.indent_em and not flush:
                    paragraph.paragraph_format.first_line_indent = Pt(setting.indent_em * setting.body_pt)
                if not setting.indent_em and at == len(lines) - 1:
                    paragraph.paragraph_format.space_after = Pt(setting.line_pt / 2)
        case Items(items):
            for item in items:
                document.add_paragraph(clean(item), style="List Bullet")
        case Table(columns, rows):
            _table(document, columns, rows, setting)
        case Signers(lines):
            for line in lines:
                _keep_last(document)
                _line(document, line).paragraph_format.space_before = Pt(setting.line_pt * 0.7)
        case Signature(office, dated):
            _signature(document, clean(office), clean(dated), setting)


def _signature(document: Document, office: str, dated: str, setting: Type) -> None:
    """The date so many characters from the right, the office centred above it and on the same page."""
    width = [sum(1 if ord(letter) > 0x2E7F else 0.5 for letter in text) for text in (office, dated)]
    edge = SIGNATURE_EM * setting.body_pt
    _keep_last(document)  # nobody signs an empty page
    for at, text in enumerate((office, dated)):
        paragraph = _line(document, text, WD_ALIGN_PARAGRAPH.RIGHT)
        inset = max(0.0, (max(width) - width[at]) / 2 * setting.body_pt)
        paragraph.paragraph_format.right_indent = Pt(edge + inset if width[0] <= width[1] + 2 * SIGNATURE_EM else 0)
        if not at:
            paragraph.paragraph_format.space_before = Pt(2 * setting.line_pt)
            paragraph.paragraph_format.keep_with_next = True


def _keep_last(document: Document) -> None:
    """What stands last goes on the page of what comes next."""
    if document.paragraphs:
        document.paragraphs[-1].paragraph_format.keep_with_next = True


def _line(document: Document, text: str, alignment: WD_ALIGN_PARAGRAPH | None = None) -> Paragraph:
    paragraph = document.add_paragraph()
    if alignment is not None:
        paragraph.alignment = alignment
    paragraph.add_run(clean(text))
    return paragraph


def _table(document: Document, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], setting: Type) -> None:
    table = document.add_table(rows=1, cols=len(columns), style="Table Grid")
    table.autofit, table.alignment = False, WD_TABLE_ALIGNMENT.CENTER  # as wide as the lines of text
    widths = [Mm(BODY_MM[0] / len(columns))] * len(columns)
    if len(columns) == 2:  # what, and what is said of it
        widths = [Mm(50), Mm(BODY_MM[0] - 50)]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    head = table.rows[0]._tr.get_or_add_trPr()
    head.append(
        head.makeelement(qn("w:tblHeader"), {qn("w:val"): "true"})
    )  # repeated on each page, and read as a header
    for nth, row in enumerate((columns, *rows)):
        line = table.add_row() if nth else table.rows[0]
        if max(map(len, row), default=0) <= WHOLE_ROW:
            line._tr.get_or_add_trPr().append(line._tr.makeelement(qn("w:cantSplit"), {}))
        for cell, text, width in zip(line.cells, row, widths, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            paragraph.style = document.styles[_CELL]
            paragraph.add_run(clean(text)).bold = None if nth else True
    document.add_paragraph().paragraph_format.line_spacing = Pt(setting.line_pt / 2)


def _settled(package: bytes) -> bytes:
    """The same package with the same times and order in it, whenever it is made."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as given, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            made.writestr(zipfile.ZipInfo(name, _ZIP_TIME), given.read(name), zipfile.ZIP_DEFLATED)
    return kept.getvalue()
