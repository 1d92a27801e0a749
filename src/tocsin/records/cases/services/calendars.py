"""Loading a year of working days: every clock that runs is computed again, and each that moved gets its entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.clocks import Calendar, read_calendar
from tocsin.records.cases.calendars import calendars_in_use
from tocsin.records.cases.facts import CalendarLoaded, CaseChanged
from tocsin.records.cases.models import CalendarYearRow, CaseRow, ClockRow
from tocsin.records.cases.running import recompute
from tocsin.records.cases.services.rows import kind_of_row
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.bulk import Note, append_many
from tocsin.records.ledger.canonical import digest
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import BadForm, BadValue
from tocsin.terms.moment import to_us

__all__ = ["Loaded", "load_years"]

_AT_ONCE = 300
_EARLIEST, _LATEST, _MOST_OFF = 2000, 2100, 150


@dataclass(frozen=True, slots=True)
class Loaded:
    """Which years were loaded, how many clocks run and how many deadlines moved."""

    years: tuple[int, ...]
    clocks: int
    moved: int


def load_years(calendar: str, document: Mapping[str, Any], *, actor: Actor, now: datetime) -> Loaded:
    """Load or replace years, laid out as the calendars that ship. Asked twice it changes nothing more. Raises UnknownName for a
    calendar that does not ship, BadForm, BadValue for a table that cannot be of its year."""
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF)
    entries = document.get("year")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise BadForm(_("calendar"), _("it has no [[year]]"), _("compare it with cn.toml"))
    read = read_calendar(calendar, {"version": "", **document})
    _sound(read)
    known = read_calendar(calendar)
    with transaction.atomic():
        for entry in entries:
            body = {key: entry[key] for key in ("year", "off", "worked", "source", "verified")}
            CalendarYearRow.objects.update_or_create(
                calendar=calendar,
                year=int(entry["year"]),
                defaults={"body": body, "loaded_at": now, "loaded_by": actor.name},
            )
            loaded = {"year": int(entry["year"]), "content": digest(body)}
            ledger.append(f"calendar:{known.code}", "calendar_year_loaded", loaded, actor=actor.name, now=now)
        outbox.put([CalendarLoaded(known.code, to_us(now))], now=now)
    clocks, moved = recompute_all(calendar, actor=actor, now=now)
    return Loaded(tuple(sorted(read.years)), clocks, moved)


def recompute_all(calendar: str, *, actor: Actor, now: datetime) -> tuple[int, int]:
    """Compute all running clocks of a calendar again, some hundred a transaction; how many run, how many deadlines moved. One
    that moved, or whose end is no longer provisional, gets an entry of its own."""
    clocks = moved = last = 0
    while True:
        with transaction.atomic():
            in_use = calendars_in_use()
            found = ClockRow.objects.select_for_update().filter(ended_at=None, id__gt=last).order_by("id")[:_AT_ONCE]
            rows = list(found)
            if not rows:
                return clocks, moved
            last = rows[-1].pk
            cases = CaseRow.objects.in_bulk({row.case_id for row in rows})
            facts, notes = [], []
            for row in rows:
                case = cases[row.case_id]
                spec = kind_of_row(case).clocks[row.code]
                if spec.calendar != calendar:
                    continue
                before = (row.due_at, row.rolled_at, row.provisional)
                moved += recompute(row, spec, in_use[calendar], now=now)
                clocks += 1
                row.save()
                if (row.due_at, row.rolled_at, row.provisional) != before:
                    notes.append(Note(case.id, "clock_recomputed", {
                        "number": case.number, "clock": row.code, "before_us": to_us(before[0]), "due_us": to_us(row.due_at),
                        "rolled_us": to_us(row.rolled_at), "provisional": row.provisional, "calendar": row.calendar,
                    }))  # fmt: skip
                    facts.append(CaseChanged(case.id, case.kind, case.jurisdiction, to_us(now), "clock_recomputed"))
            append_many(notes, actor=actor.name, now=now)
            outbox.put(facts, now=now)


def _sound(read: Calendar) -> None:
    for year in read.years.values():
        days = year.off | year.worked
        wrong = [day for day in days if day.year not in (year.year, year.year - 1)]
        if not _EARLIEST <= year.year <= _LATEST or wrong or len(year.off) > _MOST_OFF:
            raise BadValue(_("calendar of {year}").format(year=year.year), _("it names days that cannot be of that year"),
                           _("compare it with the notice"))  # fmt: skip
        if year.off & year.worked:
            raise BadValue(_("calendar of {year}").format(year=year.year), _("a day of it is both off and worked"),
                           _("compare it with the notice"))  # fmt: skip
