"""A small town in a TOCSIN_HOME of its own, written through the product's own log, grouping and services.

Run as a process beside the server; takes one JSON command a line on standard input, answers one line when committed.
"""

from __future__ import annotations

import copy
import json
import math
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
import numpy as np
import pyarrow as pa

PROPERTIES = ("precipitation", "water_level", "wind_speed", "pm25", "gas")
UNITS = {"precipitation": "mm", "water_level": "m", "wind_speed": "m/s", "pm25": "ug/m3", "gas": "%"}
HAZARDS = {
    "precipitation": "rainstorm",
    "water_level": "river_flood",
    "wind_speed": "gale",
    "pm25": "heavy_pollution",
    "gas": "gas_leak",
}
PLACES = (
    "Old Arsenal 旧军械库", "Harbour Clock 港钟楼", "East Market 东市", "Tea Hills 茶山", "Millpond 磨坊塘",
    "Lighthouse 灯塔", "North Ridge 北岭", "University 大学城",
)  # fmt: skip
RULES = {
    "precipitation": "natural_hazards/rainstorm",
    "water_level": "natural_hazards/river_stage",
    "wind_speed": "natural_hazards/gale_mean",
    "pm25": "natural_hazards/heavy_pollution",
    "gas": "gas_leak/gas_leak",
}
EVIDENCE = {
    "precipitation": ("sum(3h)", "mm", (52.4, 55.1, 81.0, 171.2), (50.0, 50.0, 50.0, 100.0)),
    "water_level": ("value", "m", (4.12, 4.62, 5.3, 6.07), (4.0, 4.5, 5.0, 6.0)),
    "wind_speed": ("value", "m/s", (11.4, 18.0, 25.2, 33.9), (10.8, 17.2, 24.5, 32.7)),
    "pm25": (
        'share(index(mean(24h), "cn_pm25_24h") > 200, 1h)',
        "%",
        (52.0, 60.0, 75.0, 90.0),
        (50.0, 50.0, 50.0, 50.0),
    ),
    "gas": ("value", "%", (12.0, 21.0, 33.0, 55.0), (10.0, 20.0, 30.0, 50.0)),
}
MINUTE_US = 60_000_000


class Town:
    """Catalogue, log, grouper; each command appends to the log and records what it means."""

    def __init__(self, streams: int, synthetic: bool) -> None:
        from django.conf import settings

        from tocsin.engine.grouping import Grouper
        from tocsin.engine.hazard import Cascade, Facility, HazardSpec
        from tocsin.loop.observe.log import Quarantine, SegmentLog
        from tocsin.terms.level import CHINA_FOUR_COLOUR
        from tocsin.terms.stream import Catalogue, Source, Stream

        self.home = settings.HOME.prepare()
        self.log = SegmentLog.open(self.home.log)
        self.quarantine = Quarantine.open(self.home.quarantine)
        self.sources = [
            Source(
                "works", "City water works" if not synthetic else "Simulated town", "Water bureau", synthetic=synthetic
            )
        ]
        self.streams = [
            Stream(
                id=f"{prop}-{n:03d}", source="works", feature=f"st-{n:03d}", property=prop, unit=UNITS[prop],
                lon=113.0 + 0.5 * (n % 200), lat=30.0 + 0.5 * (n // 200), jurisdiction="town/east", cadence_s=60.0,
                labels={"title": f"{PLACES[n % len(PLACES)]}" if n < len(PLACES) else f"{PLACES[n % len(PLACES)]} {n}"},
            )
            for n in range(streams) for prop in (PROPERTIES[n % len(PROPERTIES)],)
        ]  # fmt: skip
        self.catalogue = Catalogue(self.sources, self.streams)
        hazards = {code: HazardSpec(code, 5.0, 3600.0) for code in (*HAZARDS.values(), "waterlogging")}
        cascade = Cascade("rainstorm", 3, "waterlogging", ("underpass",), 10.0, 1)
        self.facilities = [
            Facility(
                "underpass-1",
                "underpass",
                {"en": "Station underpass", "zh-hans": "车站下穿道"},
                113.01,
                30.0,
                "town/east",
            )
        ]
        self.grouper = Grouper(
            hazards,
            [cascade],
            self.facilities,
            CHINA_FOUR_COLOUR,
            no_data_rules=["natural_hazards/river_silent"],
        )
        self.held: dict[tuple[str, bool], tuple[int, int]] = {}
        self.founded = copy.deepcopy(self.grouper)
        _copy(self._database, self._founded_database)

    def found(self, **_: Any) -> None:
        """Catalogue, a facility, two hours of values, some refused rows, tallies."""
        from tocsin.loop.observe import services as observe
        from tocsin.loop.observe.log import Entry
        from tocsin.records.places import services as places
        from tocsin.records.places.services import Area
        from tocsin.terms.record import RecordKind

        now = datetime.now(UTC)
        seq = self.log.append([Entry(RecordKind.CATALOGUE, self.now_us(), None, b"{}")])[0]
        observe.apply_catalogue(sources=self.sources, streams=self.streams, seq=seq, actor="test", now=now)
        east, west = (
            [[[lon, 29.4], [lon + 2.4, 29.6], [lon + 2.4, 30.8], [lon + 0.2, 30.6], [lon, 29.4]]]
            for lon in (112.4, 114.8)
        )
        areas = [
            Area("town", {"en": "Test town", "zh-hans": "试验镇"}),
            Area("town/east", {"en": "East ward", "zh-hans": "东片"}, 3, "Asia/Shanghai", east),
            Area("town/west", {"en": "West ward", "zh-hans": "西片"}, 3, "Asia/Shanghai", west),
        ]
        places.put_jurisdictions(areas, actor="test", now=now)
        places.put_facilities(self.facilities, actor="test", now=now)
        self.observe_values()
        self.refuse()
        self.tally()

    @property
    def _database(self) -> Path:
        return Path(self.home.database)

    @property
    def _founded_database(self) -> Path:
        return self._database.with_name("founded.sqlite3")

    def begin_anew(self, **_: Any) -> None:
        """Put everything back as it was before the first command; the log goes on, of which nothing is told any more."""
        from tocsin.app.sqlite_backend.writer_lock import WriterLock
        from tocsin.loop.observe import tallies

        self.grouper, self.held = copy.deepcopy(self.founded), {}
        turn = WriterLock(f"{self._database}.writer", 30.0)
        turn.acquire()
        try:
            _copy(self._founded_database, self._database)
        finally:
            turn.close()
        (self.home.run / tallies.NAME).unlink(missing_ok=True)

    def observe_values(self) -> None:
        from tocsin.loop.observe.log import Entry
        from tocsin.terms.record import RecordKind

        now = self.now_us()
        entries = []
        for minute in range(120, -1, -2):
            at = now - minute * MINUTE_US
            n = len(self.streams)
            wave = [6 + 5 * math.sin(minute / 17 + k) + k % 3 for k in range(n)]
            entries.append(Entry(RecordKind.OBSERVATIONS, at, _batch(np.arange(n), np.full(n, at), np.array(wave), at)))
        self.log.append(entries)

    def refuse(self, rows: int = 3, **_: Any) -> None:
        from tocsin.formats.refused import REFUSED

        now = datetime.now(UTC)
        reasons = [
            (
                "rain-77",
                "2026-11-22T03:41:00",
                "12.5",
                "bad_time",
                "the time has no zone",
                "write it with Z or an offset such as +08:00",
            ),
            (
                self.streams[0].id,
                "2026-11-22T03:41:00Z",
                "NaN",
                "bad_value",
                "the value is not a number",
                "leave the value out or send null for missing",
            ),
            (
                "rain-99",
                "2026-11-22T03:42:00Z",
                "4.0",
                "unknown_name",
                "the stream is not in the catalogue",
                "register it or correct its id",
            ),
        ]
        made = [dict(zip(REFUSED.names, (now, "works", k, *reasons[k % 3]), strict=True)) for k in range(rows)]
        self.quarantine.append(pa.Table.from_pylist(made, REFUSED))

    def tally(self, newest_age_s: float = 5.0, never: int = 2, **_: Any) -> None:
        from tocsin.loop.observe.tallies import write_tallies

        n = len(self.streams)
        newest = np.full(n, self.now_us() - int(newest_age_s * 1e6))
        newest[n - never :] = -(1 << 62)

        class Counters:
            accepted = np.arange(n) + 700
            late = np.arange(n) % 4
            duplicate = np.arange(n) % 3
            missing = np.arange(n) % 2
            newest_us = newest

        write_tallies(self.home.run, Counters, at_us=self.now_us())

    def signal(self, stream: int, level: int, age_s: float = 0.0, quality: bool = False, **_: Any) -> None:
        """Raise, change or clear (level 0) the signal of a stream."""
        self.record([self.transition(stream, level, age_s, quality)])

    def signals(self, items: list[dict[str, Any]], **_: Any) -> None:
        """Several at once, in one engine batch."""
        self.record(
            [self.transition(i["stream"], i["level"], i.get("age_s", 0.0), i.get("quality", False)) for i in items]
        )

    def silent(self, stream: int, **_: Any) -> None:
        """The stream fell silent while raised: no data in danger."""
        from tocsin.loop.observe import services as observe
        from tocsin.terms.signal import Change, Measure, Subject, Transition

        line = self.streams[stream]
        observe.mark_silent({line.id: self.now_us()}, actor="test", now=datetime.now(UTC))
        at = self.now_us()
        raised = Transition(
            "natural_hazards/river_silent", 1, HAZARDS[line.property], Subject("stream", line.id), Change.RAISED, 1, 0,
            at, at, self.log.next_seq, False,
            (Measure("silent", 10860.0, "s", ">=", 10800.0), Measure("value", 4.2, "m", ">=", 4.0)),
        )  # fmt: skip
        self.record([raised])

    def transition(self, stream: int, level: int, age_s: float, quality: bool) -> Any:
        from tocsin.terms.signal import Change, Measure, Subject, Transition

        line = self.streams[stream]
        at = self.now_us() - int(age_s * 1e6)
        before, onset = self.held.get((line.id, quality), (0, at))
        if before == 0:
            onset = at
        change = Change.RAISED if before == 0 else Change.CLEARED if level == 0 else Change.CHANGED
        self.held[line.id, quality] = (level, onset)
        what, unit, values, thresholds = EVIDENCE[line.property]
        k = max(level, 1) - 1
        evidence = (
            Measure(what, values[k] if level else thresholds[0] - 1, unit, ">=" if level else "<", thresholds[k]),
        )
        if quality:
            evidence = (Measure("stuck", 21_600.0, "s", ">=", 21_600.0),)
        rule = "natural_hazards/river_stuck" if quality else RULES[line.property]
        hazard = "data_quality" if quality else HAZARDS[line.property]
        return Transition(
            rule,
            1,
            hazard,
            Subject("stream", line.id),
            change,
            level,
            before,
            at,
            onset,
            self.log.next_seq,
            quality,
            evidence,
        )

    def record(self, transitions: list[Any]) -> str:
        from tocsin.geo.place import Place
        from tocsin.loop.detect import services as detect
        from tocsin.loop.observe.log import Entry
        from tocsin.terms.record import RecordKind

        def place(subject: Any) -> Place:
            s = self.catalogue.streams[self.catalogue.index(subject.key)]
            return Place(s.lon, s.lat, s.cell, s.jurisdiction, s.feature)

        changes = self.grouper.feed(transitions, place)
        seq = self.log.append([Entry(RecordKind.TICK, self.now_us())])[0]
        detect.record_batch(
            transitions=transitions,
            event_changes=changes,
            consumed_seq=seq,
            log_digest="",
            actor="test",
            now=datetime.now(UTC),
        )
        return changes[-1].event.id if changes else ""

    def log_in(self, role: str, jurisdiction: str = "", name: str = "", **_: Any) -> dict[str, str]:
        """An account in a post of this role with a session: its key, its log-in name and its password."""
        from django.conf import settings

        from tests.people import PASSWORD, person, session_of
        from tocsin.records.org.models import Account

        username, post = person(role, jurisdiction, name=name)
        key = session_of(Account.objects.get(username=username), post)
        return {
            "cookie": settings.SESSION_COOKIE_NAME,
            "key": key,
            "username": username,
            "password": PASSWORD,
            "post": post,
        }

    def carry(self, **_: Any) -> None:
        """What the worker does: carry facts and look at the clocks until nothing is left."""
        from tocsin.app.wiring import SWEEPS, WIRING
        from tocsin.records.outbox.carrier import Carrier

        carrier, now = Carrier(WIRING), datetime.now(UTC)
        while carrier.carry(now=now).facts + sum(sweep(now=now) for sweep in SWEEPS):
            pass

    def verifications(self, **_: Any) -> dict[str, Any]:
        """Who was asked to look, and what came of it."""
        from tocsin.loop.verify import queries
        from tocsin.records.org.scope import EVERYWHERE

        files = queries.open_dossiers(EVERYWHERE)
        lines = [
            {"id": line.id, "event": line.event, "post": line.post, "answer": line.answer, "note": line.note,
             "sizes": [max(photo.width, photo.height) for photo in line.evidence], "state": line.state.value}
            for file in files for line in queries.verifications(EVERYWHERE, file.event)
        ]  # fmt: skip
        return {"lines": lines}

    def may_warn(self, body: str, **_: Any) -> None:
        """This body may warn of everything everywhere."""
        from tocsin.loop.warn import services
        from tocsin.loop.warn.authority import AuthorityLine
        from tocsin.records.org.actor import SYSTEM

        services.put_authority([AuthorityLine(body, "*", "", 1, 4, "test")], actor=SYSTEM, now=datetime.now(UTC))

    def give_addresses(self, **_: Any) -> None:
        """Every post has an address for mail."""
        from dataclasses import replace

        from tocsin.records.org import queries, services
        from tocsin.records.org.actor import SYSTEM
        from tocsin.records.org.scope import EVERYWHERE

        posts = [replace(post, mail=f"{post.id}@example.org") for post in queries.posts(EVERYWHERE)]
        services.put_posts(posts, actor=SYSTEM, now=datetime.now(UTC))

    def draft_warning(self, number: int, submitted: bool = False, **_: Any) -> dict[str, str]:
        """A warning of the open event of this number, in the pack's words; ``submitted``: it waits for its second person."""
        from tests.people import person
        from tocsin.loop.detect import queries as detect
        from tocsin.loop.warn import services
        from tocsin.records.org.models import Account
        from tocsin.records.org.queries import actor_of
        from tocsin.records.org.scope import EVERYWHERE

        now = datetime.now(UTC)
        username, post = person("duty_officer")
        actor = actor_of(Account.objects.get(username=username).id, post, now=now)
        events = [event for event in detect.open_events(EVERYWHERE) if event.state == "open"]
        made = services.draft(events[number].id, actor=actor, now=now)
        if submitted:
            services.submit(made, version=1, actor=actor, now=now)
        return {"warning": made}

    def issue(self, minutes: int, **_: Any) -> dict[str, str]:
        """A warning of a gale in the east that was signed and holds so long; its id."""
        from tests.people import person
        from tocsin.loop.warn import queries, services
        from tocsin.loop.warn.content import Areas
        from tocsin.records.org.models import Account
        from tocsin.records.org.queries import actor_of
        from tocsin.records.org.scope import EVERYWHERE

        now = datetime.now(UTC)
        holders = {role: person(role) for role in ("duty_officer", "signer")}
        duty, signer = (
            actor_of(Account.objects.get(username=username).id, post, now=now) for username, post in holders.values()
        )
        made = services.draft(hazard="gale", level=3, areas=Areas(("town/east",)), body="office", exercise=False,
                              expires=now + timedelta(minutes=minutes), actor=duty, now=now)  # fmt: skip
        services.submit(made, version=1, actor=duty, now=now)
        line = queries.warning(EVERYWHERE, made)
        services.sign(made, version=line.version, digest=line.content.digest, actor=signer, now=now)
        return {"warning": made}

    def subscribers(self, **_: Any) -> dict[str, int]:
        """How many of the public are told, by channel."""
        from collections import Counter

        from tocsin.records.audience.models import SubscriberRow

        return dict(Counter(SubscriberRow.objects.filter(state="confirmed").values_list("channel", flat=True)))

    def letter_to_browser(self, **_: Any) -> dict[str, object]:
        """A letter on its way to a browser, accepted by its push service: what that service would hand over."""
        from django.db import transaction

        from tocsin.app.sender import send_due
        from tocsin.doors.channels.webhook import as_document
        from tocsin.records.dispatch import services
        from tocsin.records.dispatch.message import Message, Recipient, Text
        from tocsin.records.org.actor import SYSTEM
        from tocsin.testing.channels import Inbox

        now, inbox = datetime.now(UTC), Inbox("web_push")
        browser = json.dumps({"endpoint": "https://push.example/one", "keys": {"p256dh": "x", "auth": "y"}})
        message = Message(
            "warning_issued", {"en": Text("Red gale", "Stay inside.")}, "wrn_x", level=4, link="/warnings"
        )
        with transaction.atomic():
            services.put(message, [Recipient("subscriber:x", browser, "en")], channel="web_push", actor=SYSTEM, now=now)
        send_due(inbox, now=now)
        (letter,) = inbox.letters
        return as_document(letter) | {"receipt": letter.receipt}

    def receipts(self, **_: Any) -> dict[str, list[str]]:
        """What is known of letters after they were accepted."""
        from tocsin.records.dispatch.models import DeliveryRow

        found = []
        for row in DeliveryRow.objects.order_by("id"):
            found += [name for name in ("delivered", "acknowledged") if getattr(row, f"{name}_at")]
        return {"said": found}

    def make_busy(self, **_: Any) -> dict[str, str]:
        """Something of every room: a warning that waits, a response, a report, an order, an answer, a root. Ids by name."""
        from tocsin.loop.verify import queries
        from tocsin.records.org.scope import EVERYWHERE

        warning = self.draft_warning(number=1, submitted=True)["warning"]
        self.draft_warning(number=2)
        event = self.propose_response()["event"]
        self.refute()
        finding = self.serve_order()["finding"]  # after it, since its inspector may be asked to look as well
        self.seal()
        answered = [line.id for file in queries.open_dossiers(EVERYWHERE)
                    for line in queries.verifications(EVERYWHERE, file.event) if line.answer]  # fmt: skip
        return {"event_id": event, "warning_id": warning, "finding_id": finding, "case_id": finding,  # a finding is a case
                "verification_id": answered[0], "indicator": "receipted",
                "shadow_id": self.try_rules()} | self.call_out()  # fmt: skip

    def call_out(self, **_: Any) -> dict[str, str]:
        """A red warning that called out four villages half an hour ago: one was reached by hand, one answered a letter, one is
        not reached, for one nobody is declared. The ids of the call-out and of an area that waits."""
        from tocsin.records.callout import queries, services
        from tocsin.records.callout.cause import Cause, Spoken
        from tocsin.records.callout.models import AttemptRow
        from tocsin.records.dispatch.answers import answer_by_link, link_of
        from tocsin.records.dispatch.services import letters
        from tocsin.records.org import services as org
        from tocsin.records.org.actor import SYSTEM
        from tocsin.records.org.queries import actor_of
        from tocsin.records.org.scope import EVERYWHERE
        from tocsin.records.org.services import PostLine
        from tocsin.records.places import services as places
        from tocsin.records.places.services import Area

        now = datetime.now(UTC)
        began = now - timedelta(minutes=34)
        paths = [f"town/east/v{number}" for number in range(4)]
        areas = [Area(path, {"en": f"Reed village {n}", "zh-hans": f"芦苇村{n}"}, 5) for n, path in enumerate(paths)]
        places.put_jurisdictions(areas, actor="test", now=now)
        duty = self.log_in("duty_officer")["post"]
        org.put_posts([
            PostLine(f"warden-{n}", {"en": f"Warden of Reed village {n}", "zh-hans": f"芦苇村{n}责任人"}, "office", "inspector",
                     path, mail=f"warden-{n}@example.org", phone=f"+8657112345{n}", duty="warden", language="en")
            for n, path in enumerate(paths[:3])
        ], actor=SYSTEM, now=now)  # fmt: skip
        texts = {"en": Spoken("Red rainstorm, East district", "Red rainstorm. Go to high ground now.", "Red rainstorm."),
                 "zh-hans": Spoken("东区暴雨红色预警", "暴雨红色预警。请立即转移到高处。", "暴雨红色预警。")}  # fmt: skip
        cause = Cause(
            "bulletin", "blt_1", "blt_1", "blt_1", "rainstorm", 4, False, began, now + timedelta(hours=5), texts
        )
        plan = files_plan().replace('causes = ["warning"]', 'causes = ["warning", "bulletin"]')
        services.put_plan(plan.encode(), "plan", actor=SYSTEM, now=began)
        callout = services.start_callout(cause, paths, actor=SYSTEM, now=began)
        services.sweep(now=began)
        answered = AttemptRow.objects.get(area__jurisdiction=paths[1])
        letters(answered.dispatch, now=began)
        key, proof = link_of(answered.key).split("/")[-2:]
        answer_by_link(key, proof, now=began + timedelta(minutes=4))
        for minute in range(3, 34, 3):
            services.sweep(now=began + timedelta(minutes=minute))
        self.carry()
        found = {line.jurisdiction: line.id for line in queries.areas_of(EVERYWHERE, callout)}
        account = org.Account.objects.get(username=duty).id
        services.record_by_hand(found[paths[0]], "warden-0", began + timedelta(minutes=12),
                                actor=actor_of(account, duty, now=now), now=now)  # fmt: skip
        waiting = AttemptRow.objects.filter(area__jurisdiction=paths[2]).order_by("id").first()
        assert waiting is not None
        letters(waiting.dispatch, now=now)
        return {"callout_id": callout, "area_id": str(found[paths[2]]), "link": link_of(waiting.key)}

    def fill_roster(self, **_: Any) -> dict[str, str]:
        """A roster with turns, an empty shift, a need that a post was told of in vain, a hand-over and a silence. The path of
        the page of its letter."""
        from datetime import time as clock_time

        from django.db import transaction

        from tests.people import person
        from tocsin.records.dispatch import answers, silences
        from tocsin.records.dispatch.models import DispatchRow
        from tocsin.records.dispatch.services import letters
        from tocsin.records.escalation import services as escalation
        from tocsin.records.escalation.chain import Chain, Step
        from tocsin.records.org.actor import SYSTEM, Actor
        from tocsin.records.org.models import Account
        from tocsin.records.roster import services as roster
        from tocsin.records.roster.services import RotationLine

        now = datetime.now(UTC)
        post = self.log_in("duty_officer")["post"]
        people = [Account.objects.get(username=person("duty_officer", name=name)[0]).id for name in ("lin", "wang")]
        morning, evening = clock_time(8), clock_time(20)
        me = Actor(f"{post}/{people[0]}", people[0], post, "duty_officer", "")
        title = {"en": "Red I, Tea Hills, Flash flood", "zh-hans": "红色 I级，茶山，山洪"}
        said = {"en": "Take it in hand.", "zh-hans": "请接手。"}
        with transaction.atomic():
            shifts = ((morning, evening), (evening, morning))
            line = RotationLine("town", post, tuple(people), (now - timedelta(days=9)).date(), shifts, 1)
            roster.put_rotations([line], actor=SYSTEM, now=now)
            roster.override(post, from_at=now + timedelta(days=1), until_at=now + timedelta(days=2), reason="ill",
                            actor=SYSTEM, now=now)  # fmt: skip
            roster.hand_over("Pump 3 at Millpond is out; Zhao knows.", [], actor=me, now=now)
            silences.silence(f"post:{post}", until=now + timedelta(hours=2), reason="new telephone", actor=me, now=now)
            steps = (Step(timedelta(0), (post,)), Step(timedelta(minutes=9), (post,)))
            escalation.put_chains([Chain("all", ("event",), steps)], actor=SYSTEM, now=now)
            escalation.register("event", lambda _about: True)
            self.give_addresses()
            escalation.start(escalation.Need("event", "evt_0", "evt_0", "", 4, title, said, "/"), now=now)
            escalation.sweep(now=now)
        sent = DispatchRow.objects.filter(kind="escalation_step").latest("put_at")
        (letter,) = letters(sent.id, now=now)
        return {"heard": answers.link_of(letter.key).partition("/heard/")[2]}

    def try_rules(self) -> str:
        """A version of a pack on trial that raised what the one in force did not: its id."""
        from tocsin.loop.detect import shadow_services
        from tocsin.records.org.actor import service
        from tocsin.terms.signal import Change, Subject, Transition

        now = datetime.now(UTC)
        new = shadow_services.NewShadow("natural_hazards", "2", "ab" * 32, "cd" * 32, ("natural_hazards/rainstorm",))
        shadow = shadow_services.add(new, "Lower sums for small basins", actor=service("service:cli"), now=now)
        at_us = int(now.timestamp() * 1e6)
        raised = Transition("natural_hazards/rainstorm", 2, "rainstorm", Subject("jurisdiction", "town/east"), Change.RAISED,
                            3, 0, at_us, at_us, 1)  # fmt: skip
        shadow_services.record({shadow: [raised]}, {shadow: at_us - 1})
        return shadow

    def propose_response(self, **_: Any) -> dict[str, str]:
        """A warning at the level of the highest rainstorm asks for what the playbook declares."""
        from tocsin.loop.detect import queries as detect
        from tocsin.loop.respond import services
        from tocsin.records.org.scope import EVERYWHERE

        events = [event for event in detect.open_events(EVERYWHERE) if event.hazard == "rainstorm" and event.level == 4]
        services.consider(events[0].id, "warning", 4, now=datetime.now(UTC))
        return {"event": events[0].id}

    def serve_order(self, **_: Any) -> dict[str, str]:
        """A finding at the underpass is served on its operator: its id, and the operator's session."""
        from datetime import timedelta

        from django.conf import settings

        from tests.people import person, session_of
        from tocsin.loop.rectify import services
        from tocsin.records.org.models import Account
        from tocsin.records.org.queries import actor_of

        now = datetime.now(UTC)
        people = {
            role: person(role, "town/east", name=f"order-{role}", post=f"order-{role}",
                         facility="underpass-1" if role == "facility_operator" else "")
            for role in ("inspector", "case_handler", "facility_operator")
        }  # fmt: skip
        accounts = {role: Account.objects.get(username=name) for role, (name, _post) in people.items()}

        def actor(role: str) -> Any:
            return actor_of(accounts[role].id, people[role][1], now=now)

        words = "The pump in the sump does not run 集水井水泵不运转"
        made = services.record(None, "underpass-1", "major", words, actor=actor("inspector"), now=now)
        services.serve_order(made, now + timedelta(days=20), version=1, actor=actor("case_handler"), now=now)
        return {"finding": made, "cookie": settings.SESSION_COOKIE_NAME,
                "key": session_of(accounts["facility_operator"], people["facility_operator"][1])}  # fmt: skip

    def seal(self, **_: Any) -> None:
        """A root over what the ledger holds by now."""
        from tocsin.records.ledger import services

        services.seal(now=datetime.now(UTC))

    def refute(self, **_: Any) -> dict[str, str]:
        """Somebody was asked about the lowest event of the list, went and found nothing: it may be closed. Its id."""
        from tests.people import person
        from tocsin.loop.detect import queries as detect
        from tocsin.loop.verify import queries, services
        from tocsin.records.org.models import Account
        from tocsin.records.org.queries import actor_of
        from tocsin.records.org.scope import EVERYWHERE

        now = datetime.now(UTC)
        people = {role: person(role, "town/east") for role in ("duty_officer", "inspector")}

        def actor(role: str) -> Any:
            return actor_of(Account.objects.get(username=people[role][0]).id, people[role][1], now=now)

        # what waited for an inspector is theirs now
        event = [line.id for line in detect.open_events(EVERYWHERE) if line.state == "open"][-1]
        services.acknowledge(event, actor=actor("duty_officer"), now=now)
        services.ask(event, actor=actor("duty_officer"), now=now)
        services.sweep(now=now)
        asked = next(v for v in queries.verifications(EVERYWHERE, event) if v.post == people["inspector"][1])
        services.answer(asked.id, "refuted", "nothing there", actor=actor("inspector"), now=now)
        self.carry()
        return {"event": event}

    def end_session(self, key: str, **_: Any) -> None:
        """The session is over, as after twelve hours."""
        from django.contrib.sessions.models import Session

        Session.objects.filter(session_key=key).delete()

    def end_shifts(self, post: str, **_: Any) -> None:
        """Nobody holds the post any more."""
        from tocsin.records.org import queries, services
        from tocsin.records.org.actor import SYSTEM
        from tocsin.records.org.scope import Scope

        now = datetime.now(UTC)
        for line in queries.shifts(Scope("", "administrator"), now=now):
            if line.post == post:
                services.end_shift(line.id, actor=SYSTEM, now=now)

    def burst(self, changes: int, seconds: float, first: int, streams: int, **_: Any) -> None:
        """``changes`` level changes spread evenly over ``seconds``, on ``streams`` streams from ``first`` on."""
        began = time.monotonic()
        for k in range(changes):
            stream = first + k % streams
            self.signal(stream, 1 + (k // streams + stream) % 4)  # another level at each visit
            time.sleep(max(0.0, began + (k + 1) * seconds / changes - time.monotonic()))

    def timed_burst(self, changes: int, seconds: float, first: int, streams: int, **_: Any) -> dict[str, Any]:
        """The same, telling of each change which event it changed, to which level, and when it was committed (ms)."""
        told, began = [], time.monotonic()
        for k in range(changes):
            stream = first + k % streams
            level = 1 + (k // streams + stream) % 4
            event = self.record([self.transition(stream, level, 0.0, False)])
            told.append({"event": event, "level": level, "at": time.time() * 1000})
            time.sleep(max(0.0, began + (k + 1) * seconds / changes - time.monotonic()))
        return {"told": told}

    @staticmethod
    def now_us() -> int:
        return time.time_ns() // 1000


def files_plan() -> str:
    """The plan that comes with the product."""
    from importlib import resources

    return resources.files("tocsin.records.callout").joinpath("declared.toml").read_text(encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    """One database over another, while others have it open."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target, timeout=30.0)) as new:
        old.backup(new)


def _batch(stream: Any, at: Any, value: Any, received: int) -> pa.RecordBatch:
    from tocsin.formats.arrow import OBSERVATIONS

    n = len(stream)
    moment = OBSERVATIONS.field("observed_at").type
    return pa.RecordBatch.from_arrays(
        [
            pa.array(stream.astype(np.int32)), pa.array(at.astype(np.int64)).cast(moment), pa.array(value.astype(float)),
            pa.array(np.zeros(n, np.uint8)), pa.array(np.full(n, received)).cast(moment), pa.nulls(n, moment),
        ],
        schema=OBSERVATIONS,
    )  # fmt: skip


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    town = Town(int(sys.argv[1]), sys.argv[2] == "synthetic")
    print(json.dumps({"ready": True}), flush=True)  # noqa: T201 - the answer to the test
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(town, command.pop("do"))(**command)
        print(json.dumps({"done": True, "answer": answer if isinstance(answer, dict) else None}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
