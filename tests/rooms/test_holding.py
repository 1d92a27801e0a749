"""Holding back at night and bundling: never red, never a cancel of what was told, nothing lost (N4, N6, N10)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tocsin.app.sender import send_due
from tocsin.records.dispatch import holding, silences
from tocsin.records.dispatch.message import Letter, Message, Recipient, Text
from tocsin.records.dispatch.models import DeliveryRow, DispatchRow, HeardRow
from tocsin.records.dispatch.restraint import Limit, Quiet, free_at, limits_of, quiet_until
from tocsin.records.dispatch.services import put
from tocsin.records.dispatch.silences import SILENT_AT_MOST, QuietHours
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Role
from tocsin.terms.errors import BadValue, NotAllowed
from tocsin.testing.channels import Inbox

pytestmark = pytest.mark.django_db

EVENING = datetime(2025, 11, 22, 13, 0, tzinfo=UTC)  # 21:00 in Shanghai
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHT = QuietHours("post:duty", time(22), time(6), "Asia/Shanghai")
WHO = Recipient("post:duty", "+8613800000001", "en")


def limited(*entries: str) -> Any:
    changed = dataclasses.replace(django_settings.CONFIGURATION, throttles=entries, throttle_channels=("sms",))
    return override_settings(CONFIGURATION=changed)


@pytest.fixture(autouse=True)
def no_limit() -> Iterator[None]:
    with limited():
        yield


def quiet(*rules: QuietHours) -> None:
    silences.put_quiet_hours(rules, actor=SYSTEM, now=EVENING)


def put_one(
    now: datetime, *, level: int = 2, kind: str = "warning_issued", thread: str = "", about: str = "wrn_1",
    subject: str = "Rain", **other: object,
) -> str:  # fmt: skip
    texts = {"en": Text(subject, f"{subject}, go up."), "zh-hans": Text(subject, subject)}
    with transaction.atomic():
        (made,) = put(Message(kind, texts, about, level=level, thread=thread, **other), [WHO],  # type: ignore[arg-type]
                      channel="sms", actor=SYSTEM, now=now)  # fmt: skip
    return made


def send(inbox: Inbox, now: datetime) -> list[Letter]:
    before = len(inbox.letters)
    send_due(inbox, now=now, jitter=lambda: 1.0)
    return inbox.letters[before:]


def state(dispatch: str) -> str:
    return DeliveryRow.objects.get(dispatch=dispatch).state


# ---------------------------------------------------------------- one after the other
def test_a_letter_of_the_night_comes_in_the_morning_as_itself() -> None:
    quiet(NIGHT)
    inbox = Inbox("sms")
    made = put_one(EVENING + 2 * HOUR)
    assert send(inbox, EVENING + 2 * HOUR) == []
    assert state(made) == "held"
    assert DispatchRow.objects.get(id=made).settled_at is None
    assert send(inbox, EVENING + 9 * HOUR - MINUTE) == []
    (letter,) = send(inbox, EVENING + 9 * HOUR)
    assert letter.subject == "Rain"
    assert state(made) == "accepted"
    assert DispatchRow.objects.get(id=made).settled_at is not None


def test_red_rings_in_the_night_and_between_throttles() -> None:
    """N6 and N10: red is never throttled or silenced."""
    quiet(NIGHT)
    silences.silence("post:duty", until=EVENING + 20 * HOUR, reason="repair", actor=SYSTEM, now=EVENING)
    inbox = Inbox("sms")
    with limited("1/1h"):
        for n in range(5):
            put_one(EVENING + 2 * HOUR, level=4, about=f"wrn_{n}")
        assert len(send(inbox, EVENING + 2 * HOUR)) == 5
        assert HeardRow.objects.count() == 0  # and counts for nobody


def test_several_come_as_one_letter_that_counts_them() -> None:
    quiet(NIGHT)
    inbox = Inbox("sms")
    made = [put_one(EVENING + 2 * HOUR + n * MINUTE, about=f"wrn_{n}", subject=f"Rain {n}") for n in range(3)]
    over = put_one(EVENING + 3 * HOUR, about="wrn_9", subject="Fog", not_after=EVENING + 4 * HOUR)
    for hour in range(2, 9):
        assert send(inbox, EVENING + hour * HOUR) == []
    (letter,) = send(inbox, EVENING + 9 * HOUR)
    assert letter.subject == "4 messages were held back"
    assert [state(one) for one in (*made, over)] == ["bundled"] * 4
    assert not DispatchRow.objects.filter(settled_at=None).exists()
    (line,) = [line for line in ledger.chain("post:duty") if line.verb == "letters_bundled"]
    assert (line.body["letters"], line.body["over"]) == (4, 1)
    assert send(inbox, EVENING + 10 * HOUR) == []


def test_a_cancel_of_what_was_told_is_never_held_and_one_of_what_was_not_goes_along() -> None:
    """N4 and N6."""
    quiet(NIGHT)
    inbox = Inbox("sms")
    put_one(EVENING, thread="t1", subject="Alert")
    assert [letter.subject for letter in send(inbox, EVENING)] == ["Alert"]
    put_one(EVENING + 2 * HOUR, kind="warning_cancelled", thread="t1", subject="Cancel")
    assert [letter.subject for letter in send(inbox, EVENING + 2 * HOUR)] == ["Cancel"]
    put_one(EVENING + 2 * HOUR, thread="t2", about="wrn_2", subject="Alert 2")
    assert send(inbox, EVENING + 2 * HOUR) == []
    put_one(EVENING + 3 * HOUR, kind="warning_cancelled", thread="t2", about="wrn_2", subject="Cancel 2")
    assert send(inbox, EVENING + 3 * HOUR) == []
    (letter,) = send(inbox, EVENING + 9 * HOUR)
    assert letter.subject == "2 messages were held back"


def test_news_of_what_was_told_as_red_is_not_held() -> None:
    quiet(NIGHT)
    inbox = Inbox("sms")
    put_one(EVENING, thread="t1", level=4, subject="Red")
    send(inbox, EVENING)
    put_one(EVENING + 2 * HOUR, kind="warning_updated", thread="t1", level=2, subject="Yellow now")
    assert [letter.subject for letter in send(inbox, EVENING + 2 * HOUR)] == ["Yellow now"]


def test_a_telephone_that_rang_too_often_rests_and_then_hears_all_at_once() -> None:
    inbox = Inbox("sms")
    with limited("1/1m", "3/10m"):
        came = []
        for minute in range(30):
            if minute < 12:
                put_one(EVENING + minute * MINUTE, about=f"wrn_{minute}", subject=f"Rain {minute}")
            came += [(minute, letter.subject) for letter in send(inbox, EVENING + minute * MINUTE)]
    assert came[:3] == [(0, "Rain 0"), (1, "Rain 1"), (2, "Rain 2")]
    assert came[3] == (10, "7 messages were held back")
    assert all("held back" in words or words.startswith("Rain") for _minute, words in came)
    assert len(came) <= 6
    assert not DispatchRow.objects.filter(settled_at=None).exists()


def test_a_silence_needs_a_reason_an_end_and_an_owner_and_can_be_lifted() -> None:
    """N10."""
    owner = Actor("duty/lin", "lin", "duty", Role.DUTY_OFFICER, "town")
    for until, reason in ((EVENING + HOUR, " "), (EVENING, "repair"), (EVENING + SILENT_AT_MOST + MINUTE, "repair")):
        with pytest.raises(BadValue):
            silences.silence("post:duty", until=until, reason=reason, actor=owner, now=EVENING)
    with pytest.raises(NotAllowed):
        silences.silence("post:other", until=EVENING + HOUR, reason="repair", actor=owner, now=EVENING)
    number = silences.silence("post:duty", until=EVENING + 5 * HOUR, reason="repair", actor=owner, now=EVENING)
    (line,) = silences.silences(now=EVENING)
    assert (line.reason, line.owner) == ("repair", "duty/lin")
    inbox = Inbox("sms")
    put_one(EVENING + MINUTE)
    assert send(inbox, EVENING + MINUTE) == []
    silences.lift(number, actor=owner, now=EVENING + HOUR)
    silences.lift(number, actor=owner, now=EVENING + HOUR)
    assert len(send(inbox, EVENING + HOUR)) == 1
    assert [line.verb for line in ledger.chain("org")] == ["silence_begun", "silence_lifted"]


def test_quiet_hours_that_cannot_be_are_refused() -> None:
    for bad in (
        QuietHours("duty", time(22), time(6), "UTC"), QuietHours("post:duty", time(22), time(22), "UTC"),
        QuietHours("post:duty", time(22), time(6), "Nowhere/City"),
    ):  # fmt: skip
        with pytest.raises(BadValue):
            quiet(bad)
    with pytest.raises(NotAllowed):
        silences.put_quiet_hours([NIGHT], actor=Actor("a/b", "b", "a", Role.COMMANDER, ""), now=EVENING)


def test_only_named_channels_are_quiet_and_mail_is_not_throttled() -> None:
    quiet(dataclasses.replace(NIGHT, channels=("voice",)))
    inbox = Inbox("sms")
    put_one(EVENING + 2 * HOUR)
    assert len(send(inbox, EVENING + 2 * HOUR)) == 1
    with limited("1/1h"):
        assert holding.throttled("mail") == ()
        assert holding.throttled("sms") == (Limit(1, HOUR),)


def test_a_limit_that_cannot_be_is_refused() -> None:
    for bad in ("0/1m", "3", "3/5s", "x/1h"):
        with pytest.raises(BadValue):
            limits_of([bad])


# ---------------------------------------------------------------- against twins
@dataclass(frozen=True)
class Sent:
    minute: int
    level: int
    thread: str
    kind: str


sendings = st.lists(
    st.builds(Sent, st.integers(0, 14), st.sampled_from([1, 2, 3, 4]), st.sampled_from(["", "", "a", "b"]),
              st.sampled_from(["warning_issued", "warning_updated", "warning_cancelled"])),
    min_size=1, max_size=9,
)  # fmt: skip


class NothingIsLost(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(plan=sendings, quiet_from=st.integers(0, 14), quiet_for=st.integers(0, 12), count=st.integers(1, 3))
    def test_held_told_and_counted(self, plan: Sequence[Sent], quiet_from: int, quiet_for: int, count: int) -> None:
        """N4, N6: any messages, quiet hours and a throttle. No red waits; each message has one end; what was held adds up to
        what the bundles count; of a thread nothing older comes after something newer; the limit holds for all that may be
        held."""
        begins, ends = EVENING + quiet_from * 10 * MINUTE, EVENING + (quiet_from + quiet_for) * 10 * MINUTE
        zone = "UTC"
        if quiet_for:
            quiet(QuietHours("post:duty", begins.time(), ends.time(), zone))
        inbox, made, came = Inbox("sms"), {}, []
        with limited(f"{count}/30m"):
            for step in range(60):
                now = EVENING + step * 10 * MINUTE
                for number, one in enumerate(plan):
                    if one.minute == step:
                        made[number] = put_one(now + number * timedelta(milliseconds=1), level=one.level, thread=one.thread,
                                               kind=one.kind, about=f"wrn_{number}", subject=f"[{number}]")  # fmt: skip
                came += [(now, letter) for letter in send(inbox, now + timedelta(seconds=1))]
        self._everything_has_one_end(plan, made, came)
        self._threads_keep_their_order(plan, came)
        free = [at for at, letter in came if not self._is_exempt(plan, letter, at, came)]
        for at in free:
            within = [other for other in free if at <= other < at + 30 * MINUTE]
            assert len(within) <= count
        if quiet_for:
            assert not [at for at in free if begins <= at < ends]

    def _everything_has_one_end(self, plan: Sequence[Sent], made: dict[int, str], came: list[Any]) -> None:
        alone = {number for _at, letter in came if (number := _number(letter)) is not None}
        states = {number: state(dispatch) for number, dispatch in made.items()}
        assert {number for number, ends in states.items() if ends == "accepted"} == alone
        assert set(states.values()) <= {"accepted", "bundled", "superseded"}
        counted = [
            int(found[1])
            for _at, letter in came
            if (found := re.match(r"(\d+) messages? (?:was|were) held", letter.subject))
        ]
        assert sum(counted) == list(states.values()).count("bundled")
        for number, one in enumerate(plan):
            newer = any(o.thread == one.thread and (o.minute, n) > (one.minute, number) for n, o in enumerate(plan))
            if one.level == 4 and not (one.thread and newer):
                at = next(at for at, letter in came if _number(letter) == number)
                assert at == EVENING + one.minute * 10 * MINUTE, "red waited"
        assert not DispatchRow.objects.filter(settled_at=None).exists()

    def _threads_keep_their_order(self, plan: Sequence[Sent], came: list[Any]) -> None:
        for thread in "ab":
            order = [(plan[n].minute, n) for _at, letter in came if (n := _number(letter)) is not None
                     and plan[n].thread == thread]  # fmt: skip
            assert order == sorted(order)

    def _is_exempt(self, plan: Sequence[Sent], letter: Letter, at: datetime, came: list[Any]) -> bool:
        """Judged from outside: what somebody who only sees the telephone would let through."""
        number = _number(letter)
        if number is None:
            return False
        one = plan[number]
        if one.level == 4 or (one.kind == "warning_cancelled" and not one.thread):
            return True
        earlier = [n for n, other in enumerate(plan) if one.thread and other.thread == one.thread
                   and (other.minute, n) < (one.minute, number)]  # fmt: skip
        told = [n for n in earlier if state_of_number(n, came)]
        return any(plan[n].level == 4 for n in told) or (one.kind == "warning_cancelled" and bool(told))


def state_of_number(number: int, came: list[Any]) -> bool:
    """Whether it was told, by itself or as a line of a bundle."""
    row = DeliveryRow.objects.filter(dispatch__about=f"wrn_{number}").first()
    return row is not None and row.state in ("accepted", "bundled")


def _number(letter: Letter) -> int | None:
    found = re.fullmatch(r"\[(\d+)\]", letter.subject)
    return int(found[1]) if found else None


times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 7, 30, 59]))
DAYS = [datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC),
        datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC)]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    quiet=st.builds(Quiet, times, times, st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York",
                                                          "Australia/Lord_Howe"])),
    day=st.sampled_from(DAYS), minute=st.integers(0, 48 * 60),
)  # fmt: skip
def test_the_end_of_quiet_minute_by_minute(quiet: Quiet, day: datetime, minute: int) -> None:
    now = day + minute * MINUTE
    end = quiet_until(quiet, now)
    if not quiet.holds(now):
        assert end is None
        return
    moment = now
    while quiet.holds(moment):
        moment += MINUTE
    assert end == moment


@given(
    limits=st.lists(st.builds(Limit, st.integers(1, 4), st.integers(1, 30).map(lambda n: n * MINUTE)), max_size=3),
    sent=st.lists(st.integers(0, 60), max_size=8),
)
def test_when_a_telephone_is_free_minute_by_minute(limits: list[Limit], sent: list[int]) -> None:
    now, rang = EVENING + HOUR, [EVENING + n * MINUTE for n in sent]
    moment = now
    while any(sum(moment - limit.per < at <= moment for at in rang) >= limit.count for limit in limits):
        moment += MINUTE
    assert free_at(limits, rang, now) == (None if moment == now else moment)
