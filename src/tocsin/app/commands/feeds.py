"""``tocsin feeds``: other authorities' feeds of CAP messages."""

from __future__ import annotations

from pathlib import Path

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table
from tocsin.terms.errors import Unavailable

__all__ = ["feeds"]


@click.group()
def feeds() -> None:
    """Load, show and ask other authorities' feeds."""


@feeds.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Replace all declarations by those of a TOML FILE. Feeds that it leaves out are asked no more."""
    configuration = django_ready()
    from tocsin.doors.outward.guard import Guard
    from tocsin.loop.observe.bulletins import services
    from tocsin.loop.observe.bulletins.declaration import read_feeds
    from tocsin.records import clock
    from tocsin.records.org.actor import service

    read = read_feeds(file.read_bytes(), str(file), lambda name: _certificate(file.parent / name))
    guard = Guard(configuration.outward_inside)
    for feed in read:
        guard.require_url(feed.address)
    services.put_feeds(read, actor=service("service:cli"), now=clock.now())
    say({"loaded": len(read)}, lambda: f"{len(read)} feeds loaded from {file}")


@feeds.command("show")
@json_option
def show() -> None:
    """Print the feeds: when each was asked and heard, and what is wrong."""
    django_ready()
    from tocsin.loop.observe.bulletins import queries
    from tocsin.records import clock
    from tocsin.records.org.scope import EVERYWHERE

    lines = queries.feeds(EVERYWHERE, now=clock.now())
    document = [{"id": line.feed.id, "address": line.feed.address, "every_s": line.feed.every_s,
                 "signature": line.feed.signature, "relay": line.feed.relay, "asked_at": line.asked_at,
                 "heard_at": line.heard_at, "failing_since": line.failing_since, "error": line.error,
                 "trouble": line.trouble, "entries_with_faults": line.faults, "messages_in_a_day": line.bulletins}
                for line in lines]  # fmt: skip
    rows = [(line.feed.id, line.feed.address, line.heard_at or "never", line.trouble or "-", line.faults, line.bulletins,
             line.error) for line in lines]  # fmt: skip
    columns = ("feed", "address", "heard", "trouble", "entries with faults", "messages in a day", "error")
    say(document, lambda: table(columns, rows))


@feeds.command("poll")
@click.argument("feed")
@json_option
def poll(feed: str) -> None:
    """Ask one FEED now and keep what it brings."""
    configuration = django_ready()
    from tocsin.doors.intake.feeds.fetching import Fetcher
    from tocsin.doors.intake.feeds.poller import poll_one
    from tocsin.loop.observe.bulletins import queries
    from tocsin.records import clock
    from tocsin.records.org.scope import EVERYWHERE

    fetcher = Fetcher(configuration.outward_inside, configuration.outward_ca)
    try:
        kept = poll_one(feed, fetcher, clock.now)
    finally:
        fetcher.close()
    faults = queries.faults_of(EVERYWHERE, feed)
    document = {"kept": kept, "faults": [{"entry": one.entry_id, "rule": one.rule, "what": one.what} for one in faults]}
    said = "".join(f"\n{one.rule} {one.entry_id or one.href}: {one.what}" for one in faults)
    say(document, lambda: f"{kept} new messages from {feed}{said}")


def _certificate(path: Path) -> bytes:
    try:
        return path.read_bytes()[: 1 << 20]
    except OSError as error:
        raise Unavailable(f"certificate {path}", f"cannot be read ({error.strerror})", "correct the path") from None
