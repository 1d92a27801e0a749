"""Calendars of the roster, read back by another library, through nights in which clocks are put forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.clocks import read_calendar
from tocsin.clocks.rota import Rotation, turns
from tocsin.formats.icalendar import CalendarEntry, as_icalendar

CHANGED = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)


def entry(uid: str, begin: datetime, end: datetime, **other: object) -> CalendarEntry:
    return CalendarEntry(**({"uid": uid, "summary": "Duty", "begin": begin, "end": end, "sequence": 0,
                             "changed_at": CHANGED} | other))  # type: ignore[arg-type]  # fmt: skip


def read(document: bytes) -> list[vobject.base.Component]:
    """Its events. The reader keeps the first description of a zone it met in the process, also one that covers other
    months: each document is read by its own."""
    known = vars(vobject.icalendar)["__tzidMap"]
    for zone in [one for one in known if one != "UTC"]:
        del known[zone]
    return list(vobject.readOne(document.decode()).contents.get("vevent", []))


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=120)
zones = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])


@settings(max_examples=40, deadline=None)
@given(summary=words, description=words, zone=zones, minutes=st.integers(0, 525_000), length=st.integers(1, 3000),
       sequence=st.integers(0, 99))  # fmt: skip
def test_what_is_written_is_read_back(
    summary: str, description: str, zone: str, minutes: int, length: int, sequence: int
) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    one = entry("a/1@town", begin, begin + timedelta(minutes=length), summary=summary, description=description,
                sequence=sequence)  # fmt: skip
    document = as_icalendar("Duty", [one], zone)
    assert all(len(line) <= 75 for line in document.split(b"\r\n")), "RFC 5545, 3.1: lines are folded at 75 octets"
    assert b"\n" not in document.replace(b"\r\n", b"")
    (found,) = read(document)
    assert found.uid.value == "a/1@town"
    assert found.summary.value == summary
    assert found.sequence.value == str(sequence)
    assert found.dtstart.value.tzinfo is not None
    assert not description or found.description.value == description
    assert document == as_icalendar("Duty", [one], zone)


def test_shifts_in_the_nights_of_summer_time_have_their_true_length() -> None:
    """Another library, by the VTIMEZONE in the file alone, comes to the same moments."""
    rotation = Rotation("n", ("ann", "bo"), date(2026, 3, 1), ((time(20), time(8)),), "Europe/Berlin", turn_days=1)
    for day, hours in ((date(2026, 3, 28), 11.0), (date(2026, 10, 24), 13.0)):
        begin = datetime.combine(day, time(0), UTC)
        made = turns([rotation], [], begin, begin + timedelta(days=3), read_calendar("cn"))
        document = as_icalendar("Duty", [entry(t.key, t.from_at, t.until_at) for t in made], "Europe/Berlin")
        assert b"BEGIN:VTIMEZONE" in document
        found = {one.uid.value: one for one in read(document)}
        for turn in made:
            one = found[turn.key]
            assert one.dtstart.value.astimezone(UTC) == turn.from_at
            assert one.dtend.value.astimezone(UTC) == turn.until_at
        night = next(turn for turn in made if f"/{day.isoformat()}/" in turn.key)
        assert (night.until_at - night.from_at).total_seconds() / 3600 == hours


def test_an_empty_calendar_is_one() -> None:
    assert read(as_icalendar("Duty", [], "Asia/Shanghai")) == []
