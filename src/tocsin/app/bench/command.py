"""``tocsin bench w1 DATASET OUT``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tocsin.app.bench.w1 import RULES, find_dataset, run_w1

__all__ = ["bench"]


@click.group()
def bench() -> None:
    """Measure the engine on a standard workload."""


@bench.command()
@click.argument("dataset")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--batch", default=100_000, show_default=True, help="Rows a record.")
@click.option("--rules", default=",".join(RULES), show_default=True, help="Which of the five rules.")
@click.option("--provisional", is_flag=True, help="Also say what is known before the late rows are in.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON only.")
def w1(dataset: str, out: Path, batch: int, rules: str, provisional: bool, as_json: bool) -> None:
    """Run workload W1: DATASET (a folder, or a name under W1_DIR) -> OUT/events.csv and OUT/result.json."""
    which = tuple(rules.split(","))
    if unknown := [name for name in which if name not in RULES]:
        raise click.UsageError(f"no rule {unknown[0]!r} in W1; there are {', '.join(RULES)}")
    result = run_w1(find_dataset(dataset), out, batch=batch, which=which, provisional=provisional)
    if as_json:
        click.echo(json.dumps(result))
        return
    click.echo(
        f"{result['rows']:,} observations, {result['events']:,} events: {result['observations_per_s']:,} observations/s "
        f"({result['rows'] / result['process_cpu_s']:,.0f} a CPU-second) in batches of {batch:,}; wrote {out}/events.csv"
    )
    if provisional:
        said = result["provisional"]
        click.echo(
            f"said ahead: {said['raised']:,} raised, {said['confirmed']:,} confirmed, {said['retracted']:,} retracted; "
            f"told after {said.get('provisional_delay_s', {}).get('p50', 0):g} s (median), "
            f"finally after {said.get('final_delay_s', {}).get('p50', 0):g} s"
        )
