"""Pages of warnings for everybody where no file answers: no log-in, under 60 KB in all, in Chinese and English. What is
published to files is answered before anything comes here (``served``)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from tocsin.doors.portal import made_pages
from tocsin.doors.portal.frame import kept, language_of, page_context
from tocsin.doors.portal.headers import WIDGET_POLICY, Wants
from tocsin.doors.portal.public_now import archive_now, public_message, public_now
from tocsin.doors.portal.routes import made, route_of
from tocsin.loop.warn import queries
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import to_us

__all__ = ["chosen", "in_force", "message", "widget"]


@require_safe
def in_force(request: HttpRequest) -> HttpResponse:
    """Warnings in force, the highest level first. Exercises stand apart and say so."""
    language, now = language_of(request), clock.now()
    page = made_pages.in_force_page(public_now(Names.read(), now=now), language, to_us(now))
    return kept(HttpResponse(page), language)


@require_safe
def message(request: HttpRequest, identifier: str) -> HttpResponse:
    """One message for good: what it said, and what became of it."""
    language, now, names = language_of(request), clock.now(), Names.read()
    try:
        queries.alert(identifier)  # what nobody signed is not public, whatever its number
        line = queries.warning(EVERYWHERE, identifier)
    except UnknownName:
        with translation.override(language):
            context = page_context(request, language, names, now)
            return kept(render(request, "portal/unknown.html", context, status=404), language)
    page = made_pages.message_page(public_message(line, names), language, to_us(now))
    return kept(HttpResponse(page), language)


@require_safe
def chosen(request: HttpRequest, **parts: str) -> HttpResponse:
    """The archive, a widget, or the lines to copy: whatever the address chooses."""
    language, now, names = language_of(request), clock.now(), Names.read()
    route = route_of(request.path)
    asked = Wants(language, (), chosen=tuple((name, str(value)) for name, value in request.GET.items()))
    public = public_now(names, now=now)
    page = made(route, asked, public, archive_now(names, {}), to_us(now)) if route is not None else None
    if page is None:
        raise Http404(request.path)
    return kept(HttpResponse(page), language)


@xframe_options_exempt
def widget(request: HttpRequest, area: str = "") -> HttpResponse:
    """What other pages show in a frame: the one page that anybody may frame."""
    response = chosen(request)
    response["Content-Security-Policy"] = WIDGET_POLICY.decode()
    response["Referrer-Policy"] = "no-referrer"
    return response
