"""Paths of warnings on the console. The public ones are of ``doors.portal``."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console import passkeys, warn_presigned
from tocsin.doors.console import warn_pages as pages
from tocsin.doors.console.told_page import told
from tocsin.doors.console.warn_follow import countersign, follow
from tocsin.doors.console.warn_sign import sign_page

__all__ = ["patterns"]

patterns = [
    path("console/warnings/", pages.warnings_page, name="warnings"),
    path("console/told/", told, name="told"),
    path("console/warnings/compose", pages.compose, name="warning_compose"),
    path("console/warnings/authority", pages.authority_page, name="warning_authority"),
    path("console/warnings/presigned", warn_presigned.presigned_page, name="presigned"),
    path("console/warnings/presigned/<str:presigned_id>", warn_presigned.presigned_one, name="presigned_one"),
    path("console/warnings/presigned/<str:presigned_id>/release", warn_presigned.release, name="presigned_release"),
    path("console/passkeys", passkeys.passkeys_page, name="passkeys"),
    path("console/passkeys/begin", passkeys.begin, name="passkey_begin"),
    path("console/passkeys/add", passkeys.add, name="passkey_add"),
    path("console/passkeys/challenge", passkeys.challenge, name="passkey_challenge"),
    path("console/warnings/<str:warning_id>", pages.warning_page, name="warning"),
    path("console/warnings/<str:warning_id>/save", pages.save, name="warning_save"),
    path("console/warnings/<str:warning_id>/autosave", pages.autosave, name="warning_autosave"),
    path("console/warnings/<str:warning_id>/preview", pages.preview_part, name="warning_preview"),
    path("console/warnings/<str:warning_id>/follow", follow, name="warning_follow"),
    path("console/warnings/<str:warning_id>/countersign", countersign, name="warning_countersign"),
    path("console/warnings/<str:warning_id>/sign", sign_page, name="warning_sign"),
]
