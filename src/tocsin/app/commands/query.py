"""``tocsin query``: SQL over the history of observations."""

from __future__ import annotations

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table

__all__ = ["query"]


@click.command()
@click.argument("sql")
@json_option
def query(sql: str) -> None:
    """Ask the history in SQL (DuckDB). Tables: observations, records, streams; times are UTC."""
    home = django_ready().home
    from tocsin.loop.observe.log import History
    from tocsin.loop.observe.queries import load_catalogue

    answer = History(home.parquet, home.log).query(sql, load_catalogue())
    say(
        answer.to_pylist(),
        lambda: table(answer.column_names, zip(*(c.to_pylist() for c in answer.columns), strict=True)),
    )
