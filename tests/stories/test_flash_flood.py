"""The flash flood of the simulator's day, through all eight rooms: from the gauge at Millpond to the published review."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.stories import acts, played
from tocsin.app.simulator.storm_day import storm_day
from tocsin.loop.evaluate import queries as indicators
from tocsin.loop.evaluate.compute import Period
from tocsin.loop.rectify import queries as findings
from tocsin.loop.rectify.lifecycle import FindingState
from tocsin.loop.respond import queries as incidents
from tocsin.loop.respond import services as respond
from tocsin.loop.review import queries as reviewed
from tocsin.loop.review import services as review
from tocsin.loop.review.services import MeasureForm
from tocsin.loop.verify import queries as looked
from tocsin.loop.warn import queries as warnings
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import Stale


@pytest.fixture
def city(db: None):
    with played.simhaven(storm_day()) as built:
        yield built


def test_rain_at_millpond_becomes_a_warning_a_response_a_finding_and_a_lesson(city) -> None:
    # Morning: gas at the East Market. It is looked at, and is what the sensor says.
    gas = city.until_event("gas_leak", 3)
    city.phone("duty-city").expects("Orange II", "gas")
    city.phone("inspector-gas").expects("go and look", "gas")
    acts.acknowledges(city, "duty-city", gas)
    city.after(minutes=11)
    acts.answers(city, "inspector-gas", gas, "confirmed", "A joint hisses.")
    city.phone("duty-city").expects("confirmed", "gas")
    city.everybody_reads("response")

    # Afternoon: fifty millimetres in three hours at Millpond. The low underpass is proposed before anybody saw water in it.
    rain = city.until_event("rainstorm", 3)
    city.phone("duty-city").expects("Orange II", "rainstorm")
    city.phone("inspector-west").expects("go and look", "rainstorm")
    acts.acknowledges(city, "duty-city", rain)
    city.after(minutes=9)
    acts.answers(city, "inspector-west", rain, "confirmed", "Water over the kerb at the mill.")
    city.phone("duty-city").expects("confirmed", "rainstorm")
    finding = acts.finds(city, "inspector-west", rain, "fac-underpass-mill", "general", "Drain grates are blocked.")
    city.phone("handler-city").expects("finding")

    # The warning: drafted by one, signed by another of the body that may warn of rain.
    warning = acts.drafts(city, "duty-city", rain)
    city.phone("signer-weather").expects("to sign")
    acts.signs(city, "signer-weather", warning)
    assert city.everybody_reads("Orange II rainstorm warning") >= 8
    city.phone("commander-city").expects("response")
    acts.opens_response(city, "commander-city", rain)
    city.everybody_reads("task", "response", "do this")

    for post in ("duty-city", "commander-city", "inspector-west", "inspector-centre", "handler-city", "inspector-city",
                 "inspector-east", "inspector-north", "inspector-south"):  # fmt: skip
        acts.does_all_tasks(city, post, rain)

    # The order to the operator of the underpass, the five implementations, the fix, another pair of eyes.
    acts.serves_order(city, "handler-city", finding, days=3)
    city.phone("operator-underpass-mill").expects("order")
    acts.plans(city, "operator-underpass-mill", finding, days=2)
    city.everybody_reads("plan", "measures")
    city.after(hours=1)
    acts.fixes(city, "operator-underpass-mill", finding)
    recheck = findings.finding(EVERYWHERE, finding).recheck_post
    assert recheck not in ("", "inspector-west", "operator-underpass-mill")
    acts.rechecks(city, recheck, finding)
    assert findings.finding(EVERYWHERE, finding).state is FindingState.CLOSED
    city.everybody_reads("")

    # Night: the gas is long gone, and its loop is closed. The rain is over too, but its gauges have not said so for long
    # enough: that event stays honestly open, and nobody can close it.
    city.until(city.now + timedelta(hours=20))
    city.everybody_reads("")
    with pytest.raises(Stale):
        review.close_event(rain, "over", actor=city.as_("duty-city"), now=city.now)
    for line in warnings.in_force(EVERYWHERE, now=city.now):
        acts.signs(city, "signer-weather", acts.cancels(city, "duty-city", line.id))
    incident = incidents.incident_of(EVERYWHERE, rain)
    for task in incidents.open_task_ids(EVERYWHERE, incident.id):
        respond.withdraw_task(incident.id, task, "The rain is over.", actor=city.as_("commander-city"), now=city.now)
    incident = incidents.incident_of(EVERYWHERE, rain)
    respond.end(
        incident.id, "The rain is over.", version=incident.version, actor=city.as_("commander-city"), now=city.now
    )
    city.everybody_reads("")
    assert [end.stage for end in reviewed.open_ends(rain, now=city.now)] == ["detect"]
    told = [moment.told.verb for moment in reviewed.timeline(EVERYWHERE, rain, now=city.now).moments]
    for before, after in (("event_acknowledged", "event_confirmed"), ("event_confirmed", "warning_submitted"),
                          ("warning_submitted", "warning_signed"), ("warning_signed", "response_opened"),
                          ("response_opened", "response_ended")):  # fmt: skip
        assert told.index(before) < told.index(after), (before, after)

    # The gas: declined as a matter of command, closed, and reviewed with one measure that has an owner and a day.
    proposed = incidents.incident_of(EVERYWHERE, gas)
    if proposed is not None and proposed.state == "proposed":
        respond.decline(proposed.id, "The gas works have it.", version=proposed.version,
                        actor=city.as_("commander-city"), now=city.now)  # fmt: skip
    assert reviewed.open_ends(gas, now=city.now) == []
    review.close_event(gas, "The joint is replaced.", actor=city.as_("duty-city"), now=city.now)
    measure = MeasureForm("Replace all joints of that year", "handler-city", city.now + timedelta(days=30))
    review.save_draft(gas, "The joint was known to be old.", [measure], version=0, actor=city.as_("commander-city"),
                      now=city.now)  # fmt: skip
    review.publish(gas, version=1, actor=city.as_("commander-city"), now=city.now)
    city.everybody_reads("")
    assert looked.dossier(EVERYWHERE, gas).closed_at is not None
    computed = indicators.computations(EVERYWHERE)
    assert computed, "the indicators were computed when the event was closed"
    assert len(indicators.figures(EVERYWHERE, Period()).figures) == 8
    assert ledger.verify() == []
