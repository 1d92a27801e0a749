"""Score: each rule at each level against the truth, event by event.

A rule at level L "warns" while a signal of it stands at L or above. Stretches of one place that lie at most ``gap`` apart are
one warning, as are true events one event. Warnings and events are matched one-to-one within the stated windows; a second
warning of one event adds no hit and costs nothing, every warning that touches no event is a false one (engine.md section 9).

Two tables are kept apart (NWS "2x2x2"): *events warned* gives POD, *warnings verified* gives FAR; CSI and bias come from the
one-to-one table. "Correct quiet" is not countable for events; what needs it (Peirce, HSS, EDI, SEDI, value) is given on fixed
cells of place and time only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tocsin.app.backtest.judged import Judged, Levels
from tocsin.app.backtest.places import Places
from tocsin.app.backtest.truth import TrueEvent
from tocsin.engine.language.rule import Rule
from tocsin.measure.blocks import block_interval, ratio_interval
from tocsin.measure.cells import covered_cells
from tocsin.measure.contingency import Contingency, contingency_of_cells
from tocsin.measure.episode import Episode, merge
from tocsin.measure.intervals import wilson
from tocsin.measure.lead import Leads, leads
from tocsin.measure.level_error import LevelErrors, level_errors
from tocsin.measure.matching import Matching, match
from tocsin.terms.errors import TooBig
from tocsin.terms.stream import Stream

__all__ = ["HOUR_US", "LevelScore", "RuleScore", "Windows", "score"]

HOUR_US = 3_600_000_000
BLOCK_US = 7 * 24 * HOUR_US
SEED = 20260726
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Windows:
    """``before_us``: how long before an event a warning may end and still count; ``after_us``: how long after its end one may
    begin; ``gap_us``: what lies no further apart is one episode; ``required_us``: the lead that people need; ``cell_us``:
    length of the fixed cells; ``operators``: how many share the signals."""

    before_us: int
    after_us: int
    gap_us: int
    required_us: int = 0
    cell_us: int = HOUR_US
    operators: float = 1.0


@dataclass(frozen=True, slots=True)
class LevelScore:
    """A rule at one level. ``warnings`` and ``events`` are the merged episodes that were matched; ``signals``: how often a
    signal came to the level, before merging; ``unknown_level``: true events whose level the table does not give, and which
    therefore count at every level; ``cells``: the table over fixed cells, None where there would be too many."""

    rule: str
    level: int
    warnings: tuple[Episode, ...]
    events: tuple[Episode, ...]
    matching: Matching
    leads: Leads
    lead_by_event: tuple[int | None, ...]
    signals: int
    began_us: int
    hours: float
    unknown_level: int
    windows: Windows
    cells: Contingency | None = None

    @property
    def table(self) -> Contingency:
        """Hits, false warnings and misses, one-to-one."""
        return self.matching.table

    @property
    def events_warned(self) -> tuple[int, int]:
        """The first table: events that any warning touches, of all events."""
        return len(self.matching.found), len(self.events)

    @property
    def warnings_verified(self) -> tuple[int, int]:
        """The second table: warnings that touch any event, of all warnings."""
        return self.matching.verified, len(self.warnings)

    @property
    def pod_interval(self) -> Interval:
        """95 % Wilson interval of the one-to-one POD."""
        return wilson(self.table.hits, self.table.hits + self.table.misses)

    @property
    def far_interval(self) -> Interval:
        """95 % Wilson interval of the one-to-one FAR."""
        return wilson(self.table.false_alarms, self.table.hits + self.table.false_alarms)

    @property
    def csi_interval(self) -> Interval:
        """95 % Wilson interval of CSI, a share of hits in all that was warned or happened."""
        return wilson(self.table.hits, self.table.hits + self.table.false_alarms + self.table.misses)

    @property
    def bias_interval(self) -> Interval:
        """95 % interval of the bias over weeks drawn again (``measure.blocks``)."""
        warned, happened = self._by_week()
        return ratio_interval(warned, happened, np.random.default_rng(SEED))

    @property
    def lead_interval(self) -> Interval:
        """95 % interval (us) of the median lead with misses as 0, over weeks drawn again."""
        weeks: list[list[int]] = [[] for _ in range(self._weeks)]
        for event, lead in zip(self.events, self.lead_by_event, strict=True):
            weeks[self._week(event.start_us)].append(max(lead or 0, 0))

        def median(drawn: npt.NDArray[np.intp]) -> float:
            values = [lead for week in drawn for lead in weeks[week]]
            return float(np.median(values)) if values else float("nan")

        return block_interval(self._weeks, median, np.random.default_rng(SEED))

    @property
    def in_time(self) -> float:
        """Share of all events with at least the required lead; misses have none."""
        return self.leads.share_with_at_least(self.windows.required_us)

    @property
    def in_time_interval(self) -> Interval:
        """Its 95 % Wilson interval."""
        total = len(self.events)
        return wilson(round(self.in_time * total) if total else 0, total)

    @property
    def raised_a_week(self) -> float:
        """Warnings (merged) in a week of history."""
        return len(self.warnings) / self.hours * 168 if self.hours else float("nan")

    @property
    def signals_an_operator_hour(self) -> float:
        """Signals, not merged, that one operator would have had to look at in an hour."""
        return self.signals / self.hours / self.windows.operators if self.hours else float("nan")

    @property
    def _weeks(self) -> int:
        return max(1, -(-round(self.hours * HOUR_US) // BLOCK_US))

    def _week(self, at_us: int) -> int:
        return min(max((at_us - self.began_us) // BLOCK_US, 0), self._weeks - 1)

    def _by_week(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Hits and false warnings, and events, of each week."""
        warned, happened = np.zeros(self._weeks, np.int64), np.zeros(self._weeks, np.int64)
        for event, credit in zip(self.events, self.matching.credit, strict=True):
            happened[self._week(event.start_us)] += 1
            warned[self._week(event.start_us)] += credit is not None
        for number in self.matching.false_alarms:
            warned[self._week(self.warnings[number].start_us)] += 1
        return warned, happened


@dataclass(frozen=True, slots=True)
class RuleScore:
    """A rule: its levels, lowest first, and how far the level it gave lay from the one deserved (events of known level that
    it warned of at all; the highest level that the credited warning reached)."""

    rule: str
    levels: tuple[LevelScore, ...]
    level_errors: LevelErrors


def score(run: Judged, truth: Sequence[TrueEvent], windows: Windows, rules: Iterable[str] = ()) -> list[RuleScore]:
    """Scores of the rules (all that are not data-quality rules) at each of their levels, in order of the pack. A rule of a
    hazard that the truth does not speak of is left out: silence about it is no "nothing happened"."""
    wanted = set(rules)
    places = Places(run.catalogue, {event.episode.place for event in truth})
    out = []
    for rule in run.rules:
        if rule.quality or (wanted and rule.name not in wanted and rule.name.partition("/")[2] not in wanted):
            continue
        if not any(_selects(rule, stream) for stream in run.catalogue):  # nothing it could have judged
            continue
        of_hazard = [event for event in truth if event.hazard in ("", rule.hazard)]
        if of_hazard and (scored := _of_rule(rule, run, of_hazard, places, windows)) is not None:
            out.append(scored)
    return out


def _selects(rule: Rule, stream: Stream) -> bool:
    return all(stream.label(name) in accepted for name, accepted in rule.select.items())


def _of_rule(rule: Rule, run: Judged, truth: Sequence[TrueEvent], places: Places, windows: Windows) -> RuleScore | None:
    levels = run.levels.get(rule.name)
    ranks = sorted({rung.rank for rung in rule.rungs} | {event.level for event in truth if event.level})
    lines = tuple(_at_level(rule, rank, levels, run, truth, places, windows) for rank in ranks)
    return RuleScore(rule.name, lines, _errors(lines[0])) if lines else None


def _at_level(
    rule: Rule, rank: int, levels: Levels | None, run: Judged, truth: Sequence[TrueEvent], places: Places, windows: Windows
) -> LevelScore:  # fmt: skip
    warned = _stretches(levels, rank, run, places)
    deserved = [event for event in truth if not event.level or event.level >= rank]
    warnings, events = merge(warned, windows.gap_us), merge((e.episode for e in deserved), windows.gap_us)
    # a warning is widened behind by what may pass before the event, and in front by what may pass after it
    matching = match(events, warnings, before_us=windows.after_us, after_us=windows.before_us)
    first = [warnings[touching[0]].start_us if touching else None for touching in matching.touching]
    by_event = tuple(None if at is None else event.start_us - at for event, at in zip(events, first, strict=True))
    judged = places.judged(levels.keys if levels is not None else ())
    return LevelScore(
        rule.name, rank, tuple(warnings), tuple(events), matching,
        leads([event.start_us for event in events], first), by_event, len(warned), run.began_us, run.hours,
        sum(not event.level for event in deserved), windows, _cells(events, warnings, judged, run, windows.cell_us),
    )  # fmt: skip


def _stretches(levels: Levels | None, rank: int, run: Judged, places: Places) -> list[Episode]:
    if levels is None:
        return []
    place = [places.of(key) for key in levels.keys]
    subject, start, end, top = levels.stretches(rank, run.ended_us)
    columns = zip(subject.tolist(), start.tolist(), end.tolist(), top.tolist(), strict=True)
    return [Episode(s, e, t, place[n], levels.keys[n]) for n, s, e, t in columns]


def _cells(
    events: Sequence[Episode], warnings: Sequence[Episode], places: Sequence[str], run: Judged, cell_us: int
) -> Contingency | None:
    try:
        warned, happened = (
            covered_cells(each, places, run.began_us, run.ended_us, cell_us) for each in (warnings, events)
        )
    except TooBig:
        return None
    return contingency_of_cells(warned, happened)


def _errors(lowest: LevelScore) -> LevelErrors:
    pairs = [
        (lowest.warnings[credit].level, event.level)
        for event, credit in zip(lowest.events, lowest.matching.credit, strict=True)
        if credit is not None and event.level
    ]
    return level_errors([given for given, _ in pairs], [deserved for _, deserved in pairs])
