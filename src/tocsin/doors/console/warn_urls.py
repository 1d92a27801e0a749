"""Paths of warnings on the console. The public ones are of ``doors.portal``."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console import warn_pages as pages
from tocsin.doors.console.warn_sign import sign_page

__all__ = ["patterns"]

patterns = [
    path("console/warnings/", pages.warnings_page, name="warnings"),
    path("console/warnings/compose", pages.compose, name="warning_compose"),
    path("console/warnings/authority", pages.authority_page, name="warning_authority"),
    path("console/warnings/<str:warning_id>", pages.warning_page, name="warning"),
    path("console/warnings/<str:warning_id>/save", pages.save, name="warning_save"),
    path("console/warnings/<str:warning_id>/autosave", pages.autosave, name="warning_autosave"),
    path("console/warnings/<str:warning_id>/preview", pages.preview_part, name="warning_preview"),
    path("console/warnings/<str:warning_id>/follow", pages.follow, name="warning_follow"),
    path("console/warnings/<str:warning_id>/sign", sign_page, name="warning_sign"),
]
