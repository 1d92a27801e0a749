"""Loop verdict: whether the loop was closed. Every event is closed or honestly open, the ledger verifies, mail arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.app.demo.mailbox import Mailbox
from tocsin.loop.detect import queries as detect
from tocsin.loop.rectify import queries as findings
from tocsin.loop.respond import queries as respond
from tocsin.loop.review import queries as review
from tocsin.loop.verify import queries as verify
from tocsin.loop.verify.lifecycle import Verdict
from tocsin.loop.warn import queries as warn
from tocsin.records import clock
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.event import EventState

__all__ = ["LoopLeft", "loop_differences", "read_loop"]

ALL = 100_000


@dataclass(frozen=True, slots=True)
class EventEnd:
    """How an event stands at the end. ``open_ends`` in words, empty where it is closed."""

    hazard: str
    place: str
    verdict: str
    closed: bool
    open_ends: tuple[str, ...]
    honest: bool


@dataclass(frozen=True, slots=True)
class LoopLeft:
    """What the loop left behind: events with their ends, counts of everything people did, letters that arrived."""

    events: tuple[EventEnd, ...]
    counts: dict[str, int]
    letters: int
    breaches: int


def read_loop(mailbox: Mailbox, acts: int) -> LoopLeft:
    """Read it from the rooms and the post office."""
    now = clock.now()
    alerts = Counter(line.msg_type for line in warn.alerts())
    tasks = sum(len(respond.actions(EVERYWHERE, one.id)) for one in respond.incidents(EVERYWHERE))
    live = [line for line in detect.recent_events(EVERYWHERE, at_most=ALL) if line.state is not EventState.MERGED]
    counts = {
        "acts of people": acts, "messages Alert": alerts["Alert"], "messages Update": alerts["Update"],
        "messages Cancel": alerts["Cancel"], "responses": len(respond.incidents(EVERYWHERE)), "first actions": tasks,
        "findings": len(findings.findings(EVERYWHERE)),
        "reviews": sum(1 for line in live if review.review(EVERYWHERE, line.id).published_at),
        "ledger entries": ledger.extent()[1],
    }  # fmt: skip
    breaches = len(ledger.verify()) + len(list(detect.verify_batches()))
    return LoopLeft(tuple(_end(line, now) for line in live), counts, sum(mailbox.received().values()), breaches)


def _end(line: detect.EventLine, now) -> EventEnd:  # type: ignore[no-untyped-def]
    dossier = verify.dossiers(EVERYWHERE, [line.id]).get(line.id)
    ends = review.open_ends(line.id, now=now)
    closed = dossier is not None and dossier.closed_at is not None
    # Honestly open: its condition still holds, and somebody has it in hand.
    honest = dossier is not None and dossier.acknowledged_at is not None and any(end.stage == "detect" for end in ends)
    verdict = dossier.verdict.value if dossier else Verdict.UNVERIFIED.value
    return EventEnd(line.hazard, line.place, verdict, closed, tuple(f"{end.stage}: {end.said}" for end in ends), honest)


def loop_differences(left: LoopLeft) -> Iterator[str]:
    """What is wrong with it; nothing where the loop was closed."""
    for event in left.events:
        if not event.closed and not event.honest:
            why = "; ".join(event.open_ends) or "nobody closed it"
            yield f"neither closed nor honestly open: {event.hazard} at {event.place} ({why})"
    if left.breaches:
        yield f"the ledger does not verify: {left.breaches} breach(es)"
    if not left.letters:
        yield "no mail arrived"
    for what in ("messages Alert", "messages Cancel", "responses", "first actions", "findings", "reviews"):
        if not left.counts[what]:
            yield f"no {what} on record: the loop was not walked"
    if not any(event.closed for event in left.events):
        yield "no event was closed"
