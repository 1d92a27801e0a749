"""Town: a small town with offices, people on shift, telephones and a movable clock, for tests that read like a score.

    with Town() as town:
        town.at("03:41")
        storm = town.storm(level=4)
        town.phone("duty").expects("rainstorm")
        town.after(minutes=12)
        town.phone("duty").expects("overdue")

Everything runs as in the worker: facts are carried by the wiring, sweeps look at the clock, dispatches are sent - only the
channel is the in-memory twin, and nobody sleeps. A message that nobody expected fails the test when the town is left, since
for a warning system a surplus message is as bad as a missing one. It needs a database (pytest-django's ``db``).
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo

from django.conf import settings
from django.test import override_settings

from tocsin.app.home import Home
from tocsin.app.sender import send_due
from tocsin.app.wiring import SWEEPS, WIRING
from tocsin.engine.event_change import ChangeKind, EventChange
from tocsin.engine.hazard import Facility
from tocsin.loop.detect import queries as detect_queries
from tocsin.loop.detect import services as detect
from tocsin.loop.observe import services as observe
from tocsin.records import clock
from tocsin.records.dispatch.message import Letter
from tocsin.records.dispatch.queries import undelivered_by_channel
from tocsin.records.org import queries as org_queries
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Role
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.outbox.carrier import Carrier
from tocsin.records.places import services as places
from tocsin.records.places.services import Area
from tocsin.terms.event import Event, EventState, LevelPart
from tocsin.terms.ids import event_id
from tocsin.terms.moment import to_us
from tocsin.terms.signal import Change, Measure, Subject, Transition
from tocsin.terms.stream import Source, Stream
from tocsin.testing.channels import Inbox

__all__ = ["CITY", "EAST", "WEST", "Phone", "Storm", "Town"]

CITY, EAST, WEST = "simcity", "simcity/east", "simcity/west"
ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2025, 11, 22, 3, 0, tzinfo=ZONE)
_QUIET_WITHIN = 1000  # rounds of carrying; a loop that never comes to rest is a fault
_STEPS_AT_MOST = 240  # of one walk of the clock


def _square(west: float, south: float, east: float, north: float) -> list[list[list[float]]]:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


AREAS = (
    Area(CITY, {"en": "Simcity", "zh-hans": "模拟市"}, 2, ZONE.key, _square(120.0, 30.0, 121.0, 30.5), "330100"),
    Area(EAST, {"en": "East district", "zh-hans": "东区"}, 3, ZONE.key, _square(120.5, 30.0, 121.0, 30.5), "330102"),
    Area(WEST, {"en": "West district", "zh-hans": "西区"}, 3, ZONE.key, _square(120.0, 30.0, 120.5, 30.5), "330103"),
)
FACILITIES = (
    Facility(
        "underpass-east", "underpass", {"en": "Station underpass", "zh-hans": "车站地下通道"}, 120.76, 30.26, EAST
    ),
    Facility("mill", "factory", {"en": "Old mill", "zh-hans": "老磨坊"}, 120.74, 30.24, EAST),
    Facility("school-west", "school", {"en": "West school", "zh-hans": "西区学校"}, 120.26, 30.26, WEST),
)
DEPARTMENTS = (
    DepartmentLine("emergency", {"en": "Emergency office", "zh-hans": "应急管理局"}, CITY),
    DepartmentLine("mill", {"en": "Old mill", "zh-hans": "老磨坊"}, CITY),
)
# id, role, jurisdiction, department, facility, longitude and latitude of the post
POSTS: tuple[tuple[str, Role, str, str, str, float, float], ...] = (
    ("duty", Role.DUTY_OFFICER, CITY, "emergency", "", 120.5, 30.25),
    ("signer", Role.SIGNER, CITY, "emergency", "", 120.5, 30.25),
    ("commander", Role.COMMANDER, CITY, "emergency", "", 120.5, 30.25),
    ("inspector-east", Role.INSPECTOR, EAST, "emergency", "", 120.75, 30.25),
    ("inspector-west", Role.INSPECTOR, WEST, "emergency", "", 120.25, 30.25),
    ("case-handler", Role.CASE_HANDLER, CITY, "emergency", "", 120.5, 30.25),
    ("operator-mill", Role.FACILITY_OPERATOR, EAST, "mill", "mill", 120.74, 30.24),
    ("analyst", Role.ANALYST, CITY, "emergency", "", 120.5, 30.25),
    ("auditor", Role.AUDITOR, CITY, "emergency", "", 120.5, 30.25),
    ("administrator", Role.ADMINISTRATOR, "", "emergency", "", 120.5, 30.25),
)
SOURCE = Source("hydro", "Water bureau", "Simcity water bureau", lateness_s=30.0, synthetic=True)
STREAMS = (
    Stream("rain-east", "hydro", "gauge-east", "precipitation", "mm", lon=120.75, lat=30.25, jurisdiction=EAST,
           zone=ZONE.key, low=0.0, high=300.0),
    Stream("rain-west", "hydro", "gauge-west", "precipitation", "mm", lon=120.25, lat=30.25, jurisdiction=WEST,
           zone=ZONE.key, low=0.0, high=300.0),
)  # fmt: skip


class Town:
    """The town. Enter it to build it, leave it to have it judged. ``language`` is that of its posts; ``staff`` are the
    posts that somebody holds (None: all of them). Its gauges are ``synthetic``, so that its warnings are exercises."""

    def __init__(
        self, *, start: datetime = START, language: str = "en", staff: tuple[str, ...] | None = None,
        synthetic: bool = True,
    ) -> None:  # fmt: skip
        self.start, self.language, self.staff = start, language, staff
        self._source = replace(SOURCE, synthetic=synthetic)
        self.inboxes: dict[str, Inbox] = {"mail": Inbox("mail")}
        self.carrier = Carrier(WIRING)
        self._people: dict[str, str] = {}
        self._shifts: dict[str, int] = {}
        self._read: dict[str, int] = {}  # channel -> how many of its letters were laid on telephones
        self._unread: list[tuple[str, Letter]] = []
        self._storms = 0

    # ------------------------------------------------------------ coming and leaving
    def __enter__(self) -> Town:
        root = Path(tempfile.mkdtemp(prefix="tocsin-town-"))
        home = Home(root).prepare()
        self._settings = override_settings(
            HOME=home,
            TOCSIN_DRIVEN_CLOCK=home.run / "clock",
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # nobody logs in by guessing here
        )
        self._settings.enable()
        self._hand = home.run / "clock"
        clock.drive(self._hand, to_us(self.start))
        self._build()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        root = settings.HOME.root
        try:
            if error is None:
                _require(not self._ring(), f"nobody expected these messages:\n{self._shown(self._unread)}")
        finally:
            self._settings.disable()
            shutil.rmtree(root, ignore_errors=True)

    # ------------------------------------------------------------ time
    @property
    def now(self) -> datetime:
        """What time it is, UTC."""
        return clock.now()

    def at(self, hour_and_minute: str) -> datetime:
        """Let time pass until the town's clocks show this (``"03:41"``), today or else tomorrow; everything due happens at
        its minute."""
        hour, minute = map(int, hour_and_minute.split(":"))
        local = self.now.astimezone(ZONE)
        then = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return self._walk(then if then >= local else then + timedelta(days=1))

    def after(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Let so much time pass; everything due happens at its minute."""
        return self._walk(self.now + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))

    def after_downtime(self, *, hours: float = 0, minutes: float = 0) -> datetime:
        """Let time pass while the worker is down: nothing is carried, swept or sent before it comes back."""
        clock.drive(self._hand, to_us(self.now + timedelta(hours=hours, minutes=minutes)))
        return self.now

    def _walk(self, then: datetime) -> datetime:
        self.carry()
        step = max(timedelta(minutes=1), (then - self.now) / _STEPS_AT_MOST)
        while self.now < then:
            clock.drive(self._hand, to_us(min(self.now + step, then.astimezone(UTC))))
            self.carry()
        return self.now

    # ------------------------------------------------------------ work
    def carry(self) -> None:
        """Do all that the worker would do at this moment, until nothing is left. A stage or sweep that fails fails the
        test."""
        for _ in range(_QUIET_WITHIN):
            now = self.now
            done = sum(sweep(now=now) for sweep in SWEEPS)
            carried = self.carrier.carry(now=now)
            _require(not carried.failed, f"a stage failed: {carried.errors}")
            for name in undelivered_by_channel(now=now):
                inbox = self.inboxes.setdefault(name, Inbox(name))
                done += send_due(inbox, now=now, jitter=lambda: 1.0)
            if not done + carried.facts:
                return
        raise AssertionError(
            f"the loop does not come to rest: {done} done and {carried.facts} carried in its last round"
        )

    # ------------------------------------------------------------ people
    def as_(self, post: str) -> Actor:
        """Whoever holds a post now (``"signer"``, ``"inspector-east"``), as the actor of a service. Raises NotAllowed where
        nobody is on shift there."""
        return org_queries.actor_of(self._people[post], post, now=self.now)

    def account(self, post: str) -> str:
        """The id of the account that belongs to a post."""
        return self._people[post]

    def hire(self, post: str, role: Role, jurisdiction: str = CITY, *, lon: float = 120.5, lat: float = 30.25) -> None:
        """One more post with somebody on shift."""
        self._open(((post, role, jurisdiction, "emergency", "", lon, lat),), (post,))

    def goes_home(self, *posts: str) -> None:
        """The shifts of these posts end."""
        for post in posts:
            org.end_shift(self._shifts.pop(post), actor=SYSTEM, now=self.now)

    def comes_to_work(self, *posts: str) -> None:
        """Shifts of these posts begin."""
        for post in posts:
            self._shifts[post] = org.start_shift(post, self._people[post], from_at=self.now, actor=SYSTEM, now=self.now)

    # ------------------------------------------------------------ telephones
    def phone(self, recipient: str, *, channel: str = "mail") -> Phone:
        """The telephone of a post, or of any other recipient by its name."""
        return Phone(self, recipient, channel)

    def read_all(self) -> list[Letter]:
        """Read whatever lies there, oldest first: for a story that is about something else, or up to a moment."""
        messages = [letter for _, letter in self._ring()]
        self._unread.clear()
        return messages

    def _ring(self) -> list[tuple[str, Letter]]:
        """All messages that nobody has read, oldest first, after everything due has happened."""
        self.carry()
        for name, inbox in self.inboxes.items():
            fresh = inbox.letters[self._read.get(name, 0) :]
            self._unread += [(name, letter) for letter in fresh]
            self._read[name] = len(inbox.letters)
        return self._unread

    @staticmethod
    def _shown(messages: list[tuple[str, Letter]]) -> str:
        lines = (f"  {name} {letter.recipient}: {letter.subject} | {letter.body!r}" for name, letter in messages)
        return "\n".join(lines) or "  (nothing)"

    # ------------------------------------------------------------ weather
    def storm(
        self, *, at: str = EAST, level: int = 3, hazard: str = "rainstorm", rule: str = "natural_hazards/rainstorm"
    ) -> Storm:
        """The engine finds an event here and now: one signal at the gauge of a district, committed as it commits them."""
        self._storms += 1
        stream = next(stream for stream in STREAMS if stream.jurisdiction == at)
        return Storm(self, stream, rule, hazard, level, to_us(self.now) - self._storms)

    # ------------------------------------------------------------ building
    def _build(self) -> None:
        now = self.now
        places.put_jurisdictions(AREAS, actor="town", now=now)
        places.put_facilities(FACILITIES, actor="town", now=now)
        org.put_departments(DEPARTMENTS, actor=SYSTEM, now=now)
        self._open(POSTS, tuple(post[0] for post in POSTS) if self.staff is None else self.staff)
        observe.apply_catalogue(sources=(self._source,), streams=STREAMS, seq=0, actor="engine", now=now)
        self.carry()

    def _open(
        self, posts: tuple[tuple[str, Role, str, str, str, float, float], ...], on_shift: tuple[str, ...]
    ) -> None:
        lines = [
            PostLine(id, {"en": id.replace("-", " "), "zh-hans": id}, department, role, jurisdiction, facility, lon, lat,
                     f"{id}@town.example", self.language)
            for id, role, jurisdiction, department, facility, lon, lat in posts  # noqa: A001
        ]  # fmt: skip
        org.put_posts(lines, actor=SYSTEM, now=self.now)
        for line in lines:
            name = line.id.replace("-", ".")
            self._people[line.id], _ = org.open_account(name, line.title["en"], actor=SYSTEM, now=self.now)
        self.comes_to_work(*(line.id for line in lines if line.id in on_shift))


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


@dataclass(frozen=True)
class Phone:
    """One recipient's telephone (or mailbox): what rang and was not yet read."""

    town: Town
    recipient: str
    channel: str = "mail"

    def expects(self, *words: str) -> Letter:
        """The oldest unread message that holds all these words, which is read now; the test fails where there is none."""
        messages = self.town._ring()
        mine = [one for one in messages if one[0] == self.channel and self._is_mine(one[1])]
        for one in mine:
            if all(word.casefold() in f"{one[1].subject}\n{one[1].body}".casefold() for word in words):
                messages.remove(one)
                return one[1]
        raise AssertionError(
            f"{self.recipient} waits in vain for {' + '.join(words) or 'any message'} at "
            f"{self.town.now.astimezone(ZONE):%H:%M}; unread there:\n{self.town._shown(mine)}\n"
            f"and elsewhere:\n{self.town._shown([one for one in messages if one not in mine])}"
        )

    def is_silent(self) -> None:
        """The test fails where a message lies here unread."""
        mine = [one for one in self.town._ring() if one[0] == self.channel and self._is_mine(one[1])]
        _require(not mine, f"{self.recipient} expects no message, but got:\n{self.town._shown(mine)}")

    def _is_mine(self, letter: Letter) -> bool:
        return letter.recipient in (self.recipient, f"post:{self.recipient}")


@dataclass
class Storm:
    """An event and its one signal, moved as the engine moves them. ``event`` is its id."""

    town: Town
    stream: Stream
    rule: str
    hazard: str
    level: int
    onset_us: int
    event: str = field(init=False)
    _event: Event = field(init=False, repr=False)

    def __post_init__(self) -> None:
        first = self._transition(Change.RAISED, self.level, 0, self.onset_us)
        self.event = event_id(first.signal)
        because = LevelPart("intensity", str(self.level), "highest level of its signals")
        self._event = Event(
            self.event, self.hazard, EventState.OPEN, self.level, self.onset_us, self.onset_us, lon=self.stream.lon,
            lat=self.stream.lat, place=self.stream.feature, signals=(first.signal,), explanation=(because,),
            jurisdiction=self.stream.jurisdiction,
        )  # fmt: skip
        self._record(first, "opened", self._event)

    def changes_to(self, level: int) -> None:
        """The level rises or falls, here and now."""
        at_us = to_us(self.town.now)
        because = LevelPart("intensity", str(level), "highest level of its signals")
        self._event = replace(self._event, level=level, changed_us=at_us, explanation=(because,))
        self._record(self._transition(Change.CHANGED, level, self.level, at_us), "changed", self._event)
        self.level = level

    def ends(self) -> None:
        """The signal clears and the event ends, here and now."""
        at_us = to_us(self.town.now)
        self._event = replace(self._event, state=EventState.ENDED, changed_us=at_us, ended_us=at_us)
        self._record(self._transition(Change.CLEARED, 0, self.level, at_us), "ended", self._event)
        self.level = 0

    def _transition(self, change: Change, level: int, previous: int, at_us: int) -> Transition:
        evidence = (Measure("sum(3h)", 171.2, "mm", ">=", 100.0),)
        subject = Subject("stream", self.stream.id)
        return Transition(self.rule, 1, self.hazard, subject, change, level, previous, at_us, self.onset_us,
                          detect_queries.consumed_seq() + 1, False, evidence)  # fmt: skip

    def _record(self, transition: Transition, kind: ChangeKind, event: Event) -> None:
        seq = transition.seq
        detect.record_batch(
            transitions=(transition,),
            event_changes=(EventChange(kind, event, transition.at_us, seq, f"signal:{transition.signal}"),),
            consumed_seq=seq, log_digest=f"town-{seq}", actor="engine", now=self.town.now,
        )  # fmt: skip
