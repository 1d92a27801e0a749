"""The official release platform: the signed bytes go there, its receipt number comes back, and what is missing is seen."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.contracts.channels.web_house import WebHouse
from tests.people import log_in
from tests.rooms.calling_out import facts
from tests.stories import acts
from tocsin.doors.channels.platform import Platform
from tocsin.doors.channels.release import Release
from tocsin.doors.channels.webhook import secret_of
from tocsin.doors.outward.client import Answer, Outward
from tocsin.doors.outward.guard import Guard
from tocsin.loop.warn import queries as warnings
from tocsin.records.dispatch.message import Letter
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.release import queries, services
from tocsin.terms.errors import BadValue
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db
KEY = b"the deployment's key"


class Upper:
    """A town whose signed messages go to a platform; each taken message gets a number."""

    def __init__(self, town: Town, house: WebHouse) -> None:
        self.town, self.house = town, house
        house.answer_body = json.dumps({"data": {"receiptNumber": "FB-2026-0001"}}).encode()
        platform = Platform(f"{house.url}/release", "Authorization: Bearer abc", "data.receiptNumber")
        self.channel = Release(
            Outward(Guard(("127.0.0.1",)), timeout_s=2), platform, [KEY], now_s=lambda: 1_780_000_000
        )
        self.channel.letters = []  # type: ignore[attr-defined] # what it hands over lies at the house, in no inbox
        town.inboxes["release"] = self.channel  # type: ignore[assignment]
        acts.may_warn(town)

    def issues(self, level: int = 4) -> str:
        storm = self.town.storm(level=level)
        warning = acts.drafts(self.town, "duty", storm.event)
        acts.signs(self.town, "signer", warning)
        return warning


@pytest.fixture
def house() -> Iterator[WebHouse]:
    made = WebHouse()
    made.open()
    yield made
    made.close()


@pytest.fixture
def upper(house: WebHouse) -> Iterator[Upper]:
    with Town(synthetic=False) as town:
        wanted = replace(settings.CONFIGURATION, release_gateway=f"{house.url}/release")
        with override_settings(CONFIGURATION=wanted):
            yield Upper(town, house)
            town.read_all()


def test_the_platform_gets_the_signed_bytes_and_its_number_is_kept(upper: Upper) -> None:
    warning = upper.issues()
    upper.town.carry()
    [post] = upper.house.posts
    alert = warnings.alert(warning)
    assert post.body == alert.document
    assert post.headers["content-type"] == "application/cap+xml"
    assert post.headers["authorization"] == "Bearer abc"
    assert post.headers["idempotency-key"] == warning
    signed = f"{warning}.1780000000.".encode() + post.body
    digest = hmac.new(secret_of(KEY, f"{upper.house.url}/release"), signed, hashlib.sha256).digest()
    assert post.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    line = queries.of_warning(EVERYWHERE, warning)
    assert line is not None
    assert (line.receipt, line.received_at) == ("FB-2026-0001", upper.town.now)
    chain = warnings.warning(EVERYWHERE, warning).event
    last = next(entry for entry in reversed(ledger.chain(chain)) if entry.verb == "release_receipted")
    assert last.body["receipt"] == "FB-2026-0001"
    assert [fact["receipt"] for fact in facts("release_receipted")] == ["FB-2026-0001"]


def test_without_a_number_it_is_tried_again_and_after_ten_minutes_it_is_told_and_pinned(upper: Upper) -> None:
    upper.house.answers["/release"] = 503
    warning = upper.issues()
    upper.town.after(minutes=9)
    upper.town.read_all()
    assert queries.missing(EVERYWHERE, now=upper.town.now) == []
    upper.town.after(minutes=2)
    upper.town.phone("duty").expects("Not receipted by the release platform")
    upper.town.after(minutes=30)
    assert sum("Not receipted" in letter.subject for letter in upper.town.read_all()) == 0  # told once
    assert len(facts("release_missing")) == 1
    [line] = queries.missing(EVERYWHERE, now=upper.town.now)
    assert line.warning == warning
    assert "503" in line.said
    client = Client()
    log_in(client, "duty_officer")
    page = client.get("/").content.decode()
    assert "1 warning without a receipt of the official platform" in page
    assert "No receipt since" in client.get(f"/console/warnings/{warning}").content.decode()

    del upper.house.answers["/release"]
    upper.town.after(minutes=6)  # the pause between two attempts grows to five minutes at most
    assert queries.missing(EVERYWHERE, now=upper.town.now) == []
    assert "FB-2026-0001" in client.get(f"/console/warnings/{warning}").content.decode()
    assert "without a receipt" not in client.get("/").content.decode()


@pytest.mark.parametrize("body", [b"taken", b"{}", b'{"data": {"receiptNumber": ""}}', b'{"data": 7}', b"[" * 5000])
def test_an_answer_without_a_number_is_no_receipt(upper: Upper, body: bytes) -> None:
    upper.house.answer_body = body
    warning = upper.issues()
    upper.town.carry()
    line = queries.of_warning(EVERYWHERE, warning)
    assert line is not None
    assert line.received_at is None
    assert "no receipt number" in line.said


def test_a_repeat_keeps_the_first_number(upper: Upper) -> None:
    warning = upper.issues()
    upper.town.carry()
    assert services.note_receipt(warning, "another", now=upper.town.now) is False
    upper.channel.send([Letter("dsp_x-0", "platform", warning, "", "", "en")])  # as after a crash
    line = queries.of_warning(EVERYWHERE, warning)
    assert line is not None
    assert line.receipt == "FB-2026-0001"
    assert len(facts("release_receipted")) == 1


@pytest.mark.parametrize("number", ["", "  ", "x" * 101, "a\x00b", "a\nb"])
def test_a_number_that_cannot_be_kept_is_refused(upper: Upper, number: str) -> None:
    with pytest.raises(BadValue, match="receipt number"):
        services.note_receipt("wrn_1", number, now=upper.town.now)


def test_a_cancellation_never_overtakes_what_it_cancels(upper: Upper) -> None:
    upper.house.answers["/release"] = 503
    first = upper.issues()
    upper.town.after(minutes=3)
    later = acts.cancels(upper.town, "duty", first)
    acts.signs(upper.town, "signer", later)
    upper.town.after(minutes=3)
    del upper.house.answers["/release"]
    upper.town.after(minutes=12)
    order = [post.headers["idempotency-key"] for post in upper.house.posts]
    assert order == [first, later]


def test_it_is_tried_until_it_expires(upper: Upper) -> None:
    upper.house.answers["/release"] = 500
    warning = upper.issues()
    expires = warnings.warning(EVERYWHERE, warning).expires_at
    upper.town.after(minutes=(expires - upper.town.now) / timedelta(minutes=1) + 5)
    tried = len(upper.house.asked)
    assert tried > 20
    upper.town.after(minutes=30)
    assert len(upper.house.asked) == tried


def test_an_exercise_never_goes_to_the_official_platform(house: WebHouse) -> None:
    with Town() as town, override_settings(CONFIGURATION=replace(settings.CONFIGURATION, release_gateway=house.url)):
        warning = Upper(town, house).issues()
        town.carry()
        assert house.asked == []
        assert queries.of_warning(EVERYWHERE, warning) is None
        town.read_all()


def test_a_deployment_without_a_platform_asks_nobody() -> None:
    with Town(synthetic=False) as town:
        acts.may_warn(town)
        storm = town.storm(level=4)
        warning = acts.drafts(town, "duty", storm.event)
        acts.signs(town, "signer", warning)
        town.read_all()
        assert queries.of_warning(EVERYWHERE, warning) is None


@pytest.mark.parametrize(
    ("where", "body", "number"),
    [("receipt", b'{"receipt": 17}', "17"), ("a.b.c", b'{"a": {"b": {"c": "x"}}}', "x"), ("receipt", b'{"receipt": true}', ""),
     ("receipt", b"\xff", ""), ("a.b", b'{"a": [1]}', "")],
)  # fmt: skip
def test_where_the_number_is_is_declared(where: str, body: bytes, number: str) -> None:
    assert Platform("https://upper.example", "", where).number_in(Answer(200, {}, body)) == number


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(BadValue, match="colon"):
        Platform("https://upper.example", "Bearer abc")
    with pytest.raises(BadValue, match="empty name"):
        Platform("https://upper.example", "", "a..b")
    with pytest.raises(BadValue):
        Release(Outward(Guard()), Platform("http://10.0.0.1/x"), [KEY])
