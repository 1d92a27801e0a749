"""``tocsin backtest RULES HISTORY --truth EVENTS``: a rule is tried before it is trusted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from tocsin.app.backtest.draw import as_svg
from tocsin.app.backtest.score import HOUR_US, LevelScore, Windows, score
from tocsin.app.backtest.truth import read_truth
from tocsin.app.commands.output import console, json_option, say, table, wants_json
from tocsin.app.replay.command import replay_paths
from tocsin.app.replay.run import Replayed
from tocsin.packkit import find_pack, load_pack
from tocsin.terms.errors import BadValue
from tocsin.terms.level import Scheme

__all__ = ["backtest"]

_COLUMNS = ("rule", "level", "events", "hits", "misses", "warned", "false", "POD (95 %)", "FAR (95 %)", "CSI", "bias",
            "lead h: median", "q25", "q75", "a week")  # fmt: skip
_PAGE_WIDTH = 200  # of tables in a file or a pipe, where no window says how wide it is


@click.command()
@click.argument("rules")
@click.argument("history", type=click.Path(exists=True, path_type=Path))
@click.option("--truth", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="CSV of what happened: start, end, and where known place, level, hazard.")  # fmt: skip
@click.option("--rule", "only", multiple=True, help="Only this rule of the pack; may be given again.")
@click.option("--against", help="A second pack or folder: the same history and truth, side by side.")
@click.option(
    "--before", default=6.0, show_default=True, help="Hours before an event in which a warning counts for it."
)
@click.option(
    "--after", default=0.0, show_default=True, help="Hours after an event's end in which a warning still counts."
)
@click.option("--gap", default=6.0, show_default=True, help="Hours: what lies no further apart is one episode.")
@click.option("--plot", type=click.Path(file_okay=False, path_type=Path), help="Write one SVG a rule and level here.")
@json_option
def backtest(
    rules: str, history: Path, truth: Path, only: tuple[str, ...], against: str | None, before: float, after: float,
    gap: float, plot: Path | None,
) -> None:  # fmt: skip
    """Replay HISTORY (as `tocsin replay` reads it) through RULES (a pack's name or folder) and score every rule at every
    level against the truth: hits, misses, false alarms, POD, FAR, CSI, bias, lead time, warnings a week. Rules of hazards
    that the truth does not speak of are left out. No rule is changed.
    """
    if min(before, after, gap) < 0:
        raise BadValue("--before, --after, --gap", "must not be negative", "give hours, for example 6")
    windows = Windows(*(round(hours * HOUR_US) for hours in (before, after, gap)))
    scored = [_scored(name, history, truth, only, windows, plot) for name in (rules, *([against] if against else []))]
    said = f"one-to-one; a warning counts from {before:g} h before an event to {after:g} h after its end; gap {gap:g} h"
    if wants_json():
        say({"matching": said, "runs": [_document(name, run, found) for name, run, found in scored]}, str)
        return
    page = console if console.is_terminal else Console(width=_PAGE_WIDTH, highlight=False)
    for name, run, found in scored:
        rows = [_row(line, run.scheme) for line in found]
        page.print(table(_COLUMNS, rows, f"{name}: {(run.ended_us - run.began_us) / HOUR_US:,.0f} hours of history"))
        page.print()
    console.print(f"Matching {said}. A miss counts in no lead; d (correct quiet) is not countable for event warnings.")
    if any(line.unknown_level for _, _, found in scored for line in found):
        console.print("True events without a level count at every level.")


def _scored(
    name: str, history: Path, truth: Path, only: tuple[str, ...], windows: Windows, plot: Path | None
) -> tuple[str, Replayed, list[LevelScore]]:
    pack = load_pack(find_pack(name))
    events = read_truth(truth, pack.scheme)
    run, _ = replay_paths((history,), pack)
    found = score(run, events, windows, only)
    if only and not found:
        raise BadValue(f"--rule {', '.join(only)}", "gave nothing to score", f"pack {pack.name} has "
                       + ", ".join(rule.name.partition("/")[2] for rule in pack.rules))  # fmt: skip
    for line in found if plot is not None else ():
        plot.mkdir(parents=True, exist_ok=True)  # type: ignore[union-attr]
        word = run.scheme.level(line.level).code
        file = plot / f"{line.rule.replace('/', '-')}-{word}.svg"  # type: ignore[operator]
        file.write_text(as_svg(line, word, run.began_us, run.ended_us), encoding="utf-8")
    return name, run, found


def _row(line: LevelScore, scheme: Scheme) -> tuple[str, ...]:
    t = line.table
    hours = [line.leads.median_us() / HOUR_US, *(line.leads.quantile_us(q) / HOUR_US for q in (0.25, 0.75))]
    return (
        line.rule.partition("/")[2], scheme.level(line.level).code, f"{t.hits + t.misses}", f"{t.hits}", f"{t.misses}",
        f"{len(line.warnings)}", f"{t.false_alarms}", _share(t.pod, line.pod_interval), _share(t.far, line.far_interval),
        _figure(t.csi), _figure(t.bias), *map(_figure, hours), _figure(line.raised_a_week),
    )  # fmt: skip


def _share(value: float, interval: tuple[float, float]) -> str:
    return "-" if math.isnan(value) else f"{value:.2f} ({interval[0]:.2f}-{interval[1]:.2f})"


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def _document(name: str, run: Replayed, found: list[LevelScore]) -> dict[str, Any]:
    return {"rules": name, "hours": (run.ended_us - run.began_us) / HOUR_US,
            "scores": [_plain(line, run.scheme) for line in found]}  # fmt: skip


def _plain(line: LevelScore, scheme: Scheme) -> dict[str, Any]:
    t = line.table
    figures = {"pod": t.pod, "far": t.far, "csi": t.csi, "bias": t.bias, "warnings_a_week": line.raised_a_week,
               "lead_h_median": line.leads.median_us() / HOUR_US,
               "lead_h_median_with_misses": line.leads.median_with_misses_us() / HOUR_US}  # fmt: skip
    return {
        "rule": line.rule, "level": scheme.level(line.level).code, "hits": t.hits, "misses": t.misses,
        "false_alarms": t.false_alarms, "duplicates": len(line.matching.duplicates),
        "pod_interval": line.pod_interval, "far_interval": line.far_interval,
        "leads_h": [lead / HOUR_US for lead in line.leads.of_found], "events_without_level": line.unknown_level,
        **{key: None if math.isnan(value) else value for key, value in figures.items()},
    }  # fmt: skip
