"""The API of signals, events and catalogue, described at /api/v1/openapi.json. Every error is a problem document."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from tocsin.doors.api import catalogue, detected, reported
from tocsin.doors.api.caller import Unauthenticated
from tocsin.doors.api.problems import problem
from tocsin.terms.errors import BadForm, BadValue, TocsinError, UnknownName

__all__ = ["api"]

api = NinjaAPI(
    title="Tocsin",
    version="1",
    description="Observe and detect. Observations are POSTed to /api/v1/observations (see docs/api.md).",
    docs_url=None,
    urls_namespace="api",
)
api.add_router("", catalogue.router)
api.add_router("", detected.router)
api.add_router("", reported.router)


@api.exception_handler(TocsinError)
def _typed(request: HttpRequest, error: TocsinError) -> HttpResponse:
    if isinstance(error, Unauthenticated):
        return problem(error, status=401)
    # 404 is about the path; a name inside a body that nobody registered is the body's fault
    return problem(error, status=422 if isinstance(error, UnknownName) and request.method != "GET" else None)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults: list[dict[str, Any]] = [{"where": list(e["loc"]), "rule": e["msg"]} for e in error.errors]
    first = faults[0] if faults else {"where": [], "rule": "does not fit the schema"}
    where = ".".join(str(part) for part in first["where"])
    return problem(BadValue(where, str(first["rule"]), "see /api/v1/openapi.json"), faults=faults)


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    status = error.status_code
    return problem(BadForm("request", str(error), "send what /api/v1/openapi.json describes"), status=status)


@api.exception_handler(Http404)
def _unknown(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(UnknownName(request.path, "there is nothing here", "see /api/v1/openapi.json"))
