"""Measures of the page, after the national standard for official papers (GB/T 9704-2012, 5.2): A4, 37 mm above and 28 mm left
of a body of 156 x 225 mm. Fonts are named, never shipped; the first that is there is taken."""

from __future__ import annotations

__all__ = ["BODY_MM", "BODY_PT", "DOCX_FONTS", "LEFT_MM", "PAGE_MM", "PDF_FONTS", "TITLE_PT", "TOP_MM"]

PAGE_MM = (210, 297)
TOP_MM, LEFT_MM = 37, 28
BODY_MM = (156, 225)
BODY_PT, TITLE_PT = 14, 20
DOCX_FONTS = {"zh": "FangSong", "en": "Times New Roman"}
PDF_FONTS = '"FangSong", "Noto Serif CJK SC", "Source Han Serif SC", "Noto Sans CJK SC", "Source Han Sans SC", serif'
