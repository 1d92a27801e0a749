"""What waits shows, with its age: in ``/readyz``, ``/metrics`` and ``tocsin doctor``."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from tests.rooms.test_dispatch import people, put_to
from tests.rooms.test_outbox import ring
from tests.rooms.town import NOW
from tocsin.app import doctor
from tocsin.app.sender import send_due
from tocsin.records import clock
from tocsin.testing.channels import Inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes after the usual moment."""
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=10))


def findings(check: str, monkeypatch: pytest.MonkeyPatch, **other: object) -> list[tuple[str, str]]:
    monkeypatch.setattr(doctor, "_has_database", lambda configuration: True)
    configuration = dataclasses.replace(settings.CONFIGURATION, **other)
    return [(finding.state, finding.what) for finding in getattr(doctor, f"_{check}")(configuration)]


def test_mail_that_waits_is_a_note_and_a_figure(client: Client, later: None) -> None:
    put_to(people(3))
    answer = client.get("/readyz").json()
    assert (answer["undelivered_dispatches"], answer["undelivered_age_s"]) == (1, 600.0)
    assert answer["notes"] == ["1 dispatches wait because no mail server is set"]
    assert not any("dispatch" in fault for fault in answer["faults"])
    lines = client.get("/metrics").content.decode().splitlines()
    assert "tocsin_undelivered_age_s 600" in lines
    assert "# TYPE tocsin_undelivered_age_s gauge" in lines
    assert "town.example" not in "".join(lines)


def test_a_fact_that_waits_long_is_a_fault(client: Client, later: None) -> None:
    ring("north")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "the oldest of 1 facts in the outbox waits 600 s" in answer.json()["faults"]
    assert "tocsin_outbox_age_s 600" in client.get("/metrics").content.decode().splitlines()


def test_the_doctor_says_that_no_mail_server_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings("mail", monkeypatch) == [
        ("note", "no mail server is set; mail is kept waiting"), ("ok", "nothing waits to be sent")]  # fmt: skip
    assert findings("mail", monkeypatch, smtp="smtp://127.0.0.1:25") == [("ok", "nothing waits to be sent")]


def test_the_doctor_says_what_the_mail_server_said(monkeypatch: pytest.MonkeyPatch, later: None) -> None:
    put_to(people(1))
    assert findings("mail", monkeypatch, smtp="smtp://127.0.0.1:25") == [
        ("note", "1 dispatches wait, the oldest for 0:10:00")]  # fmt: skip
    inbox = Inbox()
    inbox.down = "on fire"
    send_due(inbox, now=NOW)
    ((state, words),) = findings("mail", monkeypatch, smtp="smtp://127.0.0.1:25")
    assert state == "fault"
    assert "on fire" in words


def test_the_doctor_sees_facts_that_wait(monkeypatch: pytest.MonkeyPatch, later: None) -> None:
    assert findings("outbox", monkeypatch) == [("ok", "0 facts wait")]
    ring("north")
    assert findings("outbox", monkeypatch) == [("note", "1 facts wait, the oldest for 0:10:00")]
