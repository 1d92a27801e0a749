"""What holds for every channel: the in-memory twin and real SMTP pass the same test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest

from tests.contracts.channels.post_office import PostOffice
from tocsin.doors.channels.mail import Mail
from tocsin.doors.channels.smtp_server import SmtpServer
from tocsin.records.dispatch.channel import Channel
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import Unavailable
from tocsin.testing.channels import Inbox


class Rig(Protocol):
    """A channel with a hand on what is behind it."""

    channel: Channel

    def refuse(self, address: str) -> None: ...
    def put_off(self, address: str) -> None: ...
    def close(self) -> None: ...
    def open(self) -> None: ...
    def break_after(self, letters: int) -> None: ...
    def received(self) -> list[tuple[str, str, str]]:
        """Address, subject and key of what arrived, in order."""
        ...


class Twin:
    def __init__(self) -> None:
        self.channel: Inbox = Inbox()

    def refuse(self, address: str) -> None:
        self.channel.refuses[address] = "550 no such mailbox"

    def put_off(self, address: str) -> None:
        self.channel.busy[address] = "450 mailbox busy"

    def close(self) -> None:
        self.channel.down = "nobody answers"

    def open(self) -> None:
        self.channel.down = ""

    def break_after(self, letters: int) -> None:
        self.channel.breaks_after = letters

    def received(self) -> list[tuple[str, str, str]]:
        return [(letter.address, letter.subject, letter.key) for letter in self.channel.letters]


class Smtp:
    def __init__(self) -> None:
        self.office = PostOffice()
        self.office.open()
        self.channel = Mail(SmtpServer.of(f"smtp://127.0.0.1:{self.office.port}"), "tocsin@office.example", timeout_s=5)

    def refuse(self, address: str) -> None:
        self.office.answers[address] = "550 no such mailbox"

    def put_off(self, address: str) -> None:
        self.office.answers[address] = "450 mailbox busy"

    def close(self) -> None:
        self.office.close()

    def open(self) -> None:
        self.office.open()

    def break_after(self, letters: int) -> None:
        self.office.breaks_after = letters

    def received(self) -> list[tuple[str, str, str]]:
        return [
            (to, str(mail["Subject"]), str(mail["Message-ID"])[1:].partition("@")[0])
            for to, mail in self.office.letters
        ]


@pytest.fixture(params=["twin", "smtp"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    made: Rig = Twin() if request.param == "twin" else Smtp()
    yield made
    if isinstance(made, Smtp):
        made.close()


def letter(number: int, subject: str = "Heavy rain", **other: object) -> Letter:
    fields = {"key": f"dsp_1-{number}", "recipient": f"post:{number}", "address": f"post{number}@town.example",
              "subject": subject, "body": "Go up.", "language": "en"}  # fmt: skip
    return Letter(**(fields | other))  # type: ignore[arg-type]


LETTERS = [letter(number) for number in range(4)]


def test_every_letter_arrives_and_every_outcome_has_its_key(rig: Rig) -> None:
    outcomes = rig.channel.send(LETTERS)
    assert [(o.key, o.accepted, o.final) for o in outcomes] == [(one.key, True, False) for one in LETTERS]
    assert rig.received() == [(one.address, "Heavy rain", one.key) for one in LETTERS]
    assert all(outcome.said for outcome in outcomes)


def test_nothing_to_send_is_nothing(rig: Rig) -> None:
    assert rig.channel.send([]) == []
    rig.close()
    assert rig.channel.send([]) == []
    rig.open()


def test_a_recipient_refused_for_good_delays_no_other(rig: Rig) -> None:
    rig.refuse("post1@town.example")
    outcomes = rig.channel.send(LETTERS)
    assert [(o.accepted, o.final) for o in outcomes] == [(True, False), (False, True), (True, False), (True, False)]
    assert "no such mailbox" in outcomes[1].said
    assert len(rig.received()) == 3


def test_a_recipient_put_off_is_not_final(rig: Rig) -> None:
    rig.put_off("post0@town.example")
    outcomes = rig.channel.send(LETTERS)
    assert [(o.accepted, o.final) for o in outcomes] == [(False, False), (True, False), (True, False), (True, False)]


def test_only_refusals_are_outcomes_too(rig: Rig) -> None:
    rig.refuse("post0@town.example")
    (outcome,) = rig.channel.send(LETTERS[:1])
    assert (outcome.accepted, outcome.final) == (False, True)


def test_a_channel_that_is_down_says_so_and_takes_nothing(rig: Rig) -> None:
    rig.close()
    with pytest.raises(Unavailable) as caught:
        rig.channel.send(LETTERS)
    assert caught.value.remedy
    assert rig.received() == []
    rig.open()
    assert all(outcome.accepted for outcome in rig.channel.send(LETTERS))


def test_a_channel_that_breaks_says_of_each_letter_whether_it_went(rig: Rig) -> None:
    rig.break_after(2)
    outcomes = rig.channel.send(LETTERS)
    assert [(o.accepted, o.final) for o in outcomes] == [(True, False), (True, False), (False, False), (False, False)]
    assert len(rig.received()) == 2


def test_sending_again_carries_the_same_key(rig: Rig) -> None:
    rig.channel.send(LETTERS[:1])
    rig.channel.send(LETTERS[:1])
    assert [key for _, _, key in rig.received()] == ["dsp_1-0", "dsp_1-0"]


def test_chinese_arrives_as_it_was_written(rig: Rig) -> None:
    rig.channel.send([letter(1, "暴雨红色预警：东区", language="zh-hans")])
    assert rig.received()[0][1] == "暴雨红色预警：东区"
