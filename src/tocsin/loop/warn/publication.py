"""Publication: the feed of actual messages. The door ``portal`` keeps it, the messages and the pages as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.formats.cap import entry_of, feed, read
from tocsin.loop.warn import queries
from tocsin.loop.warn.cap_message import CAP_LANGUAGES, permanent_path
from tocsin.records.audience.hub import hubs
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.moment import EPOCH

__all__ = ["FEED_PATH", "Feed", "feed_now"]

FEED_PATH = "/warnings/feed.atom"
_KEPT = 100  # messages in the feed besides those in force


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed and when it last changed."""

    document: bytes
    updated: datetime


def feed_now(*, now: datetime) -> Feed:
    """The feed of actual messages: the newest hundred, and whatever is in force. Exercises are never in it."""
    public = settings.CONFIGURATION.public_address
    language = settings.LANGUAGE_CODE
    told = queries.alerts(exercise=False, at_most=_KEPT)
    known = {line.identifier for line in told}
    told += [queries.alert(w.id) for w in queries.in_force(EVERYWHERE, now=now) if not w.exercise and w.id not in known]
    entries = []
    for line in told:
        message = read(line.document).alert
        if message is not None:
            entries.append(entry_of(message, f"{public}{permanent_path(line.identifier)}.xml", CAP_LANGUAGES[language]))
    updated = max((line.sent for line in told), default=EPOCH)
    with translation.override(language):
        title = _("Warnings")
    return Feed(
        feed(entries, feed_id=f"{public}{FEED_PATH}", title=title, updated=updated, self_url=f"{public}{FEED_PATH}",
             author=settings.CONFIGURATION.cap_sender, language=CAP_LANGUAGES[language], hubs=hubs()),
        updated,
    )  # fmt: skip
