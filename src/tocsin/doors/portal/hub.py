"""Where other systems ask to be told whenever the feed changes (W3C WebSub, 5.1)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tocsin.doors.client_address import client_address
from tocsin.doors.outward.guard import Guard
from tocsin.doors.portal.how_often import HowOften
from tocsin.records import clock
from tocsin.records.audience import hub as audience
from tocsin.terms.errors import BadValue, Refused, TooBig

__all__ = ["hub"]

BODY_BYTES = 4096
asks = HowOften(60)


@csrf_exempt  # a program asks; the callback itself confirms
@require_POST
def hub(request: HttpRequest) -> HttpResponse:
    """202 where the wish is taken and its callback will be asked; else why not, in words."""
    if int(request.headers.get("Content-Length") or 0) > BODY_BYTES:
        return _said("The request is over 4096 bytes.", 413)
    if asks.too_often(client_address(request) or ""):
        return _said("Too many requests within an hour from this address. Try again in an hour.", 429)
    given = request.POST
    lease = given.get("hub.lease_seconds", "")
    try:
        callback = given.get("hub.callback", "")
        Guard(settings.CONFIGURATION.outward_inside).require_url(callback)
        if lease and not (lease.isascii() and lease.isdigit() and len(lease) < 10):
            raise BadValue("hub.lease_seconds", "is no number of seconds", "write digits, or leave it out")
        audience.ask(
            given.get("hub.mode", ""), callback, given.get("hub.topic", ""), lease_s=int(lease or 0),
            secret=given.get("hub.secret", ""), now=clock.now(),
        )  # fmt: skip
    except Refused as error:
        return _said(str(error), 503 if isinstance(error, TooBig) else 400)
    return _said("Your callback will be asked to confirm.", 202)


def _said(words: str, status: int) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
