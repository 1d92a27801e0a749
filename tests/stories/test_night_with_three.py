"""A night with three staff: one on the desk, one to sign and command, one outside. Few people hold many posts, and still nobody
signs what they wrote and nobody looks again at what they found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stories import acts
from tocsin.loop.warn import queries as warnings
from tocsin.records.org import queries as org
from tocsin.records.org import services as staff
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import NotAllowed
from tocsin.testing.town import Town


@pytest.fixture
def night(db: None) -> Iterator[Town]:
    with Town(staff=("duty", "signer", "inspector-east")) as town:
        staff.start_shift("commander", town.account("signer"), from_at=town.now, actor=SYSTEM, now=town.now)
        staff.start_shift(
            "inspector-west", town.account("inspector-east"), from_at=town.now, actor=SYSTEM, now=town.now
        )
        yield town


def as_also(town: Town, person: str, post: str) -> Actor:
    """Somebody in another of their posts."""
    return org.actor_of(town.account(person), post, now=town.now)


def test_three_people_carry_a_storm_through_the_night(night: Town) -> None:
    acts.may_warn(night)
    night.at("03:41")
    storm = night.storm(level=4)
    night.phone("duty").expects("Red I", "unverified")
    night.phone("inspector-east").expects("go and look")
    acts.acknowledges(night, "duty", storm.event)
    night.at("03:53")
    acts.answers(night, "inspector-east", storm.event, "confirmed")
    night.phone("duty").expects("confirmed")

    warning = acts.drafts(night, "duty", storm.event)
    night.phone("signer").expects("to sign")
    night.at("03:56")
    acts.signs(night, "signer", warning)
    heard = {letter.recipient for letter in night.read_all() if "Red I" in letter.subject}
    assert {"post:duty", "post:signer", "post:commander", "post:inspector-east"} <= heard
    assert warnings.in_force(EVERYWHERE, now=night.now)
    night.phone("commander").is_silent()  # asked for a response in the same breath, and read with the rest
    incident = acts.incidents.incident_of(EVERYWHERE, storm.event)
    acts.respond.open_proposed(incident.id, version=incident.version, actor=as_also(night, "signer", "commander"),
                               now=night.now)  # fmt: skip
    night.read_all()


def test_whoever_holds_both_posts_still_cannot_sign_what_they_wrote(night: Town) -> None:
    acts.may_warn(night)
    night.at("03:41")
    storm = night.storm(level=2)
    night.goes_home("signer")
    staff.start_shift("signer", night.account("duty"), from_at=night.now, actor=SYSTEM, now=night.now)
    warning = acts.drafts(night, "duty", storm.event)
    night.read_all()
    line = warnings.warning(EVERYWHERE, warning)
    with pytest.raises(NotAllowed, match="cannot sign"):
        acts.warn.sign(warning, version=line.version, digest=line.content.digest, now=night.now,
                       actor=as_also(night, "duty", "signer"))  # fmt: skip
    # The third person, in a signer's post for the night, may.
    staff.start_shift("signer", night.account("inspector-east"), from_at=night.now, actor=SYSTEM, now=night.now)
    acts.warn.sign(warning, version=line.version, digest=line.content.digest, now=night.now,
                   actor=as_also(night, "inspector-east", "signer"))  # fmt: skip
    assert [w.id for w in warnings.in_force(EVERYWHERE, now=night.now)] == [warning]
    night.read_all()


def test_nobody_to_sign_is_told_to_whoever_wrote_it(night: Town) -> None:
    acts.may_warn(night)
    night.goes_home("signer")
    night.at("04:10")
    storm = night.storm(level=2)
    acts.drafts(night, "duty", storm.event)
    night.phone("duty").expects("no signer", "on duty")
    night.read_all()
