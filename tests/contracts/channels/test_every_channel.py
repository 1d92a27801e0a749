"""What holds for every channel: the real one, against the real thing (an SMTP server, a web server, a push service that
decrypts, Mosquitto), and its in-memory twin pass the same test. A channel without a rig is refused."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Protocol

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from tests.contracts.channels.broker_house import BrokerHouse
from tests.contracts.channels.message_centre import INVALID_DESTINATION, QUEUE_FULL, MessageCentre
from tests.contracts.channels.post_office import PostOffice
from tests.contracts.channels.web_house import Post, WebHouse
from tocsin.app.channels_in_use import channels_in_use
from tocsin.app.configuration import Configuration
from tocsin.app.home import Home
from tocsin.doors import channels
from tocsin.doors.channels.broker import Broker
from tocsin.doors.channels.chat import Chat
from tocsin.doors.channels.gateway import Gateway
from tocsin.doors.channels.gateway_request import GatewayRequest
from tocsin.doors.channels.mail import Mail
from tocsin.doors.channels.mqtt import Mqtt
from tocsin.doors.channels.smpp import Smpp
from tocsin.doors.channels.smsc import Smsc
from tocsin.doors.channels.smtp_server import SmtpServer
from tocsin.doors.channels.web_push import WebPush, new_key, read_key
from tocsin.doors.channels.webhook import Webhook
from tocsin.doors.channels.websub import WebSub
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


EVERYTHING = frozenset({"refuse", "put_off", "break", "key", "words"})
OWN = ("release",)  # hands over the signed message itself, by the database: its tests are its own


class Twin:
    """The in-memory twin of the channel ``name``."""

    can = EVERYTHING
    name = "mail"

    def __init__(self, folder: Path) -> None:
        self.channel: Inbox = Inbox(self.name)
        self.whole = self.name not in ("webhook", "chat", "web_push", "websub")

    def address(self, number: int) -> str:
        keys = {"p256dh": "key", "auth": "secret"}
        return {
            "mail": f"post{number}@town.example", "sms": f"+86138000000{number:02}", "voice": f"+86571000000{number:02}",
            "webhook": f"https://town.example/{number}", "chat": f"room{number}", "mqtt": f"town/display/{number}",
            "web_push": json.dumps({"endpoint": f"https://push.example/{number}", "keys": keys}),
            "websub": f"https://reader.example/{number}",
        }[self.name]  # fmt: skip

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
    name = "sms"

    def made(self) -> Channel:
        request = '{"to": "{to}", "text": "{text}", "id": "{key}"}'
        return Gateway(
            self.name, self.outward, GatewayRequest(f"{self.house.url}/send", request, "Authorization: Bearer x")
        )

    def name_of(self, path: str, body: bytes) -> str:
        return str(json.loads(body)["to"])

    def address(self, number: int) -> str:
        return f"+86138000000{number:02d}"

    def read(self, post: Post) -> tuple[str, str, str]:
        assert post.headers["authorization"] == "Bearer x"
        document = json.loads(post.body)
        return document["to"], document["text"], document["id"]


class Operator:
    """An operator's SMSC."""

    whole, can = True, frozenset({"refuse", "put_off", "break", "words"})  # SMPP 3.4 carries no key of ours

    def __init__(self, folder: Path) -> None:
        self.centre = MessageCentre()
        self.centre.open()
        self.channel = Smpp(Smsc.of(f"smpp://tocsin:s3cret@127.0.0.1:{self.centre.port}"), timeout_s=5)

    def address(self, number: int) -> str:
        return f"+86138000000{number:02d}"

    def refuse(self, address: str) -> None:
        self.centre.statuses[address] = INVALID_DESTINATION

    def put_off(self, address: str) -> None:
        self.centre.statuses[address] = QUEUE_FULL

    def close(self) -> None:
        self.centre.close()

    def open(self) -> None:
        self.centre.open()

    def break_after(self, letters: int) -> None:
        self.centre.breaks_after = letters

    def received(self, number: int) -> list[tuple[str, str, str]]:
        return [(to, text, "") for to, text in self.centre.received]


class Calls(ShortMessages):
    name = "voice"


class Rooms(_Web):
    can = frozenset({"break", "put_off", "words"})  # apprise says only yes or no, and carries no key

    def made(self) -> Channel:
        return Chat({f"room{n}": f"json://127.0.0.1:{self.house.port}/room{n}" for n in range(4)}, patience_s=5)

    def name_of(self, path: str, body: bytes) -> str:
        return path.strip("/")

    def address(self, number: int) -> str:
        return f"room{number}"

    def read(self, post: Post) -> tuple[str, str, str]:
        return post.path.strip("/"), json.loads(post.body)["title"], ""


class Feeds(_Web):
    """Systems that asked for the feed: a letter is the word that it has changed, what comes is the feed."""

    can = frozenset({"refuse", "put_off", "break"})

    def made(self) -> Channel:
        return WebSub(
            self.outward, lambda: b"<feed/>", "https://town.example/feed", "https://town.example/hub", patience_s=5
        )

    def address(self, number: int) -> str:
        asked = {
            "callback": f"{self.house.url}/{number}",
            "secret": "s",
            "topic": "",
            "mode": "",
            "lease": 0,
            "challenge": "",
        }
        return json.dumps(asked)

    def refuse(self, address: str) -> None:
        super().refuse(json.loads(address)["callback"])

    def put_off(self, address: str) -> None:
        super().put_off(json.loads(address)["callback"])

    def read(self, post: Post) -> tuple[str, str, str]:
        assert post.body == b"<feed/>"
        assert post.headers["x-hub-signature"] == f"sha256={hmac.new(b's', post.body, 'sha256').hexdigest()}"
        return self.address(int(post.path[1:])), "", ""


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
    whole, can = True, frozenset({"refuse", "key", "words"})

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


REAL: dict[str, type] = {
    "mail": Smtp,
    "webhook": Hooks,
    "sms": ShortMessages,
    "voice": Calls,
    "chat": Rooms,
    "web_push": Browsers,
    "mqtt": Displays,
    "websub": Feeds,
}
BESIDE: dict[str, type] = {"sms by smpp": Operator}  # another way to a channel that has its rig above
RIGS = REAL | BESIDE | {f"twin of {name}": type(f"TwinOf_{name}", (Twin,), {"name": name}) for name in REAL}


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


def test_every_channel_of_a_deployment_has_a_rig_and_a_twin(tmp_path: Path) -> None:
    """All settings that give a channel are set; whoever adds one finds its name missing here."""
    everything = {
        "smtp": "smtp://127.0.0.1", "sms_gateway": "http://127.0.0.1/sms", "voice_gateway": "http://127.0.0.1/voice",
        "chats": ("room=json://127.0.0.1/",), "mqtt": "mqtt://127.0.0.1", "outward_inside": ("127.0.0.1",),
        "release_gateway": "http://127.0.0.1/release",
    }  # fmt: skip
    configuration = Configuration(home=Home(tmp_path).prepare(), **everything)  # type: ignore[arg-type]
    assert sorted(channel.name for channel in channels_in_use(configuration)) == sorted([*REAL, *OWN])


def test_every_kind_of_channel_that_there_is_has_a_rig(tmp_path: Path) -> None:
    """Also one that no setting gives yet: whatever class of the doors sends letters under a name."""
    modules = [import_module(f"{channels.__name__}.{found.name}") for found in iter_modules(channels.__path__)]
    made = {kind for module in modules for kind in vars(module).values()
            if isinstance(kind, type) and kind.__module__ == module.__name__}  # fmt: skip
    kinds = {kind for kind in made if callable(getattr(kind, "send", None))}
    rigs = [rig(_folder(tmp_path, name)) for name, rig in (REAL | BESIDE).items()]
    try:
        assert {kind for kind in kinds if getattr(kind, "name", "") not in OWN} == {type(rig.channel) for rig in rigs}
        assert {name: rig.channel.name for name, rig in zip(REAL, rigs, strict=False)} == {name: name for name in REAL}
        assert {rig.channel.name for rig in rigs[len(REAL) :]} == {name.partition(" by ")[0] for name in BESIDE}
    finally:
        for rig in rigs:
            rig.close()


def _folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


@everybody()
def test_every_letter_arrives_and_every_outcome_has_its_key(rig: Rig) -> None:
    letters = four(rig)
    outcomes = rig.channel.send(letters)
    assert [(o.key, o.accepted, o.final) for o in outcomes] == [(one.key, True, False) for one in letters]
    said, keyed = "words" in rig.can, "key" in rig.can
    expected = [(one.address, "Heavy rain" if said else "", one.key if keyed else "") for one in letters]
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


@everybody("words")
def test_chinese_arrives_as_it_was_written(rig: Rig) -> None:
    rig.channel.send([letter(rig, 1, "暴雨红色预警：东区", language="zh-hans")])
    assert rig.received(1)[0][1] == "暴雨红色预警：东区"
