"""Marks: how a level, or its absence, is drawn: colour, shape, word and numeral together (interface.md, rule 2).

Everything comes from the scheme by rank; nothing here knows a colour's name. Shapes are inline SVG with
``currentColor`` outlines, so that forced colours keep them; fills are classes of the generated sheet, because the
content-security policy allows no inline style.
"""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tocsin.terms.level import Level, Scheme

__all__ = [
    "NO_DATA_SHAPE", "NO_LEVEL_SHAPE", "level_mark", "level_word", "outline", "plain_mark", "scheme_sheet", "shape",
    "state_icon",
]  # fmt: skip

# Outlines in a square of 20 by 20, for pages and for the map's script alike.
_OUTLINES = {
    "circle": "M17.5 10A7.5 7.5 0 1 1 2.5 10A7.5 7.5 0 1 1 17.5 10Z",
    "diamond": "M10 1.5 18.5 10 10 18.5 1.5 10Z",
    "triangle": "M10 2 18.8 17.5H1.2Z",
    "octagon": "M6.3 1.2h7.4l5.1 5.1v7.4l-5.1 5.1H6.3l-5.1-5.1V6.3Z",
    "dash": "M4 8.2h12v3.6H4Z",
    "square": "M3 3h14v14H3Z",
}
_HATCHED = {"hollow_square": '<path d="M3 3h14v14H3Z" class="hollow"/><path d="M3 10 10 3M3 17 17 3M10 17l7-7"/>'}
NO_LEVEL_SHAPE, NO_DATA_SHAPE = "dash", "hollow_square"


def outline(name: str) -> str:
    """The path of a shape's outline in a square of 20 by 20; a shape we cannot draw is a square, never nothing."""
    return _OUTLINES.get(name, _OUTLINES["square"])


def shape(name: str) -> SafeString:
    """The inline SVG of a shape; a shape the console cannot draw is a plain square, never nothing."""
    body = _HATCHED.get(name, f'<path d="{outline(name)}"/>')
    return mark_safe(f'<svg class="shape" viewBox="0 0 20 20" aria-hidden="true" focusable="false">{body}</svg>')  # noqa: S308 - constants


# Workflow states are no levels: an outline and a word, in the colour of the text.
_STATES = {
    "none": '<circle cx="8" cy="8" r="5.5" stroke-dasharray="2.5 2.5"/>',
    "todo": '<circle cx="8" cy="8" r="6"/><circle class="solid" cx="8" cy="8" r="1.5"/>',
    "running": '<circle cx="8" cy="8" r="6"/><path class="solid" d="M8 2a6 6 0 0 1 0 12Z"/>',
    "overdue": '<circle cx="8" cy="8" r="6"/><path d="M8 4v4.5l3 2"/>',
    "done": '<path d="M2.5 8.5 6.5 12.5 13.5 4"/>',
    "person": '<circle cx="8" cy="5" r="2.8"/><path d="M2.5 14c.6-3.4 2.8-4.6 5.5-4.6s4.9 1.2 5.5 4.6"/>',
    "machine": '<path d="M3 4.5h10v7H3ZM6 2.5v2M10 2.5v2M6 11.5v2M10 11.5v2"/>',
}


def state_icon(state: str) -> SafeString:
    """The icon of a workflow state, and of who acted (person, machine)."""
    body = _STATES.get(state, _STATES["none"])
    return mark_safe(f'<svg class="state-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{body}</svg>')  # noqa: S308 - constants


def level_word(scheme: Scheme, rank: int, language: str) -> str:
    """The level's word with its numeral; rank 0 is "No warning"."""
    if rank == 0:
        return pgettext("level", "No warning")
    level = _level(scheme, rank)
    return level.word(language) if level else pgettext("level", "Level {rank}").format(rank=rank)


def level_mark(scheme: Scheme, rank: int, language: str) -> SafeString:
    """Badge of a rank: shape, word, numeral on the level's own colours."""
    level = _level(scheme, rank)
    drawn = shape(level.shape if level else NO_LEVEL_SHAPE)
    return format_html('<span class="mark rank-{}">{}<span>{}</span></span>', rank, drawn,
                       level_word(scheme, rank, language))  # fmt: skip


def plain_mark(kind: str) -> SafeString:
    """Badge of a standing without a level: ``normal`` and ``no_data`` never look alike."""
    if kind == "no_data":
        return format_html('<span class="mark no-data">{}<span>{}</span></span>', shape(NO_DATA_SHAPE), _("No data"))
    return format_html('<span class="mark rank-0">{}<span>{}</span></span>', shape(NO_LEVEL_SHAPE), _("Normal"))


def scheme_sheet(scheme: Scheme) -> str:
    """The style sheet of a scheme: one custom-property block per rank."""
    lines = []
    for level in scheme.levels:
        lines.append(f".rank-{level.rank}{{--fill:{level.fill};--ink:{level.ink};--edge:{level.fill}}}")
        lines.append(f"[data-theme=dark] .rank-{level.rank}{{--edge:{level.dark_fill}}}")
    return "\n".join(lines) + "\n"


def _level(scheme: Scheme, rank: int) -> Level | None:
    return scheme.level(rank) if 1 <= rank <= len(scheme.levels) else None
