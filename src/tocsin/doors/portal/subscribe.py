"""Pages by which somebody of the public asks to be warned, confirms, and leaves. No log-in, no script.

A link in a letter shows a page with one button: machines that read mail follow links, and must neither confirm nor leave for
anybody. Leaving also takes the one-click request of a mail program (RFC 8058).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tocsin.doors.client_address import client_address
from tocsin.doors.portal.frame import language_of, page_context
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.records.audience import services as audience
from tocsin.records.audience.services import Subscription
from tocsin.terms.errors import Refused

__all__ = ["confirm", "leave", "subscribe"]

ASKS_AT_MOST = 20  # of one address in an hour
SMALLEST_RANK = 4  # streets and towns; a list of every community grid helps nobody
_HOUR_S = 3600.0
_ADDRESSES = 10_000
_asked: OrderedDict[str, list[float]] = OrderedDict()


@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form, and what became of it. Who sends it never learns whether the contact was known."""
    language = language_of(request)
    with translation.override(language):
        names = Names.read()
        form, refused = _form(request, language), None
        if request.method == "POST":
            try:
                if _too_often(client_address(request) or ""):
                    return _page(request, language, "subscribe_later", {}, status=429)
                audience.ask(form["wish"], now=clock.now())
                return _page(request, language, "subscribe_asked", {"channel": form["wish"].channel})
            except Refused as error:
                refused = error
        shown = _choices(names, language) | {"form": form, "error": refused}
        return _page(request, language, "subscribe", shown, status=422 if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, identifier: str, proof: str) -> HttpResponse:
    """The link of the letter: a button, then done."""
    return _by_link(request, "confirm", identifier, proof)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, identifier: str, proof: str) -> HttpResponse:
    """No more. The proof in the link stands for the form's token: mail programs post without a page (RFC 8058)."""
    return _by_link(request, "leave", identifier, proof)


def _by_link(request: HttpRequest, what: str, identifier: str, proof: str) -> HttpResponse:
    language = language_of(request)
    with translation.override(language):
        if request.method != "POST":
            return _page(request, language, f"subscribe_{what}", {"what": what})
        try:
            {"confirm": audience.confirm, "leave": audience.leave}[what](identifier, proof, now=clock.now())
        except Refused as error:
            return _page(request, language, "subscribe_refused", {"error": error}, status=410)  # over, or never ours
        return _page(request, language, f"subscribe_{what}_done", {})


def _form(request: HttpRequest, language: str) -> dict[str, Any]:
    """What was typed; nothing of it is lost when it is refused."""
    given = request.POST
    level = given.get("least_level", "1")
    return {
        "wish": Subscription(
            channel=given.get("channel", "mail")[:20], contact=given.get("contact", "").strip()[:1000], language=language,
            places=given.getlist("place")[:100], hazards=given.getlist("hazard")[:100],
            least_level=int(level) if level in ("1", "2", "3", "4") else 0,
        )
    }  # fmt: skip


def _choices(names: Names, language: str) -> dict[str, Any]:
    channels = [("mail", _("Mail"))] if settings.CONFIGURATION.smtp else []
    if settings.CONFIGURATION.sms_gateway:
        channels.append(("sms", _("Short message")))
    areas = sorted(names.areas.values(), key=lambda area: area.path)
    return {
        "channels": channels,
        "areas": [(area.path, names.area(area.path, language), area.rank) for area in areas
                  if area.rank <= SMALLEST_RANK],
        "hazards": [(code, names.hazard(code, language)) for code in names.hazards],
        "levels": [(rank, names.level(rank, language)) for rank in range(1, len(names.scheme.codes) + 1)],
    }  # fmt: skip


def _page(request: HttpRequest, language: str, name: str, more: dict[str, Any], *, status: int = 200) -> HttpResponse:
    context = page_context(request, language, Names.read(), clock.now()) | more
    response = render(request, f"portal/{name}.html", context, status=status)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"  # the address holds the proof
    response["X-Robots-Tag"] = "noindex"
    return response


def _too_often(address: str) -> bool:
    """Whether this address asked too often within the hour."""
    now = time.monotonic()
    times = [at for at in _asked.pop(address, []) if now - at < _HOUR_S]
    if len(times) < ASKS_AT_MOST:
        times.append(now)
        _asked[address] = times
        while len(_asked) > _ADDRESSES:
            _asked.popitem(last=False)
        return False
    _asked[address] = times
    return True
