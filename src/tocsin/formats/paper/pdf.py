"""A paper as PDF, tagged for screen readers (PDF/UA-1, ISO 14289-1)."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC
from html import escape
from typing import Any, NoReturn

from PIL import ImageFile

from tocsin.formats.paper.page import BODY_MM, BODY_PT, LEFT_MM, PAGE_MM, PDF_FONTS, TITLE_PT, TOP_MM
from tocsin.formats.paper.paper import Heading, Items, Paper, Part, Signature, Table, Text, clean, require_bounded
from tocsin.terms.errors import Unavailable

__all__ = ["as_pdf"]

logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)  # eight lines a paper are no news

_STYLE = f"""
@page {{ size: {PAGE_MM[0]}mm {PAGE_MM[1]}mm; margin: {TOP_MM}mm {PAGE_MM[0] - LEFT_MM - BODY_MM[0]}mm
  {PAGE_MM[1] - TOP_MM - BODY_MM[1]}mm {LEFT_MM}mm; @top-center {{ content: string(mark); font-weight: bold }}
  @bottom-center {{ content: "- " counter(page) " -" }} }}
@page :first {{ @top-center {{ content: none }} }}
body {{ font: {BODY_PT}pt/1.7 {PDF_FONTS}; overflow-wrap: anywhere }}
h1 {{ font-size: {TITLE_PT}pt; text-align: center; line-height: 1.4 }}
h2 {{ font-size: {BODY_PT + 2}pt; break-after: avoid }}
.mark {{ string-set: mark content(); text-align: center; font-weight: bold }}
.number {{ text-align: center }}
p {{ white-space: pre-line; orphans: 2; widows: 2 }}
.signature {{ text-align: right; break-inside: avoid; margin-top: 2em }}
table {{ border-collapse: collapse; width: 100%; font-size: {BODY_PT - 2}pt }}
th, td {{ border: 0.5pt solid #000; padding: 1mm 2mm; text-align: left; vertical-align: top }}
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
        f"<style>{_STYLE}</style></head><body>{mark}<h1>{_safe(paper.title)}</h1>{number}"
        + "".join(map(_part, paper.parts))
        + "</body></html>"
    )


def _part(part: Part) -> str:
    match part:
        case Heading(text):
            return f"<h2>{_safe(text)}</h2>"
        case Text(text):
            return f"<p>{_safe(text)}</p>"
        case Items(items):
            return "<ul>" + "".join(f"<li>{_safe(item)}</li>" for item in items) + "</ul>"
        case Table(columns, rows):
            head = "".join(f'<th scope="col">{_safe(text)}</th>' for text in columns)
            body = "".join("<tr>" + "".join(f"<td>{_safe(text)}</td>" for text in row) + "</tr>" for row in rows)
            return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        case Signature(office, dated):
            return f'<p class="signature">{_safe(office)}\n{_safe(dated)}</p>'


def _safe(text: str) -> str:
    return escape(clean(text))
