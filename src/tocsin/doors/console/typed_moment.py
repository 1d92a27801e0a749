"""A moment that somebody typed."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from tocsin.terms.errors import BadTime

__all__ = ["typed_moment"]


def typed_moment(text: str) -> datetime | None:
    """A local time as browsers send it, in the deployment's zone; None where it is empty. Raises BadTime."""
    if not text:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise BadTime(text[:40], _("this is no date and time"), _("write it like 2026-11-26T08:00"))
    return found if found.tzinfo else timezone.make_aware(found)
