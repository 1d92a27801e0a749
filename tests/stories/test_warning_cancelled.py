"""A warning from the first draft to its cancellation: two people, one lineage, everybody who heard the first hears the last."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.stories import acts
from tocsin.loop.warn import queries as warnings
from tocsin.loop.warn import services as warn
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import NotAllowed
from tocsin.testing.town import Town

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
WARNED = ("duty", "signer", "commander", "inspector-east", "case-handler", "operator-mill", "analyst", "auditor")
NOT_IN_THE_AREA = ("inspector-west",)


def test_a_warning_is_signed_by_a_second_person_told_to_its_area_and_cancelled(town: Town) -> None:
    acts.may_warn(town)
    town.at("03:41")
    storm = town.storm(level=3)
    town.phone("duty").expects("Orange II")
    town.phone("inspector-east").expects("go and look")
    acts.acknowledges(town, "duty", storm.event)
    town.at("03:50")
    acts.answers(town, "inspector-east", storm.event, "confirmed")
    town.phone("duty").expects("confirmed")

    warning = acts.drafts(town, "duty", storm.event)
    town.phone("signer").expects("sign")
    with pytest.raises(NotAllowed):  # whoever wrote it cannot sign it
        acts.signs(town, "duty", warning)
    acts.signs(town, "signer", warning)
    for post in WARNED:
        town.phone(post).expects("Orange II", "East district")
    for post in NOT_IN_THE_AREA:
        town.phone(post).is_silent()
    town.phone("commander").expects("response")

    town.at("05:10")
    storm.ends()
    for post in ("duty", "signer"):
        town.phone(post).expects("still in force")
    later = acts.cancels(town, "duty", warning)
    town.phone("signer").expects("sign")
    acts.signs(town, "signer", later)
    for post in WARNED:
        town.phone(post).expects("cancelled")

    first, last = (etree.fromstring(line.document) for line in _alerts(warning, later))
    assert (first.findtext(f"{CAP}msgType"), last.findtext(f"{CAP}msgType")) == ("Alert", "Cancel")
    cited = ",".join(first.findtext(f"{CAP}{part}") for part in ("sender", "identifier", "sent"))
    assert last.findtext(f"{CAP}references") == cited
    assert {info.findtext(f"{CAP}language") for info in last.iter(f"{CAP}info")} == {"zh-CN", "en"}
    assert warnings.in_force(EVERYWHERE, now=town.now) == []
    assert ledger.verify() == []


def test_a_warning_that_nobody_looks_after_says_so_before_it_ends_and_when_it_has(town: Town) -> None:
    acts.may_warn(town)
    town.at("03:41")
    storm = town.storm(level=2)
    warning = acts.drafts(town, "duty", storm.event)
    town.phone("signer").expects("sign")
    acts.signs(town, "signer", warning)
    for post in WARNED:
        town.phone(post).expects("Yellow III")
    town.phone("commander").expects("response")
    expires = warnings.warning(EVERYWHERE, warning).expires_at
    town.after(minutes=(expires - town.now).total_seconds() / 60 - 45)
    town.phone("duty").is_silent()
    town.after(minutes=20)
    for post in ("duty", "signer"):
        town.phone(post).expects("ends soon")
    town.after(minutes=30)
    for post in ("duty", "signer", "commander"):
        town.phone(post).expects("nobody has answered")
    for post in ("duty", "signer"):
        town.phone(post).expects("ended", "no all-clear")


def test_a_draft_that_waits_for_a_signature_is_not_forgotten(town: Town) -> None:
    acts.may_warn(town)
    town.at("03:41")
    storm = town.storm(level=2)
    warning = acts.drafts(town, "duty", storm.event)
    town.phone("signer").expects("sign")
    town.after(minutes=6)
    town.phone("signer").expects("still unsigned", "check it")
    town.phone("duty").expects("not signed", "telephone a signer")
    town.phone("commander").expects("unsigned", "nobody has signed")
    warn.send_back(warning, "Name the underpass.", version=warnings.warning(EVERYWHERE, warning).version,
                   actor=town.as_("signer"), now=town.now)  # fmt: skip
    town.phone("duty").expects("sent back")


def _alerts(*ids: str) -> list[warnings.AlertLine]:
    return [warnings.alert(warning) for warning in ids]
