"""A refusal as a page: what, why, and what to do, with the status that fits. Nothing that was typed is lost: the browser's
back button shows the form as it was, and pages that can say it beside the field do so themselves."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.doors.console.plain import plain_context
from tocsin.terms.errors import NotAllowed, Refused, Stale, TooBig, UnknownName

__all__ = ["refusal_page", "status_of"]

_STATUS: dict[type[Refused], int] = {NotAllowed: 403, UnknownName: 404, Stale: 409, TooBig: 413}


def status_of(error: Refused) -> int:
    """The HTTP status of a refusal; 422 where no other fits."""
    return _STATUS.get(type(error), 422)


def refusal_page(request: HttpRequest, error: Refused) -> HttpResponse:
    """A small page in the reader's language that needs no query."""
    wrote = request.method not in ("GET", "HEAD")  # who only looked has typed nothing
    context = plain_context(request, "refused") | {"error": error, "wrote": wrote}
    return render(request, "console/refused.html", context, status=status_of(error))
