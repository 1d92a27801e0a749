"""``tocsin catalogue``: sources and streams from a file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say
from tocsin.app.configuration import Configuration
from tocsin.doors.intake.socket.client import EngineClient
from tocsin.formats.catalogue import catalogue_body, read_catalogue_file
from tocsin.terms.errors import Unavailable
from tocsin.terms.stream import Source, Stream

__all__ = ["catalogue", "send"]

APPLIED_WITHIN_S = 30.0


@click.group()
def catalogue() -> None:
    """Load sources and streams."""


@catalogue.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Register the sources and streams of FILE (TOML, JSON or CSV); known ids are changed, none is removed."""
    configuration = django_ready()
    sources, streams = read_catalogue_file(file)
    seq = send(configuration, sources, streams)
    counts = {"sources": len(sources), "streams": len(streams), "seq": seq}
    say(counts, lambda: f"{len(sources)} sources and {len(streams)} streams registered (record {seq})")


def send(configuration: Configuration, sources: Sequence[Source], streams: Sequence[Stream]) -> int:
    """Hand a change to the engine and wait until the database shows it. Raises Unavailable, UnknownName."""
    from tocsin.loop.observe import queries

    seq = EngineClient(configuration.home.engine_socket).catalogue(catalogue_body(sources, streams))
    until = time.monotonic() + APPLIED_WITHIN_S
    while queries.catalogue_seq() < seq:
        if time.monotonic() > until:
            rule = f"written as record {seq}, but not evaluated within {APPLIED_WITHIN_S:.0f} s"
            raise Unavailable("catalogue", rule, "it will be applied; look at `tocsin doctor` for the engine's lag")
        time.sleep(0.02)
    return seq
