"""Paths of the console."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console.assets import asset
from tocsin.doors.console.duty import duty
from tocsin.doors.console.event_page import event_page
from tocsin.doors.console.holding import password, post
from tocsin.doors.console.live import stream
from tocsin.doors.console.login import login, logout
from tocsin.doors.console.map_data import map_data
from tocsin.doors.console.map_page import map_page
from tocsin.doors.console.quarantine import quarantine
from tocsin.doors.console.shift import shift
from tocsin.doors.console.sources import sources
from tocsin.doors.console.theme import theme

app_name = "console"
urlpatterns = [
    path("", duty, name="duty"),
    path("events/<str:event_id>/", event_page, name="event"),
    path("sources/", sources, name="sources"),
    path("quarantine/", quarantine, name="quarantine"),
    path("console/shift/", shift, name="shift"),
    path("console/map/", map_page, name="map"),
    path("console/map.json", map_data, name="map_data"),
    path("live/stream", stream, name="stream"),
    path("live/stream/<str:of>", stream, name="stream_of"),
    path("login", login, name="login"),
    path("logout", logout, name="logout"),
    path("post", post, name="post"),
    path("password", password, name="password"),
    path("theme", theme, name="theme"),
    path("assets/<str:digest>/<path:name>", asset, name="asset"),
]
