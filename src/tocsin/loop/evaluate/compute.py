"""Computing indicators from ledger lines. Pure: lines, a definition, a period and a moment in; figures and their cases out.

``as_of`` is the moment of the root that covers the lines, not the reader's clock, so that a computation can be repeated by
anybody at any time with the same result. A case that is neither done nor late by then is waiting and counts in no share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from tocsin.loop.evaluate.definitions import Indicator, Stage
from tocsin.measure.intervals import wilson
from tocsin.terms.moment import SECOND_US, to_us

__all__ = ["Case", "Figure", "Line", "Period", "Step", "compute", "funnel", "quantile"]


class Line(Protocol):
    """What is read of a ledger entry."""

    @property
    def subject(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def actor(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Period:
    """Cases that began in [since, until) of microseconds since 1970 UTC; None = open on that side."""

    since_us: int | None = None
    until_us: int | None = None

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        moment = to_us(at)
        return (self.since_us is None or moment >= self.since_us) and (self.until_us is None or moment < self.until_us)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was counted. ``entries``: subject and number of the ledger entries it was computed from; ``ok`` None =
    it has no limit; ``part`` of ``whole`` for sums; ``post`` and ``actor`` who had it in hand."""

    thing: str
    entries: tuple[tuple[str, int], ...]
    began_us: int
    delay_us: int | None = None
    ok: bool | None = None
    waiting: bool = False
    part: int = 0
    whole: int = 0
    post: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """An indicator's result. ``n`` cases (or deliveries) were counted, ``hits`` of them in time (refuted, accepted); both None
    for ``hits`` where nothing has a limit. ``low``, ``high``: 95 % Wilson interval of the share. Delays in us over the
    done ones. ``waiting``: begun, not done, not late yet."""

    id: str
    n: int
    hits: int | None
    share: float | None
    low: float | None
    high: float | None
    median_us: float | None
    p90_us: float | None
    waiting: int
    cases: tuple[Case, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the funnel: ``n`` events of ``of`` came to it; ``median_us`` after the opening, ``step_us`` after the
    stage before that the event had come to."""

    id: str
    n: int
    of: int
    median_us: float | None
    step_us: float | None


def compute(indicator: Indicator, lines: Sequence[Line], period: Period, as_of: datetime) -> Figure:
    """The figure of one indicator over lines in the order of writing."""
    make = {"delay": _delays, "share": _shares, "sum": _sums}[indicator.kind]
    cases = tuple(make(indicator, lines, period, to_us(as_of)))
    return _figure(indicator, cases)


def funnel(stages: Sequence[Stage], lines: Iterable[Line], period: Period) -> list[Step]:
    """How far the events came that were opened in the period (had the first stage's verb)."""
    first: dict[str, dict[str, int]] = defaultdict(dict)
    for line in lines:
        for stage in stages:
            if line.verb in stage.verbs and (stage is not stages[0] or period.holds(line.at)):
                first[line.subject].setdefault(stage.id, to_us(line.at))
    opened = [moments for moments in first.values() if stages[0].id in moments]
    return [_step(stages, place, opened) for place in range(len(stages))]


def quantile(values: Sequence[int], share: float) -> float | None:
    """Linear between neighbours; None for no values."""
    return float(np.quantile(np.asarray(values, dtype=np.int64), share)) if values else None


def _step(stages: Sequence[Stage], place: int, opened: Sequence[Mapping[str, int]]) -> Step:
    here, began = stages[place].id, stages[0].id
    came = [moments for moments in opened if here in moments]
    steps = []
    for moments in came:
        before = [moments[s.id] for s in stages[:place] if s.id in moments and moments[s.id] <= moments[here]]
        steps += [moments[here] - max(before)] if before else []
    since = [moments[here] - moments[began] for moments in came if moments[here] >= moments[began]] if place else []
    return Step(here, len(came), len(opened), quantile(since, 0.5), quantile(steps, 0.5))


# ---------------------------------------------------------------- delays
def _delays(indicator: Indicator, lines: Sequence[Line], period: Period, as_of_us: int) -> Iterator[Case]:
    told: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.verb in indicator.verbs and (thing := _thing(indicator, line)):
            told[thing].append(line)
    for thing, entries in told.items():
        starts = [n for n, line in enumerate(entries) if line.verb in indicator.start]
        for place, n in enumerate(starts if indicator.every else starts[:1]):
            until = starts[place + 1] if indicator.every and place + 1 < len(starts) else len(entries)
            if period.holds(entries[n].at) and (
                case := _delay(indicator, thing, entries[n], entries[n + 1 : until], as_of_us)
            ):
                yield case


def _delay(indicator: Indicator, thing: str, start: Line, after: Sequence[Line], as_of_us: int) -> Case | None:
    """None where the case was dropped before it was done."""
    stop = next((n for n, line in enumerate(after) if line.verb in (*indicator.end, *indicator.dropped)), None)
    if stop is not None and after[stop].verb not in indicator.end:
        return None
    end, checked, confirmed = _checked(indicator, after) if indicator.confirm else (_at(after, stop), None, True)
    began = to_us(start.at)
    delay = to_us(end.at) - began if end is not None else None
    used = tuple((line.subject, line.number) for line in (start, end, checked) if line is not None)
    ok, waiting = _judged(_limit(indicator, start, began), delay, as_of_us - began, confirmed)
    post = str(start.body.get("post") or "") or _post(end.actor if end else "")
    return Case(thing, used, began, delay, ok, waiting, post=post, actor=end.actor if end else "")


def _judged(limit: int | None, delay: int | None, age: int, confirmed: bool | None) -> tuple[bool | None, bool]:
    """Whether it was in time (None: no limit, or not decided), and whether it still waits. ``confirmed``: whether somebody else
    found it so; False = found it not so, None = has not looked yet."""
    if limit is None:
        return None, delay is None
    if delay is not None and delay > limit:
        return False, False
    if delay is not None and confirmed:
        return True, False
    if delay is not None and confirmed is None:
        return None, True
    return (None, True) if age <= limit else (False, False)


def _checked(indicator: Indicator, after: Sequence[Line]) -> tuple[Line | None, Line | None, bool | None]:
    """The saying that it is done, the look of another account at it, and what came of that; the last saying and look until
    one holds."""
    end = look = None
    held: bool | None = None
    for line in after:
        if line.verb in indicator.end:
            end, look, held = line, None, None
        elif line.verb in indicator.confirm and end is not None and _account(line.actor) != _account(end.actor):
            look, held = line, all(line.body.get(key) == value for key, value in indicator.confirm_where.items())
            if held:
                break
    return end, look, held


def _at(lines: Sequence[Line], place: int | None) -> Line | None:
    return None if place is None else lines[place]


def _limit(indicator: Indicator, start: Line, began_us: int) -> int | None:
    if indicator.limit_s:
        return indicator.limit_s * SECOND_US
    due = start.body.get(indicator.due) if indicator.due else None
    return due - began_us if isinstance(due, int) else None


# ---------------------------------------------------------------- shares and sums
def _shares(indicator: Indicator, lines: Sequence[Line], period: Period, as_of_us: int) -> Iterator[Case]:
    last: dict[str, Line] = {}
    for line in lines:
        if line.verb in indicator.of and (thing := _thing(indicator, line)):
            last[thing] = line
    for thing, line in last.items():
        if period.holds(line.at):
            entries = ((line.subject, line.number),)
            yield Case(
                thing, entries, to_us(line.at), ok=line.verb in indicator.hit, post=_post(line.actor), actor=line.actor
            )


def _sums(indicator: Indicator, lines: Sequence[Line], period: Period, as_of_us: int) -> Iterator[Case]:
    put = {
        str(dispatch): line
        for line in lines
        if line.verb == indicator.put
        for dispatch in line.body.get("dispatches", ())
    }
    for line in lines:
        if line.verb not in indicator.of or not period.holds(line.at):
            continue
        dispatch = str(line.body.get("dispatch", ""))
        part, whole = (sum(int(line.body.get(key, 0)) for key in keys) for keys in (indicator.part, indicator.whole))
        begun, first = put.get(dispatch), line.body.get(indicator.first)
        delay = first - to_us(begun.at) if begun is not None and isinstance(first, int) else None
        used = tuple((entry.subject, entry.number) for entry in (begun, line) if entry is not None)
        yield Case(dispatch, used, to_us((begun or line).at), delay, part=part, whole=whole)


def _figure(indicator: Indicator, cases: tuple[Case, ...]) -> Figure:
    counted = [case for case in cases if not case.waiting]
    delays = [case.delay_us for case in counted if case.delay_us is not None]
    hits: int | None
    if indicator.kind == "sum":
        n, hits = sum(case.whole for case in counted), sum(case.part for case in counted)
    else:
        judged = [case for case in counted if case.ok is not None]
        n = len(judged) if indicator.timed or indicator.kind == "share" else len(counted)
        hits = sum(case.ok is True for case in judged) if indicator.timed or indicator.kind == "share" else None
    low, high = wilson(hits, n) if hits is not None and n else (None, None)
    share = hits / n if hits is not None and n else None
    return Figure(indicator.id, n, hits, share, low, high, quantile(delays, 0.5), quantile(delays, 0.9),
                  len(cases) - len(counted), cases)  # fmt: skip


def _thing(indicator: Indicator, line: Line) -> str:
    return str(line.body.get(indicator.thing, "")) if indicator.thing else line.subject


def _post(actor: str) -> str:
    return actor.partition("/")[0] if "/" in actor and ":" not in actor.partition("/")[0] else ""


def _account(actor: str) -> str:
    return actor.rpartition("/")[2]
