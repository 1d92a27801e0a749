"""Publication: alerts and the feed as files under TOCSIN_HOME/published, for a web server or a mirror to serve.

The database is what counts. Files are written whole under another name and moved into place, the same bytes for the same
state, so that publishing again after a crash, or because a file was lost, changes nothing that was right.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.formats.cap import entry_of, feed, read
from tocsin.loop.warn import queries
from tocsin.loop.warn.cap_message import CAP_LANGUAGES, permanent_path
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.moment import EPOCH

__all__ = ["FEED_PATH", "Feed", "feed_now", "publish", "rebuild"]

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
             author=settings.CONFIGURATION.cap_sender, language=CAP_LANGUAGES[language]),
        updated,
    )  # fmt: skip


def publish(identifiers: list[str], *, now: datetime) -> None:
    """Write these messages and the feed."""
    for identifier in identifiers:
        _put(_folder() / f"{identifier}.xml", queries.alert(identifier).document)
    _put(_folder() / "feed.atom", feed_now(now=now).document)


def rebuild(*, now: datetime) -> int:
    """Write every message and the feed as the database has them; how many files were missing or not right."""
    repaired = sum(_put(_folder() / f"{line.identifier}.xml", line.document) for line in queries.alerts())
    return repaired + _put(_folder() / "feed.atom", feed_now(now=now).document)


def _folder() -> Path:
    folder: Path = settings.HOME.published
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _put(path: Path, content: bytes) -> bool:
    """Whether it was not there as it should be."""
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        pass
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)  # noqa: PTH105 - readers see the old file or the new one, never half
    return True
