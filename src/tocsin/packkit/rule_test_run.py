"""Run rule unit tests through the engine itself and say what came otherwise than expected, with the nearest that came."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tocsin.engine.language.parse import FLAG
from tocsin.engine.language.quantity import duration_text, number_text
from tocsin.engine.runner import Engine
from tocsin.engine.ticks import with_ticks
from tocsin.packkit.example import observation_batch
from tocsin.packkit.pack import Pack
from tocsin.packkit.rule_test import Expected, RuleTest, Standing
from tocsin.packkit.rule_test_given import given_records
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Finality, Measure, Transition
from tocsin.terms.stream import Catalogue, Source

__all__ = ["TestResult", "evidence_text", "run_rule_test"]


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test with what differed; nothing: it passed. ``came``: all transitions of its rules, as expectations write them."""

    test: RuleTest
    differences: tuple[str, ...]
    came: tuple[Expected, ...]

    @property
    def passed(self) -> bool:
        """Whether all came as expected."""
        return not self.differences


TestResult.__test__ = False  # type: ignore[attr-defined] # no test of pytest's


def run_rule_test(pack: Pack, test: RuleTest) -> TestResult:
    """Feed the series of a test to an engine with the rules of the pack, and compare."""
    came = [_as_expected(pack, test, found) for found in _played(pack, test)]
    differences = list(_signal_differences(test, came)) if test.compares else []
    for standing in test.standing:
        differences += _standing_differences(standing, came)
    return TestResult(test, tuple(differences), tuple(came))


def _played(pack: Pack, test: RuleTest) -> list[Transition]:
    rules = [rule for rule in pack.rules if not test.rules or rule.name.rpartition("/")[2] in test.rules]
    source = Source("test", "test", "test", lateness_s=test.lateness_s, delay_s=test.delay_s)
    catalogue = Catalogue([source], [made.stream for made in test.streams])
    rows = sorted((at, index, value) for index, made in enumerate(test.streams) for at, value in made.rows)
    batch = observation_batch(
        [row[1] for row in rows], [test.start_us + row[0] for row in rows], [row[2] for row in rows]
    )
    engine = Engine(rules, catalogue, registered_us=test.start_us)
    found: list[Transition] = []
    until = test.start_us + test.until_us
    told = list(with_ticks([Record(0, RecordKind.OBSERVATIONS, 0, batch)], test.tick_us))
    for record in given_records([*told, Record(0, RecordKind.TICK, until)], test.given):
        found += engine.feed(record)
    found += engine.finish(until)
    found = [one for one in found if one.finality is Finality.FINAL]
    return sorted(found, key=lambda one: (one.at_us, one.rule, str(one.subject)))


def _as_expected(pack: Pack, test: RuleTest, found: Transition) -> Expected:
    rule = pack.rule(found.rule)
    flag = found.level and rule.quality and len(rule.rungs) == 1
    level = FLAG if flag else pack.scheme.level(found.level).code if found.level else "none"
    return Expected(found.at_us - test.start_us, found.rule.rpartition("/")[2], str(found.subject), found.change.value, level,
                    tuple(evidence_text(one) for one in found.evidence))  # fmt: skip


def evidence_text(measure: Measure) -> str:
    """A measure as tests write it: ``sum(3h) 52.1 mm >= 50 mm``."""
    unit = f" {measure.unit}" if measure.unit not in ("", "1") else ""
    said = f"{measure.what} {_figure(measure.value)}{unit}"
    return f"{said} {measure.comparison} {_figure(measure.threshold)}{unit}" if measure.threshold is not None else said


def _figure(value: float) -> str:
    return "not known" if math.isnan(value) else number_text(float(f"{value:.6g}"))


# ---------------------------------------------------------------- differences
def _signal_differences(test: RuleTest, came: Sequence[Expected]) -> Iterator[str]:
    left = list(came)
    missed: list[Expected] = []
    for wanted in test.signals:
        match = next((found for found in left if _meets(found, wanted)), None)
        if match is None:
            missed.append(wanted)
        else:
            left.remove(match)
    for wanted in missed:
        lines = [f"did not come: {_said(wanted)}" + (f"  (line {wanted.line})" if wanted.line else "")]
        nearest = min(left, key=lambda found: _distance(found, wanted), default=None)
        if nearest is None:
            lines.append("  nothing came that is like it")
        else:
            left.remove(nearest)
            lines += [f"  nearest:    {_said(nearest)}", *(f"  {line}" for line in _apart(wanted, nearest))]
        yield "\n".join(lines)
    for found in left:
        yield f"came and is not expected: {_said(found)}"


def _meets(found: Expected, wanted: Expected) -> bool:
    same = replace(found, evidence=(), line=0) == replace(wanted, evidence=(), line=0)
    return same and all(" ".join(one.split()) in found.evidence for one in wanted.evidence)


def _distance(found: Expected, wanted: Expected) -> tuple[int, int]:
    """How unlike: first by what differs, what is judged weighing most, then by time."""
    unlike = (8 * (found.rule != wanted.rule) + 4 * (found.subject != wanted.subject) + 2 * (found.change != wanted.change)
              + (found.level != wanted.level))  # fmt: skip
    return unlike, abs(found.at_us - wanted.at_us)


def _apart(wanted: Expected, found: Expected) -> Iterator[str]:
    for name in ("rule", "subject", "change", "level"):
        one, other = getattr(wanted, name), getattr(found, name)
        if one != other:
            yield f"{name:<9} expected {one}, came {other}"
    if wanted.at_us != found.at_us:
        late = found.at_us - wanted.at_us
        which = "later" if late > 0 else "earlier"
        yield f"at        expected {_at(wanted.at_us)}, came {_at(found.at_us)} ({_at(abs(late))} {which})"
    for one in wanted.evidence:
        if " ".join(one.split()) not in found.evidence:
            yield f"evidence  expected {one}, came {'; '.join(found.evidence) or 'none'}"


def _standing_differences(standing: Standing, came: Sequence[Expected]) -> Iterator[str]:
    levels: dict[str, str] = {}
    for found in came:
        if found.rule == standing.rule and found.at_us <= standing.at_us:
            levels[found.subject] = found.level
    stands = {subject: level for subject, level in levels.items() if level != "none"}
    for subject in sorted(stands.keys() | standing.levels.keys()):
        wanted, found_level = standing.levels.get(subject, "none"), stands.get(subject, "none")
        if wanted != found_level:
            where = f"  (line {standing.line})" if standing.line else ""
            yield f"at {_at(standing.at_us)} {standing.rule} {subject}: expected {wanted}, stands at {found_level}{where}"


def _said(one: Expected) -> str:
    evidence = f"  [{'; '.join(one.evidence)}]" if one.evidence else ""
    return f"{_at(one.at_us)} {one.rule} {one.subject} {one.change} {one.level}{evidence}"


def _at(microseconds: int) -> str:
    return duration_text(microseconds) if microseconds else "0s"
