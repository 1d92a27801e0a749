"""The roster in the database: what is laid out is what the rota says, changes nothing that is right, and says aloud what is
empty (N7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.people import log_in
from tocsin.app.sender import send_due
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import queries as org_queries
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.models import Shift
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.outbox.models import OutboxFact
from tocsin.records.places.services import Area, put_jurisdictions
from tocsin.records.roster import queries, services
from tocsin.records.roster.document import read_rotations
from tocsin.records.roster.models import TurnRow
from tocsin.records.roster.services import RotationLine
from tocsin.terms.errors import BadForm, BadValue, NotAllowed, Stale, UnknownName
from tocsin.testing.channels import Inbox

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)  # five days before clocks are put back in Berlin
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = "Europe/Berlin"
DAY_AND_NIGHT = ((time(8), time(20)), (time(20), time(8)))


def office(*names: str) -> dict[str, str]:
    put_jurisdictions([Area("town", {"en": "Town"}, 2, ZONE)], actor="test", now=NOW)
    org.put_departments([DepartmentLine("office", {"en": "Office"}, "town")], actor=SYSTEM, now=NOW)
    posts = [
        PostLine(
            "duty", {"en": "Duty officer"}, "office", Role.DUTY_OFFICER, "town", mail="duty@town.example", language="en"
        ),
        PostLine(
            "admin", {"en": "Administrator"}, "office", Role.ADMINISTRATOR, "", mail="admin@town.example", language="en"
        ),
    ]
    org.put_posts(posts, actor=SYSTEM, now=NOW)
    made = {name: org.open_account(name, name, actor=SYSTEM, now=NOW)[0] for name in (*names, "root.admin")}
    org.start_shift("admin", made["root.admin"], from_at=NOW, actor=SYSTEM, now=NOW)
    return made


def declare(accounts: Sequence[str], *, now: datetime = NOW, **other: object) -> None:
    fields = {
        "id": "r",
        "post": "duty",
        "accounts": tuple(accounts),
        "start": date(2026, 10, 1),
        "shifts": DAY_AND_NIGHT,
    }
    services.put_rotations([RotationLine(**(fields | other))], actor=SYSTEM, now=now)  # type: ignore[arg-type]


def holder(at: datetime) -> list[str]:
    return sorted(held.account for held in org_queries.holders(now=at, role=Role.DUTY_OFFICER))


def test_shifts_are_laid_out_for_fourteen_days_and_kept_so() -> None:
    people = office("ann.b", "bo.c")
    declare([people["ann.b"], people["bo.c"]], turn_days=1)
    turns = queries.turns_of(EVERYWHERE, begin=NOW, end=NOW + 30 * DAY)
    assert turns[-1].until_at >= NOW + 14 * DAY
    for hours in range(13 * 24):
        at = NOW + hours * HOUR
        local = at.astimezone(ZoneInfo(ZONE))
        day = local.date() if local.time() >= time(8) else local.date() - DAY
        expected = ("ann.b", "bo.c")[(day - date(2026, 10, 1)).days % 2]
        assert holder(at) == [people[expected]], at
    before = list(Shift.objects.order_by("id").values_list("id", "from_at", "until_at"))
    assert services.sweep(now=NOW + HOUR) == 0
    assert list(Shift.objects.order_by("id").values_list("id", "from_at", "until_at")) == before
    services.sweep(now=NOW + 2 * DAY)
    assert queries.turns_of(EVERYWHERE, begin=NOW, end=NOW + 30 * DAY)[-1].until_at >= NOW + 16 * DAY
    assert queries.gaps(EVERYWHERE, now=NOW) == []


def test_the_night_of_winter_time_is_held_from_end_to_end() -> None:
    people = office("ann.b", "bo.c")
    declare([people["ann.b"], people["bo.c"]], turn_days=0)
    start = datetime(2026, 10, 24, 18, 0, tzinfo=UTC)  # 20:00 summer time
    held = {tuple(holder(start + n * HOUR)) for n in range(13)}
    assert len(held) == 1
    assert holder(start + 13 * HOUR) != holder(start)


def test_an_override_puts_somebody_else_there_and_is_withdrawn() -> None:
    people = office("ann.b", "bo.c", "chen.d")
    declare([people["ann.b"]])
    swap = services.override("duty", from_at=NOW + DAY, until_at=NOW + 2 * DAY, absent=people["ann.b"],
                             instead=people["chen.d"], reason="swap", actor=SYSTEM, now=NOW)  # fmt: skip
    assert holder(NOW + DAY - HOUR) == holder(NOW + 2 * DAY) == [people["ann.b"]]
    assert holder(NOW + DAY) == holder(NOW + 2 * DAY - HOUR) == [people["chen.d"]]
    assert queries.gaps(EVERYWHERE, now=NOW) == []
    changed = {turn.key: turn.sequence for turn in queries.turns_of(EVERYWHERE, begin=NOW, end=NOW + 3 * DAY)}
    services.withdraw_override(swap, actor=SYSTEM, now=NOW + HOUR)
    services.withdraw_override(swap, actor=SYSTEM, now=NOW + HOUR)
    assert holder(NOW + DAY) == [people["ann.b"]]
    after = {turn.key: turn.sequence for turn in queries.turns_of(EVERYWHERE, begin=NOW, end=NOW + 3 * DAY)}
    grown = [key for key in after if key in changed and after[key] > changed[key]]
    assert grown, "a calendar that has the swap must take that it is off"
    assert [line.verb for line in ledger.chain("org")][-2:] == ["override_withdrawn", "shifts_laid_out"]


def test_an_empty_shift_is_said_aloud_once_and_filled() -> None:
    """N7: the empty-shift bell."""
    people = office("ann.b", "bo.c")
    declare([people["ann.b"]])
    services.override("duty", from_at=NOW + DAY, until_at=NOW + 2 * DAY, reason="ill", actor=SYSTEM, now=NOW)
    inbox = Inbox("mail")
    for n in range(3):
        services.sweep(now=NOW + n * HOUR)
        send_due(inbox, now=NOW + n * HOUR, jitter=lambda: 1.0)
    assert sorted(letter.recipient for letter in inbox.letters) == ["post:admin", "post:duty"]
    assert "Nobody on duty: Duty officer, 10-21 11:00 to 10-22 11:00" in inbox.letters[0].subject
    (gap,) = queries.gaps(EVERYWHERE, now=NOW)
    assert (gap.from_at, gap.until_at) == (NOW + DAY, NOW + 2 * DAY)
    assert OutboxFact.objects.filter(kind="shift_empty").count() == 1
    assert queries.gap_is_open(gap.id)
    org.start_shift("duty", people["bo.c"], from_at=NOW + DAY, until_at=NOW + 2 * DAY, actor=SYSTEM, now=NOW + 3 * HOUR)
    services.sweep(now=NOW + 4 * HOUR)
    assert queries.gaps(EVERYWHERE, now=NOW) == []
    assert not queries.gap_is_open(gap.id)


def test_a_closed_account_leaves_its_turns_empty() -> None:
    people = office("ann.b", "bo.c")
    declare([people["ann.b"], people["bo.c"]], turn_days=1)
    org.close_account(people["bo.c"], actor=SYSTEM, now=NOW)
    services.sweep(now=NOW + HOUR)
    gaps = queries.gaps(EVERYWHERE, now=NOW + HOUR)
    assert len(gaps) in (3, 4)
    assert all(gap.until_at - gap.from_at in (DAY, DAY + HOUR) or gap is gaps[-1] or gap is gaps[0] for gap in gaps)
    assert people["bo.c"] not in {account for at in range(0, 240, 5) for account in holder(NOW + HOUR + at * HOUR)}


def test_what_was_entered_by_hand_is_left_alone_and_no_rotation_takes_its_turns_along() -> None:
    people = office("ann.b", "bo.c")
    by_hand = org.start_shift("duty", people["bo.c"], from_at=NOW, until_at=NOW + 3 * DAY, actor=SYSTEM, now=NOW)
    declare([people["ann.b"]])
    services.put_rotations([], actor=SYSTEM, now=NOW + HOUR)
    assert list(Shift.objects.filter(post="duty", until_at__gt=NOW + HOUR).values_list("id", flat=True)) == [by_hand]
    assert TurnRow.objects.filter(until_at__gt=NOW + HOUR).count() == 0
    assert Shift.objects.filter(
        post="duty", account=people["ann.b"], until_at=NOW + HOUR
    ).exists()  # it was held until now


def test_an_administrator_gets_no_case_post_by_a_rotation() -> None:
    people = office("ann.b")
    declare([people["root.admin"]])
    assert holder(NOW + DAY) == []
    assert queries.gaps(EVERYWHERE, now=NOW)


def test_what_cannot_be_declared_is_refused() -> None:
    people = office("ann.b")
    for bad, refusal in (
        ({"accounts": ()}, BadValue), ({"shifts": ()}, BadValue), ({"post": "nobody"}, UnknownName),
        ({"turn_days": -1}, BadValue), ({"weekdays": (7,)}, BadValue), ({"days": "sunny"}, BadValue),
        ({"zone": "No/Where"}, BadValue),
    ):  # fmt: skip
        with pytest.raises(refusal):
            declare(**({"accounts": [people["ann.b"]]} | bad))  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        services.put_rotations([], actor=Actor("a/b", "b", "a", Role.COMMANDER, ""), now=NOW)
    declare([people["ann.b"]])
    for begin, end, reason in ((NOW - DAY, NOW, "x"), (NOW, NOW + 93 * DAY, "x"), (NOW, NOW + DAY, "")):
        with pytest.raises(BadValue):
            services.override("duty", from_at=begin, until_at=end, reason=reason, actor=SYSTEM, now=NOW)
    with pytest.raises(UnknownName):
        services.override("duty", from_at=NOW, until_at=NOW + DAY, instead="acc_9", reason="x", actor=SYSTEM, now=NOW)


class SameAsTheRota(TestCase):
    @settings(max_examples=20, deadline=None)
    @given(
        turn_days=st.integers(0, 2), acts=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), st.integers(0, 3),
                                                             st.integers(0, 3)), max_size=4),
    )  # fmt: skip
    def test_whatever_is_overridden_in_whatever_order(
        self, turn_days: int, acts: list[tuple[int, int, int, int]]
    ) -> None:
        """Laid out step by step, with an override at a time, is who the rota says is there, hour by hour; no shift is twice."""
        people = office("ann.b", "bo.c", "chen.d")
        names = ["", people["ann.b"], people["bo.c"], people["chen.d"]]
        declare(names[1:], turn_days=turn_days)
        now = NOW
        for start, length, absent, instead in acts:
            now += HOUR
            from_at = now + start * HOUR
            services.override("duty", from_at=from_at, until_at=from_at + length * HOUR, absent=names[absent],
                              instead=names[instead], reason="x", actor=SYSTEM, now=now)  # fmt: skip
        from tocsin.records.roster.making import wanted

        for hours in range(100):
            at = now + hours * HOUR + timedelta(minutes=1)
            plan = [
                turn.account for turn in wanted("duty", begin=at, end=at + HOUR) if turn.from_at <= at < turn.until_at
            ]
            assert holder(at) == sorted(account for account in plan if account)
            (line,) = TurnRow.objects.filter(from_at__lte=at, until_at__gt=at)
            assert line.account == plan[0]
        assert len(set(TurnRow.objects.values_list("key", flat=True))) == TurnRow.objects.count()


# ---------------------------------------------------------------- handing over
def test_a_hand_over_is_written_by_one_and_acknowledged_by_another() -> None:
    office()
    leaves, comes = (Actor(f"duty/{who}", who, "duty", Role.DUTY_OFFICER, "town") for who in ("a", "b"))
    other = Actor("boss/c", "c", "boss", Role.COMMANDER, "town")
    for note in ("", "x" * (services.NOTE_AT_MOST + 1)):
        with pytest.raises(BadValue):
            services.hand_over(note, [], actor=leaves, now=NOW)
    number = services.hand_over("Pump 3 is out. Zhao knows.", ["evt_1"], actor=leaves, now=NOW)
    with pytest.raises(NotAllowed):
        services.acknowledge_hand_over(number, actor=leaves, now=NOW)
    with pytest.raises(UnknownName):
        services.acknowledge_hand_over(number, actor=other, now=NOW)
    services.acknowledge_hand_over(number, actor=comes, now=NOW + HOUR)
    services.acknowledge_hand_over(number, actor=comes, now=NOW + 2 * HOUR)
    with pytest.raises(Stale):
        services.acknowledge_hand_over(number, actor=Actor("duty/d", "d", "duty", Role.DUTY_OFFICER, "town"), now=NOW)
    last = queries.newest_hand_over("duty")
    assert last is not None
    assert (last.items, last.acknowledged_by, last.acknowledged_at) == (("evt_1",), "b", NOW + HOUR)
    lines = ledger.chain("post:duty")
    assert [line.verb for line in lines] == ["handed_over", "taken_over"]
    assert "Zhao" not in str([line.body for line in lines])


# ---------------------------------------------------------------- calendars
def test_a_calendar_is_read_at_its_secret_address_until_a_new_one_is_made() -> None:
    people = office("ann.b", "bo.c")
    now = datetime.now(UTC)
    declare([people["ann.b"], people["bo.c"]], now=now, turn_days=1, start=now.date() - 10 * DAY)
    actor = Actor(f"duty/{people['ann.b']}", people["ann.b"], "duty", Role.DUTY_OFFICER, "town")
    with pytest.raises(NotAllowed):
        services.new_calendar_address(f"account:{people['bo.c']}", actor=actor, now=now)
    secret = services.new_calendar_address(f"account:{people['ann.b']}", actor=actor, now=now)
    of_post = services.new_calendar_address("post:duty", actor=actor, now=now)
    found = Client().get(f"/roster/calendar/{secret}.ics")
    assert found["Content-Type"] == "text/calendar; charset=utf-8"
    mine = vobject.readOne(found.content.decode()).contents["vevent"]
    assert {event.summary.value for event in mine} == {"Duty officer"}
    turns = queries.turns_of(EVERYWHERE, begin=now, end=now + 90 * DAY, account=people["ann.b"])
    assert sorted(event.dtstart.value.astimezone(UTC) for event in mine) == [turn.from_at for turn in turns]
    everybody = vobject.readOne(Client().get(f"/roster/calendar/{of_post}.ics").content.decode()).contents["vevent"]
    assert len(everybody) > len(mine)
    assert {event.summary.value for event in everybody} == {"Duty officer: ann.b", "Duty officer: bo.c"}
    again = Client().get(f"/roster/calendar/{secret}.ics", headers={"If-None-Match": found["ETag"]})
    assert again.status_code == 304
    # A swap changes SEQUENCE, not UID.
    turn = turns[2]
    services.override("duty", from_at=turn.from_at, until_at=turn.until_at, absent=people["ann.b"], instead=people["bo.c"],
                      reason="swap", actor=SYSTEM, now=now)  # fmt: skip
    after = {event.uid.value: event for event in vobject.readOne(
        Client().get(f"/roster/calendar/{of_post}.ics").content.decode()).contents["vevent"]}  # fmt: skip
    before = {event.uid.value: event for event in everybody}
    assert set(after) == set(before)
    changed = [uid for uid in after if after[uid].sequence.value != before[uid].sequence.value]
    assert len(changed) == 1
    assert after[changed[0]].summary.value == "Duty officer: bo.c"
    assert int(after[changed[0]].sequence.value) == int(before[changed[0]].sequence.value) + 1
    new = services.new_calendar_address(f"account:{people['ann.b']}", actor=actor, now=now)
    assert Client().get(f"/roster/calendar/{secret}.ics").status_code == 404
    assert Client().get(f"/roster/calendar/{new}.ics").status_code == 200
    org.close_account(people["ann.b"], actor=SYSTEM, now=now)
    assert Client().get(f"/roster/calendar/{new}.ics").status_code == 404


# ---------------------------------------------------------------- the page and the document
def test_the_page_shows_and_takes_what_it_should() -> None:
    client = Client()
    log_in(client, "duty_officer", "simcity/east")
    assert client.get("/roster").status_code == 200
    assert client.post("/roster/hand_over", {"note": "Look at the weir."}).status_code == 302
    page = client.get("/roster").content.decode()
    assert "Look at the weir." in page
    refused = client.post("/roster/hand_over", {"note": "y" * 5000})
    assert refused.status_code == 422
    assert client.post("/roster/silence", {"hours": "2", "reason": "new telephone"}).status_code == 302
    assert "new telephone" in client.get("/roster").content.decode()
    shown = client.post("/roster/calendar", {"owner": "post:duty-officer-all"})
    assert shown.status_code in (200, 403)
    assert client.post("/roster/override", {"post": "x"}).status_code in (403, 404)
    assert client.post("/roster/nonsense").status_code == 404


DOCUMENT = b"""
[[rotations]]
id = "east"
post = "duty"
accounts = ["ann.b", "Bo.C"]
start = 2026-12-01
end = 2027-03-31
shifts = [["08:00", "20:00"], ["20:00", "08:00"]]
turn_days = 0
weekdays = ["mon", "fri"]
days = "working"
zone = "Asia/Shanghai"
"""


def test_a_document_is_read_whole_or_refused_with_every_fault() -> None:
    (read,) = read_rotations(DOCUMENT, "r.toml", {"ann.b": "acc_1", "bo.c": "acc_2"})
    assert read == RotationLine("east", "duty", ("acc_1", "acc_2"), date(2026, 12, 1), DAY_AND_NIGHT, 0, (0, 4), "working",
                                date(2027, 3, 31), "Asia/Shanghai")  # fmt: skip
    wrong = DOCUMENT.replace(b'"mon"', b'"monday"').replace(b"2026-12-01", b"1").replace(b'["08:00"', b'["8 am"')
    with pytest.raises(BadForm) as refused:
        read_rotations(wrong, "r.toml", {"ann.b": "acc_1"})
    for fault in ("weekdays", "start", "shifts", "'Bo.C'"):
        assert fault in refused.value.rule
