"""The figures as plain data: one row a rule and level; JSON, CSV, the page and the terminal all read these."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

from tocsin.app.backtest.charts import RATIOS
from tocsin.app.backtest.judged import Judged
from tocsin.app.backtest.score import HOUR_US, LevelScore, RuleScore
from tocsin.terms.level import Scheme
from tocsin.terms.moment import iso

__all__ = ["as_csv", "as_document", "figures", "matching_words"]


def matching_words(windows: Any) -> str:
    """How warnings and events were matched, in one sentence."""
    before, after, gap = (us / HOUR_US for us in (windows.before_us, windows.after_us, windows.gap_us))
    return f"one-to-one; a warning counts from {before:g} h before an event to {after:g} h after its end; gap {gap:g} h"


def as_document(run: Judged, scores: Sequence[RuleScore]) -> dict[str, Any]:
    """All of it, None where a figure is not known."""
    return {
        "rules": run.name, "hours": run.hours, "began": iso(run.began_us), "ended": iso(run.ended_us),
        "counts": dict(run.counts), "signals": sum(len(levels) for levels in run.levels.values()),
        "shards": list(run.shards), "seconds": {name: round(took, 3) for name, took in run.seconds.items()},
        "scores": [figures(line, run.scheme) for rule in scores for line in rule.levels],
        "level_errors": {
            rule.rule: {
                "counts": {f"{error:+d}": n for error, n in rule.level_errors.counts.items()},
                "exact": _known(rule.level_errors.exact), "mean": _known(rule.level_errors.mean),
                "mean_absolute": _known(rule.level_errors.mean_absolute), "penalty": _known(rule.level_errors.penalty()),
            }
            for rule in scores
        },
    }  # fmt: skip


def figures(line: LevelScore, scheme: Scheme) -> dict[str, Any]:
    """One rule at one level."""
    t, (warned, events), (verified, warnings) = line.table, line.events_warned, line.warnings_verified
    out: dict[str, Any] = {
        "rule": line.rule, "level": scheme.level(line.level).code, "events": events, "warnings": warnings,
        "hits": t.hits, "misses": t.misses, "false_alarms": t.false_alarms, "duplicates": len(line.matching.duplicates),
        "events_warned": warned, "warnings_verified": verified, "signals": line.signals,
        "events_without_level": line.unknown_level,
        "pod": t.pod, "pod_interval": line.pod_interval, "far": t.far, "far_interval": line.far_interval,
        "csi": t.csi, "csi_interval": line.csi_interval, "bias": t.bias, "bias_interval": line.bias_interval,
        "pod_events_warned": warned / events if events else math.nan,
        "far_warnings_verified": 1 - verified / warnings if warnings else math.nan,
        "lead_h_median": line.leads.median_us() / HOUR_US,
        "lead_h_q25": line.leads.quantile_us(0.25) / HOUR_US, "lead_h_q75": line.leads.quantile_us(0.75) / HOUR_US,
        "lead_h_median_with_misses": line.leads.median_with_misses_us() / HOUR_US,
        "lead_h_median_with_misses_interval": tuple(us / HOUR_US for us in line.lead_interval),
        "required_lead_h": line.windows.required_us / HOUR_US,
        "in_time": line.in_time, "in_time_interval": line.in_time_interval,
        "leads_h": [lead / HOUR_US for lead in line.leads.of_found],
        "warnings_a_week": line.raised_a_week, "signals_an_operator_hour": line.signals_an_operator_hour,
        "operators": line.windows.operators,
    }  # fmt: skip
    if line.cells is not None:
        c = line.cells
        out["cells"] = {
            "hours": line.windows.cell_us / HOUR_US, "hits": c.hits, "false_alarms": c.false_alarms, "misses": c.misses,
            "quiet": c.quiet, "pod": c.pod, "pofd": c.pofd, "peirce": c.peirce, "hss": c.hss, "edi": c.edi, "sedi": c.sedi,
            "value": {f"{ratio:g}": c.value(ratio) for ratio in RATIOS},
        }  # fmt: skip
    cleaned: dict[str, Any] = _known(out)
    return cleaned


def as_csv(run: Judged, scores: Sequence[RuleScore]) -> str:
    """The data behind the figures: every merged event and warning of every rule and level, and what became of it."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("rule", "level", "what", "number", "start", "end", "place", "highest_level", "outcome", "matched",
                    "lead_h"))  # fmt: skip
    for rule in scores:
        for line in rule.levels:
            table.writerows(_rows(line, run.scheme))
    return out.getvalue()


def _rows(line: LevelScore, scheme: Scheme) -> list[tuple[Any, ...]]:
    code, false = scheme.level(line.level).code, set(line.matching.false_alarms)
    credited = {w: e for e, w in enumerate(line.matching.credit) if w is not None}
    rows: list[tuple[Any, ...]] = []
    for n, (event, credit, lead) in enumerate(zip(line.events, line.matching.credit, line.lead_by_event, strict=True)):
        rows.append((line.rule, code, "event", n, iso(event.start_us), iso(event.end_us), event.place,
                     _code(event.level, scheme), "miss" if credit is None else "hit", "" if credit is None else credit,
                     "" if lead is None else round(lead / HOUR_US, 4)))  # fmt: skip
    for n, warning in enumerate(line.warnings):
        became = "false" if n in false else "hit" if n in credited else "duplicate"
        rows.append((line.rule, code, "warning", n, iso(warning.start_us), iso(warning.end_us), warning.place,
                     _code(warning.level, scheme), became, credited.get(n, ""), ""))  # fmt: skip
    return rows


def _code(rank: int, scheme: Scheme) -> str:
    return scheme.level(rank).code if rank else ""


def _known(value: Any) -> Any:
    """NaN becomes None, in all depths."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, dict):
        return {key: _known(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_known(each) for each in value]
    return value
