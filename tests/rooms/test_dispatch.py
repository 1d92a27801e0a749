"""Dispatch: whoever is to be told is told, at least once, whatever breaks; nobody is told again without need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.rooms.town import NOW
from tocsin.app.sender import Step, send_due, send_next
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter, Message, Recipient, Text
from tocsin.records.dispatch.models import DeliveryRow, DispatchRow
from tocsin.records.dispatch.notify import in_every_language, tell_posts
from tocsin.records.dispatch.queries import deliveries, undelivered, undelivered_by_channel
from tocsin.records.dispatch.services import (
    CLAIM,
    KEPT_FOR,
    PORTION,
    SHARD,
    TRIES,
    letters,
    put,
    put_off,
    settle,
    spread,
    take_due,
)
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.services import PostLine
from tocsin.records.outbox.models import OutboxFact
from tocsin.testing.channels import Inbox

pytestmark = pytest.mark.django_db

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TEXTS = {"en": Text("Heavy rain", "Go up."), "zh-hans": Text("暴雨", "请上高处。")}


with translation.override("zh-hans"):
    LEVEL = _("Level")
assert LEVEL != "Level"


def even() -> float:
    """No jitter."""
    return 1.0


def people(count: int, language: str = "en") -> list[Recipient]:
    return [Recipient(f"post:p{n}", f"p{n}@town.example", language) for n in range(count)]


def put_to(
    recipients: Sequence[Recipient], *, channel: str = "mail", now: datetime = NOW, **other: object
) -> list[str]:
    fields = {"kind": "warning_issued", "texts": TEXTS, "about": "wrn_1", "event": "evt_1"} | other
    with transaction.atomic():
        return put(Message(**fields), recipients, channel=channel, actor=SYSTEM, now=now)  # type: ignore[arg-type]


def told() -> list[tuple[str, dict[str, object]]]:
    return [(line.verb, line.body) for line in ledger.chain("evt_1")]


def accepted(portion: Sequence[Letter]) -> list[Outcome]:
    return [Outcome(letter.key, True, "taken") for letter in portion]


# ---------------------------------------------------------------- putting
@pytest.mark.django_db(transaction=True)
def test_a_message_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        put(Message("x", TEXTS, "wrn_1"), people(1), channel="mail", actor=SYSTEM, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_message_of_a_change_that_was_rolled_back_does_not_exist() -> None:
    with transaction.atomic():
        put_to(people(3))
        transaction.set_rollback(True)
    assert DispatchRow.objects.count() == 0


@pytest.mark.parametrize("fault", [{"texts": {}}, {"about": "", "event": ""}])
def test_a_message_that_could_not_be_told_or_told_of_is_refused(fault: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a message has words"):
        put_to(people(1), **fault)


def test_who_has_no_address_is_named_on_the_ledger() -> None:
    put_to([*people(2), Recipient("post:p9", "", "en")])
    assert [(verb, body["recipients"], body["without_address"], body["unreached"]) for verb, body in told()] == [
        ("message_put", 2, ["post:p9"], 1)
    ]


def test_a_large_audience_is_put_by_shards_and_every_one_of_it_is_sent_to() -> None:
    ids = put_to(people(2 * SHARD + 1))
    assert len(ids) == 3
    inbox = Inbox()
    assert send_due(inbox, now=NOW, jitter=even) == 2 * SHARD // PORTION + 1
    assert Counter(letter.address for letter in inbox.letters) == Counter(r.address for r in people(2 * SHARD + 1))
    assert undelivered(now=NOW).dispatches == 0
    (line,) = deliveries("wrn_1")
    assert (line.accepted, line.waiting, line.first_accepted_at, line.last_accepted_at) == (2 * SHARD + 1, 0, NOW, NOW)


def test_a_hundred_thousand_are_put_by_few_statements(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    """N1 of warnings.md: rows grow with shards, not with recipients. (Measured: see the changelog of issue 3.)"""
    audience = people(100_000)
    with django_assert_max_num_queries(40):
        assert len(put_to(audience)) == 200
    assert (undelivered(now=NOW).dispatches, deliveries("wrn_1")[0].waiting) == (200, 100_000)


def test_each_gets_the_words_of_the_own_language_else_english() -> None:
    put_to([*people(1), Recipient("post:z", "z@x.example", "zh-hans"), Recipient("post:f", "f@x.example", "fr")])
    send_due(inbox := Inbox(), now=NOW)
    assert [(one.subject, one.language) for one in inbox.letters] == [
        ("Heavy rain", "en"), ("暴雨", "zh-hans"), ("Heavy rain", "en")]  # fmt: skip


def test_an_exercise_says_so_whatever_the_room_wrote() -> None:
    put_to([*people(1), Recipient("post:z", "z@x.example", "zh-hans")], exercise=True)
    send_due(inbox := Inbox(), now=NOW)
    english, chinese = inbox.letters
    assert (english.subject, english.body) == ("[Exercise] Heavy rain", "Exercise. Not a real warning.\n\nGo up.")
    assert chinese.subject == "[演练] 暴雨"
    assert english.exercise


# ---------------------------------------------------------------- order
def test_the_highest_level_goes_first_also_in_the_middle_of_a_long_list() -> None:
    put_to(people(3 * PORTION), level=1)
    inbox = Inbox()
    assert send_next(inbox, now=NOW) is Step.DONE
    put_to([Recipient("post:red", "red@x.example", "en")], level=4, now=NOW + SECOND)
    assert send_next(inbox, now=NOW + SECOND) is Step.DONE
    assert [len(inbox.letters), inbox.letters[-1].address] == [PORTION + 1, "red@x.example"]


def test_what_is_put_at_one_moment_goes_in_the_order_of_putting() -> None:
    put = [shard for n in range(20) for shard in put_to(people(1), about=f"wrn_{n}")]
    assert take_due("mail", now=NOW) == put == sorted(put)
    assert len(deliveries(event="evt_1")) == 20


def test_a_channel_takes_only_its_own() -> None:
    put_to(people(1), channel="siren")
    assert send_due(Inbox("mail"), now=NOW) == 0
    assert send_due(Inbox("siren"), now=NOW) == 1


def test_a_cancel_never_comes_after_or_before_a_stale_alert() -> None:
    inbox = Inbox()
    inbox.busy["p1@town.example"] = "450 busy"
    put_to(people(2), thread="wrn_1", kind="warning_issued")
    send_due(inbox, now=NOW, jitter=even)
    put_to(people(2), thread="wrn_1", kind="warning_cancelled", about="wrn_2", now=NOW + SECOND)
    inbox.busy.clear()
    send_due(inbox, now=NOW + MINUTE, jitter=even)
    send_due(inbox, now=NOW + timedelta(hours=1), jitter=even)
    kinds = dict(DispatchRow.objects.values_list("id", "kind"))
    got = [(letter.address[:2], kinds[letter.key.rpartition("-")[0]]) for letter in inbox.letters]
    assert sorted(got) == [("p0", "warning_cancelled"), ("p0", "warning_issued"), ("p1", "warning_cancelled")]
    assert (deliveries("wrn_1")[0].superseded, undelivered(now=NOW).dispatches) == (1, 0)


def test_other_threads_are_let_be() -> None:
    put_to(people(1), thread="wrn_1")
    put_to(people(1), thread="wrn_2", now=NOW + SECOND)
    put_to(people(1), now=NOW + SECOND)
    put_to(people(1), thread="wrn_1", channel="siren", now=NOW + SECOND)
    send_due(inbox := Inbox(), now=NOW + SECOND)
    assert len(inbox.letters) == 3


# ---------------------------------------------------------------- what becomes of an attempt
def test_a_refused_recipient_has_failed_and_delays_no_other() -> None:
    inbox = Inbox()
    inbox.refuses["p1@town.example"] = "550 no such mailbox"
    put_to(people(3))
    send_due(inbox, now=NOW)
    (line,) = deliveries("wrn_1")
    assert (line.accepted, line.failed, line.waiting) == (2, 1, 0)
    verb, body = told()[-1]
    assert (verb, body["accepted"], body["failed"]) == ("message_settled", 2, 1)
    assert DeliveryRow.objects.get(state="failed").said == "550 no such mailbox"
    assert list(OutboxFact.objects.values_list("kind", flat=True)) == ["dispatch_settled"]


def test_a_busy_recipient_is_tried_again_with_growing_pauses_and_nobody_else_is() -> None:
    inbox = Inbox()
    inbox.busy["p1@town.example"] = "450 busy"
    put_to(people(3))
    now, pauses = NOW, []
    for _try in range(12):
        assert send_due(inbox, now=now, jitter=even) == 1
        assert send_due(inbox, now=now, jitter=even) == 0
        at = DispatchRow.objects.get().not_before
        assert at is not None
        pauses.append((at - now).total_seconds())
        now = at
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    waiting = undelivered(now=now)
    assert (waiting.dispatches, waiting.failing, waiting.last_error, waiting.age) == (1, 1, "450 busy", now - NOW)
    inbox.busy.clear()
    send_due(inbox, now=now, jitter=even)
    assert Counter(letter.address for letter in inbox.letters) == Counter(r.address for r in people(3))


def test_who_is_busy_does_not_keep_the_rest_of_the_shard_waiting() -> None:
    inbox = Inbox()
    inbox.busy = {f"p{n}@town.example": "450 busy" for n in range(PORTION)}  # the whole first portion
    put_to(people(3 * PORTION))
    assert send_due(inbox, now=NOW, jitter=even) == 3
    assert len(inbox.letters) == 2 * PORTION


def test_without_an_expiry_one_has_failed_after_a_day_and_many_tries() -> None:
    inbox = Inbox()
    inbox.busy["p0@town.example"] = "450 busy"
    put_to(people(1))
    now = NOW
    while (row := DispatchRow.objects.get()).settled_at is None:
        now = row.not_before or now
        send_due(inbox, now=now, jitter=even)
    assert deliveries("wrn_1")[0].failed == 1
    assert NOW + KEPT_FOR <= now < NOW + KEPT_FOR + timedelta(minutes=6)
    assert DeliveryRow.objects.get().attempts > TRIES


def test_a_long_outage_alone_makes_nobody_fail() -> None:
    inbox = Inbox()
    inbox.down = "on fire"
    put_to(people(2))
    now = NOW
    while now < NOW + 3 * KEPT_FOR:
        send_due(inbox, now=now, jitter=even)
        now += timedelta(hours=1)
    assert undelivered(now=now).failing == 1
    assert "on fire" in undelivered(now=now).last_error
    inbox.down = ""
    inbox.busy["p1@town.example"] = "450 busy"
    send_due(inbox, now=now, jitter=even)
    assert (deliveries("wrn_1")[0].accepted, deliveries("wrn_1")[0].waiting) == (1, 1)


def test_past_its_expiry_nobody_is_told_any_more_and_that_is_noted_at_once() -> None:
    inbox = Inbox()
    inbox.busy["p0@town.example"] = "450 busy"
    until = NOW + 10 * MINUTE
    put_to(people(2), not_after=until)
    now = NOW
    while (row := DispatchRow.objects.get()).settled_at is None:
        now = row.not_before or now
        send_due(inbox, now=now, jitter=even)
    (line,) = deliveries("wrn_1")
    assert (line.accepted, line.failed, line.too_late, now) == (1, 0, 1, until)
    put_to(people(2), about="wrn_2", not_after=until, now=until)
    send_due(inbox, now=until)
    assert (deliveries("wrn_2")[0].too_late, len(inbox.letters)) == (2, 1)


def test_a_channel_that_is_down_ends_the_round_and_counts_for_nobody() -> None:
    inbox = Inbox()
    inbox.down = "on fire"
    for n in range(5):
        put_to(people(1), about=f"wrn_{n}")
    assert send_due(inbox, now=NOW, jitter=even) == 1
    assert inbox.calls == 1
    assert set(DeliveryRow.objects.values_list("attempts", flat=True)) == {0}
    inbox.down = ""
    assert send_due(inbox, now=NOW + SECOND, jitter=even) == 5
    assert len(inbox.letters) == 5


def test_a_channel_with_a_fault_of_ours_is_put_off_like_one_that_is_down() -> None:
    inbox = Inbox()

    def fail(portion: Sequence[Letter]) -> None:
        raise KeyError("subject")

    inbox.when_asked = fail
    put_to(people(1))
    put_to(people(1), channel="siren")
    assert send_due(inbox, now=NOW, jitter=even) == 1
    assert undelivered(now=NOW).last_error == "KeyError: 'subject'"
    assert send_due(Inbox("siren"), now=NOW) == 1


def test_a_letter_that_a_channel_forgets_is_tried_again() -> None:
    class Forgetful(Inbox):
        def send(self, letters: Sequence[Letter]) -> list[Outcome]:
            return super().send(letters)[:-1] if self.calls == 0 else super().send(letters)

    put_to(people(2))
    inbox = Forgetful()
    send_due(inbox, now=NOW, jitter=even)
    assert deliveries("wrn_1")[0].waiting == 1
    send_due(inbox, now=NOW + SECOND, jitter=even)
    assert deliveries("wrn_1")[0].accepted == 2


# ---------------------------------------------------------------- every step alone
def test_a_shard_that_nobody_expanded_cannot_be_settled() -> None:
    (shard,) = put_to(people(3))
    assert settle(shard, [], now=NOW) is False
    assert len(letters(shard, now=NOW)) == 3


def test_settling_twice_and_outcomes_of_others_change_nothing() -> None:
    first, second = put_to(people(2)), put_to(people(2), about="wrn_2", now=NOW + SECOND)
    portion = letters(first[0], now=NOW)
    letters(second[0], now=NOW + SECOND)
    assert settle(second[0], accepted(portion), now=NOW) is False
    assert settle(first[0], accepted(portion), now=NOW) is True
    assert settle(first[0], [Outcome(one.key, False) for one in portion], now=NOW + SECOND) is True
    put_off(first[0], "late news", now=NOW)
    assert letters(first[0], now=NOW) == []
    assert [line.accepted for line in deliveries(event="evt_1")] == [2, 0]
    assert settle(first[0], [Outcome("nonsense", True), Outcome("-", True)], now=NOW) is True


def test_expanding_again_changes_nothing() -> None:
    (shard,) = put_to(people(3))
    assert letters(shard, now=NOW) == letters(shard, now=NOW + SECOND)
    assert DeliveryRow.objects.count() == 3


def test_after_a_crash_only_the_portion_under_way_is_repeated() -> None:
    (shard,) = put_to(people(3 * PORTION))
    inbox = Inbox()
    settle(shard, inbox.send(letters(shard, now=NOW)), now=NOW)
    inbox.send(letters(shard, now=NOW))  # sent, and then the power went
    send_due(inbox, now=NOW)
    assert inbox.repeats() == PORTION
    assert {letter.address for letter in inbox.letters} == {r.address for r in people(3 * PORTION)}


def test_what_a_server_says_is_kept_short_and_clean() -> None:
    (shard,) = put_to(people(1))
    (letter,) = letters(shard, now=NOW)
    settle(shard, [Outcome(letter.key, False, "\x00" + "x" * 9000)], now=NOW)
    assert len(DeliveryRow.objects.get().said) == 500
    put_off(shard, "\x00broken\udc80", now=NOW)
    assert undelivered(now=NOW).last_error == "broken?"


def test_pauses_are_spread_by_a_fifth() -> None:
    drawn = [spread() for _n in range(1000)]
    assert 0.8 <= min(drawn) < 0.85
    assert 1.15 < max(drawn) <= 1.2


def test_health_is_told_by_channel() -> None:
    put_to(people(1))
    put_to(people(1), channel="siren", now=NOW + MINUTE)
    found = undelivered_by_channel(now=NOW + 2 * MINUTE)
    assert {name: line.age for name, line in found.items()} == {"mail": 2 * MINUTE, "siren": MINUTE}


# ---------------------------------------------------------------- telling posts
def test_posts_are_told_in_their_language_with_a_link() -> None:
    posts = [
        PostLine(f"duty-{language}", {}, "x", Role.DUTY_OFFICER, mail=f"{language}@x.example", language=language)
        for language in ("en", "zh-hans")
    ]
    with transaction.atomic():
        tell_posts("asked", [*posts, posts[0]], lambda language: Text(_("Level"), f"words in {language}"), about="tsk_1",
                   event="evt_1", link="/tasks/tsk_1", actor=SYSTEM, now=NOW)  # fmt: skip
    send_due(inbox := Inbox(), now=NOW)
    english, chinese = inbox.letters
    assert (english.subject, english.body) == ("Level", "words in en\n\nhttp://127.0.0.1:8000/tasks/tsk_1")
    assert (chinese.subject, chinese.recipient) == (LEVEL, "post:duty-zh-hans")


def test_that_there_was_nobody_to_tell_is_on_the_ledger() -> None:
    with transaction.atomic():
        tell_posts("asked", [], lambda language: Text("x", "y"), about="tsk_1", event="evt_1", actor=SYSTEM, now=NOW)
    assert [(verb, body["recipients"]) for verb, body in told()] == [("message_put", 0)]


def test_lazy_words_become_words() -> None:
    lazy = gettext_lazy("Level")
    texts = in_every_language(lambda language: Text(lazy, lazy))  # type: ignore[arg-type]
    assert {language: text.subject for language, text in texts.items()} == {"en": "Level", "zh-hans": LEVEL}


# ---------------------------------------------------------------- whatever the order
STEP = st.one_of(
    st.tuples(st.just("put"), st.integers(1, 3 * PORTION // 2), st.sampled_from([None, 3, 30])),
    st.tuples(st.sampled_from(["send", "send", "send", "crash before", "crash after", "down", "break"])),
    st.tuples(st.just("wait"), st.integers(1, 400)),
    st.tuples(st.just("busy"), st.integers(0, PORTION)),
)


class Interleavings(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(st.lists(STEP, max_size=25))
    def test_nobody_is_forgotten_and_nobody_is_told_again_but_around_a_crash(self, steps: list[tuple]) -> None:  # type: ignore[type-arg]
        world = World()
        for name, *more in steps:
            getattr(world, name.replace(" ", "_"))(*more)
        world.come_to_rest()
        world.judge()


class World:
    """A channel, a clock, and what must be true of them."""

    def __init__(self) -> None:
        self.inbox, self.now = Inbox(), NOW
        self.inbox.when_asked = self.asked
        self.put_to: dict[str, tuple[int, datetime | None]] = {}
        self.crashed: set[str] = set()
        self.sent_at: dict[str, list[datetime]] = {}

    def put(self, count: int, minutes: int | None) -> None:
        until = None if minutes is None else self.now + minutes * MINUTE
        about = f"wrn_{len(self.put_to)}"
        (shard,) = put_to(people(count), about=about, not_after=until, now=self.now)
        self.put_to[shard] = (count, until)

    def send(self) -> None:
        send_next(self.inbox, now=self.now, jitter=even)

    def crash_before(self) -> None:
        """Letters taken, never sent."""
        for shard in take_due("mail", now=self.now, at_most=1):
            letters(shard, now=self.now)

    def crash_after(self) -> None:
        """Letters sent, nothing written."""
        for shard in take_due("mail", now=self.now, at_most=1):
            portion = letters(shard, now=self.now)
            if portion:
                self.crashed |= {outcome.key for outcome in self.inbox.send(portion) if outcome.accepted}

    def down(self) -> None:
        self.inbox.down = "" if self.inbox.down else "on fire"
        if self.inbox.down:
            self.send()
            self.inbox.down = ""

    def break_(self) -> None:
        self.inbox.breaks_after = 3
        self.send()
        self.inbox.breaks_after = None

    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    def busy(self, person: int) -> None:
        self.inbox.busy = {f"p{person}@town.example": "450 busy"}
        self.send()
        self.inbox.busy = {}

    def asked(self, portion: Sequence[Letter]) -> None:
        for letter in portion:
            self.sent_at.setdefault(letter.key, []).append(self.now)

    def come_to_rest(self) -> None:
        for _round in range(200):
            send_due(self.inbox, now=self.now, jitter=even)
            if not DispatchRow.objects.filter(settled_at=None).exists():
                return
            self.now += 10 * MINUTE
        raise AssertionError("it does not come to rest")

    def judge(self) -> None:
        got = Counter(letter.key for letter in self.inbox.letters)
        again = {key for key, times in got.items() if times > 1}
        assert again <= self.crashed
        for shard, (count, until) in self.put_to.items():
            rows = list(DeliveryRow.objects.filter(dispatch=shard).order_by("number"))
            assert [row.number for row in rows] == list(range(count))
            for row in rows:
                key = f"{shard}-{row.number}"
                assert row.state == "accepted" or (row.state == "too_late" and until is not None)
                assert row.state == "too_late" or got[key] >= 1
                assert until is None or all(at < until for at in self.sent_at.get(key, []))
        settled = [body for verb, body in told() if verb == "message_settled"]
        assert sum(body["accepted"] + body["too_late"] for body in settled) == sum(c for c, _ in self.put_to.values())  # type: ignore[operator]
        assert ledger.verify() == []


setattr(World, "break", World.break_)


# ---------------------------------------------------------------- several nodes
@pytest.mark.django_db(transaction=True)
def test_two_nodes_at_once_send_once() -> None:
    """N5 of warnings.md, and whatever they do each dispatch is settled once."""
    import threading

    for number in range(4):
        put_to(people(SHARD // 2), about=f"wrn_{number}")
    inboxes, begin = [Inbox(), Inbox()], threading.Barrier(2)

    def work(node: int) -> None:
        begin.wait()
        send_due(inboxes[node], now=NOW, node=f"node-{node}")
        connection.close()

    threads = [threading.Thread(target=work, args=(node,)) for node in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_due(
        inboxes[0], now=NOW, node="node-0"
    )  # where one ended its round while the other was about to begin a dispatch
    got = Counter(letter.key for inbox in inboxes for letter in inbox.letters)
    assert (len(got), set(got.values())) == (2 * SHARD, {1})
    assert [verb for verb, _body in told()].count("message_settled") == 4


def test_a_node_that_died_is_relieved_when_its_claim_is_over() -> None:
    """A split sends twice rather than never."""
    (shard,) = put_to(people(3 * PORTION))
    dead, other = Inbox(), Inbox()
    dead.send(letters(shard, now=NOW, node="a"))  # and nothing is written of it any more
    assert send_due(other, now=NOW + CLAIM - SECOND, node="b") == 0
    assert letters(shard, now=NOW + CLAIM - SECOND, node="b") == []
    assert send_due(other, now=NOW + CLAIM, node="b") == 3
    assert len(other.letters) == 3 * PORTION
    assert {letter.key for letter in dead.letters} <= {letter.key for letter in other.letters}


def test_a_node_that_starts_again_goes_on_at_once() -> None:
    (shard,) = put_to(people(3 * PORTION))
    letters(shard, now=NOW, node="a")
    inbox = Inbox()
    assert send_due(inbox, now=NOW + SECOND, node="a") == 3
    assert len(inbox.letters) == 3 * PORTION


def test_a_long_list_stays_the_nodes_own() -> None:
    """The claim is renewed in good time."""
    (shard,) = put_to(people(4 * PORTION))
    now = NOW
    for _portion in range(3):
        settle(shard, accepted(letters(shard, now=now, node="a")), now=now)
        now += CLAIM - SECOND
        assert take_due("mail", now=now, node="b") == []


def test_what_one_node_cannot_hand_over_another_may() -> None:
    put_to(people(2))
    down, inbox = Inbox(), Inbox()
    down.down = "no way out"
    send_due(down, now=NOW, node="a", jitter=even)
    assert send_due(inbox, now=NOW + SECOND, node="b") == 1
    assert len(inbox.letters) == 2


def test_a_channel_that_is_down_is_asked_again_within_half_a_minute() -> None:
    """However long it was down: it is the channel's fault, and the first that gets through opens the way."""
    inbox = Inbox()
    inbox.down = "on fire"
    put_to(people(1))
    now = NOW
    for _try in range(12):
        send_due(inbox, now=now, jitter=even)
        at = DispatchRow.objects.get().not_before
        assert at is not None
        assert at - now <= timedelta(seconds=30)
        now = at
    inbox.down = ""
    assert send_due(inbox, now=now, jitter=even) == 1
