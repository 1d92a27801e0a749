"""Counts of sealed cases by month, area and category: the only thing of their content that anybody outside may see."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.measure.suppression import CountTable, shown_tables
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.kinds import kinds_in_use, openable
from tocsin.records.cases.models import CaseRow, CountsRow
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.canonical import digest
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import queries as places
from tocsin.terms.errors import BadValue, Stale

__all__ = ["OTHER", "counts_sweep", "fixed_counts"]

OTHER = ""  # the column of cases in which a question has no answer, or one that is not offered any more
_RULE = service("rule:counts")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def fixed_counts(kind_name: str, month: str, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """The counts of a month: by area and by each question that the kind counts, all tables looked at together
    (``measure/suppression.py``); what would give a cell below five away is left out (None). Computed once and kept: what is
    asked again is answered the same, whatever was merged, corrected or purged since. Raises UnknownName, BadValue, Stale before
    the month is over."""
    kind = openable(kind_name)[0]
    if kind.seal is None or not kind.seal.counts:
        raise BadValue(kind_name, _("nothing of it is counted"), _("name a sealed kind that declares counts"))
    if not _MONTH.fullmatch(month):
        raise BadValue(_("month"), _("it is none"), _("write it as 2026-10"))
    first, last = _bounds(month)
    if now < last:
        raise Stale(_("month"), _("it is not over yet"), _("ask again when it is"))
    if (kept := _kept(kind_name, month)) is not None:
        return kept
    body = _body(kind, kind.seal.counts, month, first, last)  # it may take long, and nobody waits for it
    with transaction.atomic():
        if (kept := _kept(kind_name, month)) is not None:
            return kept
        CountsRow.objects.create(kind=kind_name, month=month, body=body, at=now)
        told = {"kind": kind_name, "month": month, "counts": digest(body)}
        ledger.append(f"counts:{kind_name}", "counts_published", told, actor=actor.name, now=now)
    return body


def counts_sweep(*, now: datetime) -> int:
    """Count one month that is over and was not counted, of each kind that declares counts; how many. From the month of the
    first case on, so that a deployment that stood still catches up."""
    done = 0
    for kind in kinds_in_use().values():
        if kind.seal is None or not kind.seal.counts:
            continue
        month = _next_month(kind.name)
        if month and now >= _bounds(month)[1]:
            fixed_counts(kind.name, month, actor=_RULE, now=now)
            done += 1
    return done


def _kept(kind: str, month: str) -> dict[str, Any] | None:
    row = CountsRow.objects.filter(kind=kind, month=month).first()
    return None if row is None else dict(row.body)


def _next_month(kind: str) -> str:
    newest = CountsRow.objects.filter(kind=kind).order_by("-month").values_list("month", flat=True).first()
    if newest is not None:
        return f"{_bounds(newest)[1]:%Y-%m}"
    first = CaseRow.objects.filter(kind=kind).order_by("opened_at").values_list("opened_at", flat=True).first()
    return "" if first is None else f"{timezone.localtime(first, ZoneInfo(settings.TIME_ZONE)):%Y-%m}"


def _body(kind: CaseKind, questions: tuple[str, ...], month: str, first: datetime, last: datetime) -> dict[str, Any]:
    found = CaseRow.objects.filter(kind=kind.name, opened_at__gte=first, opened_at__lt=last)
    cases = list(found.values_list("jurisdiction", "values"))
    # Every registered area, whether anything was there or not: which areas are listed tells nothing.
    areas = sorted({one.path for one in places.jurisdictions(EVERYWHERE)} | {area for area, _values in cases})
    columns = {question: _columns(kind, question, [values for _area, values in cases]) for question in questions}
    tables = [
        CountTable(offered, Counter(
            (area, answer if (answer := values.get(question, OTHER)) in offered else OTHER) for area, values in cases
        )) for question, offered in columns.items()
    ]  # fmt: skip
    shown = shown_tables(tables, areas)
    return {
        "kind": kind.name, "month": month, "areas": areas, "rows": dict(shown.rows), "total": shown.total,
        "tables": [
            {"question": question, "columns": offered, "totals": dict(one.columns), "withheld": sorted(one.withheld),
             "cells": {area: {column: one.cells[area, column] for column in offered} for area in areas}}
            for (question, offered), one in zip(columns.items(), shown.tables, strict=True)
        ],
    }  # fmt: skip


def _columns(kind: CaseKind, question: str, values: list[dict[str, Any]]) -> list[str]:
    """The choices of a question, and OTHER where a case may lack an answer: each case is then in one column of every table."""
    asked = next(found for form in kind.forms.values() if (found := form.question(question)))
    opening = kind.forms[kind.form].question(question) if kind.form else None
    offered = list(asked.words)
    lacking = any(one.get(question) not in offered for one in values)
    return [*offered, OTHER] if opening is None or not opening.required or lacking else offered


def _bounds(month: str) -> tuple[datetime, datetime]:
    """The month in the deployment's zone."""
    year, number = int(month[:4]), int(month[5:])
    zone = ZoneInfo(settings.TIME_ZONE)
    following = (year + number // 12, number % 12 + 1)
    return datetime(year, number, 1, tzinfo=zone), datetime(*following, 1, tzinfo=zone)
