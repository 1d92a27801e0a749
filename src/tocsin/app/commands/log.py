"""``tocsin log``: the log of observations."""

from __future__ import annotations

from collections import Counter

import click

from tocsin.app.commands.django_ready import configured
from tocsin.app.commands.output import json_option, say

__all__ = ["log"]


@click.group()
def log() -> None:
    """Look after the log."""


@log.command("verify")
@json_option
def verify() -> None:
    """Read every record and check it. Exit code 1 when any is damaged or missing."""
    from tocsin.loop.observe.log import LogReader

    reader = LogReader(configured().home.log)
    kinds: Counter[str] = Counter()
    rows = 0
    for record in reader.read(reader.first_seq, skip_damaged=True):
        kinds[str(record.kind)] += 1
        rows += record.batch.num_rows if record.batch is not None else 0
    damaged = [error.as_problem() for error in reader.damaged]
    document = {
        "from_seq": reader.first_seq, "next_seq": reader.next_seq, "records": dict(kinds), "observations": rows,
        "damaged": damaged,
    }  # fmt: skip
    say(document, lambda: _words(document, [str(error) for error in reader.damaged]))
    raise SystemExit(1 if damaged else 0)


def _words(document: dict[str, object], damaged: list[str]) -> str:
    counted = f"{document['observations']} observations in records {document['from_seq']} to {document['next_seq']}"
    return "\n".join([counted, *damaged]) if damaged else f"{counted}: all sound"
