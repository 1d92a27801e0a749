"""A town that stands where Zhengzhou stands, on the days of July 2021: its rain and the signals in force over it are recorded,
its offices, people, villages and the exact places of its facilities are the story's.

Of the rain only three sums at one station are on record (P1, P2, P3). How they are spread over the hours is OURS: evenly,
unless a test asks for another spread; every spread gives the recorded sums to the tenth of a millimetre."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Min

from tests.stories import played
from tests.stories.zhengzhou_facts import ZONE, Recorded
from tocsin.engine.hazard import Facility
from tocsin.formats import Intake, read_columns_json
from tocsin.formats.bulletins import bulletin_body
from tocsin.loop.respond.models import ActionRow, IncidentRow
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.records.callout.models import CalledRow, CallOutRow
from tocsin.records.org.roles import Role
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.places.services import Area
from tocsin.records.tasks.models import TaskRow
from tocsin.terms.bulletin import Bulletin
from tocsin.terms.moment import to_us
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue, Source, Stream

CITY, VALLEY = "henan/zhengzhou", "henan/zhengzhou/valley"
VILLAGES = (f"{VALLEY}/upper-village", f"{VALLEY}/mill-village", f"{VALLEY}/lower-village")
PACKS = ("natural_hazards", "urban_flood")
TOKEN = "only the story's gateway knows it"
RANKS = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}
SIGNALS = ("S1", "S2", "S3", "S4", "S6")  # S5 has no minute, S7 was read by nobody
BEGINS = datetime(2021, 7, 19, 17, tzinfo=ZONE)
ENDS = datetime(2021, 7, 21, 2, tzinfo=ZONE)
FIRST_HOUR = datetime(2021, 7, 17, 20, tzinfo=ZONE)  # of P3; the last is the one that ends on the 20th at 20:00
MINUTE = timedelta(minutes=1)

_EVEN = (1,) * 24
SPREADS: dict[str, tuple[int, ...]] = {  # weights of the 24 hours from 20:00 on the 19th; the 21st is P1's own
    "even": _EVEN,
    "early": (3,) * 12 + (1,) * 12,
    "late": (1,) * 12 + (3,) * 12,
}
_RECORD_HOUR = 20  # of those 24: 16 to 17 o'clock


def hourly(recorded: Recorded, spread: str = "even") -> list[tuple[datetime, float]]:
    """(end of the hour, mm) of 72 hours; the sums of P1, P2 and P3 hold exactly, all else is the spread's."""
    hour, day, three = (round(float(recorded[name].said["mm"]) * 10) for name in ("P1", "P2", "P3"))
    weights = [0 if n == _RECORD_HOUR else weight for n, weight in enumerate(SPREADS[spread])]
    last = _shared(day - hour, weights)
    last[_RECORD_HOUR] = hour
    tenths = _shared(three - day, [1] * 48) + last
    return [(FIRST_HOUR + timedelta(hours=n + 1), amount / 10) for n, amount in enumerate(tenths)]


def _shared(total: int, weights: Sequence[int]) -> list[int]:
    """Whole tenths by weight that add up to the total."""
    whole = sum(weights)
    upto = [total * sum(weights[: n + 1]) // whole for n in range(len(weights))]
    return [after - before for before, after in zip([0, *upto], upto, strict=False)]


def catalogue() -> Catalogue:
    """One station, one gauge that reports every hour."""
    source = Source("station", "Hourly rain (recorded sums, invented spread)", "the story")
    gauge = Stream("rain", "station", "national-station", "precipitation", "mm", lon=113.66, lat=34.75, jurisdiction=CITY,
                   zone=ZONE.key, low=0.0, high=500.0, cadence_s=3600.0, labels={"title": "Zhengzhou station"})  # fmt: skip
    return Catalogue((source,), (gauge,))


def records(recorded: Recorded, rain: Sequence[tuple[datetime, float]], *, signals: bool = True) -> Iterator[Record]:
    """Rain as each hour ends, signals at their recorded minute, and a tick every minute."""
    known = catalogue()
    arrivals: list[tuple[datetime, Callable[[], Record]]] = [(at, _hour(known, at, mm)) for at, mm in rain]
    if signals:
        arrivals += _bulletins(recorded)
    at = FIRST_HOUR
    for moment, together in groupby(sorted(arrivals, key=lambda one: one[0]), key=lambda one: one[0]):
        while at < moment:
            yield Record(0, RecordKind.TICK, to_us(at))
            at += MINUTE if at >= BEGINS else 60 * MINUTE
        yield from (made() for _at, made in together)
        yield Record(0, RecordKind.TICK, to_us(moment) + 1_000_000)  # a second later it is known
        at = max(at, moment + MINUTE)
    while at <= ENDS:
        yield Record(0, RecordKind.TICK, to_us(at))
        at += MINUTE


def _hour(known: Catalogue, at: datetime, mm: float) -> Callable[[], Record]:
    body = json.dumps({"stream": ["rain"], "observed_at": [to_us(at)], "value": [mm], "unit": "mm"}).encode()
    intake = Intake(known, "station", to_us(at))
    return lambda: Record(0, RecordKind.OBSERVATIONS, to_us(at), read_columns_json(body, intake).batch)


def _bulletins(recorded: Recorded) -> list[tuple[datetime, Callable[[], Record]]]:
    """Each signal holds until the next one on record: nobody wrote down when it ended. What ends is sent again with its end,
    as an update does, so that nothing knows its end before it comes."""
    out: list[tuple[datetime, Callable[[], Record]]] = []
    for name, following in zip(SIGNALS, (*SIGNALS[1:], ""), strict=True):
        at, rank = recorded.at(name), RANKS[recorded[name].said["colour"]]
        out.append((at, _signal(name, rank, at, at, at + timedelta(hours=24))))
        if following:
            ends = recorded.at(following)
            out.append((ends, _signal(name, rank, ends, at, ends)))
    return out


def _signal(name: str, rank: int, sent: datetime, begins: datetime, ends: datetime) -> Callable[[], Record]:
    one = Bulletin(name, "observatory", "rainstorm", rank, to_us(sent), to_us(begins), to_us(ends), (CITY,))
    return lambda: Record(0, RecordKind.BULLETIN, to_us(sent), body=bulletin_body(one))


# ---------------------------------------------------------------- places, offices and people: the story's
def _facility(
    name: str, kind: str, en: str, zh: str, lon: float, lat: float, where: str = CITY, **labels: str
) -> Facility:
    return Facility(name, kind, {"en": en, "zh-hans": zh}, lon, lat, where, labels)


FACILITIES = (  # names from the record, places to about a kilometre and ours
    _facility("jingguang", "tunnel", "North Jingguang tunnel", "京广北路隧道", 113.64, 34.75, low_lying="yes"),
    _facility("line-5", "metro_line", "Metro line 5", "地铁5号线", 113.66, 34.76),
    _facility("wulongkou", "metro_depot", "Wulongkou depot", "五龙口停车场", 113.61, 34.77),
    _facility("substation", "substation", "Central substation", "中心变电站", 113.65, 34.76, low_lying="yes"),
    _facility("pumps", "pumping_station", "Tunnel pumping station", "隧道泵站", 113.64, 34.75),
    _facility(
        "guojiaju", "reservoir", "Guojiaju reservoir", "郭家咀水库", 113.55, 34.64, VALLEY, villages=" ".join(VILLAGES)
    ),
)
OPERATORS = tuple(f"operator-{place.id}" for place in FACILITIES)


def _post(
    name: str,
    role: Role,
    where: str = CITY,
    *,
    lon: float = 113.66,
    lat: float = 34.75,
    facility: str = "",
    duty: str = "",
    phone: str = "",
) -> PostLine:
    title = {"en": name.replace("-", " "), "zh-hans": name}
    return PostLine(
        name,
        title,
        "headquarters",
        role,
        where,
        facility,
        lon,
        lat,
        f"{name}@office.invalid",
        "en",
        phone=phone,
        duty=duty,
    )


POSTS = (
    _post("duty", Role.DUTY_OFFICER), _post("signer", Role.SIGNER), _post("commander", Role.COMMANDER),
    _post("inspector", Role.INSPECTOR),
    *(_post(f"operator-{place.id}", Role.FACILITY_OPERATOR, place.jurisdiction, lon=place.lon, lat=place.lat, facility=place.id)
      for place in FACILITIES),
    *(_post(f"warden-{path.rpartition('/')[2]}", Role.CASE_HANDLER, path, duty="warden", phone=f"+861990000{n:04d}")
      for n, path in enumerate(VILLAGES)),
)  # fmt: skip


def _box(west: float, south: float, east: float, north: float) -> list[list[list[float]]]:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]  # no border of anybody's


def _area(path: str, level: int, box: list[list[list[float]]]) -> Area:
    name = path.rpartition("/")[2]
    return Area(path, {"en": name.replace("-", " ").capitalize(), "zh-hans": name}, level, ZONE.key, box, "")


AREAS = (
    _area("henan", 1, _box(110.0, 31.0, 117.0, 37.0)), _area(CITY, 2, _box(112.7, 34.2, 114.3, 35.0)),
    _area(VALLEY, 4, _box(113.5, 34.6, 113.65, 34.7)),
    *(_area(path, 5, _box(113.51 + n * 0.04, 34.61, 113.54 + n * 0.04, 34.68)) for n, path in enumerate(VILLAGES)),
)  # fmt: skip


def _next_due(now: datetime) -> datetime | None:
    """The next moment that somebody's clock waits for: a deadline, a reminder, a call."""
    waits = (
        (TaskRow, "due_at"), (ActionRow, "receipt_due_at"), (ActionRow, "remind_at"), (IncidentRow, "remind_at"),
        (CalledRow, "next_at"), (CalledRow, "late_due_at"), (CalledRow, "not_reached_due_at"), (CallOutRow, "until"),
    )  # fmt: skip
    found = [row.objects.filter(**{f"{column}__gt": now}).aggregate(at=Min(column))["at"] for row, column in waits]
    return min((at for at in found if at is not None), default=None)


def zhengzhou(recorded: Recorded, spread: str = "even", *, signals: bool = True) -> played.PlayedTown:
    """The town on those days."""
    known, rain = catalogue(), hourly(recorded, spread)
    found = list(played.judged(records(recorded, rain, signals=signals), known, FACILITIES, PACKS))
    return played.PlayedTown(
        BEGINS, areas=AREAS, departments=[DepartmentLine("headquarters", {"en": "Flood-control headquarters (story)",
        "zh-hans": "防汛指挥部（演练）"}, CITY)], posts=POSTS, facilities=FACILITIES, sources=list(known.sources.values()),
        streams=list(known), authorities=[AuthorityLine("headquarters", "waterlogging", CITY, 1, 4, "the story")], found=found,
        configured={"packs": PACKS, "voice_gateway": "https://calls.invalid/", "answers_token": TOKEN},
        next_due=_next_due,
    )  # fmt: skip


def gauge_alone(recorded: Recorded, spread: str) -> dict[tuple[str, int], datetime]:
    """When each rule first reaches each level on the gauge's rain alone, no signal heard: (rule, rank) -> moment."""
    first: dict[tuple[str, int], datetime] = {}
    for found in played.judged(
        records(recorded, hourly(recorded, spread), signals=False), catalogue(), FACILITIES, PACKS
    ):
        for transition in found.transitions:
            key = (transition.rule, transition.level)
            if not transition.quality and transition.level and key not in first:
                first[key] = datetime.fromtimestamp(transition.at_us / 1e6, ZONE)
    return first
