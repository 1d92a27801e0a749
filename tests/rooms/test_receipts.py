"""Receipts: what became of a letter after the next hop took it, told by whoever can prove that the letter came to them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from tests.rooms.town import NOW
from tocsin.app.sender import send_due
from tocsin.records import clock
from tocsin.records.dispatch import receipts, services
from tocsin.records.dispatch.lifecycle import Receipt
from tocsin.records.dispatch.message import Message, Recipient, Text
from tocsin.records.dispatch.models import DeliveryRow
from tocsin.records.dispatch.report import channel_states, report
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.outbox.models import OutboxFact
from tocsin.testing.channels import Inbox

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(seconds=90)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATER)


def address(channel: str, number: int) -> str:
    """One that the channel takes."""
    browser = json.dumps({"endpoint": f"https://push.example/{number}", "keys": {"p256dh": "x", "auth": "y"}})
    return {"webhook": f"https://x.example/{number}", "sms": f"+861380000{number:04d}", "web_push": browser}.get(
        channel, f"p{number}@x.example"
    )


def put(channel: str, *names: str, at: datetime = NOW, about: str = "wrn_1", kind: str = "warning_issued") -> str:
    message = Message(kind, {"en": Text("Rain", "Go up.")}, about, level=4, link="/warnings/wrn_1")
    people = [Recipient(name, address(channel, number), "en") for number, name in enumerate(names)]
    with transaction.atomic():
        return services.put(message, people, channel=channel, actor=SYSTEM, now=at)[0]


def sent(channel: str, *names: str, at: datetime = NOW) -> tuple[str, Inbox]:
    dispatch, inbox = put(channel, *names), Inbox(channel)
    send_due(inbox, now=at)
    return dispatch, inbox


def post(address: str, body: object = None, kind: str = "application/json") -> int:
    path = address.partition("//")[2].partition("/")[2]
    content = json.dumps(body) if kind.endswith("json") and body is not None else body or ""
    return Client(enforce_csrf_checks=True).post(f"/{path}", content, content_type=kind).status_code


def row(number: int = 0) -> DeliveryRow:
    return DeliveryRow.objects.get(number=number)


def test_a_system_acknowledges_with_nothing_but_the_address_of_its_letter() -> None:
    _dispatch, inbox = sent("webhook", "target:a")
    (letter,) = inbox.letters
    assert letter.link.endswith("/warnings/wrn_1")
    assert post(letter.receipt) == 204
    assert (row().delivered_at, row().acknowledged_at, row().state) == (LATER, LATER, "accepted")


def test_a_browser_says_delivered_then_acknowledged_and_the_first_of_each_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _dispatch, inbox = sent("web_push", "subscriber:a")
    (letter,) = inbox.letters
    assert post(letter.receipt, {"status": "delivered"}) == 204
    assert (row().delivered_at, row().acknowledged_at) == (LATER, None)
    monkeypatch.setattr(clock, "now", lambda: LATER + timedelta(seconds=5))
    assert post(letter.receipt, {"status": "acknowledged"}) == 204
    assert post(letter.receipt, {"status": "delivered"}) == 204
    assert (row().delivered_at, row().acknowledged_at) == (LATER, LATER + timedelta(seconds=5))


def test_only_who_has_the_letter_may_say_so() -> None:
    dispatch, inbox = sent("webhook", "target:a", "target:b")
    first, second = (letter.receipt for letter in inbox.letters)
    other = f"{first.rpartition('/')[0]}/{second.rpartition('/')[2]}"  # the proof of another letter
    for wrong in (other, first[:-1], f"http://x/receipts/{dispatch}-0/{'0' * 40}", "http://x/receipts/none/none"):
        assert post(wrong) == 404
    assert (
        Client().get(f"/{first.partition('//')[2].partition('/')[2]}").status_code == 405
    )  # a link that is followed is nothing
    assert not DeliveryRow.objects.exclude(delivered_at=None).exists()


@pytest.mark.parametrize("body", ["[]", "{", "[" * 5000, "\x00", '"delivered"'])
def test_a_report_that_cannot_be_read_is_refused(body: str) -> None:
    _dispatch, inbox = sent("webhook", "target:a")
    path = inbox.letters[0].receipt.partition("//")[2].partition("/")[2]
    assert Client().post(f"/{path}", body, content_type="application/json").status_code == 400
    assert Client().post(f"/{path}", "x" * 9000, content_type="application/json").status_code == 413


# ---------------------------------------------------------------- gateways
@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> str:
    """The one address of the gateway of short messages."""
    form = "id=MessageId status=MessageStatus delivered=delivered acknowledged=read returned=failed,undelivered"
    monkeypatch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, sms_receipt=form))
    return f"http://x/receipts/gateway/sms/{receipts.gateway_proof('sms')}"


FORM = "application/x-www-form-urlencoded"


def test_a_gateway_reports_at_its_one_address_in_its_own_words(gateway: str) -> None:
    dispatch, _inbox = sent("sms", "target:a")
    key = f"{dispatch}-0"
    assert post(gateway, f"MessageId={key}&MessageStatus=queued", FORM) == 204
    assert row().delivered_at is None
    assert post(gateway, f"MessageId={key}&MessageStatus=Delivered", FORM) == 204
    assert row().delivered_at == LATER
    assert post(gateway, {"MessageId": key, "MessageStatus": "read"}) == 204
    assert row().acknowledged_at == LATER
    assert post(gateway.replace("/sms/", "/voice/"), f"MessageId={key}&MessageStatus=read", FORM) == 404
    assert post(gateway[:-1] + "x", f"MessageId={key}&MessageStatus=read", FORM) == 404
    assert post(gateway, "MessageId=dsp_unknown-0&MessageStatus=read", FORM) == 404


def test_or_at_the_address_of_each_letter(gateway: str) -> None:
    _dispatch, inbox = sent("sms", "target:a")
    assert post(inbox.letters[0].receipt, "MessageStatus=read", FORM) == 204
    assert row().acknowledged_at == LATER


def test_what_comes_back_has_failed_after_all_and_somebody_hears_of_it(gateway: str) -> None:
    dispatch, _inbox = sent("sms", "target:a", "subscriber:b")
    for number in range(2):
        assert post(gateway, f"MessageId={dispatch}-{number}&MessageStatus=undelivered", FORM) == 204
    assert [row(n).state for n in range(2)] == ["failed", "failed"]
    assert row().said == "came back: undelivered"
    facts = OutboxFact.objects.filter(kind="delivery_returned")
    assert facts.count() == 2
    assert post(gateway, f"MessageId={dispatch}-0&MessageStatus=failed", FORM) == 204  # told once
    assert facts.count() == 2
    lines = [line for line in ledger.chain("wrn_1") if line.verb == "message_returned"]
    assert [line.body.get("recipient") for line in lines] == [
        "target:a",
        None,
    ]  # nobody of the public stands on the ledger


def test_what_had_arrived_does_not_come_back(gateway: str) -> None:
    dispatch, _inbox = sent("sms", "target:a")
    post(gateway, f"MessageId={dispatch}-0&MessageStatus=delivered", FORM)
    assert post(gateway, f"MessageId={dispatch}-0&MessageStatus=failed", FORM) == 204
    assert row().state == "accepted"


def test_a_report_before_the_hand_over_is_written_is_asked_for_again(gateway: str) -> None:
    dispatch = put("sms", "target:a")
    services.letters(dispatch, now=NOW)
    assert not receipts.note(f"{dispatch}-0", Receipt.RETURNED, now=NOW)  # 503 or 404: the gateway reports again
    assert receipts.note(f"{dispatch}-0", Receipt.DELIVERED, now=NOW)
    send_due(Inbox("sms"), now=NOW)
    assert row().delivered_at == NOW


# ---------------------------------------------------------------- the report
def test_the_report_counts_and_times_as_a_slow_reader_of_the_rows_would() -> None:
    from tests.rooms.town import NOW as start

    people = [f"post:{n}" for n in range(40)] + [f"subscriber:{n}" for n in range(7)]
    dispatch = put("mail", *people)
    services.letters(dispatch, now=start, at_most=50)
    for number, delivery in enumerate(DeliveryRow.objects.order_by("number")):
        if number % 9 == 8:
            delivery.state, delivery.attempts = "failed", 2
        elif number % 10 != 9:
            delivery.state, delivery.attempts = "accepted", 1
            delivery.accepted_at = start + timedelta(milliseconds=(number * 37) % 1000)
            delivery.delivered_at = start if number % 3 == 0 else None
            delivery.acknowledged_at = start if number % 6 == 0 else None
        delivery.save()
    (posts, public) = report(["wrn_1"])
    assert (posts.channel, posts.whom, public.whom) == ("mail", "posts", "public")
    for line, prefix in ((posts, "post:"), (public, "subscriber:")):
        rows = [r for r in DeliveryRow.objects.all() if r.recipient.startswith(prefix)]
        took = sorted((r.accepted_at - start).total_seconds() for r in rows if r.accepted_at)
        rank = [took[max(0, -(-len(took) * share // 100) - 1)] for share in (50, 95, 99)]
        assert [line.p50_s, line.p95_s, line.p99_s] == pytest.approx(rank)
        assert line.queued == len(rows)
        assert line.sent == sum(r.attempts > 0 for r in rows)
        assert line.accepted == sum(r.state == "accepted" for r in rows)
        assert line.failed == sum(r.state == "failed" for r in rows)
        assert line.delivered == sum(r.delivered_at is not None for r in rows)
        assert line.acknowledged == sum(r.acknowledged_at is not None for r in rows)
    assert report(["wrn_2"]) == report([]) == []
    put("sms", "post:1", about="wrn_3")
    (waiting,) = report(["wrn_3"])
    assert (waiting.queued, waiting.sent, waiting.p50_s) == (1, 0, None)
    assert {state.channel: state.waiting for state in channel_states()} == {"mail": 1, "sms": 1}
