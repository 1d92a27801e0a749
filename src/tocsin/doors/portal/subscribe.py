"""Pages by which somebody of the public asks to be warned, confirms, and leaves. No log-in; without script all but
warnings in the browser itself.

A link in a letter shows a page with one button: machines that read mail follow links, and must neither confirm nor leave for
anybody. Leaving also takes the one-click request of a mail program (RFC 8058).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tocsin.doors.channels.web_push import browser_key, new_key, read_key
from tocsin.doors.client_address import client_address
from tocsin.doors.console.assets import asset, asset_url
from tocsin.doors.portal.frame import language_of, page_context
from tocsin.doors.portal.how_often import HowOften
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.records.audience import services as audience
from tocsin.records.audience.services import Subscription
from tocsin.terms.errors import Refused

__all__ = ["confirm", "leave", "subscribe", "worker"]

ASKS_AT_MOST = 20  # of one address in an hour
SMALLEST_RANK = 4  # streets and towns; a list of every community grid helps nobody
asks = HowOften(ASKS_AT_MOST)


@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form, and what became of it. Who sends it never learns whether the contact was known."""
    language = language_of(request)
    with translation.override(language):
        names = Names.read()
        form, refused = _form(request, language), None
        if request.method == "POST":
            try:
                if asks.too_often(client_address(request) or ""):
                    return _page(request, language, "subscribe_later", {}, status=429)
                if form["wish"].channel == "web_push":
                    return JsonResponse({"leave": audience.join_by_browser(form["wish"], now=clock.now())}, status=201)
                audience.ask(form["wish"], now=clock.now())
                return _page(request, language, "subscribe_asked", {"channel": form["wish"].channel})
            except Refused as error:
                refused = error
                if form["wish"].channel == "web_push":  # the page's script asks, and says it in its own place
                    said = f"{error.thing}: {error.rule}. {error.remedy}."
                    return JsonResponse({"said": said}, status=422)
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


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The script that shows pushed warnings, at an address inside its scope, as browsers ask."""
    response = asset(request, "", "push_worker.js")
    response["Service-Worker-Allowed"] = "/subscribe"
    response["Cache-Control"] = "no-cache"
    return response


def _push_key() -> str:
    return _browser_key(settings.CONFIGURATION.home.vapid_key(new_key))


@lru_cache(maxsize=4)
def _browser_key(pem: str) -> str:
    return browser_key(read_key(pem))


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
    if settings.CONFIGURATION.sms_gateway or settings.CONFIGURATION.smpp:
        channels.append(("sms", _("Short message")))
    areas = sorted(names.areas.values(), key=lambda area: area.path)
    return {
        "channels": channels, "push_key": _push_key(), "push_script": asset_url("push.js"),
        "areas": [(area.path, names.area(area.path, language), area.rank) for area in areas
                  if area.rank <= SMALLEST_RANK],
        "hazards": [(code, names.hazard(code, language)) for code in names.hazards],
        "levels": [(rank, names.level(rank, language)) for rank in range(1, len(names.scheme.codes) + 1)],
    }  # fmt: skip


def _page(request: HttpRequest, language: str, name: str, more: dict[str, Any], *, status: int = 200) -> HttpResponse:
    context = page_context(request, language, Names.read(), clock.now()) | more
    response = render(request, f"portal/{name}.html", context, status=status)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = (
        "same-origin"  # the address holds the proof; no-referrer would make Origin null, and posts refused
    )
    response["X-Robots-Tag"] = "noindex"
    return response
