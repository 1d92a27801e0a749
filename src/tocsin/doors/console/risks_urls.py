"""Paths of the risk register."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console import risks_pages as pages

patterns = [
    path("risks/", pages.risks_page, name="risks"),
    path("risks/new", pages.new, name="new_risk"),
    path("risks/<str:risk_id>/", pages.risk, name="risk"),
    path("risks/<str:risk_id>/<str:verb>", pages.change, name="change_risk"),
]

__all__ = ["patterns"]
