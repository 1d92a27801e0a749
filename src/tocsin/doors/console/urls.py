"""Paths of the console."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console.assets import asset
from tocsin.doors.console.duty import duty
from tocsin.doors.console.event_page import event_page
from tocsin.doors.console.live import stream
from tocsin.doors.console.quarantine import quarantine
from tocsin.doors.console.sources import sources
from tocsin.doors.console.theme import theme

app_name = "console"
urlpatterns = [
    path("", duty, name="duty"),
    path("events/<str:event_id>/", event_page, name="event"),
    path("sources/", sources, name="sources"),
    path("quarantine/", quarantine, name="quarantine"),
    path("live/stream", stream, name="stream"),
    path("theme", theme, name="theme"),
    path("assets/<str:digest>/<path:name>", asset, name="asset"),
]
