"""Score: each rule at each level against the truth, event by event.

A rule at level L "warns" while a signal of it stands at L or above; such stretches of one place that lie at most ``gap`` apart
are one episode, as are true events. Episodes are matched one-to-one within the stated windows, a second warning of one event
adds no hit and costs nothing, every warning that touches no event is a false one (engine.md section 9). "Correct quiet" is not
countable for events, so POD, FAR, CSI, bias and lead time are given, with 95 % Wilson intervals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tocsin.app.backtest.truth import TrueEvent
from tocsin.app.replay.run import Replayed
from tocsin.app.replay.signals import SignalSpan
from tocsin.measure.contingency import Contingency
from tocsin.measure.episode import Episode, merge
from tocsin.measure.intervals import wilson
from tocsin.measure.lead import Leads, leads
from tocsin.measure.matching import Matching, match
from tocsin.terms.stream import Catalogue

__all__ = ["LevelScore", "Windows", "episodes_of", "score"]

HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Windows:
    """``before_us``: how long before an event a warning may end and still count; ``after_us``: how long after its end one may
    begin; ``gap_us``: what lies no further apart is one episode."""

    before_us: int
    after_us: int
    gap_us: int


@dataclass(frozen=True, slots=True)
class LevelScore:
    """A rule at one level. ``warnings`` and ``events`` are the merged episodes that were matched; ``unknown_level``: true
    events whose level the table does not give, and which therefore count at every level."""

    rule: str
    level: int
    warnings: tuple[Episode, ...]
    events: tuple[Episode, ...]
    matching: Matching
    leads: Leads
    hours: float
    unknown_level: int

    @property
    def table(self) -> Contingency:
        """Hits, false alarms and misses."""
        return self.matching.table

    @property
    def pod_interval(self) -> tuple[float, float]:
        """95 % interval of the share of events found."""
        return wilson(self.table.hits, self.table.hits + self.table.misses)

    @property
    def far_interval(self) -> tuple[float, float]:
        """95 % interval of the share of warnings that nothing followed."""
        return wilson(self.table.false_alarms, self.table.hits + self.table.false_alarms)

    @property
    def raised_a_week(self) -> float:
        """Warning episodes in a week of history: what an operator would have had to look at."""
        return len(self.warnings) / self.hours * 168 if self.hours else float("nan")


def score(run: Replayed, truth: Sequence[TrueEvent], windows: Windows, rules: Iterable[str] = ()) -> list[LevelScore]:
    """Scores of the rules (all that are not data-quality rules) at each of their levels, in order of rule and level."""
    wanted = set(rules)
    hours = (run.ended_us - run.began_us) / HOUR_US
    places = _Places(run.dataset.catalogue, {event.episode.place for event in truth})
    out = []
    for rule in run.pack.rules:
        if rule.quality or (wanted and rule.name not in wanted and rule.name.partition("/")[2] not in wanted):
            continue
        spans = [span for span in run.signals if span.rule == rule.name]
        of_hazard = [event for event in truth if event.hazard in ("", rule.hazard)]
        if not of_hazard:  # the truth speaks of other hazards only: silence about this one is no "nothing happened"
            continue
        for level in sorted(
            {step[1] for span in spans for step in span.steps} | {e.level for e in of_hazard if e.level}
        ):
            out.append(_at_level(rule.name, level, spans, of_hazard, places, windows, run.ended_us, hours))
    return out


def _at_level(
    rule: str, level: int, spans: Sequence[SignalSpan], truth: Sequence[TrueEvent], places: _Places, windows: Windows,
    ended_us: int, hours: float,
) -> LevelScore:  # fmt: skip
    warned = [e for span in spans for e in episodes_of(span, level, places.of(span.subject.key), ended_us)]
    deserved = [event for event in truth if not event.level or event.level >= level]
    warnings, events = merge(warned, windows.gap_us), merge((e.episode for e in deserved), windows.gap_us)
    matching = match(events, warnings, windows.before_us, windows.after_us)
    first = [warnings[touching[0]].start_us if touching else None for touching in matching.touching]
    unknown = sum(not event.level for event in deserved)
    return LevelScore(rule, level, tuple(warnings), tuple(events), matching,
                      leads([event.start_us for event in events], first), hours, unknown)  # fmt: skip


def episodes_of(span: SignalSpan, level: int, place: str, ended_us: int) -> list[Episode]:
    """The stretches in which a signal stood at ``level`` or above; one that still stands ends with the history."""
    out: list[Episode] = []
    ends = [at for at, _ in span.steps[1:]] + [span.cleared_us if span.cleared_us is not None else ended_us]
    began: int | None = None
    for (at, rank), end in zip(span.steps, ends, strict=True):
        if rank >= level and began is None:
            began = at
        if began is not None and (rank < level or end is ends[-1]):
            stop = at if rank < level else end
            out.append(Episode(began, max(began, stop), level, place, span.id))
            began = None
    return out


class _Places:
    """What the truth calls the places that signals stand at: a stream, its feature, or the nearest jurisdiction above it. A
    truth without places is true everywhere."""

    def __init__(self, catalogue: Catalogue, named: set[str]) -> None:
        self._named = named - {""}
        self._of: Mapping[str, tuple[str, ...]] = {
            stream.id: (stream.id, stream.feature, *_upwards(stream.jurisdiction)) for stream in catalogue
        }

    def of(self, subject: str) -> str:
        """The place of a signal's subject in the truth's own words; the subject itself where the truth names none."""
        if not self._named:
            return ""
        return next((name for name in self._of.get(subject, (subject,)) if name in self._named), subject)


def _upwards(path: str) -> list[str]:
    parts = path.split("/") if path else []
    return ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
