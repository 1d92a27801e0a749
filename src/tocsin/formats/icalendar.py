"""Calendars: the duty roster as iCalendar (RFC 5545), with RFC 7986's name and refresh interval. Pure.

Each entry keeps its UID for good; SEQUENCE and LAST-MODIFIED grow with each change (RFC 5545, 3.8.7), so that a calendar that
has it takes the change. Times are in the zone of the place, with its VTIMEZONE (3.6.5). The same entries give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar

__all__ = ["CALENDAR_TYPE", "CalendarEntry", "as_icalendar"]

CALENDAR_TYPE = "text/calendar; charset=utf-8"
_REFRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One entry. ``changed_at`` when it was last changed, ``sequence`` how often."""

    uid: str
    summary: str
    begin: datetime
    end: datetime
    sequence: int
    changed_at: datetime
    description: str = ""


def as_icalendar(name: str, entries: Sequence[CalendarEntry], zone: str) -> bytes:
    """A calendar of entries, in the order given, as bytes with CRLF and folded lines."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Tocsin//Duty roster//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)  # what most programs still read
    calendar.add("refresh-interval", icalendar.vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    place = ZoneInfo(zone)
    for entry in entries:
        event = icalendar.Event()
        event.add("uid", entry.uid)
        event.add("summary", entry.summary)
        event.add("dtstart", entry.begin.astimezone(place))
        event.add("dtend", entry.end.astimezone(place))
        event.add("dtstamp", entry.changed_at.astimezone(UTC))
        event.add("last-modified", entry.changed_at.astimezone(UTC))
        event.add("sequence", entry.sequence)
        event.add("transp", "OPAQUE")
        if entry.description:
            event.add("description", entry.description)
        calendar.add_component(event)
    if zone != "UTC" and entries:
        first = min(entry.begin for entry in entries).date() - timedelta(days=1)
        last = max(entry.end for entry in entries).date() + timedelta(days=370)
        calendar.add_component(icalendar.Timezone.from_tzinfo(place, zone, first, last))
        calendar.subcomponents.insert(0, calendar.subcomponents.pop())
    made: bytes = calendar.to_ical()
    return made
