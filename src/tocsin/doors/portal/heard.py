"""The page behind "say that you have it": one button, no log-in, no script. A GET shows and never answers, since machines
that read mail follow links; the proof in the address stands for the form's token."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tocsin.doors.portal.frame import language_of, page_context
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.records.dispatch import answers
from tocsin.terms.errors import Refused

__all__ = ["heard"]


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def heard(request: HttpRequest, key: str, proof: str) -> HttpResponse:
    """What the letter said, the button, and after it that it is noted."""
    language, now = language_of(request), clock.now()
    try:
        letter = answers.asked(key, proof, now=now)
        if "lang" not in request.GET:
            language = letter.language
        if request.method == "POST":
            answers.answer_by_link(key, proof, now=now)
            letter = answers.asked(key, proof, now=now)
    except Refused as error:
        with translation.override(language):
            return _page(request, language, {"error": error.__class__(error.thing, error.rule, error.remedy)}, 410)
    with translation.override(language):
        at = letter.answered_at
        shown = {"letter": letter, "answered_at": timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""}
        return _page(request, language, shown)


def _page(request: HttpRequest, language: str, more: dict[str, Any], status: int = 200) -> HttpResponse:
    context = page_context(request, language, Names.read(), clock.now()) | more
    response = render(request, "portal/heard.html", context, status=status)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"  # the address holds the proof
    response["X-Robots-Tag"] = "noindex"
    return response
