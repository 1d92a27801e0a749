"""What ``tocsin doctor`` finds of other authorities' feeds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tocsin.app.configuration import Configuration
from tocsin.app.finding import Finding

__all__ = ["feed_findings"]

UNASKED = timedelta(minutes=5)  # behind the moment at which a feed was to be asked


def feed_findings(configuration: Configuration) -> Iterator[Finding]:
    """Feeds that fail, are silent, or that nobody asks."""
    if not configuration.database and not configuration.home.database.exists():
        return
    from tocsin.app.commands.django_ready import django_ready

    django_ready()
    from tocsin.loop.observe.bulletins import queries
    from tocsin.records import clock
    from tocsin.records.org.scope import EVERYWHERE

    now = clock.now()
    lines = queries.feeds(EVERYWHERE, now=now)
    unasked = queries.due_feeds(now=now - UNASKED)
    for line in lines:
        if line.failing_since is not None:
            words = (
                f"{line.feed.id} gives no readable answer since {line.failing_since:%Y-%m-%d %H:%M} UTC: {line.error}"
            )
            yield Finding("feeds", "fault", words, "see that its address is right; ask its authority")
        elif line.trouble:
            yield Finding(
                "feeds", "note", f"{line.feed.id} says nothing new", "ask its authority whether that is right"
            )
        elif line.feed.id in unasked and line.asked_at is not None:
            yield Finding("feeds", "note", f"{line.feed.id} is not asked", "see that the worker runs: `tocsin serve`")
        if line.faults:
            words = f"{line.faults} entries of {line.feed.id} could not be taken"
            yield Finding("feeds", "note", words, "the page Sources names each with its rule")
    if lines and not any(line.failing_since or line.trouble for line in lines):
        yield Finding("feeds", "ok", f"{len(lines)} feeds of other authorities answer")
