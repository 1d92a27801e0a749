"""A false report: the gauge says orange, somebody looks, and it is not so. Nobody is warned."""

from __future__ import annotations

import pytest

from tests.stories import acts
from tocsin.loop.verify import queries as looked
from tocsin.loop.verify.lifecycle import Verdict
from tocsin.loop.warn import services as warn
from tocsin.records.ledger import queries as ledger
from tocsin.terms.errors import Stale
from tocsin.testing.town import Town


def test_a_false_report_is_refuted_and_nobody_is_warned(town: Town) -> None:
    acts.may_warn(town)
    town.at("03:41")
    storm = town.storm(level=3)
    town.phone("duty").expects("Orange II", "unverified")
    town.phone("inspector-east").expects("go and look", "/field/task/")

    town.at("03:43")
    acts.acknowledges(town, "duty", storm.event)
    town.at("03:52")
    acts.answers(town, "inspector-east", storm.event, "refuted", "The gauge hangs under a leaking gutter.")
    town.phone("duty").expects("not confirmed")

    dossier = looked.dossier(town.as_("duty").scope, storm.event)
    assert dossier.verdict is Verdict.REFUTED
    with pytest.raises(Stale):  # nobody drafts a warning of what was looked at and is not there
        warn.draft(storm.event, actor=town.as_("duty"), now=town.now)
    told = [line.verb for line in ledger.chain(storm.event)]
    assert told.index("event_acknowledged") < told.index("event_refuted")
    assert ledger.verify() == []
