"""Counts of sealed cases by month, area and category: the only thing of their content that anybody outside may see."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.measure.suppression import shown_table
from tocsin.records.cases.kinds import openable
from tocsin.records.cases.models import CaseRow, CountsRow
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.canonical import digest
from tocsin.records.org.actor import Actor
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import queries as places
from tocsin.terms.errors import BadValue, Stale

__all__ = ["fixed_counts"]

_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def fixed_counts(kind_name: str, month: str, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """The counts of a month: by area and by the first question that the kind counts, each cell below five and each total that
    would give one away left out (None). Computed once and kept: what is asked again is answered the same, whatever was merged,
    corrected or purged since. Raises UnknownName, BadValue, Stale before the month is over."""
    kind = openable(kind_name)[0]
    if kind.seal is None or not kind.seal.counts:
        raise BadValue(kind_name, _("nothing of it is counted"), _("name a sealed kind that declares counts"))
    if not _MONTH.fullmatch(month):
        raise BadValue(_("month"), _("it is none"), _("write it as 2026-10"))
    first, last = _bounds(month)
    if now < last:
        raise Stale(_("month"), _("it is not over yet"), _("ask again when it is"))
    with transaction.atomic():
        kept = CountsRow.objects.filter(kind=kind_name, month=month).first()
        if kept is not None:
            return dict(kept.body)
        question = kind.seal.counts[0]
        asked = next(found for form in kind.forms.values() if (found := form.question(question)))
        body = _body(kind_name, month, question, list(asked.words), first, last)
        CountsRow.objects.create(kind=kind_name, month=month, body=body, at=now)
        told = {"kind": kind_name, "month": month, "counts": digest(body)}
        ledger.append(f"counts:{kind_name}", "counts_published", told, actor=actor.name, now=now)
    return body


def _body(kind: str, month: str, question: str, choices: list[str], first: datetime, last: datetime) -> dict[str, Any]:
    rows = CaseRow.objects.filter(kind=kind, opened_at__gte=first, opened_at__lt=last)
    counted = Counter((area, values.get(question)) for area, values in rows.values_list("jurisdiction", "values"))
    counts = {(area, choice): n for (area, choice), n in counted.items() if choice in choices}
    # Every registered area, whether anything was there or not: which areas are listed tells nothing.
    areas = sorted({one.path for one in places.jurisdictions(EVERYWHERE)} | {area for area, _choice in counts})
    shown = shown_table(counts, areas, choices)
    return {
        "kind": kind, "month": month, "question": question, "areas": areas, "columns": choices,
        "cells": {area: {choice: shown.cells[area, choice] for choice in choices} for area in areas},
        "rows": dict(shown.rows), "totals": dict(shown.columns), "total": shown.total,
    }  # fmt: skip


def _bounds(month: str) -> tuple[datetime, datetime]:
    """The month in the deployment's zone."""
    year, number = int(month[:4]), int(month[5:])
    zone = ZoneInfo(settings.TIME_ZONE)
    following = (year + number // 12, number % 12 + 1)
    return datetime(year, number, 1, tzinfo=zone), datetime(*following, 1, tzinfo=zone)
