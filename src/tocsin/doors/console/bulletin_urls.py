"""Paths of bulletins on the console. The public ones are of ``doors.portal``."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console import bulletin_pages as pages

__all__ = ["patterns"]

patterns = [
    path("console/bulletins/", pages.bulletins_page, name="bulletins"),
    path("console/bulletins/<str:bulletin_id>.xml", pages.raw, name="bulletin_raw"),
    path("console/bulletins/<str:bulletin_id>", pages.bulletin_page, name="bulletin"),
    path("console/bulletins/<str:bulletin_id>/judge", pages.judge, name="bulletin_judge"),
]
