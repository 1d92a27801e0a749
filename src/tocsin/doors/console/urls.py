"""Paths of the console."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console.assets import asset
from tocsin.doors.console.bulletin_urls import patterns as bulletins
from tocsin.doors.console.callout_urls import patterns as callouts
from tocsin.doors.console.consultation_urls import patterns as consultations
from tocsin.doors.console.duties_page import change_duties, duties_page
from tocsin.doors.console.duty import duty
from tocsin.doors.console.event_page import event_page
from tocsin.doors.console.holding import password, post
from tocsin.doors.console.laws_page import laws_page
from tocsin.doors.console.live import stream
from tocsin.doors.console.login import login, logout
from tocsin.doors.console.map_data import map_data
from tocsin.doors.console.map_page import map_page
from tocsin.doors.console.quarantine import quarantine
from tocsin.doors.console.review_urls import patterns as reviewing
from tocsin.doors.console.risks_urls import patterns as risks
from tocsin.doors.console.roster_acts import change_roster
from tocsin.doors.console.roster_calendar import roster_calendar
from tocsin.doors.console.roster_page import roster_page
from tocsin.doors.console.shadow_pages import promote_shadow, shadow_page, shadows_page, withdraw_shadow
from tocsin.doors.console.shift import shift, sound
from tocsin.doors.console.sources import sources
from tocsin.doors.console.staff import change_staff, staff
from tocsin.doors.console.theme import theme
from tocsin.doors.console.vault_urls import patterns as vaults
from tocsin.doors.console.verify_acts import acknowledge, ask, photograph, photograph_small, withdraw
from tocsin.doors.console.warn_urls import patterns as warnings

app_name = "console"
urlpatterns = [
    path("", duty, name="duty"),
    path("events/<str:event_id>/", event_page, name="event"),
    path("events/<str:event_id>/acknowledge", acknowledge, name="acknowledge"),
    path("events/<str:event_id>/verify", ask, name="ask"),
    path("verifications/<str:verification_id>/withdraw", withdraw, name="withdraw_verification"),
    path("verifications/<str:verification_id>/photographs/<int:number>", photograph, name="photograph"),
    path(
        "verifications/<str:verification_id>/photographs/<int:number>/small", photograph_small, name="photograph_small"
    ),
    path("sources/", sources, name="sources"),
    path("quarantine/", quarantine, name="quarantine"),
    path("laws", laws_page, name="laws"),
    path("rules/shadow", shadows_page, name="shadows"),
    path("rules/shadow/<str:shadow_id>", shadow_page, name="shadow"),
    path("rules/shadow/<str:shadow_id>/promote", promote_shadow, name="promote_shadow"),
    path("rules/shadow/<str:shadow_id>/withdraw", withdraw_shadow, name="withdraw_shadow"),
    path("console/shift/", shift, name="shift"),
    path("console/sound", sound, name="sound"),
    path("console/map/", map_page, name="map"),
    path("console/map.json", map_data, name="map_data"),
    *bulletins,
    *warnings,
    *callouts,
    *reviewing,
    *risks,
    *consultations,
    *vaults,
    path("live/stream", stream, name="stream"),
    path("live/stream/<str:of>/<str:language>", stream, name="stream_of"),
    path("login", login, name="login"),
    path("logout", logout, name="logout"),
    path("post", post, name="post"),
    path("password", password, name="password"),
    path("roster", roster_page, name="roster"),
    path("roster/calendar/<str:secret>.ics", roster_calendar, name="roster_calendar"),
    path("roster/<str:verb>", change_roster, name="change_roster"),
    path("duties", duties_page, name="duties"),
    path("duties/<str:verb>", change_duties, name="change_duties"),
    path("staff", staff, name="staff"),
    path("staff/<str:verb>", change_staff, name="change_staff"),
    path("theme", theme, name="theme"),
    path("assets/<str:digest>/<path:name>", asset, name="asset"),
]
