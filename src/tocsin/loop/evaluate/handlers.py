"""What evaluate does when a fact arrives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.loop.evaluate import services
from tocsin.loop.evaluate.compute import Period
from tocsin.loop.review.facts import ReviewPublished
from tocsin.loop.verify.facts import EventClosed
from tocsin.records.org.actor import service

__all__ = ["on_event_closed", "on_review_published"]

RULE = service("rule:evaluation")


def on_event_closed(facts: Sequence[EventClosed], now: datetime) -> None:
    """One more event is over: the indicators of the whole are computed and kept, once for all facts of a round."""
    services.compute_indicators(Period(), actor=RULE, now=now)


def on_review_published(facts: Sequence[ReviewPublished], now: datetime) -> None:
    """The same when a review stands."""
    services.compute_indicators(Period(), actor=RULE, now=now)
