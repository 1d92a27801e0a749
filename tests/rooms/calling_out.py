"""Villages with wardens, a real voice gateway that does as its script says, and a clock that tests move. Facts of call-outs and
answers are carried, calls go over real HTTP, callbacks come in at the product's own door; nobody sleeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.test import Client, override_settings

from tocsin.app.sender import send_due
from tocsin.doors.channels.gateway import Gateway
from tocsin.doors.channels.gateway_request import GatewayRequest
from tocsin.doors.outward.client import Outward
from tocsin.doors.outward.guard import Guard
from tocsin.records import clock
from tocsin.records.callout import queries, services
from tocsin.records.callout.cause import Cause, Spoken
from tocsin.records.callout.lifecycle import AreaState
from tocsin.records.callout.models import AttemptRow
from tocsin.records.callout.queries import AreaLine
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.queries import actor_of
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.outbox.carrier import Carrier, Stage
from tocsin.records.outbox.models import OutboxFact
from tocsin.records.places import services as places
from tocsin.records.places.services import Area
from tocsin.terms.moment import to_us
from tocsin.testing.channels import Inbox
from tocsin.testing.voice_gateway import VoiceGateway

__all__ = ["START", "TOKEN", "Villages", "phone_of", "villages"]

START = datetime(2026, 7, 20, 8, 0, tzinfo=UTC)
TOKEN = "a token that only the gateway knows"
COUNTY, TOWN = "county", "county/town"
WIRING = {"letter_answered": [Stage("callout.letter_answered", services.on_letter_answered)]}


def phone_of(number: int, kind: int = 0) -> str:
    """The telephone of a village's warden (0), its deputy (1), the town above (2) or an office (3)."""
    return f"+86571{kind}{number:07d}"


class Villages:
    """``areas``: the villages' paths. ``inboxes``: short messages and mail; calls go to ``gateway``."""

    def __init__(self, count: int, gateway: VoiceGateway, *, language: str = "en") -> None:
        self.areas = [f"{TOWN}/v{number:03d}" for number in range(count)]
        self.gateway = gateway
        self.inboxes = {"sms": Inbox("sms"), "mail": Inbox("mail")}
        request = GatewayRequest(gateway.url, '{"to": "{to}", "text": "{text}", "id": "{key}"}', "")
        self.voice = Gateway("voice", Outward(Guard(("127.0.0.1",))), request)
        self.carrier = Carrier(WIRING)
        self.client = Client()
        self.refused: list[int] = []
        self._build(language)

    # ------------------------------------------------------------ time and work
    @property
    def now(self) -> datetime:
        return clock.now()

    @property
    def minutes(self) -> float:
        return (self.now - START) / timedelta(minutes=1)

    def set(self, at: datetime) -> None:
        clock.drive(settings.TOCSIN_DRIVEN_CLOCK, to_us(at))

    def pass_time(self, minutes: float, *, step_s: float = 60.0, working: bool = True) -> None:
        """Let time pass; ``working`` False: the worker is down, callbacks still come in at the door."""
        until = self.now + timedelta(minutes=minutes)
        self.work(working=working)
        while self.now < until:
            self.set(min(until, self.now + timedelta(seconds=step_s)))
            self.work(working=working)

    def work(self, *, working: bool = True) -> None:
        """What everybody does at this moment."""
        for callback in self.gateway.due(self.now):
            self.hand_over(callback.body, token="a guess" if callback.forged else TOKEN)
        if working:
            services.sweep(now=self.now)
            self.carrier.carry(now=self.now)
            send_due(self.voice, now=self.now, jitter=lambda: 1.0)
            for inbox in self.inboxes.values():
                send_due(inbox, now=self.now, jitter=lambda: 1.0)

    def hand_over(self, body: dict[str, str], *, token: str = TOKEN) -> int:
        """A gateway reports something at the product's door; the status."""
        response = self.client.post("/answers", body, headers={"Authorization": f"Bearer {token}"})
        if response.status_code != 200:
            self.refused.append(response.status_code)
        return response.status_code

    # ------------------------------------------------------------ the call-out
    def start(
        self, level: int = 4, *, warning: str = "wrn_1", lineage: str = "wrn_1", exercise: bool = False,
        areas: Sequence[str] | None = None, hours: float = 6, since: datetime | None = None,
    ) -> str:  # fmt: skip
        """A warning of this level concerns these villages (all of them)."""
        texts = {"en": Spoken("Red rainstorm", "Red rainstorm. Go to high ground now.", "Red rainstorm. Go up."),
                 "zh-hans": Spoken("暴雨红色预警", "暴雨红色预警。请立即转移到高处。", "暴雨红色预警，速转移。")}  # fmt: skip
        since = since or self.now
        cause = Cause("warning", warning, lineage, "evt_1", "rainstorm", level, exercise, since,
                      since + timedelta(hours=hours), texts, f"/warnings/{warning}")  # fmt: skip
        return services.start_callout(cause, self.areas if areas is None else areas, actor=SYSTEM, now=self.now)

    def stop(self, lineage: str = "wrn_1") -> str:
        texts = {"en": Spoken("Cancelled", "The red rainstorm warning is cancelled.", "Cancelled: rainstorm."),
                 "zh-hans": Spoken("解除", "暴雨红色预警已解除。", "暴雨预警解除。")}  # fmt: skip
        return services.stop_callout("warning", lineage, texts, actor=SYSTEM, now=self.now)

    def lines(self, callout: str) -> dict[str, AreaLine]:
        return {line.jurisdiction: line for line in queries.areas_of(EVERYWHERE, callout)}

    def line(self, callout: str, number: int = 0) -> AreaLine:
        return self.lines(callout)[self.areas[number]]

    def states(self, callout: str) -> dict[str, int]:
        found = [line.state for line in self.lines(callout).values()]
        return {state.value: found.count(state) for state in AreaState if state in found}

    def attempts(self, area: AreaLine, channel: str = "voice") -> list[AttemptRow]:
        return list(AttemptRow.objects.filter(area=area.id, channel=channel).order_by("at", "id"))

    # ------------------------------------------------------------ people
    def as_(self, post: str) -> Actor:
        return actor_of(self._accounts[post], post, now=self.now)

    def put_posts(self, *lines: PostLine) -> None:
        org.put_posts(lines, actor=SYSTEM, now=self.now)

    def warden(self, number: int, **more: object) -> PostLine:
        path = self.areas[number]
        titles = {"en": f"Warden of village {number}", "zh-hans": f"{number}号村责任人"}
        values = {
            "mail": f"warden-{number}@county.example",
            "language": "en",
            "phone": phone_of(number),
            "duty": "warden",
        }
        return PostLine(f"warden-{number}", titles, "office", Role.INSPECTOR, path, **values | more)  # type: ignore[arg-type]

    def _build(self, language: str) -> None:
        now = self.now
        county = Area(COUNTY, {"en": "County", "zh-hans": "某县"}, 3, "Asia/Shanghai")
        town = Area(TOWN, {"en": "Town", "zh-hans": "某镇"}, 4, "Asia/Shanghai")
        small = [
            Area(path, {"en": f"Village {n}", "zh-hans": f"{n}号村"}, 5, "Asia/Shanghai")
            for n, path in enumerate(self.areas)
        ]
        places.put_jurisdictions([county, town, *small], actor="test", now=now)
        org.put_departments(
            [DepartmentLine("office", {"en": "Office", "zh-hans": "应急局"}, COUNTY)], actor=SYSTEM, now=now
        )
        offices = [
            PostLine(name, {"en": name, "zh-hans": name}, "office", role, COUNTY, mail=f"{name}@county.example",
                     language=language, phone=phone)
            for name, role, phone in (("duty", Role.DUTY_OFFICER, phone_of(1, 3)), ("signer", Role.SIGNER, ""),
                                      ("commander", Role.COMMANDER, phone_of(2, 3)))
        ]  # fmt: skip
        deputies = [
            PostLine(f"deputy-{n}", {"en": f"Deputy of village {n}"}, "office", Role.INSPECTOR, path, phone=phone_of(n, 1),
                     language=language, duty="deputy")
            for n, path in enumerate(self.areas)
        ]  # fmt: skip
        above = PostLine("town", {"en": "Town on duty"}, "office", Role.INSPECTOR, TOWN, phone=phone_of(0, 2),
                         mail="town@county.example", language=language, duty="warden")  # fmt: skip
        wardens = [self.warden(number, language=language) for number in range(len(self.areas))]
        self.put_posts(*offices, above, *wardens, *deputies)
        self._accounts = {}
        for post in ("duty", "commander", "signer"):
            self._accounts[post], _password = org.open_account(f"x.{post}", post, actor=SYSTEM, now=now)
            org.start_shift(post, self._accounts[post], from_at=now, actor=SYSTEM, now=now)


@contextmanager
def villages(count: int = 3, *, channels: Sequence[str] = ("voice", "sms"), **named: str) -> Iterator[Villages]:
    """A county with a town and so many villages, and what it takes to call them."""
    hand = settings.HOME.prepare().run / "calling-clock"
    with override_settings(
        TOCSIN_DRIVEN_CLOCK=hand, PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]
    ):
        clock.drive(hand, to_us(START))
        with VoiceGateway(clock.now) as gateway:
            urls = {f"{channel}_gateway": gateway.url for channel in channels}
            with override_settings(CONFIGURATION=replace(settings.CONFIGURATION, answers_token=TOKEN, **urls)):
                yield Villages(count, gateway, **named)


def facts(kind: str) -> list[dict[str, object]]:
    """The bodies of the facts of a kind, in order."""
    return [json.loads(row.body) for row in OutboxFact.objects.filter(kind=kind).order_by("id")]


def verbs(chain: str = "evt_1") -> list[str]:
    """What the ledger tells, in order."""
    return [line.verb for line in ledger.chain(chain)]
