"""Tags that pages are made of: levels, standings, double times."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tocsin.doors.console import marks
from tocsin.doors.console.ages import absolute, age_words, seconds_between
from tocsin.terms.level import Scheme
from tocsin.terms.moment import iso

__all__ = ["register"]

register = template.Library()
_STATE_SHAPES = {"no_data": marks.NO_DATA_SHAPE}


@register.simple_tag(takes_context=True)
def level(context: Context, rank: int) -> SafeString:
    """Badge of a rank: colour, shape, word, numeral."""
    return marks.level_mark(_scheme(context), rank, context["language"])


@register.simple_tag(takes_context=True)
def level_shape(context: Context, rank: int) -> SafeString:
    """The shape of a rank alone, for places where the word stands beside it."""
    scheme = _scheme(context)
    return marks.shape(scheme.level(rank).shape if 1 <= rank <= len(scheme.levels) else marks.NO_LEVEL_SHAPE)


@register.simple_tag(takes_context=True)
def level_word(context: Context, rank: int) -> str:
    """The word of a rank."""
    return marks.level_word(_scheme(context), rank, context["language"])


@register.simple_tag
def standing(kind: str) -> SafeString:
    """Badge of a standing without level: ``normal`` or ``no_data``."""
    return marks.plain_mark(kind)


@register.simple_tag
def state_chip(kind: str, word: str) -> SafeString:
    """Neutral chip of a workflow state: no level colour, an icon only where the state is an absence."""
    drawn: Any = marks.shape(_STATE_SHAPES[kind]) if kind in _STATE_SHAPES else ""
    return format_html('<span class="chip {}">{}<span>{}</span></span>', kind, drawn, word)


@register.simple_tag(takes_context=True)
def double_time(context: Context, at_us: int) -> SafeString:
    """Age first, absolute time beside it (interface.md, rule 4)."""
    now_us, zone = _now(context)
    return format_html(
        '<time class="double" datetime="{}" data-at="{}"><span class="age">{}</span> <span class="absolute">{}</span></time>',
        iso(at_us), at_us, age_words(seconds_between(at_us, now_us)), absolute(at_us, zone, now_us),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def moment(context: Context, at_us: int) -> SafeString:
    """The moment alone, beside a deadline that says how long it is until then."""
    now_us, zone = _now(context)
    return format_html('<time class="absolute" datetime="{}">{}</time>', iso(at_us), absolute(at_us, zone, now_us))


@register.simple_tag(takes_context=True)
def age(context: Context, at_us: int) -> SafeString:
    """The age alone, where room is scarce; the page it leads to has the absolute time."""
    now_us, zone = _now(context)
    return format_html(
        '<time datetime="{}" data-at="{}" title="{}"><span class="age">{}</span></time>',
        iso(at_us), at_us, absolute(at_us, zone, now_us), age_words(seconds_between(at_us, now_us)),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def age_text(context: Context, at_us: int) -> str:
    """The age as bare text."""
    return age_words(seconds_between(at_us, _now(context)[0]))


@register.simple_tag
def state_icon(state: str) -> SafeString:
    """The icon of a workflow state: none, todo, running, overdue or done."""
    return marks.state_icon(state)


@register.simple_tag
def key_action(key: str) -> str:
    """The action that a panel's key stands for (static/keys.js finds the element by it)."""
    return {"a": "acknowledge", "v": "verify", "w": "warn", "d": "dispatch", "c": "comment"}.get(key, key)


@register.simple_tag(takes_context=True)
def deadline(context: Context, due_us: int) -> SafeString:
    """How long until a deadline, or how long past it, and the moment itself (interface.md, rule 4)."""
    now_us, zone = _now(context)
    left = seconds_between(now_us, due_us)
    words = _("Overdue by {age}") if left < 0 else _("Due in {age}")
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>', iso(due_us), absolute(due_us, zone, now_us),
        SafeString(' class="late"') if left < 0 else "", words.format(age=age_words(abs(left))),
    )  # fmt: skip


def _scheme(context: Context) -> Scheme:
    scheme: Scheme = context["scheme"]
    return scheme


def _now(context: Context) -> tuple[int, tzinfo]:
    return context["now_us"], context["zone"]
