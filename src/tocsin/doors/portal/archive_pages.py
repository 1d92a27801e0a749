"""The archive: actual warnings of ours, by month, hazard and level, in pages of fifty. Bulletins of others are not in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.utils import translation

from tocsin.doors.portal.frame import frame_context
from tocsin.doors.portal.public import Archive, ArchiveLine, LineWords, Public
from tocsin.loop.warn.lifecycle import Kind, WarningState

__all__ = ["LINES", "Asked", "archive_page", "monthly_pages", "pages_of"]

LINES = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines: "" and 0 mean all. ``number``: the page, from 1."""

    month: str = ""
    hazard: str = ""
    level: int = 0
    number: int = 1

    def holds(self, line: ArchiveLine) -> bool:
        """Whether a line is among them. Exercises never are."""
        return (
            not line.exercise
            and (not self.month or line.month == self.month)
            and (not self.hazard or line.hazard == self.hazard)
            and (not self.level or line.level == self.level)
        )

    def address(self, language: str) -> str:
        """Where this page is: a path where it is a file, else a query."""
        lang = urlencode({"lang": language})
        if self.month and not self.hazard and not self.level:
            number = f"/{self.number}" if self.number > 1 else ""
            return f"/warnings/archive/{self.month}{number}?{lang}"
        given = {"month": self.month, "hazard": self.hazard, "level": self.level, "page": self.number}
        chosen = {name: value for name, value in given.items() if value and (name, value) != ("page", 1)}
        return f"/warnings/archive?{urlencode(chosen | {'lang': language})}"


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line in the language of the page. ``became``: superseded, cancelled, end (it ended another one), or "": it held, or
    holds, until its time is over, which the line says."""

    line: ArchiveLine
    words: LineWords
    became: str


def pages_of(archive: Archive, asked: Asked) -> int:
    """How many pages there are of what is asked, at least one."""
    return max(1, -(-sum(map(asked.holds, archive.lines)) // LINES))


def archive_page(public: Public, archive: Archive, asked: Asked, language: str, now_us: int) -> bytes:
    """One page. A number beyond the last is the last."""
    with translation.override(language):
        found = [line for line in archive.lines if asked.holds(line)]
        pages = max(1, -(-len(found) // LINES))
        asked = replace(asked, number=min(max(1, asked.number), pages))
        shown = found[(asked.number - 1) * LINES : asked.number * LINES]
        months = sorted({line.month for line in archive.lines if not line.exercise}, reverse=True)
        here = asked.address(language)
        context = frame_context("/warnings/archive", language, now_us) | {
            "asked": asked, "lines": [_shown(line, language) for line in shown], "count": len(found), "pages": pages,
            "months": [(month, Asked(month).address(language)) for month in months],
            "hazards": [(one.code, one.titles.get(language, one.code)) for one in public.hazards],
            "newer": replace(asked, number=asked.number - 1).address(language) if asked.number > 1 else "",
            "older": replace(asked, number=asked.number + 1).address(language) if asked.number < pages else "",
            "here": here, "other_address": asked.address("en" if language == "zh-hans" else "zh-hans"),
        }  # fmt: skip
        context["levels"] = [
            (rank, context["scheme"].level(rank).word(language)) for rank in range(len(context["scheme"].levels), 0, -1)
        ]
        return render_to_string("portal/archive.html", context).encode()


def monthly_pages(archive: Archive, months: Sequence[str] = ()) -> Iterator[tuple[str, Asked]]:
    """Files of the archive: the first page of all, and every page of these months (none named: of all months)."""
    yield "warnings/archive/index", Asked()
    for month in sorted({line.month for line in archive.lines if not line.exercise}):
        if months and month not in months:
            continue
        for number in range(1, pages_of(archive, Asked(month)) + 1):
            yield f"warnings/archive/{month}" + (f"/{number}" if number > 1 else ""), Asked(month, number=number)


def _shown(line: ArchiveLine, language: str) -> ShownLine:
    ended = {WarningState.SUPERSEDED: "superseded", WarningState.CANCELLED: "cancelled"}
    became = "end" if line.kind == Kind.CANCEL else ended.get(WarningState(line.state), "")
    return ShownLine(line, line.words[language], became)
