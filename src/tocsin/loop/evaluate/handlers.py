"""What evaluate does when a fact arrives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.loop.evaluate import services
from tocsin.loop.evaluate.compute import Period
from tocsin.loop.review.facts import ReviewPublished
from tocsin.loop.verify.facts import EventClosed
from tocsin.records.org.actor import service

__all__ = ["on_event_closed", "on_review_published"]

RULE = service("rule:evaluation")


def on_event_closed(facts: Sequence[EventClosed], now: datetime) -> None:
    """One more event is over: the indicators are computed and kept, once for all facts of a round, for the whole and for
    each province or city (the first part of the path) that the events lie in."""
    _compute({fact.jurisdiction for fact in facts}, now)


def on_review_published(facts: Sequence[ReviewPublished], now: datetime) -> None:
    """The same when a review stands."""
    _compute({fact.jurisdiction for fact in facts}, now)


def _compute(paths: Iterable[str], now: datetime) -> None:
    for jurisdiction in sorted({"", *(path.partition("/")[0] for path in paths)}):
        services.compute_indicators(Period(), jurisdiction, actor=RULE, now=now)
