"""Typed errors as RFC 9457 problem details: one place that knows which error is which HTTP status."""

from __future__ import annotations

import msgspec
from django.http import HttpResponse

from tocsin.terms import errors

__all__ = ["MEDIA_TYPE", "extra_headers", "problem", "problem_body", "status_of"]

MEDIA_TYPE = "application/problem+json"

# most particular first; 415 and 401 depend on the request, so the caller states them
_STATUS: tuple[tuple[type[errors.TocsinError], int], ...] = (
    (errors.TooBig, 413),
    (errors.NotAllowed, 403),
    (errors.UnknownName, 404),
    (errors.BadForm, 400),
    (errors.Refused, 422),
    (errors.Unavailable, 503),
    (errors.Damaged, 500),
)


def status_of(error: errors.TocsinError) -> int:
    """The HTTP status that fits an error's type."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_body(error: errors.TocsinError, *, status: int | None = None, **members: object) -> bytes:
    """The problem document (RFC 9457, section 3), with our members ``thing`` and ``remedy`` and any further ones."""
    return msgspec.json.encode({**error.as_problem(), "status": status or status_of(error), **members})


def problem(error: errors.TocsinError, *, status: int | None = None, **members: object) -> HttpResponse:
    """The error as a response."""
    number = status or status_of(error)
    response = HttpResponse(problem_body(error, status=number, **members), status=number, content_type=MEDIA_TYPE)
    for name, value in extra_headers(number).items():
        response[name] = value
    return response


def extra_headers(status: int) -> dict[str, str]:
    """401 says how to authenticate, 503 when to come again."""
    return {401: {"WWW-Authenticate": 'Bearer realm="tocsin"'}, 503: {"Retry-After": "2"}}.get(status, {})
