"""A lower threshold is tried in the shadow: it warns nobody, also over a crash; promoted, the next signal is its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.rooms.test_engine_process import Running
from tests.unit.app.backtest.conftest import batch
from tocsin.app.engine_process import packs_in_force
from tocsin.app.engine_process.shadows import differing_rules, shadows_of
from tocsin.app.engine_process.trials import SHADOWS
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.detect import queries as detect
from tocsin.loop.detect import shadow_queries, shadow_services
from tocsin.loop.detect.shadow_services import NewShadow
from tocsin.loop.observe.log import LogReader
from tocsin.packkit import load_pack
from tocsin.packkit.scaffold import new_pack
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import service
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import BadValue, NotAllowed, Refused, Stale
from tocsin.terms.moment import to_us
from tocsin.terms.record import RecordKind
from tocsin.terms.stream import Stream
from tocsin.testing.town import EAST, SOURCE, STREAMS, ZONE, Town

pytestmark = pytest.mark.django_db(transaction=True)

CELLAR = Stream("cellar", SOURCE.id, "cellar", "water_depth", "cm", lon=120.76, lat=30.26, jurisdiction=EAST, zone=ZONE.key,
                cadence_s=300.0)  # fmt: skip
CLI = service("service:cli")
TASKS = """[verification.cellar]
role = "inspector"
minutes = { blue = 60, yellow = 30, orange = 20, red = 10 }
automatic = true
automatic_from = "yellow"
check = [{ en = "Is water in the cellar?", zh-hans = "地下室是否进水？" }]
source = "own: for this story"
verified = false
"""


class Trial:
    """The town, a live engine on its home, and two versions of one pack: v1 raises yellow at 15 cm, v2 at 12 cm."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town = town
        (folder / "one").mkdir()
        (folder / "two").mkdir()
        self.old, self.new = new_pack("cellar", folder / "one"), new_pack("cellar", folder / "two")
        rules = self.new / "rules.toml"
        rules.write_text(rules.read_text().replace("version = 1", "version = 2").replace(">= 15 cm", ">= 12 cm"))
        manifest = self.new / "pack.toml"
        manifest.write_text(manifest.read_text().replace("version = 1", "version = 2"))
        for path in (self.old, self.new):
            (path / "tasks.toml").write_text(TASKS)
            for file in (path / "rules.toml", path / "pack.toml"):
                file.write_text(file.read_text().replace("2026-01-01", "2020-01-01"))
        self.engine = self._start()
        self.engine.client.catalogue(catalogue_body([SOURCE], [*STREAMS, CELLAR]))
        self.settle()

    def _start(self) -> Running:
        day = self.town.now.date().isoformat()
        running = Running(settings.HOME.root, day, packs=(str(self.old),))
        running.now_us = to_us(self.town.now)
        return running

    def settle(self) -> None:
        """Everything in the log is judged and recorded, and decisions of people have come into the log."""
        self.engine.process._trials._looked -= 1.0
        self.engine.now_us = max(self.engine.now_us, to_us(self.town.now))
        self.engine.step_until(self._settled)
        self.town.carry()

    def _settled(self) -> bool:
        process = self.engine.process
        judging = (process.evaluation.packs, process.evaluation.shadows.named)
        recorded = detect.consumed_seq() + 1 >= int(process.health()["next_seq"] or 0)
        return recorded and judging == process._rules_at_head and not process._trials.changed()

    def depth(self, value: float, *, minutes: float = 10) -> None:
        """The gauge in the cellar reports, after some time."""
        self.town.after(minutes=minutes)
        self.engine.now_us = to_us(self.town.now)
        index = self.engine.process.evaluation.engine.catalogue.index("cellar")
        self.engine.client.observations(batch([(index, to_us(self.town.now), value, 0)]), source=SOURCE.id)
        self.town.after(minutes=7)  # lateness and cadence pass: the judgement is final
        self.settle()

    def try_new(self) -> str:
        (pack,) = packs_in_force.enable([str(self.new)], settings.HOME.packs / SHADOWS)
        before = load_pack(self.old)
        new = NewShadow(pack.name, str(pack.version), pack.sha, before.sha, differing_rules(pack.rules, before.rules))
        id_ = shadow_services.add(new, "12 cm is where boots fill", actor=CLI, now=self.town.now)
        self.settle()
        return id_

    def crash(self) -> None:
        self.engine.client.close()
        self.engine.process.trouble = "crashed"
        self.engine.process.close()
        self.engine = self._start()
        self.settle()

    def close(self) -> None:
        self.engine.close()


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with Town() as town:
        built = Trial(town, tmp_path)
        yield built
        built.close()


def peaks(trial: Trial, id_: str) -> list[tuple[str, int, int]]:
    found = shadow_queries.difference(EVERYWHERE, shadow_queries.shadow(EVERYWHERE, id_))
    return [(line.kind, line.peak_old, line.peak_new) for line in found.lines]


def test_a_shadow_warns_nobody_and_once_promoted_the_next_signal_is_its_own(trial: Trial) -> None:
    id_ = trial.try_new()
    assert shadow_queries.shadow(EVERYWHERE, id_).began_us is not None
    trial.depth(13.0)  # between the two thresholds
    assert detect.signals(EVERYWHERE) == []
    assert detect.open_events(EVERYWHERE) == []
    trial.town.phone("duty").is_silent()
    assert peaks(trial, id_) == [("only_new", 0, 2)]

    trial.depth(5.0, minutes=40)
    trial.depth(5.0, minutes=40)  # below 10 cm for half an hour: over
    trial.depth(20.0)  # both raise it; only the version in force tells anybody
    (signal,) = detect.signals(EVERYWHERE)
    assert (signal.rule, signal.rule_version) == ("cellar/deep_water", 1)
    trial.town.phone("inspector-east").expects("go and look", "cellar")  # what is in force is told, once
    assert [line[0] for line in peaks(trial, id_)] == ["same", "only_new"]
    trial.depth(5.0, minutes=40)
    trial.depth(5.0, minutes=40)
    trial.town.read_all()

    with pytest.raises(NotAllowed):
        shadow_services.promote(id_, "I like it", actor=trial.town.as_("duty"), now=trial.town.now)
    trial.town.hire("analyst-east", Role.ANALYST, EAST)
    with pytest.raises(NotAllowed):  # the rules judge the west too
        shadow_services.promote(id_, "I like it", actor=trial.town.as_("analyst-east"), now=trial.town.now)
    with pytest.raises(BadValue):
        shadow_services.promote(id_, "  ", actor=trial.town.as_("analyst"), now=trial.town.now)


def test_promoted_by_an_analyst_it_judges_from_the_next_record(trial: Trial) -> None:
    analyst = trial.town.as_("analyst")
    id_ = trial.try_new()
    shadow_services.promote(id_, "A week without a false one", actor=analyst, now=trial.town.now)
    trial.settle()
    bodies = [record.body for record in LogReader(settings.HOME.log).read() if record.kind is RecordKind.RULES]
    assert b'"version":"2"' in bodies[-1]  # in force, and no longer a shadow
    assert [len(shadows_of(body)) for body in bodies] == [0, 1, 0]
    trial.depth(13.0)
    (signal,) = detect.signals(EVERYWHERE)
    assert (signal.rule_version, signal.level) == (2, 2)
    trial.town.phone("inspector-east").expects("go and look", "cellar")  # now people are told
    assert [line.verb for line in ledger.chain(f"shadow:{id_}")] == ["shadow_added", "shadow_promoted"]
    with pytest.raises(Stale):
        shadow_services.withdraw(id_, "too late", actor=analyst, now=trial.town.now)
    trial.crash()  # the settings still name version 1; the promotion holds over it
    assert [pack.version for pack in trial.engine.process.evaluation.packs] == ["2"]


def test_a_crash_loses_nothing_of_a_shadow_and_doubles_nothing(trial: Trial) -> None:
    id_ = trial.try_new()
    trial.depth(13.0)
    trial.engine.process.evaluation.save()
    trial.depth(14.0)
    trial.crash()  # no last snapshot: regained from the part beside the one before, and the log after it
    trial.depth(13.5)
    assert peaks(trial, id_) == [("only_new", 0, 2)]
    trial.depth(5.0, minutes=40)
    trial.depth(5.0, minutes=40)
    line = shadow_queries.shadow(EVERYWHERE, id_)
    assert line.signals == 1
    (row,) = shadow_queries.ShadowSignalRow.objects.filter(shadow_id=id_)
    assert row.cleared_us is not None  # the ladder went on where it stood


def test_a_damaged_part_lets_the_shadow_begin_anew_and_disturbs_nothing(trial: Trial) -> None:
    id_ = trial.try_new()
    trial.depth(20.0)
    trial.town.read_all()
    trial.engine.process.evaluation.save()
    for part in settings.HOME.snapshots.glob("*.shadows"):
        part.write_bytes(part.read_bytes()[:-5])
    trial.crash()
    assert any("shadows" in refused for refused in trial.engine.process._shelf.refused)
    assert len(detect.signals(EVERYWHERE)) == 1  # what is in force kept its state
    assert [each.id for each in trial.engine.process.evaluation.shadows.named] == [id_]  # named anew by the log


def test_withdrawn_it_judges_no_more_and_only_one_of_a_pack_runs(trial: Trial) -> None:
    analyst = trial.town.as_("analyst")
    id_ = trial.try_new()
    with pytest.raises(Refused, match="another version of this pack"):
        trial.try_new()
    shadow_services.withdraw(id_, "Too many", actor=analyst, now=trial.town.now)
    trial.settle()
    assert trial.engine.process.evaluation.shadows.named == ()
    trial.depth(13.0)
    assert peaks(trial, id_) == []
    assert trial.try_new() != id_
