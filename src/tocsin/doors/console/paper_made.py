"""A paper from its declared parts and what is known, and as a file that a browser stores."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.formats.paper import Heading, Paper, Part, Signature, Signers, Text, as_docx, as_pdf
from tocsin.packkit.papers import PaperSpec
from tocsin.terms.errors import UnknownName

__all__ = ["FORMS", "filled_paper", "paper_bytes", "paper_day", "paper_language", "paper_moment", "paper_response"]

_MADE: Mapping[str, tuple[str, Callable[[Paper], bytes]]] = {
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", as_docx),
    "pdf": ("application/pdf", as_pdf),
}
FORMS = tuple(_MADE)
_TAGS = {"en": "en", "zh-hans": "zh-Hans"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_FIGURES = "零一二三四五六七八九"
_LINE = "_" * 24  # where somebody signs by hand


def filled_paper(
    spec: PaperSpec, given: Mapping[str, str], sections: Sequence[Part], marks: Sequence[str], language: str, made_at: datetime
) -> Paper:  # fmt: skip
    """The paper. A line all of whose variables are empty is left out, and a part with no line left."""
    parts: list[Part] = []
    for part in spec.parts:
        said = _filled(part.words.get(language, ""), given)
        match part.kind:
            case "heading":
                parts.append(Heading(said))
            case "sections":
                parts += sections
            case "signature":
                parts.append(Signature(given["office"], given["dated"]))
            case "parties":
                parts.append(Signers(tuple(f"{line}  {_LINE}" for line in said.split("\n"))))
            case _ if said.strip():
                parts.append(Text(said.strip(), flush=part.kind == "to"))
    parts = [
        one
        for at, one in enumerate(parts)
        if not (isinstance(one, Heading) and isinstance(_next(parts, at), Heading | None))
    ]
    if language == "zh-hans":
        parts = _numbered(parts)
    title, number = _filled(spec.title.get(language, ""), given), _filled(spec.number.get(language, ""), given)
    return Paper(_TAGS[language], title, tuple(parts), made_at, number, " · ".join(mark for mark in marks if mark))


def paper_day(on: date, language: str) -> str:
    """``26 November 2026`` / ``2026年11月26日``: with its year, as a paper that is filed needs it."""
    if language.startswith("zh"):
        return f"{on.year}年{on.month}月{on.day}日"
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def paper_moment(local: datetime, language: str) -> str:
    """The same with hour and minute; ``local``: in the zone of the place."""
    return f"{paper_day(local, language)}{'' if language.startswith('zh') else ', '}{local:%H:%M}"


def _numbered(parts: Sequence[Part]) -> list[Part]:
    """Headings of the first level as GB/T 9704-2012 counts them, where there are two or more."""
    headings = [one for one in parts if isinstance(one, Heading)]
    if len(headings) < 2:
        return list(parts)
    counted = {id(one): Heading(f"{_in_chinese(nth)}、{one.text}") for nth, one in enumerate(headings, 1)}
    return [counted.get(id(one), one) for one in parts]


def _in_chinese(nth: int) -> str:
    """1 to 99 as it is written: 一, 十, 十一, 二十三."""
    tens, ones = divmod(nth, 10)
    return ("" if not tens else "十" if tens == 1 else f"{_FIGURES[tens]}十") + (_FIGURES[ones] if ones else "")


def paper_bytes(paper: Paper, form: str) -> tuple[bytes, str]:
    """The file and its media type. Raises UnknownName, TooBig, and Unavailable where no PDF can be made."""
    if form not in _MADE:
        raise UnknownName(_("paper"), _("it is made as .docx and .pdf only"), _("take one of these"))
    kind, make = _MADE[form]
    return make(paper), kind


def paper_response(paper: Paper, form: str, name: str) -> HttpResponse:
    """The file as an answer, to be stored."""
    content, kind = paper_bytes(paper, form)
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "no-store"
    return response


def paper_language(request: HttpRequest) -> str:
    """The language that was asked for, else the reader's."""
    wanted = request.GET.get("lang", "") or translation.get_language() or "en"
    return "zh-hans" if wanted.startswith("zh") else "en"


def _filled(text: str, given: Mapping[str, str]) -> str:
    out = []
    for line in text.split("\n"):
        used = [name for _text, name, _spec, _how in string.Formatter().parse(line) if name is not None]
        if not used or any(given.get(name) for name in used):
            out.append(line.format_map({name: given.get(name, "") for name in used}))
    return "\n".join(out)


def _next(parts: Sequence[Part], at: int) -> Part | None:
    return parts[at + 1] if at + 1 < len(parts) else None
