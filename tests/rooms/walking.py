"""A walk of one event through the whole loop, by the services of every room, as a quick office would do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.test import override_settings

from tocsin.loop.rectify import queries as rectify_queries
from tocsin.loop.rectify import services as rectify
from tocsin.loop.respond import queries as respond_queries
from tocsin.loop.respond import services as respond
from tocsin.loop.review import services as review
from tocsin.loop.verify import queries as verify_queries
from tocsin.loop.verify import services as verify
from tocsin.loop.warn import queries as warn_queries
from tocsin.loop.warn import services as warn
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.tasks import queries as task_queries
from tocsin.records.tasks import services as tasks
from tocsin.testing.town import CITY, Storm, Town

__all__ = [
    "acknowledge",
    "answer",
    "cancel_warning",
    "end_response",
    "issue_warning",
    "quick_town",
    "to_closing",
    "walk",
]

TABLE = (AuthorityLine("emergency", "*", CITY, 1, 4, "test: the emergency office of Simcity"),)


@contextmanager
def quick_town(**options: object) -> Iterator[Town]:
    """A town whose office may warn; messages are not what these tests are about."""
    both = replace(settings.CONFIGURATION, packs=("natural_hazards", "gas_leak"))
    with override_settings(CONFIGURATION=both), Town(**options) as town:  # type: ignore[arg-type]
        warn.put_authority(TABLE, actor=SYSTEM, now=town.now)
        try:
            yield town
        finally:
            town._ring().clear()


def acknowledge(town: Town, event: str) -> None:
    """The duty officer takes it in hand."""
    town.carry()
    verify.acknowledge(event, actor=town.as_("duty"), now=town.now)


def answer(town: Town, event: str, said: str = "confirmed") -> str:
    """Whoever was asked to look (asked now where nobody was yet) says what there is."""
    town.carry()
    asked = [line for line in verify_queries.verifications(EVERYWHERE, event) if line.is_open]
    if not asked:
        verify.ask(event, actor=town.as_("duty"), now=town.now)
        asked = [line for line in verify_queries.verifications(EVERYWHERE, event) if line.is_open]
    verify.answer(asked[0].id, said, "water on the road", actor=town.as_(asked[0].post), now=town.now)
    town.carry()
    return asked[0].id


def issue_warning(town: Town, event: str) -> str:
    """Drafted by one, signed by another."""
    draft = warn.draft(event, exercise=False, actor=town.as_("duty"), now=town.now)
    return sign(town, draft)


def cancel_warning(town: Town, warning: str) -> str:
    """The same for the end of it."""
    return sign(town, warn.draft_cancel(warning, actor=town.as_("duty"), now=town.now))


def sign(town: Town, draft: str) -> str:
    line = warn_queries.warning(EVERYWHERE, draft)
    digest = warn.submit(draft, version=line.version, actor=town.as_("duty"), now=town.now)
    town.after(minutes=2)
    version = warn_queries.warning(EVERYWHERE, draft).version
    warn.sign(draft, version=version, digest=digest, actor=town.as_("signer"), now=town.now)
    town.carry()
    return draft


def end_response(town: Town, event: str) -> None:
    """Every task of it is done, then the commander ends it."""
    town.carry()
    incident = respond_queries.incident_of(EVERYWHERE, event)
    if incident is None or not incident.is_open:
        return
    if not incident.runs:
        respond.open_proposed(incident.id, version=incident.version, actor=town.as_("commander"), now=town.now)
        town.carry()
    for line in task_queries.of_event(EVERYWHERE, event):
        if line.is_open:
            tasks.finish(line.id, {"done": True}, actor=town.as_(line.post), now=town.now)
    town.carry()
    incident = respond_queries.incident_of(EVERYWHERE, event)
    assert incident is not None
    respond.end(
        incident.id, "over", version=incident.version, despite_warning=True, actor=town.as_("commander"), now=town.now
    )
    town.carry()


def finding(town: Town, event: str) -> str:
    """A dangerous condition at the mill, ordered to be put right in ten days."""
    found = rectify.record(event, "mill", "general", "a blocked drain", actor=town.as_("inspector-east"), now=town.now)
    version = rectify_queries.finding(EVERYWHERE, found).version
    rectify.serve_order(
        found, town.now + timedelta(days=10), version=version, actor=town.as_("case-handler"), now=town.now
    )
    town.carry()
    return found


def to_closing(town: Town, storm: Storm) -> str:
    """Everything but the closing; the id of a finding that goes on."""
    acknowledge(town, storm.event)
    town.after(minutes=5)
    answer(town, storm.event)
    warning = issue_warning(town, storm.event)
    found = finding(town, storm.event)
    end_response(town, storm.event)
    cancel_warning(town, warning)
    town.after(minutes=1)
    storm.ends()
    end_response(town, storm.event)
    town.carry()
    return found


def walk(town: Town, *, level: int = 4) -> Storm:
    """The whole way, to a closed event."""
    storm = town.storm(level=level)
    town.after(minutes=1)
    to_closing(town, storm)
    review.close_event(storm.event, "the water has gone", actor=town.as_("duty"), now=town.now)
    town.carry()
    return storm
