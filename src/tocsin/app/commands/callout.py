"""``tocsin callout``: load and show the plan of call-outs, reports upwards and notices to neighbours."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table

__all__ = ["callout"]


@click.group()
def callout() -> None:
    """Load and show the plan of call-outs."""


@callout.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Put a plan in force from a TOML FILE (docs/callout.md shows one). Whole or not at all; its digest is on the ledger."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.callout import services
    from tocsin.records.org.actor import SYSTEM

    plan = services.put_plan(file.read_bytes(), str(file), actor=SYSTEM, now=clock.now())
    document = {"causes": plan.callout.causes, "reports": len(plan.reports), "neighbours": len(plan.neighbours)}
    say(
        document,
        lambda: f"in force: call-outs, {len(plan.reports)} reports upwards, {len(plan.neighbours)} rules on neighbours",
    )


@callout.command("show")
@json_option
def show() -> None:
    """The plan in force, and which areas no warden is declared for."""
    django_ready()
    from tocsin.records.callout import queries, services

    plan, bare = services.plan_in_force(), queries.areas_without_warden()
    rows = [[f"callout.{name}", _said(value)] for name, value in asdict(plan.callout).items()]
    rows += [[f"report_up.{rule.id}", f"{rule.by} within {_said(rule.within)}; {rule.source}"] for rule in plan.reports]
    rows += [["neighbours", f"{rule.on} from level {rule.from_level}; {rule.source}"] for rule in plan.neighbours]
    rows += [["without a warden", area] for area in bare]
    say({"rows": rows, "without_warden": bare}, lambda: table(["what", "is"], rows))


def _said(value: Any) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 60:g} min"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
