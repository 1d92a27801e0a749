"""Paths of call-outs."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console import callout_pages as pages

__all__ = ["patterns"]

patterns = [
    path("console/callouts/", pages.callouts_page, name="callouts"),
    path("console/callouts/<str:callout_id>", pages.callout_page, name="callout"),
    path("console/callouts/<str:callout_id>/table.csv", pages.table, name="callout_table"),
    path("console/callouts/<str:callout_id>/areas/<int:area_id>", pages.area_page, name="callout_area"),
    path("console/callouts/<str:callout_id>/areas/<int:area_id>/record", pages.record, name="callout_record"),
]
