"""A paper as PDF, tagged for screen readers (PDF/UA-1, ISO 14289-1)."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC
from html import escape
from typing import Any, NoReturn

from PIL import ImageFile

from tocsin.formats.paper.page import (
    BODY_MM,
    FOLIO_PT,
    LEFT_MM,
    PAGE_MM,
    PDF_FONTS,
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
from tocsin.terms.errors import Unavailable

__all__ = ["as_pdf"]

logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)  # eight lines a paper are no news

_EDGES = (TOP_MM, PAGE_MM[0] - LEFT_MM - BODY_MM[0], PAGE_MM[1] - TOP_MM - BODY_MM[1], LEFT_MM)


def _style(setting: Type) -> str:
    heading = (
        f"font: {setting.body_pt}pt {PDF_FONTS['heading']}"
        if setting.is_chinese
        else f"font-size: {setting.body_pt + 1}pt"
    )
    folio = f'content: "— " counter(page) " —"; font: {FOLIO_PT}pt {PDF_FONTS["body"]}; vertical-align: top; padding-top: 7mm'
    return f"""
@page {{ size: {PAGE_MM[0]}mm {PAGE_MM[1]}mm; margin: {" ".join(f"{edge}mm" for edge in _EDGES)};
  @top-center {{ content: string(mark); font-weight: bold }} }}
@page :right {{ @bottom-right {{ {folio}; padding-right: {FOLIO_PT}pt }} }}
@page :left {{ @bottom-left {{ {folio}; padding-left: {FOLIO_PT}pt }} }}
@page :first {{ @top-center {{ content: none }} }}
body {{ font: {setting.body_pt}pt/{setting.line_pt}pt {PDF_FONTS["body"]}; overflow-wrap: anywhere }}
h1 {{ font: {setting.title_pt}pt/1.4 {PDF_FONTS["title"]}; font-weight: bold; text-align: center;
  margin: 0 0 {setting.line_pt / 2}pt }}
h2 {{ {heading}; line-height: {setting.line_pt}pt; margin: {setting.line_pt / 3}pt 0 0; break-after: avoid }}
.mark {{ string-set: mark content(); text-align: center; font-weight: bold; margin-bottom: {setting.line_pt / 2}pt }}
.number {{ text-align: center; margin-bottom: {setting.line_pt / 2}pt }}
p {{ white-space: pre-wrap; orphans: 2; widows: 2; margin: 0 }}
.text {{ margin: 0 0 {0 if setting.indent_em else setting.line_pt / 2}pt }} .text p {{ text-indent: {setting.indent_em}em }}
.flush p {{ text-indent: 0 }}
ul {{ margin: 0 0 {setting.line_pt / 2}pt }}
.signers {{ break-inside: avoid }} .signers p {{ margin-top: {setting.line_pt * 0.7}pt; white-space: nowrap }}
.signers, .signature {{ break-before: avoid }} .whole {{ break-inside: avoid }}
.signature {{ display: table; text-align: center; break-inside: avoid;
  margin: {2 * setting.line_pt}pt {SIGNATURE_EM}em 0 auto }}
table {{ border-collapse: collapse; width: 100%; margin: 2pt 0 {setting.line_pt / 2}pt; text-align: left;
  font-size: {setting.table_pt}pt; line-height: 1.45 }}
.two {{ table-layout: fixed }} .two th:first-child {{ width: 50mm }}
th, td {{ border: 0.5pt solid #000; padding: 1mm 2mm; vertical-align: top }}
thead {{ display: table-header-group }}
"""


def as_pdf(paper: Paper) -> bytes:
    """The document's bytes. Nothing is fetched. Raises TooBig, and Unavailable where the system has no Pango."""
    require_bounded(paper)
    try:
        from weasyprint import HTML  # noqa: PLC0415 - loads Pango, which not every machine has
    except OSError as error:
        raise Unavailable(
            "PDF",
            f"cannot be made: {error}",
            "install Pango (Debian: libpango-1.0-0 libpangoft2-1.0-0), or take the .docx",
        ) from None
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint sets it for the whole process: cut photographs would be taken
    page = _html(paper)
    made: Any = HTML(string=page, url_fetcher=_fetch_nothing)
    identifier = hashlib.sha256(page.encode()).digest()[:16]  # else it is random
    document: bytes = made.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier)
    return document


def _fetch_nothing(url: str, *_more: Any, **_named: Any) -> NoReturn:
    raise ValueError(f"a paper is whole: {url[:100]} is not fetched")


def _html(paper: Paper) -> str:
    made = paper.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    mark = f'<p class="mark">{_safe(paper.mark)}</p>' if paper.mark else ""
    number = f'<p class="number">{_safe(paper.number)}</p>' if paper.number else ""
    return (
        f'<!DOCTYPE html><html lang="{_safe(paper.language)}"><head><meta charset="utf-8"><title>{_safe(paper.title)}</title>'
        f'<meta name="dcterms.created" content="{made}"><meta name="dcterms.modified" content="{made}">'
        f"<style>{_style(type_of(paper.language))}</style></head><body>{mark}<h1>{_safe(paper.title)}</h1>{number}"
        + "".join(map(_part, paper.parts))
        + "</body></html>"
    )


def _part(part: Part) -> str:
    match part:
        case Heading(text):
            return f"<h2>{_safe(text)}</h2>"
        case Text(text, flush):
            lines = "".join(f"<p>{_safe(line)}</p>" for line in text.split("\n"))
            return f'<div class="text{" flush" if flush else ""}">{lines}</div>'
        case Items(items):
            return "<ul>" + "".join(f"<li>{_safe(item)}</li>" for item in items) + "</ul>"
        case Table(columns, rows):
            head = "".join(f'<th scope="col">{_safe(text)}</th>' for text in columns)
            body = "".join(map(_row, rows))
            two = ' class="two"' if len(columns) == 2 else ""
            return f"<table{two}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        case Signers(lines):
            return '<div class="signers">' + "".join(f"<p>{_safe(line)}</p>" for line in lines) + "</div>"
        case Signature(office, dated):
            return f'<div class="signature"><p>{_safe(office)}</p><p>{_safe(dated)}</p></div>'


def _row(row: tuple[str, ...]) -> str:
    whole = ' class="whole"' if max(map(len, row), default=0) <= WHOLE_ROW else ""
    return f"<tr{whole}>" + "".join(f"<td>{_safe(text)}</td>" for text in row) + "</tr>"


def _safe(text: str) -> str:
    return escape(clean(text))
