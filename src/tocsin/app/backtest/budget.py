"""Budget: thresholds that would have kept to an acceptable rate of false signals, and what they then really gave.

The history is cut in two by time. On the first part the scale of each level is searched: the smallest at and above which the
rate stays within the budget. On the second part, which the search has not seen, it is measured. A false signal is a warning
(merged by ``gap``, as in ``score``) that touches no true event; without a truth every warning counts, so the figure is then an
upper bound. What is promised is the second figure with its interval, never the first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tocsin.app.backtest.judged import Judged
from tocsin.app.backtest.places import Places
from tocsin.app.backtest.recorded import Recorded
from tocsin.app.backtest.score import HOUR_US, Windows
from tocsin.app.backtest.truth import TrueEvent
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.stricter import stricter
from tocsin.measure.blocks import block_interval
from tocsin.measure.episode import Episode, merge
from tocsin.measure.matching import Matching, match
from tocsin.measure.rate import poisson_interval, poisson_next
from tocsin.terms.errors import BadValue

__all__ = ["Budget", "Counted", "LevelBudget", "Proposal", "propose", "read_rate"]

WEEK_US = 7 * 24 * HOUR_US
_UNITS_US = {"hour": HOUR_US, "day": 24 * HOUR_US, "week": WEEK_US, "month": round(30.4375 * 24 * HOUR_US),
             "year": round(365.25 * 24 * HOUR_US)}  # fmt: skip
_SCALES = np.round(np.geomspace(0.25, 6.0, 25), 4)
_FINE = 12
_ENOUGH = 3.0  # false signals to be expected on the second part at the budget; with fewer even none says little
_SEED = 20260726


@dataclass(frozen=True, slots=True)
class Budget:
    """At most ``count`` false signals in ``every_us``, over all subjects of a rule together, or of each."""

    count: float
    every_us: int
    text: str

    def allowed(self, length_us: int, subjects: int) -> float:
        """How many that are in a time, for so many subjects that each have the budget (1 = together)."""
        return self.count * length_us / self.every_us * subjects


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one part of history: false signals, all warnings, events and how many of them were warned of (None without a
    truth), the length, and when the false ones began."""

    false: int
    warnings: int
    events: int | None
    found: int | None
    length_us: int
    starts: tuple[int, ...]
    began_us: int

    @property
    def interval(self) -> tuple[float, float]:
        """Exact 95 % Poisson interval of the mean count of false signals."""
        return poisson_interval(self.false)

    @property
    def by_week(self) -> tuple[float, float]:
        """The interval of the count from weeks drawn again: wider where signals come in clusters; NaN below four weeks."""
        return _by_week(np.array(self.starts, np.int64), self.began_us, self.length_us)


@dataclass(frozen=True, slots=True)
class LevelBudget:
    """What was found for one level. ``scale`` of its thresholds; ``expected``: between which counts the second part was to lie
    (95 %), said from the first alone; ``too_short``: the second part is too short to promise anything at this budget;
    ``kept``: did the second part stay within the budget."""

    rank: int
    budget: Budget
    scale: float
    reached: bool
    first: Counted
    second: Counted
    allowed_first: float
    allowed_second: float
    expected: tuple[int, int]

    @property
    def too_short(self) -> bool:
        """Would even no false signal on the second part say little about this budget?"""
        return self.allowed_second < _ENOUGH

    @property
    def kept(self) -> bool:
        """Whether the second part stayed within the budget."""
        return self.second.false <= self.allowed_second


@dataclass(frozen=True, slots=True)
class Proposal:
    """The rule with new numbers, and the figures of each level that has a budget. ``subjects``: how many it judges."""

    rule: Rule
    levels: tuple[LevelBudget, ...]
    subjects: int
    step: float
    cut_us: int
    began_us: int
    ended_us: int


def read_rate(text: str) -> Budget:
    """``2/week``, ``0.5/day``, ``1/month``. Raises BadValue."""
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*/\s*(hour|day|week|month|year)s?\s*", text)
    if found is None or float(found[1]) <= 0:
        raise BadValue(f"rate {text[:40]!r}", "is no number a time", "write for example 2/week or 0.5/day")
    return Budget(float(found[1]), _UNITS_US[found[2]], text.strip())


def propose(
    recorded: Recorded, rule: Rule, budgets: Mapping[int, Budget], *, windows: Windows,
    truth: Sequence[TrueEvent] | None = None, each: bool = False, fit: float = 0.5, step: float | None = None,
) -> Proposal:  # fmt: skip
    """Search on the first ``fit`` of the history, measure on the rest. ``budgets`` by rank: levels without one move with the
    next lower one that has one (the lowest budget moves all below it too). ``each``: the budget is that of every subject.

    Raises BadValue where the rule has no number to move, or the history nothing to judge."""
    unit = _unit(rule, recorded)
    if all(stricter(rung.when, 2.0, unit=unit) == rung.when for rung in rule.rungs):
        raise BadValue(
            f"rule {rule.name}", "has no threshold of its own to move", "choose a rule that compares with numbers"
        )
    search = _Search(recorded, rule, windows, truth, fit, unit, step)
    scales: dict[int, float] = {}
    reached: dict[int, bool] = {}
    for rank in sorted(budgets):
        scales[rank], reached[rank] = search.smallest(
            rank, budgets[rank], each, at_least=max(scales.values(), default=0.0)
        )
    proposed = search.scaled(rule, scales)
    final = search.count({"final": proposed}, sorted(budgets))["final"]
    lines = []
    for rank, (first, second) in final.items():
        subjects = search.subjects if each else 1
        lines.append(LevelBudget(
            rank, budgets[rank], scales[rank], reached[rank], first, second, budgets[rank].allowed(first.length_us, subjects),
            budgets[rank].allowed(second.length_us, subjects), poisson_next(first.false, second.length_us / first.length_us),
        ))  # fmt: skip
    return Proposal(
        proposed, tuple(lines), search.subjects, search.step, search.cut_us, search.began_us, search.ended_us
    )


class _Search:
    """Judges many variants of one rule in one pass over the history and counts what they raised on either side of the cut."""

    def __init__(
        self, recorded: Recorded, rule: Rule, windows: Windows, truth: Sequence[TrueEvent] | None, fit: float, unit: str,
        step: float | None,
    ) -> None:  # fmt: skip
        self.recorded, self.rule, self.windows, self.unit = recorded, rule, windows, unit
        self.truth = None if truth is None else [event for event in truth if event.hazard in ("", rule.hazard)]
        whole = recorded.judge((rule,))
        self.began_us, self.ended_us = whole.began_us, whole.ended_us
        if self.ended_us <= self.began_us:
            raise BadValue("history", "holds no time that passes", "give a longer one")
        self.cut_us = self.began_us + round((self.ended_us - self.began_us) * fit)
        self.subjects = _subjects(rule, whole)
        if not self.subjects:
            raise BadValue(f"rule {rule.name}", "selects no stream of this history", "choose another rule or history")
        self.step = recorded.resolution(rule) if step is None else step

    def scaled(self, rule: Rule, scales: Mapping[int, float]) -> Rule:
        """The rule with each rung moved by the scale of its rank, or of the next lower rank that has one."""
        lowest = scales[min(scales)]

        def of(rank: int) -> float:
            return next((scales[each] for each in sorted(scales, reverse=True) if each <= rank), lowest)

        rungs = tuple(replace(rung, when=stricter(rung.when, of(rung.rank), unit=self.unit, step=self.step))
                      for rung in rule.rungs)  # fmt: skip
        clear = rule.clear
        if clear.when is not None:  # the way down moves with the lowest rung, so that the distance between them stays
            clear = replace(clear, when=stricter(clear.when, lowest, unit=self.unit, step=self.step, strict=False))
        return replace(rule, rungs=rungs, clear=clear)

    def smallest(self, rank: int, budget: Budget, each: bool, at_least: float) -> tuple[float, bool]:
        """The smallest scale from which on the first part keeps to the budget, and whether there is one."""
        allowed = budget.allowed(self.cut_us - self.began_us, self.subjects if each else 1)
        scales = [float(scale) for scale in _SCALES if scale >= at_least] or [at_least]
        low, high = self._bracket(rank, scales, allowed)
        if high is None:
            return scales[-1], False
        if low is not None:
            finer = [float(round(scale, 4)) for scale in np.linspace(low, high, _FINE + 1)[1:]]
            high = self._bracket(rank, finer, allowed)[1] or high
        return high, True

    def _bracket(self, rank: int, scales: Sequence[float], allowed: float) -> tuple[float | None, float | None]:
        """The largest scale that breaks the budget, and the one after it."""
        variants = {f"{n:03d}": self.scaled(self.rule, {rank: scale}) for n, scale in enumerate(scales)}
        counted = self.count(variants, [rank])
        breaks = [n for n, name in enumerate(variants) if counted[name][rank][0].false > allowed]
        if not breaks:
            return None, scales[0]
        last = breaks[-1]
        return scales[last], scales[last + 1] if last + 1 < len(scales) else None

    def count(
        self, variants: Mapping[str, Rule], ranks: Sequence[int]
    ) -> dict[str, dict[int, tuple[Counted, Counted]]]:
        """First and second part of each variant at each rank."""
        rules = {name: replace(rule, name=f"{rule.name}@{name}") for name, rule in variants.items()}
        run = self.recorded.judge(tuple(rules.values()))
        parts = run.cut(self.began_us, self.cut_us), run.cut(self.cut_us, self.ended_us + 1)
        return {
            name: {rank: (self._counted(parts[0], rule, rank), self._counted(parts[1], rule, rank)) for rank in ranks}
            for name, rule in rules.items()
        }

    def _counted(self, part: Judged, rule: Rule, rank: int) -> Counted:
        places = Places(part.catalogue, [e.episode.place for e in self.truth or ()])
        warned: list[Episode] = []
        if (levels := part.levels.get(rule.name)) is not None:
            subject, start, end, top = levels.stretches(rank, part.ended_us)
            warned = [
                Episode(s, e, t, places.of(levels.keys[n]) if self.truth is not None else levels.keys[n])
                for n, s, e, t in zip(subject.tolist(), start.tolist(), end.tolist(), top.tolist(), strict=True)
            ]
        warnings = merge(warned, self.windows.gap_us)
        length = part.ended_us - part.began_us
        if self.truth is None:
            false, events, found = list(range(len(warnings))), None, None
        else:
            matching, happened = self._matched(warnings, part, rank)
            # what touches an event of the other part only is nobody's fault: all events are offered, those inside count
            false, events = list(matching.false_alarms), sum(happened)
            found = sum(inside and credit is not None for inside, credit in zip(happened, matching.credit, strict=True))
        starts = np.array([warnings[n].start_us for n in false], np.int64)
        return Counted(len(false), len(warnings), events, found, length, tuple(starts.tolist()), part.began_us)

    def _matched(self, warnings: Sequence[Episode], part: Judged, rank: int) -> tuple[Matching, list[bool]]:
        deserved = [event.episode for event in self.truth or () if not event.level or event.level >= rank]
        events = merge(deserved, self.windows.gap_us)
        matching = match(events, warnings, before_us=self.windows.after_us, after_us=self.windows.before_us)
        return matching, [part.began_us <= event.start_us < part.ended_us for event in events]


def _by_week(starts: np.ndarray, began_us: int, length_us: int) -> tuple[float, float]:
    weeks = length_us // WEEK_US
    if weeks < 4:
        return math.nan, math.nan
    counts = (
        np.bincount(np.minimum((starts - began_us) // WEEK_US, weeks - 1), minlength=weeks)
        if len(starts)
        else np.zeros(weeks)
    )
    return block_interval(int(weeks), lambda drawn: float(counts[drawn].sum()), np.random.default_rng(_SEED))


def _subjects(rule: Rule, run: Judged) -> int:
    streams = [s for s in run.catalogue if all(s.label(name) in accepted for name, accepted in rule.select.items())]
    return len(streams) if rule.per == "stream" else len({stream.label(rule.per) for stream in streams} - {""})


def _unit(rule: Rule, recorded: Recorded) -> str:
    known = [
        recorded.pack.properties[name].unit
        for name in rule.select.get("property", ())
        if name in recorded.pack.properties
    ]
    return known[0] if known else ""
