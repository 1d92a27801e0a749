"""Public paths."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from tocsin.doors.portal import bulletins, heard, hub, messages, pages, subscribe
from tocsin.doors.portal.receipt import receipt

app_name = "portal"
urlpatterns = [
    path("warnings", pages.in_force, name="warnings"),
    path("warnings/", RedirectView.as_view(url="/warnings", permanent=True)),
    path("warnings/feed.atom", messages.feed, name="feed"),
    path("warnings/certificate.pem", messages.certificate, name="certificate"),
    path("warnings.geojson", messages.geojson, name="geojson"),
    path("warnings/archive", pages.chosen, name="archive"),
    path("warnings/archive/<str:month>", pages.chosen, name="archive_month"),
    path("warnings/archive/<str:month>/<int:number>", pages.chosen, name="archive_page"),
    path("warnings/embed", pages.chosen, name="embed"),
    path("hub", hub.hub, name="hub"),
    path("widget", pages.widget, name="widget"),
    path("widget/<path:area>", pages.widget, name="widget_area"),
    path("warnings/<str:identifier>.xml", messages.cap, name="cap"),
    path("warnings/<str:identifier>", pages.message, name="warning"),
    path("heard/<str:key>/<str:proof>", heard.heard, name="heard"),
    path("bulletins", bulletins.others_page, name="bulletins"),
    path("bulletins/feed.atom", bulletins.relayed_feed, name="bulletins_feed"),
    path("bulletins/<str:bulletin_id>.xml", bulletins.cap, name="bulletin"),
    path("receipt", receipt, name="receipt"),
    path("subscribe", subscribe.subscribe, name="subscribe"),
    path("subscribe/worker.js", subscribe.worker, name="push_worker"),
    path("subscribe/confirm/<str:identifier>/<str:proof>", subscribe.confirm, name="confirm"),
    path("subscribe/leave/<str:identifier>/<str:proof>", subscribe.leave, name="leave"),
]
