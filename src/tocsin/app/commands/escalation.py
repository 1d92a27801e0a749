"""``tocsin escalation``: whom to call one after the other, until somebody says that they have it."""

from __future__ import annotations

from pathlib import Path

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table

__all__ = ["escalation"]


@click.group()
def escalation() -> None:
    """Load and show chains of escalation, and what waits for somebody."""


@escalation.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Replace all chains by those of a TOML FILE (docs/duty.md shows one). What is under way goes on by its old chain."""
    django_ready()
    from tocsin.loop.warn.names import Names
    from tocsin.records import clock
    from tocsin.records.escalation import services
    from tocsin.records.escalation.document import read_chains
    from tocsin.records.org.actor import service

    chains = read_chains(file.read_bytes(), str(file), Names.read().scheme)
    services.put_chains(chains, actor=service("service:cli"), now=clock.now())
    say({"loaded": len(chains)}, lambda: f"{len(chains)} chains loaded from {file}")


@escalation.command("show")
@json_option
def show() -> None:
    """The chains, and what nobody has taken in hand."""
    django_ready()
    from tocsin.records.escalation import queries
    from tocsin.records.org.scope import EVERYWHERE

    chains, waiting = queries.chains(), queries.unanswered(EVERYWHERE)
    document = {
        "chains": [chain.as_document() for chain in chains],
        "waiting": [{"id": line.id, "kind": line.kind, "about": line.about, "level": line.level, "since": line.started_at,
                     "next": line.next_at, "told": len(line.told)} for line in waiting],
    }  # fmt: skip
    rows = [
        (chain.id, ", ".join(chain.kinds), number, f"{step.after.total_seconds() / 60:g}",
         ", ".join((*step.posts, *step.roles)), ", ".join(step.channels), "each" if step.each else "any")
        for chain in chains for number, step in enumerate(chain.steps, 1)
    ]  # fmt: skip
    columns = ["chain", "kinds", "step", "after minutes", "tells", "by", "answer of"]
    say(document, lambda: table(columns, rows, title=f"{len(waiting)} wait for somebody"))
