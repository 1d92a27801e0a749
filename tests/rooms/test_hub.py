"""The hub of the feed: who asks is asked back, who confirmed gets the feed signed whenever it changes, and nobody else is ever
called. Against a real subscriber server (tests/contracts/channels/feed_reader)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from tests.contracts.channels.feed_reader import FeedReader
from tests.contracts.channels.web_house import WebHouse
from tests.rooms.town import NOW
from tocsin.app.sender import send_due
from tocsin.app.wiring import WIRING
from tocsin.doors.channels.websub import WebSub
from tocsin.doors.outward.client import Outward
from tocsin.doors.outward.guard import Guard
from tocsin.doors.portal import hub as door
from tocsin.records import clock
from tocsin.records.audience import hub
from tocsin.records.audience.models import HubRow
from tocsin.records.dispatch.models import DeliveryRow, DispatchRow
from tocsin.records.outbox.carrier import Carrier
from tocsin.terms.errors import TooBig

pytestmark = pytest.mark.django_db
FEED = b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"/>'
SECRET = "a secret of the reader"


class Office:
    """The hub with everything behind it; the feed is what ``feed`` holds."""

    def __init__(self) -> None:
        self.now = NOW
        self.feed = FEED
        self.topic = hub.feed_url()
        self.carrier = Carrier(WIRING)
        self.start()

    def start(self) -> None:
        """The worker starts (again)."""
        outward = Outward(Guard(["127.0.0.1"]), timeout_s=5)
        self.channel = WebSub(outward, lambda: self.feed, self.topic, "http://localhost/hub", patience_s=5)

    def ask(self, reader: FeedReader, mode: str = "subscribe", **more: object) -> int:
        form = {"hub.mode": mode, "hub.callback": reader.callback, "hub.topic": self.topic, "hub.secret": SECRET}
        return Client().post("/hub", form | {f"hub.{name}": value for name, value in more.items()}).status_code

    def run(self) -> None:
        """Everything that is due, as the worker would."""
        for _ in range(5):
            send_due(self.channel, now=self.now, jitter=lambda: 1.0)
            self.carrier.carry(now=self.now)

    def change(self, digest: str) -> None:
        with transaction.atomic():
            hub.feed_changed(digest, self.now)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, outward_inside=("127.0.0.1",)))
    door.asks.forget()
    made = Office()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@pytest.fixture
def reader(office: Office) -> Iterator[FeedReader]:
    made = FeedReader(office.topic, SECRET.encode())
    yield made
    made.close()


def test_who_asked_and_confirmed_gets_the_feed_signed_whenever_it_changes(office: Office, reader: FeedReader) -> None:
    assert office.ask(reader, lease_seconds=86_400) == 202
    office.change("first")
    assert reader.asked == []  # nothing is sent before the worker runs, and nothing of a feed before it is confirmed
    office.run()
    (question,) = reader.asked
    assert (question["hub.mode"], question["hub.topic"], question["hub.lease_seconds"]) == (
        "subscribe",
        office.topic,
        "86400",
    )
    assert question["of"] == "tocsin"  # the callback's own query is kept
    assert len(question["hub.challenge"]) >= 32
    assert HubRow.objects.get().until == office.now + timedelta(days=1)
    office.change("second")
    office.run()
    office.change("second")  # the same feed again is no news
    office.run()
    assert reader.feeds == [FEED]
    assert reader.forged == []
    assert 'rel="hub"' in reader.links[0]
    assert f'<{office.topic}>; rel="self"' in reader.links[0]


def test_without_confirmation_nothing_is_ever_sent(office: Office, reader: FeedReader) -> None:
    reader.lies = True
    office.ask(reader)
    office.run()
    assert not HubRow.objects.exists()
    office.change("first")
    office.run()
    assert reader.feeds == []
    assert DispatchRow.objects.filter(kind="feed_changed").count() == 0


@pytest.mark.parametrize("status", [404, 410, 403])
def test_a_callback_that_says_no_is_forgotten(office: Office, reader: FeedReader, status: int) -> None:
    reader.ask_status = status
    office.ask(reader)
    office.run()
    assert not HubRow.objects.exists()
    assert len(reader.asked) == 1


def test_a_callback_that_is_busy_is_asked_again(office: Office, reader: FeedReader) -> None:
    reader.ask_status = 503
    office.ask(reader)
    office.run()
    assert HubRow.objects.get().until is None
    reader.ask_status = 200
    office.now += timedelta(minutes=2)
    office.start()
    office.run()
    assert HubRow.objects.get().until is not None


def test_leaving_is_confirmed_too(office: Office, reader: FeedReader) -> None:
    office.ask(reader)
    office.run()
    office.now += timedelta(minutes=1)
    assert office.ask(reader, "unsubscribe") == 202
    office.run()
    assert HubRow.objects.count() == 1  # somebody else asked for it: the callback said no
    reader.meant = {"unsubscribe"}
    office.now += timedelta(minutes=1)
    office.ask(reader, "unsubscribe")
    office.run()
    assert not HubRow.objects.exists()


def test_a_second_wish_does_not_pass_with_the_answer_to_the_first(office: Office, reader: FeedReader) -> None:
    """Somebody else asks for the same callback with a secret of theirs while the first question is in the air."""
    office.ask(reader)
    first = HubRow.objects.get().asked_dispatch
    office.now += timedelta(minutes=1)
    assert office.ask(reader, secret="another's") == 202
    assert HubRow.objects.get().asked_dispatch != first
    office.run()
    assert HubRow.objects.count() == 1
    office.change("x")
    office.run()
    assert len(reader.feeds) + len(reader.forged) == 1


def test_a_lease_ends(office: Office, reader: FeedReader) -> None:
    office.ask(reader, lease_seconds=1)  # shorter than the shortest: five minutes
    office.run()
    assert HubRow.objects.get().until == office.now + hub.SHORTEST
    office.now += hub.SHORTEST - timedelta(seconds=1)
    assert hub.sweep(now=office.now) == 0
    office.now += timedelta(seconds=1)
    assert hub.sweep(now=office.now) == 1
    office.change("later")
    office.run()
    assert reader.feeds == []


def test_whoever_is_gone_is_dropped_and_delays_nobody(office: Office, reader: FeedReader) -> None:
    other = FeedReader(office.topic, SECRET.encode())
    office.ask(reader)
    office.ask(other)
    office.run()
    reader.status = 410
    office.change("x")
    office.run()
    assert other.feeds == [FEED]
    assert HubRow.objects.count() == 1
    other.close()


def test_a_crash_between_loses_nothing_and_a_dead_reader_gets_only_the_newest(
    office: Office, reader: FeedReader
) -> None:
    office.ask(reader)
    office.run()
    reader.status = 503
    office.change("one")
    office.run()
    office.now += timedelta(seconds=30)
    office.change("two")
    office.start()
    reader.status, office.feed = 204, FEED + b"<!-- two -->"
    taken = len(reader.feeds)
    office.now += timedelta(minutes=10)
    office.run()
    assert reader.feeds[taken:] == [office.feed]
    assert set(DeliveryRow.objects.filter(dispatch__kind="feed_changed").values_list("state", flat=True)) == {
        "accepted", "superseded"}  # fmt: skip


def test_the_hub_of_the_settings_is_pinged(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    house = WebHouse()
    house.open()
    named = replace(settings.CONFIGURATION, websub_hub=f"{house.url}/publish")
    monkeypatch.setattr(settings, "CONFIGURATION", named)
    office.change("x")
    office.run()
    (post,) = house.posts
    assert post.headers["content-type"] == "application/x-www-form-urlencoded"
    assert b"hub.mode=publish" in post.body
    assert b"feed.atom" in post.body
    assert f"{house.url}/publish" in hub.hubs()
    house.close()


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"hub.topic": "https://elsewhere.example/feed"}, 400), ({"hub.mode": "publish"}, 400), ({"hub.mode": ""}, 400),
        ({"hub.callback": ""}, 400), ({"hub.callback": "ftp://x.example"}, 400), ({"hub.callback": "gopher://x.example/"}, 400),
        ({"hub.callback": "http://169.254.169.254/latest"}, 400), ({"hub.callback": "https://10.0.0.1/x"}, 400),
        ({"hub.callback": "https://[::1]/x"}, 400), ({"hub.callback": "https://u:p@x.example/"}, 400),
        ({"hub.callback": "http://x.example/"}, 400), ({"hub.callback": "https://x.example/" + "x" * 600}, 400),
        ({"hub.secret": "s" * 200}, 400), ({"hub.lease_seconds": "-1"}, 400), ({"hub.lease_seconds": "soon"}, 400),
        ({"hub.mode": "unsubscribe", "hub.callback": "https://never.example/"}, 202),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_words_and_calls_nobody(
    office: Office, form: dict[str, str], status: int
) -> None:
    whole = {"hub.mode": "subscribe", "hub.callback": "https://reader.example/x", "hub.topic": office.topic}
    answer = Client().post("/hub", whole | form)
    assert answer.status_code == status
    assert answer.content.strip()
    assert not HubRow.objects.exists()
    assert not DispatchRow.objects.exists()


def test_a_name_that_leads_inside_is_found_when_it_is_called(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = Outward(Guard(resolve=lambda host, port: ["10.1.2.3"]), timeout_s=1)
    office.channel = WebSub(inside, lambda: FEED, office.topic, "http://localhost/hub", patience_s=5)
    form = {"hub.mode": "subscribe", "hub.callback": "https://reader.example/x", "hub.topic": office.topic}
    assert Client().post("/hub", form).status_code == 202
    office.run()
    assert not HubRow.objects.exists()  # refused for good


def test_nobody_is_made_to_call_others_again_and_again(office: Office, reader: FeedReader) -> None:
    for _ in range(5):
        assert office.ask(reader) == 202
    office.run()
    assert len(reader.asked) == 1
    codes = [office.ask(reader) for _ in range(door.asks.at_most)]
    assert codes[-1] == 429


def test_the_hub_has_an_end(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "AT_MOST", 2)
    for n in range(2):
        hub.ask("subscribe", f"https://r{n}.example/", office.topic, lease_s=0, secret="", now=office.now)
    with pytest.raises(TooBig):
        hub.ask("subscribe", "https://r3.example/", office.topic, lease_s=0, secret="", now=office.now)


def test_callback_and_secret_lie_nowhere_in_the_open(office: Office, reader: FeedReader) -> None:
    office.ask(reader)
    office.run()
    office.change("x")
    office.run()
    with connection.cursor() as cursor:
        for table in (
            "audience_hubrow",
            "dispatch_dispatchrow",
            "dispatch_deliveryrow",
            "ledger_entry",
            "outbox_outboxfact",
        ):
            if table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = str(cursor.fetchall())
                assert SECRET not in rows
                assert "/heard?of=tocsin" not in rows
