"""Warnings for programs: CAP messages byte for byte as they were issued, the feed, and areas as GeoJSON."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import shapely
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from tocsin.formats.cap import CAP_TYPE, Area, read
from tocsin.loop.warn import publication, queries
from tocsin.loop.warn.deployment_key import deployment_key
from tocsin.loop.warn.outline import circle_shape
from tocsin.records import clock
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import UnknownName

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
    return _conditional(request, response, _digest(made.document), int(made.updated.timestamp()), _SHORTLY)


@require_safe
def geojson(request: HttpRequest) -> HttpResponseBase:
    """Areas of actual warnings in force, one feature an area, WGS 84. An area without border has no geometry."""
    features = []
    newest = 0
    for line in queries.in_force(EVERYWHERE, now=clock.now()):
        if line.exercise or line.issued_at is None:
            continue
        newest = max(newest, int(line.issued_at.timestamp()))
        message = read(queries.alert(line.id).document).alert
        for area in message.infos[-1].areas if message else ():
            properties = {
                "identifier": line.id, "hazard": line.hazard, "level": line.level, "area": area.area_desc,
                "headline": {language: line.content.text(language).headline for language in line.content.texts},
                "onset": line.content.onset.isoformat(), "expires": line.expires_at.isoformat(),
                "cap": f"/warnings/{line.id}.xml",
            }  # fmt: skip
            features.append({"type": "Feature", "properties": properties, "geometry": _geometry(area)})
    body = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()
    response = HttpResponse(body, content_type="application/geo+json")
    return _conditional(request, response, _digest(body), newest, _SHORTLY)


def _geometry(area: Area) -> dict[str, Any] | None:
    parts = [shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in area.polygons]
    parts += [circle_shape(*circle) for circle in area.circles]
    if not parts:
        return None
    shape: dict[str, Any] = json.loads(shapely.to_geojson(shapely.MultiPolygon(parts)))
    return shape


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
