"""Pages of warnings for everybody: no log-in, no script, under 60 KB in all, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.portal.frame import kept, language_of, page_context
from tocsin.loop.warn import queries
from tocsin.loop.warn.lifecycle import Kind, WarningState
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import UnknownName

__all__ = ["PublicWarning", "in_force", "message"]


@dataclass(frozen=True, slots=True)
class PublicWarning:
    """A message as everybody reads it, in one language."""

    identifier: str
    level: int
    hazard: str
    headline: str
    description: str
    beware: str
    instruction: str
    area: str
    begins: str
    ends: str
    body: str
    contact: str
    issued: str
    exercise: bool
    exercise_note: str
    is_cancel: bool
    is_unverified: bool


@require_safe
def in_force(request: HttpRequest) -> HttpResponse:
    """Warnings in force, the highest level first. Exercises stand apart and say so."""
    language = language_of(request)
    with translation.override(language):
        now, names = clock.now(), Names.read()
        shown = [_public(line, names, language) for line in queries.in_force(EVERYWHERE, now=now)]
        context = page_context(request, language, names, now) | {
            "actual": [warning for warning in shown if not warning.exercise],
            "exercises": [warning for warning in shown if warning.exercise],
        }  # fmt: skip
        return kept(render(request, "portal/warnings.html", context), language)


@require_safe
def message(request: HttpRequest, identifier: str) -> HttpResponse:
    """One message for good: what it said, and what became of it."""
    language = language_of(request)
    with translation.override(language):
        now, names = clock.now(), Names.read()
        try:
            queries.alert(identifier)  # what nobody signed is not public, whatever its number
            line = queries.warning(EVERYWHERE, identifier)
        except UnknownName:
            context = page_context(request, language, names, now)
            return kept(render(request, "portal/unknown.html", context, status=404), language)
        context = page_context(request, language, names, now) | {
            "warning": _public(line, names, language), "standing": _standing(line, now), "newer": line.successor,
            "is_in_force": line.in_force(now), "sha256": queries.alert(identifier).sha256,
        }  # fmt: skip
        return kept(render(request, "portal/warning.html", context), language)


def _standing(line: queries.WarningLine, now: datetime) -> str:
    """What became of it, in a sentence."""
    if line.in_force(now):
        return _("This warning is in force.")
    if line.kind is Kind.CANCEL:
        return _("This message ended an earlier warning.")
    if line.state is WarningState.SUPERSEDED:
        return _("This warning is not in force any more. A newer one replaced it.")
    if line.state is WarningState.CANCELLED:
        return _("This warning is not in force any more. It was cancelled.")
    return _("This warning is not in force any more. Its time is over; that is no all-clear.")


def _public(line: queries.WarningLine, names: Names, language: str) -> PublicWarning:
    content = line.content
    texts, paths = content.text(language), content.areas.paths
    return PublicWarning(
        line.id, line.level, names.hazard(line.hazard, language), texts.headline, texts.description, texts.beware,
        texts.instruction, names.area_list(paths, language), names.moment(content.onset, paths, language),
        names.moment(content.expires, paths, language), names.body(content.body, language), content.contact,
        names.moment(line.issued_at, paths, language) if line.issued_at else "", content.exercise,
        content.exercise_note, line.kind is Kind.CANCEL, content.verdict == "unverified",
    )  # fmt: skip
