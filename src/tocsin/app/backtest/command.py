"""``tocsin backtest RULES HISTORY --truth EVENTS``: a rule is tried before it is trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from tocsin.app.backtest.charts import charts
from tocsin.app.backtest.document import as_csv, as_document, matching_words
from tocsin.app.backtest.judged import Judged
from tocsin.app.backtest.page import as_html
from tocsin.app.backtest.recorded import judge
from tocsin.app.backtest.score import HOUR_US, RuleScore, Windows, score
from tocsin.app.backtest.truth import read_truth
from tocsin.app.backtest.words import LANGUAGES, Words
from tocsin.app.commands.output import console, error_console, json_option, say, table, wants_json
from tocsin.engine.language.walk import is_joint
from tocsin.packkit import Pack, find_pack, load_pack
from tocsin.terms.errors import BadValue, Unavailable

__all__ = ["backtest"]

_COLUMNS = ("rule", "level", "events", "hits", "misses", "warned", "false", "POD (95 %)", "FAR (95 %)", "CSI", "bias",
            "lead h: median", "with misses", "in time", "a week", "an op-hour")  # fmt: skip
_PAGE_WIDTH = 200  # of tables in a file or a pipe, where no window says how wide it is
Run = tuple[str, Judged, Sequence[RuleScore]]


@click.command()
@click.argument("rules")
@click.argument("history", type=click.Path(exists=True, path_type=Path))
@click.option("--truth", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="CSV of what happened: start, end, and where known place, level, hazard.")  # fmt: skip
@click.option("--rule", "only", multiple=True, help="Only this rule of the pack; may be given again.")
@click.option("--against", help="A second pack or folder: the same history and truth, side by side.")
@click.option(
    "--before", default=6.0, show_default=True, help="Hours before an event in which a warning may end and still count."
)
@click.option(
    "--after", default=0.0, show_default=True, help="Hours after an event's end in which a warning may still begin."
)
@click.option("--gap", default=6.0, show_default=True, help="Hours: what lies no further apart is one episode.")
@click.option("--lead", default=1.0, show_default=True, help="Hours of lead that are required.")
@click.option("--cell", default=1.0, show_default=True, help="Hours of a fixed cell, for what needs correct quiet.")
@click.option("--operators", default=1.0, show_default=True, help="How many people share the signals.")
@click.option(
    "--shards", default=0, show_default=True, help="Processes for a log's history; 0 = one a core if it is large."
)
@click.option("--plot", type=click.Path(file_okay=False, path_type=Path), help="Write every drawing here, SVG and PNG.")
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write one HTML file with everything in it."
)
@click.option(
    "--csv", "data", type=click.Path(dir_okay=False, path_type=Path), help="Write the episodes behind the figures."
)
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Shown first in the report."
)
@json_option
def backtest(
    rules: str, history: Path, truth: Path, only: tuple[str, ...], against: str | None, before: float, after: float,
    gap: float, lead: float, cell: float, operators: float, shards: int, plot: Path | None, report: Path | None,
    data: Path | None, language: str,
) -> None:  # fmt: skip
    """Judge HISTORY by RULES (a pack's name or folder) and score every rule at every level against the truth: hits, misses,
    false warnings, POD, FAR, CSI, bias, lead time, load. HISTORY is a recorded folder as `tocsin replay` reads it, or a
    TOCSIN_HOME. Rules of hazards that the truth does not speak of are left out. No rule is changed.
    """
    windows = _windows(before, after, gap, lead, cell, operators)
    if not 0 <= shards <= 64:
        raise BadValue("--shards", f"must lie between 0 and 64, got {shards}", "give 0, or the number of cores")
    runs = [_scored(name, history, truth, only, windows, shards) for name in (rules, *([against] if against else []))]
    for name, run, scores in runs:
        if plot is not None:
            _draw(plot if len(runs) == 1 else plot / Path(name).name, run, scores)
    if report is not None:
        report.write_text(as_html(runs, windows, language), encoding="utf-8")
    if data is not None:
        data.write_text("".join(as_csv(run, scores) for _, run, scores in runs), encoding="utf-8")
    if wants_json():
        documents = [as_document(run, scores) | {"rules": name} for name, run, scores in runs]
        say({"matching": matching_words(windows), "runs": documents}, str)
    else:
        _print(runs, windows)


def _windows(before: float, after: float, gap: float, lead: float, cell: float, operators: float) -> Windows:
    if min(before, after, gap, lead) < 0:
        raise BadValue("--before, --after, --gap, --lead", "must not be negative", "give hours, for example 6")
    if not 0 < cell <= 8784 or not operators > 0:
        raise BadValue("--cell, --operators", "must be above 0", "give for example 1")
    if max(before, after, gap, lead) > 87_840:
        raise BadValue("--before, --after, --gap, --lead", "are at most ten years", "give hours, for example 6")
    b, a, g, need, of_cell = (round(hours * HOUR_US) for hours in (before, after, gap, lead, cell))
    return Windows(b, a, g, need, of_cell, operators)


def _scored(name: str, history: Path, truth: Path, only: tuple[str, ...], windows: Windows, shards: int) -> Run:
    pack = load_pack(find_pack(name))
    events = read_truth(truth, pack.scheme)
    run = judge(history, _needed(pack, only), shards=shards)
    found = score(run, events, windows, only)
    if only and not found:
        raise BadValue(f"--rule {', '.join(only)}", "gave nothing to score", f"pack {pack.name} has "
                       + ", ".join(rule.name.partition("/")[2] for rule in pack.rules))  # fmt: skip
    return name, run, found


def _needed(pack: Pack, only: tuple[str, ...]) -> Pack:
    """The pack with the rules that were asked for; with all where one of them looks at other rules' signals."""
    asked = tuple(rule for rule in pack.rules if rule.name in only or rule.name.partition("/")[2] in only)
    if not asked or any(is_joint(rule) for rule in asked):
        return pack
    return replace(pack, rules=asked)


def _draw(folder: Path, run: Judged, scores: Sequence[RuleScore]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        try:
            for name, canvas in charts(run, scores, Words(language)):
                (folder / f"{name}.{language}.svg").write_text(canvas.svg(), encoding="utf-8")
                (folder / f"{name}.{language}.png").write_bytes(canvas.png())
        except Unavailable as error:  # no font: the SVG drawings are there all the same
            for name, canvas in charts(run, scores, Words(language)):
                (folder / f"{name}.{language}.svg").write_text(canvas.svg(), encoding="utf-8")
            error_console.print(f"{error.thing}: {error.rule}; {error.remedy}", markup=False)


def _print(runs: Sequence[Run], windows: Windows) -> None:
    page = console if console.is_terminal else Console(width=_PAGE_WIDTH, highlight=False)
    documents = [(name, as_document(run, scores)) for name, run, scores in runs]
    for name, document in documents:
        rows = [_row(line) for line in document["scores"]]
        page.print(table(_COLUMNS, rows, f"{name}: {document['hours']:,.0f} hours of history"))
        for rule, errors in document["level_errors"].items():
            if errors["counts"]:
                counts = ", ".join(f"{error}: {n}" for error, n in errors["counts"].items())
                page.print(f"{rule.partition('/')[2]}: level given less level deserved {counts}; "
                           f"penalty {errors['penalty']:.2f} (a rank too low counts twice)")  # fmt: skip
        page.print()
    console.print(f"Matching {matching_words(windows)}. A miss counts in no lead but in `with misses`, as 0; in time = "
                  f"at least {windows.required_us / HOUR_US:g} h. d (correct quiet) is not countable for event warnings: "
                  "--json and --report give what needs it on fixed cells. Shares have Wilson intervals.")  # fmt: skip
    if any(line["events_without_level"] for _, document in documents for line in document["scores"]):
        console.print("True events without a level count at every level.")


def _row(line: dict[str, Any]) -> tuple[str, ...]:
    return (
        line["rule"].partition("/")[2], line["level"], f"{line['events']}", f"{line['hits']}", f"{line['misses']}",
        f"{line['warnings']}", f"{line['false_alarms']}", _share(line, "pod"), _share(line, "far"), _figure(line["csi"]),
        _figure(line["bias"]), _figure(line["lead_h_median"]), _figure(line["lead_h_median_with_misses"]),
        _figure(line["in_time"]), _figure(line["warnings_a_week"]), _figure(line["signals_an_operator_hour"]),
    )  # fmt: skip


def _share(line: dict[str, Any], key: str) -> str:
    low, high = line[f"{key}_interval"]
    return "-" if line[key] is None else f"{line[key]:.2f} ({low:.2f}-{high:.2f})"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
