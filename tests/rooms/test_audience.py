"""The audience: who asked is told and nobody else, a contact lies nowhere in the open, one click ends it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from tests.rooms.town import NOW
from tocsin.app.sender import send_due
from tocsin.records.audience import queries, services
from tocsin.records.audience.models import SubscriberRow
from tocsin.records.audience.selection import seal
from tocsin.records.audience.services import KEPT_UNCONFIRMED, LETTERS_AT_MOST, Subscription, Target
from tocsin.records.audience.wishes import About
from tocsin.records.dispatch.message import Message, Text
from tocsin.records.dispatch.services import SHARD
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places.services import Area, put_jurisdictions
from tocsin.terms.errors import BadValue, NotAllowed
from tocsin.testing.channels import Inbox

pytestmark = pytest.mark.django_db

SQUARE = [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]]
SHORT = {"en": "Red rainstorm", "zh-hans": "暴雨红色"}
CONTACT = "zhang.canary@mail.example"


@pytest.fixture(autouse=True)
def places() -> None:
    put_jurisdictions(
        [Area("city", {"en": "City"}, 1), Area("city/east", {"en": "East"}, 2, boundary=SQUARE),
         Area("city/west", {"en": "West"}, 2)], actor="test", now=NOW,
    )  # fmt: skip


def wish(contact: str = CONTACT, **other: object) -> Subscription:
    return Subscription(**({"channel": "mail", "contact": contact, "language": "en", "places": ["city/east"]} | other))  # type: ignore[arg-type]


def about(**other: object) -> About:
    return About(**({"hazard": "rainstorm", "level": 4, "paths": ("city/east",)} | other))  # type: ignore[arg-type]


def warn(of: About | None = None, *, exercise: bool = False, thread: str = "w1", warning: str = "wrn_1") -> int:
    texts = {"en": Text("Rain", "Go up."), "zh-hans": Text("暴雨", "请上高处。")}
    message = Message("warning_issued", texts, warning, level=4, exercise=exercise, thread=thread)
    with transaction.atomic():
        return services.tell(
            message,
            of or about(),
            instead=dict.fromkeys(("sms", "voice", "mqtt", "web_push"), SHORT),
            actor=SYSTEM,
            now=NOW,
        )


def links(inbox: Inbox, what: str) -> list[tuple[str, str]]:
    return [
        found
        for letter in inbox.letters
        for found in re.findall(rf"/subscribe/{what}/([^/\s]+)/([0-9a-f]+)", letter.body)
    ]  # type: ignore[misc]


def subscribed(*contacts: str, **other: object) -> None:
    for contact in contacts:
        services.ask(wish(contact, **other), now=NOW)
    for row in SubscriberRow.objects.filter(state="asked"):
        services.confirm(row.id, seal().proof("confirm", row.id), now=NOW)
    send_due(Inbox(str(other.get("channel", "mail"))), now=NOW)


def everything_stored() -> str:
    """Every row of every table."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        rows = []
        for name in names:
            cursor.execute(f'SELECT * FROM "{name}"')
            rows += [str(row) for row in cursor.fetchall()]
    return "\n".join(rows)


def test_nothing_is_sent_before_the_link_is_confirmed_and_then_every_warning_is() -> None:
    inbox = Inbox()
    services.ask(wish(), now=NOW)
    warn()
    send_due(inbox, now=NOW)
    assert [letter.address for letter in inbox.letters] == [CONTACT]  # the letter that asks, alone
    ((row, proof),) = links(inbox, "confirm")
    services.confirm(row, proof, now=NOW)
    services.confirm(row, proof, now=NOW)
    warn(warning="wrn_2", thread="w2")
    send_due(inbox, now=NOW)
    assert [letter.subject for letter in inbox.letters][1:] == ["Rain"]
    letter = inbox.letters[1]
    assert letter.leave
    assert letter.leave in letter.body


def test_one_click_ends_it_and_deletes_the_row_also_for_letters_on_their_way() -> None:
    inbox = Inbox()
    subscribed(CONTACT)
    warn()
    send_due(inbox, now=NOW)
    (leave,) = links(inbox, "leave")
    warn(warning="wrn_2", thread="w2")
    response = Client(enforce_csrf_checks=True).post(
        f"/subscribe/leave/{leave[0]}/{leave[1]}", {"List-Unsubscribe": "One-Click"}
    )
    assert response.status_code == 200
    assert not SubscriberRow.objects.exists()
    send_due(inbox, now=NOW)
    assert len(inbox.letters) == 1
    services.leave(*leave, now=NOW)  # again is nothing


def test_looking_at_a_link_neither_confirms_nor_leaves() -> None:
    services.ask(wish(), now=NOW)
    row = SubscriberRow.objects.get()
    for what in ("confirm", "leave"):
        assert Client().get(f"/subscribe/{what}/{row.id}/{seal().proof(what, row.id)}").status_code == 200
    assert SubscriberRow.objects.get().state == "asked"


def test_a_link_that_we_did_not_make_does_nothing() -> None:
    services.ask(wish(), now=NOW)
    row = SubscriberRow.objects.get()
    for proof in ("", "0" * 40, seal().proof("leave", row.id)):
        with pytest.raises(NotAllowed):
            services.confirm(row.id, proof, now=NOW)
    for proof in ("", "0" * 40, seal().proof("confirm", row.id)):
        with pytest.raises(NotAllowed):
            services.leave(row.id, proof, now=NOW)
    assert SubscriberRow.objects.get().state == "asked"


def test_the_contact_lies_nowhere_in_the_open() -> None:
    inbox = Inbox()
    subscribed(CONTACT)
    warn()
    send_due(inbox, now=NOW)
    assert inbox.to(CONTACT)
    assert "canary" not in everything_stored()


def test_who_does_not_confirm_is_forgotten_and_told_once() -> None:
    subscribed("other@mail.example")
    services.ask(wish(), now=NOW)
    assert services.sweep(now=NOW + KEPT_UNCONFIRMED - timedelta(seconds=1)) == 0
    assert services.sweep(now=NOW + KEPT_UNCONFIRMED) == 1
    assert services.sweep(now=NOW + KEPT_UNCONFIRMED) == 0
    assert SubscriberRow.objects.get().state == "confirmed"


def test_nobodys_mailbox_is_filled_by_somebody_elses_form() -> None:
    inbox = Inbox()
    for _ in range(2 * LETTERS_AT_MOST):
        services.ask(wish(), now=NOW)
        send_due(inbox, now=NOW)
    assert len(inbox.letters) == LETTERS_AT_MOST
    assert SubscriberRow.objects.count() == 1


def test_asking_again_before_confirming_replaces_the_wish_and_afterwards_changes_nothing() -> None:
    services.ask(wish(places=["city/west"]), now=NOW)
    services.ask(wish(places=["city/east"]), now=NOW)
    assert SubscriberRow.objects.get().places == ["city/east"]
    subscribed()
    services.ask(wish(places=["city/west"]), now=NOW)
    assert SubscriberRow.objects.get().places == ["city/east"]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"places": ["city"]}, True), ({"places": ["city/west"]}, False), ({"hazards": ["heat"]}, False),
        ({"hazards": ["heat", "rainstorm"]}, True), ({"least_level": 4}, True),
        ({"places": [], "lon": 0.5, "lat": 0.5}, True), ({"places": [], "lon": 1.0, "lat": 0.5}, True),
        ({"places": [], "lon": 1.001, "lat": 0.5}, False), ({"places": ["city/west"], "lon": 0.5, "lat": 0.5}, True),
    ],
)  # fmt: skip
def test_who_asked_for_it_is_told_and_nobody_else(wanted: dict[str, object], told: bool) -> None:
    inbox = Inbox()
    subscribed(CONTACT, **wanted)
    warn()
    send_due(inbox, now=NOW)
    assert bool(inbox.to(CONTACT)) is told


def test_below_the_level_asked_for_is_silence() -> None:
    inbox = Inbox()
    subscribed(CONTACT, least_level=4)
    warn(about(level=3))
    send_due(inbox, now=NOW)
    assert inbox.letters == []


def test_an_exercise_never_reaches_the_public_but_targets_that_want_it() -> None:
    inbox = Inbox()
    subscribed(CONTACT)
    services.put_targets(
        [Target("a", {}, "mail", "siren@town.example", exercises=True), Target("b", {}, "mail", "board@town.example")],
        actor=SYSTEM, now=NOW,
    )  # fmt: skip
    warn(exercise=True)
    send_due(inbox, now=NOW)
    assert [letter.address for letter in inbox.letters] == ["siren@town.example"]
    assert "Exercise" in inbox.letters[0].subject or "演练" in inbox.letters[0].subject


def test_a_thousand_subscribers_are_three_shards_and_each_is_told_once() -> None:
    kept = seal()
    SubscriberRow.objects.bulk_create(
        SubscriberRow(id=f"sub_{n}", channel="mail", contact=kept.close(f"p{n}@mail.example"), mark=str(n), language="en",
                      places=["city/east"], state="confirmed", asked_at=NOW) for n in range(1001)
    )  # fmt: skip
    inbox = Inbox()
    assert warn() in (3, 4)  # the first number decides where ranges are cut
    send_due(inbox, now=NOW)
    assert sorted(letter.address for letter in inbox.letters) == sorted(f"p{n}@mail.example" for n in range(1001))
    assert SHARD == 500


def test_short_messages_say_the_short_text() -> None:
    inbox = Inbox("sms")
    subscribed("+8613800000000", channel="sms")
    warn()
    send_due(inbox, now=NOW)
    assert [letter.body for letter in inbox.letters] == ["Red rainstorm"]


@pytest.mark.parametrize(
    "bad",
    [{"contact": "nobody"}, {"contact": "a@b\r\nBcc: c@d"}, {"channel": "sms", "contact": "13800000000"}, {"channel": "pigeon"},
     {"places": []}, {"places": ["nowhere"]}, {"places": ["city"] * 21}, {"least_level": 5}],
)  # fmt: skip
def test_a_wish_that_cannot_be_met_is_refused_in_words(bad: dict[str, object]) -> None:
    with pytest.raises(BadValue) as caught:
        services.ask(wish(**bad), now=NOW)
    assert caught.value.remedy
    assert not SubscriberRow.objects.exists()


def test_targets_are_put_by_who_manages_and_each_once() -> None:
    inspector = Actor("p/x", "x", "p", Role.INSPECTOR, "")
    with pytest.raises(NotAllowed):
        services.put_targets([], actor=inspector, now=NOW)
    twice = [Target("a", {}, "mail", "a@town.example")] * 2
    for bad in (twice, [Target("a", {}, "smoke", "hill")], [Target("a", {}, "mqtt", "town/#")]):
        with pytest.raises(BadValue):
            services.put_targets(bad, actor=SYSTEM, now=NOW)
    services.put_targets(twice[:1], actor=SYSTEM, now=NOW)
    assert [target.id for target in queries.targets(EVERYWHERE)] == ["a"]


def test_small_counts_are_not_shown() -> None:
    subscribed(*(f"p{n}@mail.example" for n in range(4)))
    assert queries.subscriber_counts(EVERYWHERE) == {"mail": None}
    subscribed("p5@mail.example")
    assert queries.subscriber_counts(EVERYWHERE) == {"mail": 5}


def test_keys_change_without_losing_anybody(settings_home_keys: list[bytes]) -> None:
    subscribed(CONTACT)
    row = SubscriberRow.objects.get()
    old_leave = seal().proof("leave", row.id)
    settings_home_keys.insert(0, b"a newer key")
    inbox = Inbox()
    warn()
    send_due(inbox, now=NOW)
    assert inbox.to(CONTACT)
    services.ask(wish(), now=NOW)
    assert SubscriberRow.objects.count() == 1  # found by the old mark
    services.leave(row.id, old_leave, now=NOW)
    assert not SubscriberRow.objects.exists()


@pytest.fixture
def settings_home_keys(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    keys = [b"a first key"]
    monkeypatch.setattr(type(settings.CONFIGURATION.home), "contact_keys", lambda home: list(keys))
    return keys


def test_the_form_loses_nothing_and_never_tells_who_is_subscribed(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, smtp="smtp://127.0.0.1:25"))
    client = Client(headers={"accept-language": "en"})
    refused = client.post("/subscribe", {"channel": "mail", "contact": "<script>x</script>", "place": ["city/east"]})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    assert "<script>x" not in page
    assert re.search(r'value="city/east" selected', page)
    form = {"channel": "mail", "contact": CONTACT, "place": ["city/east"], "least_level": "2"}
    first = client.post("/subscribe", form).content
    subscribed()
    again = client.post("/subscribe", form).content
    strip = lambda html: re.sub(rb"made at .*?</p>", b"", html, flags=re.S)  # noqa: E731
    assert strip(first) == strip(again)


def test_one_address_cannot_ask_without_end() -> None:
    from tocsin.doors.portal import subscribe

    subscribe.asks.forget()
    codes = [
        Client(REMOTE_ADDR="203.0.113.9")
        .post("/subscribe", {"contact": f"p{n}@mail.example", "place": "city"})
        .status_code
        for n in range(subscribe.ASKS_AT_MOST + 2)
    ]
    assert codes == [200] * subscribe.ASKS_AT_MOST + [429, 429]


def test_the_ledger_tells_of_wishes_without_contacts() -> None:
    subscribed(CONTACT)
    lines = ledger.chain("audience")
    assert [line.verb for line in lines] == ["subscription_asked", "subscription_confirmed"]
    assert "canary" not in str(lines)
