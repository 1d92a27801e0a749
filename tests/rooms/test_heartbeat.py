"""The auditor and the heartbeat: silence whenever anything of the loop is not as it must be (N9)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.contracts.channels.web_house import WebHouse
from tests.stories import acts
from tocsin.app import heartbeat, pulse
from tocsin.app.audit import audit
from tocsin.doors.outward.client import Outward
from tocsin.doors.outward.guard import Guard
from tocsin.doors.portal.files import published_folder
from tocsin.doors.portal.publisher import Publisher
from tocsin.records.dispatch.audit import STUCK
from tocsin.records.dispatch.models import DeliveryRow, DispatchRow
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def warned(db: None) -> Iterator[tuple[Town, str]]:
    """A town with one warning in force, published, and everything as it must be."""
    with Town(synthetic=False) as town:
        acts.may_warn(town)
        town.at("03:41")
        storm = town.storm(level=3)
        warning = acts.drafts(town, "duty", storm.event)
        acts.signs(town, "signer", warning)
        town.after(minutes=1)
        Publisher(published_folder()).look(town.now)
        yield town, warning
        town.read_all()


def test_nothing_is_found_where_all_is_as_planned(warned: tuple[Town, str]) -> None:
    town, _warning = warned
    assert audit(now=town.now) == []


def test_every_breach_of_the_plan_is_found(warned: tuple[Town, str]) -> None:
    """N9: files against the database, dispatches against the plan on the ledger."""
    town, warning = warned
    path = published_folder() / "warnings" / f"{warning}.xml"
    signed = path.read_bytes()
    path.write_bytes(signed.replace(b"</alert>", b" </alert>"))
    assert audit(now=town.now) == [f"{warning}: its published file is not what was signed"]
    path.unlink()
    assert audit(now=town.now) == [f"{warning}: its published file is missing"]
    path.write_bytes(signed)
    feed = published_folder() / "warnings" / "feed.atom"
    kept = feed.read_bytes()
    feed.write_bytes(kept.replace(warning.encode(), b"wrn_0"))
    assert audit(now=town.now) == [f"{warning}: is not in the published feed"]
    feed.write_bytes(kept)

    shard = DispatchRow.objects.get(about=warning, kind="warning_issued", channel="mail")
    DispatchRow.objects.filter(id=shard.id).update(recipients=shard.recipients - 1)
    assert any("not hold as many recipients" in found for found in audit(now=town.now))
    DispatchRow.objects.filter(id=shard.id).update(recipients=shard.recipients, settled_at=None)
    waited = shard.put_at + STUCK + timedelta(minutes=1)
    assert any("is not tried" in found for found in audit(now=waited))
    DispatchRow.objects.filter(id=shard.id).update(not_before=waited + timedelta(minutes=1))
    assert audit(now=waited) == []  # a dead channel that is tried again is not our fault
    DispatchRow.objects.filter(id=shard.id).update(settled_at=waited, not_before=None)
    DeliveryRow.objects.filter(dispatch=shard, number=0).update(state="waiting")
    assert any("still waits" in found for found in audit(now=waited))
    DeliveryRow.objects.filter(dispatch=shard).delete()
    DispatchRow.objects.filter(id=shard.id).delete()
    assert any("are missing" in found for found in audit(now=waited))


def test_a_beat_goes_out_only_while_all_is_well(monkeypatch: pytest.MonkeyPatch, warned: tuple[Town, str]) -> None:
    town, warning = warned
    state: dict[str, Any] = {"faults": []}
    monkeypatch.setattr(heartbeat, "look", lambda: ({}, state["faults"], []))
    pulse.forget()
    house = WebHouse()
    house.open()
    try:
        outward = Outward(Guard(["127.0.0.1"]))
        folder = settings.HOME.run

        def beat() -> list[str]:
            return heartbeat.beat(folder, f"{house.url}/ping", outward, now=town.now)

        assert beat() == []
        assert [post.path for post in house.posts] == ["/ping"]
        assert Client().get("/heartbeat").status_code == 200
        state["faults"] = ["evaluation is 9999 records behind the log"]
        assert beat() == state["faults"]
        state["faults"] = []
        (published_folder() / "warnings" / f"{warning}.xml").unlink()
        assert beat() == [f"{warning}: its published file is missing"]
        assert len(house.posts) == 1
        assert Client().get("/heartbeat").json() == {"well": False, "age_s": pytest.approx(0, abs=60), "faults": 1}
        monkeypatch.setattr(heartbeat, "audit", lambda now: 1 / 0)
        assert beat() == ["ZeroDivisionError: division by zero"]
        monkeypatch.setattr(heartbeat, "audit", lambda now: [])
        pulse.beat("sweeper")
        assert beat() == []
        monkeypatch.setattr(heartbeat, "HUNG_S", -1.0)
        assert beat() == ["sweeper makes no rounds"]
    finally:
        pulse.forget()
        house.close()
    monkeypatch.setattr(heartbeat, "HUNG_S", 180.0)
    assert len(beat()) == 1  # the address outside does not answer: said, and no fault of the loop
    assert Client().get("/heartbeat").status_code == 200


def test_a_beat_that_is_old_or_never_was_is_no_beat(warned: tuple[Town, str], tmp_path: Path) -> None:
    path = settings.HOME.run / "heartbeat.json"
    assert Client().get("/heartbeat").status_code == 503
    path.write_text(json.dumps({"well": True, "at": "", "faults": []}), encoding="utf-8")
    assert Client().get("/heartbeat").status_code == 200
    old = path.stat().st_mtime - 151
    os.utime(path, (old, old))
    assert Client().get("/heartbeat").status_code == 503
    path.write_text("{", encoding="utf-8")
    assert Client().get("/heartbeat").status_code == 503
