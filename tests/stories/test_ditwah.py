"""Cyclone Ditwah over Sri Lanka, November 2025, on the gauges' own record: what one office with the same gauges would have had
on its desk, minute by minute. Offices and people are the story's; heights, hours and the official warnings are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.contracts.replay.conftest import data_folder
from tests.stories import acts, played
from tocsin.app.replay.dataset import read_dataset
from tocsin.app.replay.layout import load_layouts, recognise
from tocsin.loop.detect import queries as detect
from tocsin.loop.review import queries as reviewed
from tocsin.loop.verify import queries as looked
from tocsin.loop.verify.lifecycle import Verdict
from tocsin.loop.warn import queries as warnings
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.packkit import builtin_pack_paths
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.places.services import Area
from tocsin.terms.event import EventState

pytestmark = pytest.mark.data

ISLAND = [[[79.5, 5.8], [82.0, 5.8], [82.0, 9.9], [79.5, 9.9], [79.5, 5.8]]]  # a box, no border of anybody's
OFFICIAL_RED = datetime(2025, 11, 28, 9, 11, tzinfo=UTC)  # warnings.csv K3: "no later than"
HANWELLA_MAJOR = datetime(2025, 11, 28, 16, 32, tzinfo=UTC)  # first observation at or above the major flood level
COLOMBO_MAJOR = datetime(2025, 11, 29, 23, 37, tzinfo=UTC)  # Nagalagam Street


def post(name: str, role: Role, lon: float, lat: float) -> PostLine:
    title = {"en": name.replace("-", " "), "zh-hans": name}
    return PostLine(name, title, "irrigation", role, "lk", "", lon, lat, f"{name}@office.invalid", "en")


@pytest.fixture
def island(db: None) -> Iterator[played.PlayedTown]:
    folder = data_folder("river")
    layout = recognise(folder, load_layouts(path / "replays" for path in builtin_pack_paths()))
    data = read_dataset(folder, layout)
    town = played.PlayedTown(
        datetime(2025, 11, 23, 5, tzinfo=UTC),
        areas=[Area("lk", {"en": "Sri Lanka", "zh-hans": "斯里兰卡"}, 1, "Asia/Colombo", ISLAND, "LK")],
        departments=[DepartmentLine("irrigation", {"en": "Irrigation office (story)", "zh-hans": "水利办公室（演练）"}, "lk")],
        posts=[post("duty", Role.DUTY_OFFICER, 79.86, 6.93), post("signer", Role.SIGNER, 79.86, 6.93),
               post("commander", Role.COMMANDER, 79.86, 6.93), post("inspector-kelani", Role.INSPECTOR, 80.2, 7.0),
               post("inspector-north", Role.INSPECTOR, 80.4, 8.3), post("inspector-south", Role.INSPECTOR, 80.6, 6.4)],
        facilities=[], sources=list(data.catalogue.sources.values()), streams=data.catalogue.streams,
        authorities=[AuthorityLine("irrigation", "river_flood", "lk", 1, 4, "the story")], found=played.recorded(data),
    )  # fmt: skip
    with town as built:
        yield built


def test_the_rivers_of_ditwah_are_warned_of_a_day_before_they_reach_the_capital(island) -> None:
    # Three days of scattered high water first. Then the cyclone: the western rivers stand at orange on the evening of the 26th.
    island.until(datetime(2025, 11, 26, 12, tzinfo=UTC))
    island.everybody_reads("")
    west = first_of_the_west(island, level=3)
    place = detect.event(EVERYWHERE, west).event.place
    island.phone("duty").expects("New: Orange II", place)
    island.phone("inspector-kelani").expects("go and look", place)
    island.everybody_reads("")  # the other rivers ring too; this story follows the west
    acts.acknowledges(island, "duty", west)
    looking = next(line for line in looked.verifications(EVERYWHERE, west) if line.is_open)
    assert looking.post == "inspector-kelani"  # the nearest duty post, not the nearest person
    island.until(island.now + timedelta(minutes=15))
    acts.answers(island, "inspector-kelani", west, "confirmed", "Water on the road below the bridge.")
    island.everybody_reads("confirmed", "response")

    # Eight hours on it is red: what was acknowledged was orange, so it is nobody's again until somebody takes it.
    assert first_of_the_west(island, level=4) == west
    red_at = island.now
    assert looked.dossier(EVERYWHERE, west).acknowledged_at is None
    island.everybody_reads("")
    acts.acknowledges(island, "duty", west)
    warning = acts.drafts(island, "duty", west)
    island.until(island.now + timedelta(minutes=3))
    island.phone("signer").expects("to sign", "Red I")
    acts.signs(island, "signer", warning)
    signed_at = island.now
    assert island.everybody_reads("Red I river flood warning") == 6
    assert signed_at - red_at == timedelta(minutes=3)
    assert OFFICIAL_RED - signed_at > timedelta(hours=29)
    assert HANWELLA_MAJOR - signed_at > timedelta(hours=36)
    assert COLOMBO_MAJOR - signed_at > timedelta(hours=67)

    # Every reading that follows may widen the event; the warning is extended before it ends, never forgotten.
    island.everybody_reads("response", "no longer")
    survivor = west
    for _ in range(12):
        in_force = [line for line in warnings.in_force(EVERYWHERE, now=island.now) if line.lineage == warning]
        if island.now > COLOMBO_MAJOR:
            break
        island.until(in_force[0].expires_at - timedelta(minutes=20))
        assert island.everybody_reads("ends soon") == 2
        island.everybody_reads("")
        later = acts.extends(island, "duty", in_force[0].id, hours=12)
        acts.signs(island, "signer", later)
        island.everybody_reads("")

    # The rivers met: two events became one, and their file, verdict and warning went along.
    event = detect.event(EVERYWHERE, west).event
    assert event.state is EventState.MERGED
    survivor = event.merged_into
    assert looked.dossier(EVERYWHERE, survivor).verdict is Verdict.CONFIRMED
    assert warning in {line.id for line in warnings.warnings_of(EVERYWHERE, survivor)}
    cited = [line.references for line in warnings.alerts() if line.msg_type == "Update"]
    assert cited
    assert all(len(references) == 1 for references in cited)

    # What the ledger tells of it, in order, by people.
    moments = reviewed.timeline(EVERYWHERE, survivor, now=island.now).moments
    done = [moment.told.verb for moment in moments if moment.decision]
    for verb in ("event_acknowledged", "verification_answered", "warning_submitted", "warning_signed"):
        assert verb in done, verb
    assert ledger.verify() == []
    island.everybody_reads("")


def first_of_the_west(island: played.PlayedTown, level: int) -> str:
    """The event of the western rivers when it first stands at a level."""
    island.until_event("river_flood", level)
    while island.coming:
        for line in detect.open_events(EVERYWHERE):
            if line.level >= level and 79.8 < line.lon < 80.5 and 6.6 < line.lat < 7.6:
                return line.id
        island.until(island.now + timedelta(minutes=15))
    raise AssertionError("no such event in the west")
