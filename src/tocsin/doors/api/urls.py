"""Paths of the API; included at the root by ``app/urls.py``. (/api/v1/observations is an application of its own.)"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from tocsin.doors.api import receipts
from tocsin.doors.api.answers import answers
from tocsin.doors.api.health import healthz, metrics, readyz
from tocsin.doors.api.heartbeat import heartbeat
from tocsin.doors.api.operations import api
from tocsin.doors.api.problems import problem
from tocsin.terms.errors import UnknownName

__all__ = ["urlpatterns"]


def nothing_here(request: HttpRequest) -> HttpResponse:
    """404 as a problem document, for programs that mistyped a path."""
    return problem(UnknownName(request.path, "there is nothing here", "see /api/v1/openapi.json"))


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("answers", answers, name="answers"),
    path("heartbeat", heartbeat, name="heartbeat"),
    path("receipts/<str:key>/<str:proof>", receipts.of_letter, name="receipt"),
    path("receipts/gateway/<str:channel>/<str:proof>", receipts.of_gateway, name="gateway_receipt"),
    path("api/v1/", api.urls),
    re_path(r"^api/", nothing_here),
]
