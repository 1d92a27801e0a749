"""Warnings for programs: CAP messages byte for byte as they were issued, the feed, and areas as GeoJSON."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from tocsin.doors.portal.headers import hub_links
from tocsin.doors.portal.made_pages import as_geojson
from tocsin.doors.portal.public_now import public_now
from tocsin.formats.cap import CAP_TYPE
from tocsin.loop.warn import publication, queries
from tocsin.loop.warn.deployment_key import deployment_key
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import to_us

__all__ = ["cap", "certificate", "feed", "geojson"]

_FOR_GOOD = "public, max-age=31536000, immutable"
_SHORTLY = "public, max-age=15"


@require_safe
def cap(request: HttpRequest, identifier: str) -> HttpResponseBase:
    """The message as it went out; its bytes never change."""
    try:
        line = queries.alert(identifier)
    except UnknownName as error:
        return HttpResponse(f"{error}\n", status=404, content_type="text/plain; charset=utf-8")
    response = HttpResponse(line.document, content_type=CAP_TYPE)
    return _conditional(request, response, line.sha256, int(line.sent.timestamp()), _FOR_GOOD)


@require_safe
def certificate(request: HttpRequest) -> HttpResponseBase:
    """The certificate by which readers know our messages."""
    found = deployment_key()
    if found is None:
        return HttpResponse("This deployment does not sign its messages.\n", status=404, content_type="text/plain")
    response = HttpResponse(found.pem, content_type="application/x-pem-file")
    return _conditional(request, response, _digest(found.pem), 0, _SHORTLY)


@require_safe
def feed(request: HttpRequest) -> HttpResponseBase:
    """The Atom feed of actual messages; 304 where the reader has it already."""
    made = publication.feed_now(now=clock.now())
    response = HttpResponse(made.document, content_type="application/atom+xml; charset=utf-8")
    response["Link"] = ", ".join(f'<{address}>; rel="{rel}"' for rel, address in hub_links())
    return _conditional(request, response, _digest(made.document), int(made.updated.timestamp()), _SHORTLY)


@require_safe
def geojson(request: HttpRequest) -> HttpResponseBase:
    """Areas of actual warnings in force."""
    now = clock.now()
    public = public_now(Names.read(), now=now)
    body = as_geojson(public, to_us(now))
    newest = max((one.issued_us // 1_000_000 for one in public.in_force), default=0)
    response = HttpResponse(body, content_type="application/geo+json")
    return _conditional(request, response, _digest(body), newest, _SHORTLY)


def _conditional(
    request: HttpRequest, response: HttpResponse, digest: str, changed: int, cache: str
) -> HttpResponseBase:
    """With ETag and Last-Modified; 304 where one of the reader's conditions says that nothing changed."""
    etag = f'"{digest}"'
    response["ETag"], response["Last-Modified"], response["Cache-Control"] = etag, http_date(changed), cache
    response["Access-Control-Allow-Origin"] = "*"  # public words: any page may show them
    answer = get_conditional_response(request, etag=etag, last_modified=changed, response=response)
    return answer if answer is not None else response


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
