"""Where each door hangs. One include a door; the door owns its own paths."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

urlpatterns: list[URLPattern | URLResolver] = [
    path("language", set_language, name="set_language"),
    path("", include("tocsin.doors.api.urls")),
    path("", include("tocsin.doors.portal.urls")),
    path("", include("tocsin.doors.console.urls")),
    path("", include("tocsin.doors.console.respond_urls")),
    path("", include("tocsin.doors.console.rectify_urls")),
    path("", include("tocsin.doors.console.cases_urls")),
    path("", include("tocsin.doors.field.urls")),
]
