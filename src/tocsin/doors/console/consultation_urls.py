"""Paths of consultations."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console import consultation_pages as pages

__all__ = ["patterns"]

patterns = [
    path("consultations/", pages.consultations_page, name="consultations"),
    path("consultations/new", pages.new, name="new_consultation"),
    path("consultations/<str:consultation_id>/", pages.consultation, name="consultation"),
    path("consultations/<str:consultation_id>/minutes.txt", pages.minutes, name="minutes"),
    path("consultations/<str:consultation_id>/<str:verb>", pages.change, name="change_consultation"),
]
