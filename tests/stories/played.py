"""Recorded and simulated days as what the engine finds in them, moment by moment, and the towns in which they happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

import pyarrow.compute as pc
from django.conf import settings
from django.test import override_settings

from tocsin.app.demo.office import _areas
from tocsin.app.engine_process.log_judge import LogJudge
from tocsin.app.replay.dataset import Dataset
from tocsin.app.replay.intake import take_in
from tocsin.app.simulator.office import AUTHORITIES, DEPARTMENTS, POSTS
from tocsin.app.simulator.storm_day import Scenario
from tocsin.engine.event_change import EventChange
from tocsin.engine.hazard import Facility
from tocsin.engine.ticks import with_ticks
from tocsin.formats import Intake, read_columns_json
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.detect import services as detect
from tocsin.loop.observe import services as observe
from tocsin.loop.warn import services as warn
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.records import clock
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.places import services as places
from tocsin.records.places.services import Area
from tocsin.terms.moment import from_us, to_us
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Transition
from tocsin.terms.stream import Catalogue, Source, Stream
from tocsin.testing.town import Town

MINUTE_US = 60_000_000


@dataclass(frozen=True)
class Found:
    """What the engine knows from one moment on."""

    at_us: int
    transitions: tuple[Transition, ...]
    changes: tuple[EventChange, ...]


def packs(*names: str):
    return [load_pack(path) for path in builtin_pack_paths() if path.name in names]


def judged(records: Iterator[Record], catalogue: Catalogue, facilities: Sequence[Facility], names: Sequence[str]):
    """Records through the judge of the live engine; ticks tell what time it is."""
    judge = LogJudge(lambda named: [], facilities, begin_with=packs(*names))
    body = catalogue_body(catalogue.sources.values(), catalogue.streams)
    judge.feed(Record(0, RecordKind.CATALOGUE, 0, body=body))
    now_us = 0
    for seq, record in enumerate(records, start=1):
        if record.batch is not None and record.batch.num_rows:  # nothing is known before its newest row was observed
            now_us = max(now_us, pc.max(record.batch.column("observed_at").cast("int64")).as_py())
        elif record.kind is RecordKind.TICK:
            now_us = max(now_us, record.at_us)
        transitions, changes = judge.feed(Record(seq, record.kind, record.at_us, record.batch, record.body))
        if transitions or changes:
            yield Found(max(now_us, record.at_us), tuple(transitions), tuple(changes))


def simulated(day: Scenario) -> list[Found]:
    """The simulator's day: deliveries as they arrive, a tick a city minute."""
    catalogue = Catalogue(day.sources, day.streams)

    def records() -> Iterator[Record]:
        minute = day.began_us // MINUTE_US
        for delivery in sorted(day.deliveries, key=lambda d: d.arrives_us):
            while (minute + 1) * MINUTE_US <= delivery.arrives_us:
                minute += 1
                yield Record(0, RecordKind.TICK, minute * MINUTE_US)
            import msgspec

            parsed = read_columns_json(
                msgspec.json.encode(delivery.columns()), Intake(catalogue, delivery.source, delivery.arrives_us)
            )
            yield Record(0, RecordKind.OBSERVATIONS, delivery.arrives_us, parsed.batch)
        for later in range(minute + 1, day.ends_us // MINUTE_US + 15):
            yield Record(0, RecordKind.TICK, later * MINUTE_US)

    return list(judged(records(), catalogue, day.facilities, ("natural_hazards", "gas_leak")))


def recorded(data: Dataset, facilities: Sequence[Facility] = ()) -> list[Found]:
    """A recorded folder: rows as they were observed, a tick a quarter of an hour."""
    taken = take_in(data, lambda *_: None)
    batches = (Record(n, RecordKind.OBSERVATIONS, 0, batch) for n, batch in enumerate(taken.batches))
    return list(judged(with_ticks(batches, 15 * MINUTE_US), data.catalogue, facilities, ("natural_hazards",)))


class PlayedTown(Town):
    """A town with its own areas, offices and instruments, in which a played day happens."""

    def __init__(
        self, start: datetime, *, areas: Sequence[Area], departments: Sequence[DepartmentLine], posts: Sequence[PostLine],
        facilities: Sequence[Facility], sources: Sequence[Source], streams: Sequence[Stream],
        authorities: Sequence[AuthorityLine], found: Sequence[Found],
        configured: Mapping[str, object] = MappingProxyType({"packs": ("natural_hazards", "gas_leak")}),
        next_due: Callable[[datetime], datetime | None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(start=start)
        self.configured, self.next_due = configured, next_due
        self.areas, self.departments, self.posts, self.facilities = areas, departments, posts, facilities
        self.sources, self.streams, self.authorities = sources, streams, authorities
        self.posts = [replace(post, language="en") for post in posts]
        self.coming = list(found)
        self._seq = 0

    def __enter__(self) -> PlayedTown:
        configuration = replace(settings.CONFIGURATION, time_zone="Asia/Shanghai", **self.configured)
        self._packs = override_settings(CONFIGURATION=configuration)
        self._packs.enable()
        super().__enter__()
        return self

    def __exit__(self, *error) -> None:
        try:
            super().__exit__(*error)
        finally:
            self._packs.disable()

    def _build(self) -> None:
        now = self.now
        places.put_jurisdictions(self.areas, actor="town", now=now)
        places.put_facilities(self.facilities, actor="town", now=now)
        org.put_departments(self.departments, actor=SYSTEM, now=now)
        org.put_posts(self.posts, actor=SYSTEM, now=now)
        for post in self.posts:
            self._people[post.id], _ = org.open_account(post.id.replace("-", "."), post.id, actor=SYSTEM, now=now)
        self.comes_to_work(*(post.id for post in self.posts))
        observe.apply_catalogue(sources=self.sources, streams=self.streams, seq=0, actor="engine", now=now)
        warn.put_authority(self.authorities, actor=SYSTEM, now=now)
        self.carry()

    def until(self, moment: datetime) -> None:
        """Let the day go on until a moment: whatever the engine finds meanwhile is recorded when it is known."""
        while self.coming and self.coming[0].at_us <= to_us(moment):
            found = self.coming.pop(0)
            self._hop(from_us(found.at_us))
            if from_us(found.at_us) > self.now:
                clock.drive(self._hand, found.at_us)
            self._seq += 1
            detect.record_batch(
                transitions=found.transitions, event_changes=found.changes, consumed_seq=self._seq,
                log_digest=f"played-{self._seq}", actor="engine", now=self.now,
            )  # fmt: skip
            self.carry()
        self._hop(moment)
        if moment > self.now:
            self._walk(moment)

    def _hop(self, moment: datetime) -> None:
        """Where the story says what falls due next, it falls due at its very moment, however far the findings lie apart."""
        if self.next_due:
            self.carry()
        while self.next_due and (due := self.next_due(self.now)) is not None and due < moment:
            clock.drive(self._hand, to_us(due))
            self.carry()

    def until_event(self, hazard: str, level: int, *, at_most: timedelta = timedelta(days=10)) -> str:
        """Let the day go on until an event of a hazard stands at a level; its id."""
        for found in list(self.coming):
            self.until(from_us(found.at_us))
            for change in found.changes:
                if change.event.hazard == hazard and change.event.level >= level and change.change != "merged":
                    return change.event.id
        raise AssertionError(f"the day is over without {hazard} at level {level}")

    def everybody_reads(self, *words: str) -> int:
        """Everybody reads the messages that hold one of these words; how many. What holds none stays unread."""
        messages = self._ring()
        mine = [m for m in messages if any(w.casefold() in f"{m[1].subject} {m[1].body}".casefold() for w in words)]
        for message in mine:
            messages.remove(message)
        return len(mine)


def simhaven(day: Scenario) -> PlayedTown:
    """The simulator's city on the simulator's day."""
    paths = {stream.jurisdiction for stream in day.streams} | {place.jurisdiction for place in day.facilities}
    streets = {"/".join(p.split("/")[:n]) for p in paths for n in range(1, p.count("/") + 2)} - {""}
    authorities = [AuthorityLine(*line, "the simulator") for line in AUTHORITIES]
    return PlayedTown(
        from_us(day.began_us), areas=_areas(streets), departments=DEPARTMENTS, posts=POSTS, facilities=day.facilities,
        sources=day.sources, streams=day.streams, authorities=authorities, found=simulated(day),
    )  # fmt: skip
