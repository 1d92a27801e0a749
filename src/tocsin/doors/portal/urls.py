"""Public paths."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from tocsin.doors.portal import heard, messages, pages, subscribe

app_name = "portal"
urlpatterns = [
    path("warnings", pages.in_force, name="warnings"),
    path("warnings/", RedirectView.as_view(url="/warnings", permanent=True)),
    path("warnings/feed.atom", messages.feed, name="feed"),
    path("warnings/certificate.pem", messages.certificate, name="certificate"),
    path("warnings.geojson", messages.geojson, name="geojson"),
    path("warnings/<str:identifier>.xml", messages.cap, name="cap"),
    path("warnings/<str:identifier>", pages.message, name="warning"),
    path("heard/<str:key>/<str:proof>", heard.heard, name="heard"),
    path("subscribe", subscribe.subscribe, name="subscribe"),
    path("subscribe/confirm/<str:identifier>/<str:proof>", subscribe.confirm, name="confirm"),
    path("subscribe/leave/<str:identifier>/<str:proof>", subscribe.leave, name="leave"),
]
