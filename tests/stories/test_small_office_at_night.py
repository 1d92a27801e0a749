"""A small office at night: one duty officer, a message that was signed in advance, and a signer who does or does not wake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings

from tests.stories import acts
from tocsin.loop.warn import queries as warnings
from tocsin.loop.warn import services as warn
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.models import PresignedRow
from tocsin.loop.warn.presigned import fitting
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import Stale
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db

WARNED = ("duty", "signer", "commander", "inspector-east", "case-handler", "operator-mill", "analyst", "auditor")


@pytest.fixture
def night(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """An office that declared messages signed in advance, and has agreed to one for this season."""
    with Town(synthetic=False) as town:
        monkeypatch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, small_office=("presigned",)))
        acts.may_warn(town)
        made = warn.propose_presigned(
            hazard="rainstorm", level=3, paths=[EAST], body="emergency", trigger_level=3, season=("10-01", "12-31"),
            valid_until=town.now + timedelta(days=60), actor=town.as_("duty"), now=town.now,
        )  # fmt: skip
        warn.presign(made, digest=PresignedRow.objects.get().digest, actor=town.as_("signer"), now=town.now)
        yield town


def releases(town: Town) -> str:
    """At 03:41 the rain is there and the duty officer is alone."""
    town.at("03:41")
    storm = town.storm(level=3)
    town.phone("duty").expects("Orange II")
    town.phone("inspector-east").expects("go and look")
    acts.acknowledges(town, "duty", storm.event)
    [fit] = fitting(storm.event, actor=town.as_("duty"), now=town.now)
    warning = warn.release(fit.id, storm.event, actor=town.as_("duty"), now=town.now)
    for post in WARNED:
        town.phone(post).expects("Orange II", "East district")
    town.phone("signer").expects("To countersign", "04:11")
    town.phone("commander").expects("response")
    return warning


def test_the_signer_wakes_and_countersigns(night: Town) -> None:
    warning = releases(night)
    night.at("03:55")
    night.read_all()
    warn.countersign(warning, actor=night.as_("signer"), now=night.now)
    night.at("04:30")
    assert warnings.warning(EVERYWHERE, warning).state is WarningState.ISSUED
    assert not [m for m in night.read_all() if "ithdrawn" in m.subject or "countersigned" in m.subject]


@pytest.mark.parametrize("stopped", [False, True])
def test_nobody_countersigns_and_it_is_withdrawn_aloud(night: Town, stopped: bool) -> None:
    """At minute 30, or as soon as the server is there again that was down at minute 30."""
    warning = releases(night)
    night.at("04:05")
    night.read_all()
    if stopped:
        night.after_downtime(minutes=50)
    else:
        night.at("04:10")
        night.phone("duty").is_silent()
        night.at("04:11")
    for post in WARNED:  # whoever heard the first hears this, and that it is no all-clear
        night.phone(post).expects("Withdrawn", "no second person", "no all-clear")
    for post in ("duty", "signer", "commander"):
        night.phone(post).expects("Not countersigned", "urgent warning to a signer")
    line = warnings.warning(EVERYWHERE, warning)
    assert line.state is WarningState.CANCELLED
    last = warnings.alert(line.successor)
    assert (last.msg_type, last.references) == ("Cancel", (warning,))
    verbs = [entry.verb for entry in ledger.chain(line.event)]
    assert verbs.index("warning_released") < verbs.index("warning_uncountersigned")
    assert ledger.verify() == []
    with pytest.raises(Stale):  # and not again, before a signer has agreed anew
        warn.release(PresignedRow.objects.get().id, line.event, actor=night.as_("duty"), now=night.now)
    night.read_all()


def test_an_unanswered_reminder_wakes_the_commander(night: Town) -> None:
    warning = releases(night)
    warn.countersign(warning, actor=night.as_("signer"), now=night.now)
    night.at("09:00")
    night.read_all()
    night.at("09:11")
    for post in ("duty", "signer"):
        night.phone(post).expects("Ends soon", "follow?do=extend", "follow?do=cancel")
    night.phone("commander").is_silent()
    night.at("09:21")
    for post in ("commander", "duty", "signer"):
        night.phone(post).expects("Nobody has answered", "Telephone the duty officer")
    later = acts.extends(night, "duty", warning, 6)
    night.phone("signer").expects("To sign")
    acts.signs(night, "signer", later)
    night.read_all()
    night.at("09:45")
    assert not [m for m in night.read_all() if "Ended" in m.subject]
