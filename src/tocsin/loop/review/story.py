"""Story: who knew what when, told from ledger lines alone. Pure: lines in, moments and gaps out; no clock, no database.

A moment is one entry with what the record held just after it: the event's level, the verdict, the warnings in force, the
response level. A verb that nobody here has heard of is told all the same, by its own name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tocsin.terms.moment import from_us

__all__ = ["DEADLINES", "Deadline", "Gap", "Known", "Moment", "Told", "by_person", "gaps", "post_of", "story"]


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of the record. ``at``: when the record learned it; ``happened_us``: when it happened, where that is another
    moment; ``covered``: whether the ledger vouches for it."""

    at: datetime
    order: int
    subject: str
    number: int
    hash: str
    actor: str
    verb: str
    body: Mapping[str, Any] = field(default_factory=dict)
    happened_us: int | None = None
    covered: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """What the record held at a moment. ``verdict``: "" before anybody asked, then unverified, confirmed or refuted;
    ``warnings``: ids in force with their level; ``response``: the response level, 0 = none open."""

    level: int = 0
    verdict: str = ""
    warnings: tuple[tuple[str, int], ...] = ()
    response: int = 0

    @property
    def warned(self) -> int:
        """The highest level of a warning in force; 0 = none."""
        return max((level for _, level in self.warnings), default=0)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: the entry, what was known after it, and how long after the onset it came."""

    told: Told
    known: Known
    since_onset: timedelta

    @property
    def decision(self) -> bool:
        """Whether a person did it, in a post; the rest is the product's own doing."""
        return by_person(self.told.actor)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Which verb starts a clock on what, and which verbs end it. ``thing``: the body's key of the id; "" = the subject."""

    start: str
    thing: str
    done: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    due: str = "due_us"


@dataclass(frozen=True, slots=True)
class Gap:
    """A declared deadline and what came of it. ``late``: how much later than due it was done, or is by now; negative = in
    time; None where it was dropped."""

    verb: str
    thing: str
    kind: str
    post: str
    given_at: datetime
    due_at: datetime
    done_at: datetime | None
    late: timedelta | None

    @property
    def missed(self) -> bool:
        """Whether the deadline passed before it was done."""
        return self.late is not None and self.late > timedelta()


DEADLINES = (
    Deadline("task_given", "task", ("task_done",), ("task_withdrawn",)),
    Deadline("order_served", "finding", ("finding_fixed",), ("finding_withdrawn",), "limit_us"),
    Deadline("measure_adopted", "task", ("task_done",), ("task_withdrawn",)),
    Deadline("response_proposed", "incident", ("response_opened",), ("response_declined", "incident_merged")),
    Deadline("response_advised", "incident", ("response_changed",), ("response_advice_refused", "response_ended")),
    Deadline("early_action_proposed", "early", ("early_action_given",), ("early_action_refused",)),
)
_LEVEL_VERBS = ("event_proposed", "event_opened", "event_changed", "event_ended")
_VERDICTS = {"event_confirmed": "confirmed", "event_refuted": "refuted", "verification_asked": "unverified"}
_WARNINGS = ("warning_signed", "warning_expired")


def by_person(actor: str) -> bool:
    """Whether an actor's name is that of a post with an account (``post/account``) or of an account.

    >>> by_person("duty/acc_1"), by_person("service:tocsin"), by_person("engine")
    (True, False, False)
    """
    return actor.startswith("account:") or ("/" in actor and ":" not in actor.partition("/")[0])


def post_of(actor: str) -> str:
    """The post of an actor's name; "" where none acted.

    >>> post_of("duty/acc_1"), post_of("rule:verification")
    ('duty', '')
    """
    return actor.partition("/")[0] if by_person(actor) and "/" in actor else ""


def story(event: str, onset_us: int, told: Iterable[Told]) -> list[Moment]:
    """The moments of an event in the order in which the record learned them; each entry once."""
    moments, known, onset = [], Known(), from_us(onset_us)
    for entry in sorted(_once(told), key=lambda t: (t.at, t.order, t.number)):
        known = _after(known, entry, event)
        moments.append(Moment(entry, known, entry.at - onset))
    return moments


def _once(told: Iterable[Told]) -> Iterator[Told]:
    """Each entry once, also where two roads led to it; a change of an event is told by its batch and what it says."""
    seen = set()
    for entry in told:
        key = (entry.subject, entry.number, entry.verb, entry.happened_us, entry.body.get("event"))
        if key not in seen:
            seen.add(key)
            yield entry


def gaps(told: Sequence[Told], now: datetime) -> list[Gap]:
    """Every declared deadline, the earliest due first. A deadline set anew counts from its newest setting."""
    found: dict[tuple[str, str], Gap] = {}
    for rule in DEADLINES:
        for entry in told:
            thing = str(entry.body.get(rule.thing, entry.subject))
            if entry.verb == rule.start and isinstance(entry.body.get(rule.due), int):
                found[rule.start, thing] = _gap(entry, thing, rule, told, now)
    return sorted(_each_task_once(found), key=lambda gap: (gap.due_at, gap.thing))


def _gap(entry: Told, thing: str, rule: Deadline, told: Sequence[Told], now: datetime) -> Gap:
    due = from_us(entry.body[rule.due])
    ends = [t for t in told if str(t.body.get(rule.thing, t.subject)) == thing and t.order > entry.order]
    done = next((t.at for t in ends if t.verb in rule.done), None)
    dropped = done is None and any(t.verb in rule.dropped for t in ends)
    late = None if dropped else (done or now) - due
    post = str(entry.body.get("post") or post_of(entry.actor))
    return Gap(entry.verb, thing, str(entry.body.get("kind", "")), post, entry.at, due, done, late)


def _each_task_once(found: Mapping[tuple[str, str], Gap]) -> Iterator[Gap]:
    """A measure's deadline is its task's; it is told once, by the more particular verb."""
    measured = {thing for verb, thing in found if verb == "measure_adopted"}
    return (gap for (verb, thing), gap in found.items() if verb != "task_given" or thing not in measured)


def _after(known: Known, entry: Told, event: str) -> Known:
    body, verb = entry.body, entry.verb
    if verb in _LEVEL_VERBS and body.get("event", event) == event and isinstance(body.get("level"), int):
        return replace(known, level=0 if verb == "event_ended" else body["level"])
    if verb in _VERDICTS and entry.subject == event:
        verdict = _VERDICTS[verb]
        return replace(known, verdict=verdict if verdict != "unverified" or not known.verdict else known.verdict)
    if verb in _WARNINGS:
        return replace(known, warnings=_warnings(known.warnings, entry))
    if verb in ("response_opened", "response_changed", "response_ended"):
        return replace(known, response=0 if verb == "response_ended" else int(body.get("level") or known.response))
    return known


def _warnings(held: tuple[tuple[str, int], ...], entry: Told) -> tuple[tuple[str, int], ...]:
    """A signed message takes the place of those it refers to; a cancellation leaves nothing in it."""
    body = entry.body
    ended = {str(body.get("warning")), *map(str, body.get("references") or ())}
    kept = tuple(pair for pair in held if pair[0] not in ended)
    if entry.verb == "warning_expired" or body.get("kind") == "cancel":
        return kept
    return (*kept, (str(body.get("warning", "")), int(body.get("level") or 0)))
