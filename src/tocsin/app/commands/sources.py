"""``tocsin sources``: who reports, and their tokens."""

from __future__ import annotations

import click

from tocsin.app.commands.catalogue import send
from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table
from tocsin.terms.stream import Source

__all__ = ["sources"]

ACTOR = "cli"


@click.group()
def sources() -> None:
    """Register sources and give them tokens."""


@sources.command("add")
@click.argument("source")
@click.option("--title", default="", help="What people call it [default: its id].")
@click.option("--owner", default="", help="The department that answers for it.")
@click.option(
    "--lateness", type=click.FloatRange(min=0), default=0.0, help="Seconds by which its rows may come out of order."
)
@click.option(
    "--delay", type=click.FloatRange(min=0), default=0.0, help="Seconds it needs from observing to delivering."
)
@click.option("--licence", default="", help="Terms under which its data may be used.")
@json_option
def add(source: str, title: str, owner: str, lateness: float, delay: float, licence: str) -> None:
    """Register SOURCE, or change what is registered of it."""
    configuration = django_ready()
    row = Source(source, title or source, owner, lateness_s=lateness, delay_s=delay, licence=licence)
    seq = send(configuration, [row], [])
    say({"source": source, "seq": seq}, lambda: f"{source} registered (record {seq})")


@sources.command("list")
@json_option
def list_() -> None:
    """List sources with how many streams they have and how many of these are silent."""
    django_ready()
    from tocsin.loop.observe import queries
    from tocsin.records.org.scope import EVERYWHERE

    lines = [
        {
            "id": line.source.id, "title": line.source.title, "owner": line.source.owner, "streams": line.streams,
            "silent": line.silent, "lateness_s": line.source.lateness_s, "synthetic": line.source.synthetic,
        }
        for line in queries.sources(EVERYWHERE)
    ]  # fmt: skip
    names = ["id", "title", "owner", "streams", "silent", "lateness_s"]
    say(lines, lambda: table(names, [[line[name] for name in names] for line in lines]))


@sources.command("token")
@click.argument("source")
@json_option
def token(source: str) -> None:
    """Make a new token for SOURCE. It is shown this once."""
    django_ready()
    from tocsin.loop.observe import services
    from tocsin.records import clock

    made = services.issue_token(source, actor=ACTOR, now=clock.now())
    say({"source": source, "token": made}, lambda: made)
