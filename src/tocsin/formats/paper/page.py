"""Measures of the page and of the type, after the national standard for official papers (GB/T 9704-2012): A4, 37 mm above and
28 mm left of a body of 156 x 225 mm; of Chinese 22 lines a page in size 3 (16 pt), the title in size 2 (22 pt), two characters
of indent, headings in a black face, the page's number outside between dashes in size 4 (14 pt), the date four characters from
the right. English has no standard here and is set as letters are. Fonts are named, never shipped; the first found is taken."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BODY_MM",
    "DOCX_FONTS",
    "FOLIO_PT",
    "LEFT_MM",
    "PAGE_MM",
    "PDF_FONTS",
    "SIGNATURE_EM",
    "TOP_MM",
    "Type",
    "type_of",
]

PAGE_MM = (210, 297)
TOP_MM, LEFT_MM = 37, 28
BODY_MM = (156, 225)
FOLIO_PT, SIGNATURE_EM = 14, 4
DOCX_FONTS = {"zh": "FangSong", "en": "Times New Roman", "heading": "SimHei", "title": "方正小标宋简体"}
PDF_FONTS = {
    "body": '"FangSong", "Noto Serif CJK SC", "Source Han Serif SC", "Noto Sans CJK SC", "Source Han Sans SC", serif',
    "heading": '"SimHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif',
    "title": '"FZXiaoBiaoSong-B05S", "Noto Serif CJK SC", "Source Han Serif SC", "SimSun", serif',
}


@dataclass(frozen=True, slots=True)
class Type:
    """How a language is set; sizes in points, ``line_pt`` from line to line, ``indent_em`` of a paragraph's first line."""

    body_pt: float
    title_pt: float
    table_pt: float
    line_pt: float
    indent_em: int
    is_chinese: bool


_CHINESE = Type(16, 22, 12, 28.95, 2, True)
_ENGLISH = Type(12, 18, 10.5, 18, 0, False)


def type_of(language: str) -> Type:
    """By a BCP 47 tag."""
    return _CHINESE if language.startswith("zh") else _ENGLISH
