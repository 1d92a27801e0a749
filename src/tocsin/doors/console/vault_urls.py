"""Paths of the vault of an event."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console import vault_pages as pages

__all__ = ["patterns"]

patterns = [
    path("events/<str:event_id>/vault/", pages.vault_page, name="vault"),
    path("events/<str:event_id>/vault/certificate.txt", pages.certificate, name="vault_certificate"),
    path("events/<str:event_id>/vault/<str:verb>", pages.change, name="change_vault"),
]
