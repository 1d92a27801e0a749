"""``tocsin budget RULE HISTORY --per 2/week``: thresholds that keep to it, and what they gave where nobody had looked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import tomlkit
from rich.console import Console
from tomlkit.items import Table

from tocsin.app.backtest.budget import Budget, Counted, LevelBudget, Proposal, propose, read_rate
from tocsin.app.backtest.recorded import Recorded
from tocsin.app.backtest.score import HOUR_US, Windows
from tocsin.app.backtest.truth import read_truth
from tocsin.app.commands.output import console, json_option, say, table, wants_json
from tocsin.engine.language.write import write_truth
from tocsin.packkit import Pack, find_pack, load_pack
from tocsin.terms.errors import BadValue, UnknownName
from tocsin.terms.level import Scheme
from tocsin.terms.moment import from_us, iso

__all__ = ["budget", "rule_text"]

_PAGE_WIDTH = 200  # of tables in a file or a pipe, where no window says how wide it is


@click.command()
@click.argument("rule")
@click.argument("history", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--per", "per", help="Acceptable false signals, for example 2/week: of the whole ladder, all levels moved alike."
)
@click.option(
    "--levels", help="A budget for each level, for example yellow=2/week,red=1/month: each level moved by itself."
)
@click.option("--over", type=click.Choice(("streams", "area")), default="area", show_default=True,
              help="Whose budget: of each stream (or area) that the rule judges, or of all together.")  # fmt: skip
@click.option("--truth", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="CSV of what happened, as for `tocsin backtest`; without it every signal counts as false.")  # fmt: skip
@click.option("--fit", default=0.5, show_default=True, help="The share of history on which thresholds are searched.")
@click.option(
    "--before", default=6.0, show_default=True, help="Hours before an event in which a warning may end and count."
)
@click.option("--after", default=0.0, show_default=True, help="Hours after its end in which one may begin and count.")
@click.option("--gap", default=6.0, show_default=True, help="Hours: what lies no further apart is one signal.")
@click.option(
    "--step", type=float, help="Round thresholds to this [default: as fine as the values of the history are]."
)
@json_option
def budget(
    rule: str, history: Path, per: str | None, levels: str | None, over: str, truth: Path | None, fit: float, before: float,
    after: float, gap: float, step: float | None,
) -> None:  # fmt: skip
    """Search thresholds of RULE (PACK/RULE, the pack by name or folder) on the first part of HISTORY that keep to a budget of
    false signals, and say what they gave on the rest. Prints the rule with the new numbers; writes nothing.
    """
    if (per is None) == (levels is None):
        raise BadValue("--per, --levels", "give one of the two", "for example --per 2/week")
    if not 0.1 <= fit <= 0.9:
        raise BadValue("--fit", f"must lie between 0.1 and 0.9, got {fit}", "use for example 0.5")
    if not all(0 <= hours <= 87_840 for hours in (before, after, gap)) or (step is not None and not step > 0):
        raise BadValue("--before, --after, --gap, --step", "must not be negative", "give hours, for example 6")
    name, _, id_ = rule.rpartition("/")
    pack = load_pack(find_pack(name))
    try:
        found = pack.rule(f"{pack.name}/{id_}")
    except KeyError:
        raise UnknownName(f"rule {id_}", f"pack {pack.name} has none of this name",
                          "use one of " + ", ".join(r.name.partition("/")[2] for r in pack.rules)) from None  # fmt: skip
    budgets = _budgets(
        per, levels, min(rung.rank for rung in found.rungs), {rung.rank for rung in found.rungs}, pack.scheme
    )
    windows = Windows(*(round(hours * HOUR_US) for hours in (before, after, gap)))
    events = read_truth(truth, pack.scheme) if truth is not None else None
    proposal = propose(Recorded.read(history, pack), found, budgets, windows=windows, truth=events, each=over == "streams",
                       fit=fit, step=step)  # fmt: skip
    text = rule_text(pack, proposal)
    if wants_json():
        say(_document(proposal, pack.scheme, text, over), str)
    else:
        _print(proposal, pack.scheme, text, over, with_truth=events is not None)


def rule_text(pack: Pack, proposal: Proposal) -> str:
    """The rule as it stands in the pack's rules.toml, with the new conditions and the next version."""
    document = tomlkit.parse((pack.path / "rules.toml").read_text("utf-8"))
    id_ = proposal.rule.name.partition("/")[2]
    entry: Table = next(each for each in document["rule"] if each["id"] == id_)
    unit = _unit(pack, proposal)
    conditions: Any = entry["level"]
    for rung in proposal.rule.rungs:
        conditions[pack.scheme.level(rung.rank).code] = write_truth(rung.when, unit)
    if proposal.rule.clear.when is not None:
        hold = str(entry["clear"]).rpartition(" for ")
        entry["clear"] = write_truth(proposal.rule.clear.when, unit) + (f" for {hold[2]}" if hold[1] else "")
    entry["version"] = proposal.rule.version + 1
    entry["verified"] = False
    rules = tomlkit.aot()
    rules.append(entry)
    made = tomlkit.document()
    made.append("rule", rules)
    return tomlkit.dumps(made).strip() + "\n"


def _unit(pack: Pack, proposal: Proposal) -> str:
    names = proposal.rule.select.get("property", ())
    return next((pack.properties[name].unit for name in names if name in pack.properties), "")


def _budgets(per: str | None, levels: str | None, lowest: int, ranks: set[int], scheme: Scheme) -> Mapping[int, Budget]:
    if per is not None:
        return {lowest: read_rate(per)}
    budgets = {}
    for part in (levels or "").split(","):
        word, _, rate = part.partition("=")
        if word.strip() not in scheme.codes or scheme.rank(word.strip()) not in ranks:
            known = ", ".join(scheme.level(rank).code for rank in sorted(ranks))
            raise BadValue(
                f"--levels {part[:60]!r}", "names no level of this rule", f"use LEVEL=RATE with one of {known}"
            )
        budgets[scheme.rank(word.strip())] = read_rate(rate)
    return budgets


def _document(proposal: Proposal, scheme: Scheme, text: str, over: str) -> dict[str, Any]:
    return {
        "rule": proposal.rule.name, "over": over, "subjects": proposal.subjects, "step": proposal.step,
        "searched": [iso(proposal.began_us), iso(proposal.cut_us)], "measured": [iso(proposal.cut_us), iso(proposal.ended_us)],
        "levels": [
            {
                "level": scheme.level(line.rank).code, "budget": line.budget.text, "scale": line.scale, "reached": line.reached,
                "expected": list(line.expected), "too_short": line.too_short, "kept": line.kept,
                "searched": _counted(line.first, line.allowed_first), "measured": _counted(line.second, line.allowed_second),
            }
            for line in proposal.levels
        ],
        "text": text,
    }  # fmt: skip


def _counted(part: Counted, allowed: float) -> dict[str, Any]:
    weeks = [None if math.isnan(value) else value for value in part.by_week]
    return {"hours": part.length_us / HOUR_US, "allowed": allowed, "false": part.false, "warnings": part.warnings,
            "events": part.events, "found": part.found, "interval": list(part.interval), "interval_by_week": weeks}  # fmt: skip


def _print(proposal: Proposal, scheme: Scheme, text: str, over: str, *, with_truth: bool) -> None:
    cut = f"{from_us(proposal.cut_us):%Y-%m-%d %H:%M}Z"
    whose = f"each of {proposal.subjects:,}" if over == "streams" else f"all {proposal.subjects:,} together"
    rows = [row for line in proposal.levels for row in _rows(line, scheme)]
    columns = (
        "level",
        "budget",
        "scale",
        "part",
        "weeks",
        "allowed",
        "false",
        "95 % of its mean",
        "by weeks",
        "events found",
    )
    page = console if console.is_terminal else Console(width=_PAGE_WIDTH, highlight=False)
    page.print(
        table(columns, rows, f"{proposal.rule.name}, budget of {whose}; searched before {cut}, measured after it")
    )
    for line in proposal.levels:
        console.print(_said(line, scheme.level(line.rank).code), markup=False)
    if not with_truth:
        console.print("Without --truth every signal counts as false: the figures are upper bounds.")
    console.print("\nTo paste into rules.toml (nothing was written):\n")
    console.print(text, markup=False, highlight=False)


def _rows(line: LevelBudget, scheme: Scheme) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, part, allowed in (
        ("searched", line.first, line.allowed_first),
        ("measured", line.second, line.allowed_second),
    ):
        weeks = "-" if math.isnan(part.by_week[0]) else f"{part.by_week[0]:.0f} - {part.by_week[1]:.0f}"
        events = "-" if part.events is None else f"{part.found} of {part.events}"
        mean = f"{part.interval[0]:.1f} - {part.interval[1]:.1f}"
        length = f"{part.length_us / 168 / HOUR_US:.1f}"
        rows.append((scheme.level(line.rank).code, line.budget.text, f"{line.scale:g}", name, length, f"{allowed:.1f}",
                     f"{part.false}", mean, weeks, events))  # fmt: skip
    return rows


def _said(line: LevelBudget, level: str) -> str:
    if not line.reached:
        return (f"{level}: no scale up to {line.scale:g} keeps to {line.budget.text} on the first part; the rule needs another "
                "condition.")  # fmt: skip
    if line.too_short:
        return (f"{level}: too short to promise anything. At {line.budget.text} only {line.allowed_second:.1f} false signals "
                f"were to be expected on the second part; {line.second.false} came, and up to {line.second.interval[1]:.1f} "
                "would agree with that.")  # fmt: skip
    verdict = "kept to" if line.kept else "did NOT keep to"
    return (f"{level}: {line.second.false} false signals where {line.allowed_second:.1f} were allowed: it {verdict} "
            f"{line.budget.text} out of sample (between {line.expected[0]} and {line.expected[1]} were to be expected from the "
            "first part).")  # fmt: skip
