"""What holds for every channel: the in-memory twin and the real ones pass the same test, each against the real thing: an
SMTP server, a web server, a push service that decrypts, Mosquitto."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from tests.contracts.channels.broker_house import BrokerHouse
from tests.contracts.channels.post_office import PostOffice
from tests.contracts.channels.web_house import Post, WebHouse
from tocsin.doors.channels.broker import Broker
from tocsin.doors.channels.chat import Chat
from tocsin.doors.channels.gateway import Gateway
from tocsin.doors.channels.gateway_request import GatewayRequest
from tocsin.doors.channels.mail import Mail
from tocsin.doors.channels.mqtt import Mqtt
from tocsin.doors.channels.smtp_server import SmtpServer
from tocsin.doors.channels.web_push import WebPush, new_key, read_key
from tocsin.doors.channels.webhook import Webhook
from tocsin.doors.outward.client import Outward
from tocsin.doors.outward.guard import Guard
from tocsin.records.dispatch.channel import Channel
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import Unavailable
from tocsin.testing.channels import Inbox


class Rig(Protocol):
    """A channel with a hand on what is behind it. ``whole``: it has one next hop, which can be down as a whole; else each
    address is a target of its own. ``can``: what the other side is able to do to us."""

    channel: Channel
    whole: bool
    can: frozenset[str]

    def address(self, number: int) -> str: ...
    def refuse(self, address: str) -> None: ...
    def put_off(self, address: str) -> None: ...
    def close(self) -> None: ...
    def open(self) -> None: ...
    def break_after(self, letters: int) -> None: ...
    def received(self, number: int) -> list[tuple[str, str, str]]:
        """Address, subject (or text, where there is no subject) and key of what arrived; ``number`` are awaited."""
        ...


EVERYTHING = frozenset({"refuse", "put_off", "break", "key"})


class Twin:
    whole, can = True, EVERYTHING

    def __init__(self, folder: Path) -> None:
        self.channel: Inbox = Inbox()

    def address(self, number: int) -> str:
        return f"post{number}@town.example"

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

    def received(self, number: int) -> list[tuple[str, str, str]]:
        return [(letter.address, letter.subject, letter.key) for letter in self.channel.letters]


class Smtp:
    whole, can = True, EVERYTHING

    def __init__(self, folder: Path) -> None:
        self.office = PostOffice()
        self.office.open()
        self.channel = Mail(SmtpServer.of(f"smtp://127.0.0.1:{self.office.port}"), "tocsin@office.example", timeout_s=5)

    def address(self, number: int) -> str:
        return f"post{number}@town.example"

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

    def received(self, number: int) -> list[tuple[str, str, str]]:
        return [
            (to, str(mail["Subject"]), str(mail["Message-ID"])[1:].partition("@")[0])
            for to, mail in self.office.letters
        ]


class _Web:
    """A rig whose other side is a web server."""

    whole, can = False, EVERYTHING
    final, busy = 410, 503

    def __init__(self, folder: Path) -> None:
        self.house = WebHouse(self.name_of)
        self.house.open()
        self.outward = Outward(Guard(["127.0.0.1"]), timeout_s=5)
        self.channel = self.made()

    def made(self) -> Channel:
        raise NotImplementedError

    def name_of(self, path: str, body: bytes) -> str:
        return f"{self.house.url}{path}"

    def address(self, number: int) -> str:
        return f"{self.house.url}/{number}"

    def refuse(self, address: str) -> None:
        self.house.answers[address] = self.final

    def put_off(self, address: str) -> None:
        self.house.answers[address] = self.busy

    def close(self) -> None:
        self.house.close()

    def open(self) -> None:
        self.house.open()

    def break_after(self, letters: int) -> None:
        self.house.breaks_after = letters

    def received(self, number: int) -> list[tuple[str, str, str]]:
        return [self.read(post) for post in self.house.posts]

    def read(self, post: Post) -> tuple[str, str, str]:
        document = json.loads(post.body)
        return f"{self.house.url}{post.path}", document["subject"], document["id"]


class Hooks(_Web):
    def made(self) -> Channel:
        return Webhook(self.outward, [b"a key of the deployment"], patience_s=5)


class ShortMessages(_Web):
    whole = True
    final = 422

    def made(self) -> Channel:
        request = '{"to": "{to}", "text": "{text}", "id": "{key}"}'
        return Gateway(
            "sms", self.outward, GatewayRequest(f"{self.house.url}/send", request, "Authorization: Bearer x")
        )

    def name_of(self, path: str, body: bytes) -> str:
        return str(json.loads(body)["to"])

    def address(self, number: int) -> str:
        return f"+86138000000{number:02d}"

    def read(self, post: Post) -> tuple[str, str, str]:
        assert post.headers["authorization"] == "Bearer x"
        document = json.loads(post.body)
        return document["to"], document["text"], document["id"]


class Rooms(_Web):
    can = frozenset({"break", "put_off"})  # apprise says only yes or no, and carries no key

    def made(self) -> Channel:
        return Chat({f"room{n}": f"json://127.0.0.1:{self.house.port}/room{n}" for n in range(4)}, patience_s=5)

    def name_of(self, path: str, body: bytes) -> str:
        return path.strip("/")

    def address(self, number: int) -> str:
        return f"room{number}"

    def read(self, post: Post) -> tuple[str, str, str]:
        return post.path.strip("/"), json.loads(post.body)["title"], ""


class Browsers(_Web):
    """A push service that reads as the browser does: it decrypts with the browser's key and checks who signed."""

    def made(self) -> Channel:
        self.private = ec.generate_private_key(ec.SECP256R1())
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.keys = {"p256dh": _b64(point), "auth": _b64(b"sixteen secrets!")}
        return WebPush(self.outward, read_key(new_key()), "mailto:tocsin@office.example", patience_s=5)

    def address(self, number: int) -> str:
        return json.dumps({"endpoint": f"{self.house.url}/{number}", "keys": self.keys})

    def refuse(self, address: str) -> None:
        super().refuse(json.loads(address)["endpoint"])

    def put_off(self, address: str) -> None:
        super().put_off(json.loads(address)["endpoint"])

    def read(self, post: Post) -> tuple[str, str, str]:
        assert Vapid02.verify(post.headers["authorization"])
        content = http_ece.decrypt(
            post.body, private_key=self.private, auth_secret=b"sixteen secrets!", version="aes128gcm"
        )
        document = json.loads(content)
        return self.address(int(post.path[1:])), document["subject"], document["id"]


class Displays:
    whole, can = True, frozenset({"refuse", "key"})

    def __init__(self, folder: Path) -> None:
        self.house = BrokerHouse(folder)
        self.house.open()
        self.channel = Mqtt(Broker.of(f"mqtt://127.0.0.1:{self.house.port}"), timeout_s=5)

    def address(self, number: int) -> str:
        return f"town/display/{number}"

    def refuse(self, address: str) -> None:
        self.house.refuse(address)

    def put_off(self, address: str) -> None:
        raise NotImplementedError

    def break_after(self, letters: int) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.house.close()

    def open(self) -> None:
        self.house.open()

    def received(self, number: int) -> list[tuple[str, str, str]]:
        documents = [(topic, json.loads(payload)) for topic, payload, _ in self.house.wait_for(number)]
        return [(topic, document["subject"], document["id"]) for topic, document in documents]


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


RIGS = {
    "twin": Twin,
    "mail": Smtp,
    "webhook": Hooks,
    "sms": ShortMessages,
    "chat": Rooms,
    "web_push": Browsers,
    "mqtt": Displays,
}


def _able(*what: str) -> list[str]:
    """Rigs whose other side can do all this."""
    return [name for name, rig in RIGS.items() if rig.can.issuperset(what)]


@pytest.fixture
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made: Rig = RIGS[request.param](tmp_path)
    yield made
    made.close()


def everybody(*what: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rig", _able(*what), indirect=True)


def letter(rig: Rig, number: int, subject: str = "Heavy rain", **other: object) -> Letter:
    fields = {"key": f"dsp_1-{number}", "recipient": f"post:{number}", "address": rig.address(number),
              "subject": subject, "body": subject, "language": "en"}  # fmt: skip
    return Letter(**(fields | other))  # type: ignore[arg-type]


def four(rig: Rig) -> list[Letter]:
    return [letter(rig, number) for number in range(4)]


@everybody()
def test_every_letter_arrives_and_every_outcome_has_its_key(rig: Rig) -> None:
    letters = four(rig)
    outcomes = rig.channel.send(letters)
    assert [(o.key, o.accepted, o.final) for o in outcomes] == [(one.key, True, False) for one in letters]
    expected = [(one.address, "Heavy rain", one.key if "key" in rig.can else "") for one in letters]
    assert sorted(rig.received(4)) == sorted(expected)
    assert all(outcome.said for outcome in outcomes)


@everybody()
def test_nothing_to_send_is_nothing(rig: Rig) -> None:
    assert rig.channel.send([]) == []
    rig.close()
    assert rig.channel.send([]) == []


@everybody("refuse")
def test_a_recipient_refused_for_good_delays_no_other(rig: Rig) -> None:
    rig.refuse(rig.address(1))
    outcomes = rig.channel.send(four(rig))
    assert [(o.accepted, o.final) for o in outcomes] == [(True, False), (False, True), (True, False), (True, False)]
    assert outcomes[1].said
    assert len(rig.received(3)) == 3


@everybody("put_off")
def test_a_recipient_put_off_is_not_final(rig: Rig) -> None:
    rig.put_off(rig.address(0))
    outcomes = rig.channel.send(four(rig))
    assert [(o.accepted, o.final) for o in outcomes] == [(False, False), (True, False), (True, False), (True, False)]


@everybody("refuse")
def test_only_refusals_are_outcomes_too(rig: Rig) -> None:
    rig.refuse(rig.address(0))
    (outcome,) = rig.channel.send(four(rig)[:1])
    assert (outcome.accepted, outcome.final) == (False, True)


@everybody()
def test_an_address_of_another_channel_is_final(rig: Rig) -> None:
    if isinstance(rig, Twin):
        rig.refuse("none of ours #")
    (outcome,) = rig.channel.send([letter(rig, 0, address="none of ours #")])
    assert (outcome.accepted, outcome.final) == (False, True)


@everybody()
def test_a_channel_that_is_down_takes_nothing_and_all_of_it_later(rig: Rig) -> None:
    rig.close()
    letters = four(rig)
    if rig.whole:
        with pytest.raises(Unavailable) as caught:
            rig.channel.send(letters)
        assert caught.value.remedy
    else:  # each address is a target of its own: their silence is not the channel's
        assert [(o.accepted, o.final) for o in rig.channel.send(letters)] == [(False, False)] * 4
    assert rig.received(0) == []
    rig.open()
    assert all(outcome.accepted for outcome in rig.channel.send(letters))


@everybody("break")
def test_a_channel_that_breaks_says_of_each_letter_whether_it_went(rig: Rig) -> None:
    rig.break_after(2)
    outcomes = rig.channel.send(four(rig))
    assert sorted((o.accepted, o.final) for o in outcomes) == [
        (False, False),
        (False, False),
        (True, False),
        (True, False),
    ]
    assert len(rig.received(2)) == 2


@everybody("key")
def test_sending_again_carries_the_same_key(rig: Rig) -> None:
    rig.channel.send(four(rig)[:1])
    rig.channel.send(four(rig)[:1])
    assert [key for _, _, key in rig.received(2)] == ["dsp_1-0", "dsp_1-0"]


@everybody()
def test_chinese_arrives_as_it_was_written(rig: Rig) -> None:
    rig.channel.send([letter(rig, 1, "暴雨红色预警：东区", language="zh-hans")])
    assert rig.received(1)[0][1] == "暴雨红色预警：东区"
