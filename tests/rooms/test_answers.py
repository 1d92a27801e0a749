"""Answers: a recipient says that they have it by link, code or key, once; looking answers nothing (N8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client, override_settings

from tests.rooms.town import NOW
from tocsin.app.sender import send_due
from tocsin.records import clock
from tocsin.records.dispatch import answers
from tocsin.records.dispatch.message import Letter, Message, Recipient, Text
from tocsin.records.dispatch.services import put
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.outbox.models import OutboxFact
from tocsin.terms.errors import NotAllowed
from tocsin.terms.moment import to_us
from tocsin.testing.channels import Inbox

pytestmark = pytest.mark.django_db

TEXTS = {"en": Text("Nobody has it", "Look at it."), "zh-hans": Text("无人接手", "请查看。")}
PHONE = "+8613800000001"


@pytest.fixture(autouse=True)
def hand(tmp_path: Any) -> Iterator[None]:
    """The pages ask the clock: it shows NOW."""
    path = tmp_path / "clock"
    clock.drive(path, to_us(NOW))
    with override_settings(TOCSIN_DRIVEN_CLOCK=path):
        yield


def sent(channel: str = "mail", *, asks: bool = True, language: str = "en", address: str = PHONE) -> Letter:
    person = Recipient("post:duty", "duty@town.example" if channel == "mail" else address, language)
    with transaction.atomic():
        put(Message("escalation_step", TEXTS, "evt_1", "evt_1", 3, asks=asks), [person], channel=channel, actor=SYSTEM,
            now=NOW)  # fmt: skip
    inbox = Inbox(channel)
    send_due(inbox, now=NOW, jitter=lambda: 1.0)
    return inbox.letters[-1]


def path_in(letter: Letter) -> str:
    found = re.search(r"https?://[^/\s]+(/heard/\S+)", letter.body)
    assert found, letter.body
    return found[1]


def facts() -> list[str]:
    return list(OutboxFact.objects.filter(kind="letter_answered").values_list("body", flat=True))


def test_looking_at_the_link_answers_nothing_and_the_button_answers_once() -> None:
    """N8, by link: what follows links for its owner answers for nobody."""
    path = path_in(sent())
    client = Client(enforce_csrf_checks=True)  # no cookie and no script is needed
    for method in (client.get, client.head):
        assert method(path).status_code == 200
    assert facts() == []
    for _again in range(2):
        page = client.post(path)
        assert page.status_code == 200
        assert b"Noted at" in page.content
    assert len(facts()) == 1
    assert b"<button" not in client.get(path).content
    (line,) = [line for line in ledger.chain("evt_1") if line.verb == "message_answered"]
    assert (line.actor, line.body["via"], line.body["recipient"]) == ("post:duty", "link", "post:duty")
    assert [(one.recipient, one.via) for one in answers.answered("evt_1")] == [("post:duty", "link")]


def test_the_page_speaks_the_language_of_the_letter() -> None:
    page = Client().get(path_in(sent(language="zh-hans")))
    assert "无人接手" in page.content.decode()
    assert 'lang="zh-Hans"' in page.content.decode()


def test_a_link_that_is_not_ours_or_is_over_is_refused() -> None:
    letter = sent()
    path = path_in(letter)
    assert Client().post(path[:-1] + ("0" if path[-1] != "0" else "1")).status_code == 410
    other = path.replace(letter.key, letter.key.rpartition("-")[0] + "-1")
    assert Client().post(other).status_code == 410
    assert facts() == []
    proof = path.rpartition("/")[2]
    with pytest.raises(NotAllowed):
        answers.answer_by_link(letter.key, proof, now=NOW + answers.VALID)
    assert answers.answer_by_link(letter.key, proof, now=NOW + answers.VALID - timedelta(seconds=1))


def test_a_letter_that_does_not_ask_has_no_link_and_takes_no_answer() -> None:
    letter = sent(asks=False)
    assert "/heard/" not in letter.body
    with pytest.raises(NotAllowed):
        answers.asked(letter.key, answers.link_of(letter.key).rpartition("/")[2], now=NOW)


def test_a_code_answers_from_its_own_number_alone() -> None:
    """N8, by reply code."""
    letter = sent("sms")
    code = answers.code_of(letter.key)
    assert f"Reply {code}" in letter.body
    assert "http" not in letter.body
    wrong = str((int(code) - 1000 + 1) % 9000 + 1000)
    assert not answers.answer_by_code(PHONE, wrong, now=NOW)
    assert not answers.answer_by_code("+8613800000002", code, now=NOW)
    assert not answers.answer_by_code(PHONE, code, now=NOW + timedelta(days=1, seconds=1))
    assert answers.answer_by_code(PHONE, f" {code} ok", now=NOW)
    assert not answers.answer_by_code(PHONE, code, now=NOW)
    assert len(facts()) == 1


def test_a_key_answers_a_call() -> None:
    """N8, by key press."""
    letter = sent("voice")
    assert "Press 1" in letter.body
    assert not answers.answer_by_digit(letter.key, "2", now=NOW)
    assert not answers.answer_by_digit(letter.key[:-1] + "9", "1", now=NOW)
    assert answers.answer_by_digit(letter.key, "1", now=NOW)
    assert not answers.answer_by_digit(sent("mail").key, "1", now=NOW)


def test_the_door_of_gateways_takes_what_came_back_from_who_is_known() -> None:
    import dataclasses

    letter = sent("sms")
    body = {"from": PHONE, "text": answers.code_of(letter.key)}

    def post(data: object, token: str = "", kind: str = "application/json") -> Any:
        return Client().post("/answers", data, content_type=kind, headers={"Authorization": f"Bearer {token}"})

    assert post(body).status_code == 401  # no token is set: there is no such door
    changed = dataclasses.replace(django_settings.CONFIGURATION, answers_token="s3cret")
    with override_settings(CONFIGURATION=changed):
        assert post(body, "wrong").status_code == 401
        assert post("[]", "s3cret").status_code == 400
        assert post({"text": "1234"}, "s3cret").status_code == 400
        assert post("{" * 5000, "s3cret").status_code == 400
        assert post({"from": PHONE, "text": "hello"}, "s3cret").json() == {"answered": False}
        assert post(body, "s3cret").json() == {"answered": True}
        call = sent("voice")
        form = f"key={call.key}&digit=1"
        assert post(form, "s3cret", "application/x-www-form-urlencoded").json() == {"answered": True}
    assert len(facts()) == 2
