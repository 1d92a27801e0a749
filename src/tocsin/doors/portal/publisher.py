"""The publisher: keeps the files under ``published`` as the database has them, and as the clock has them where the database
does not answer.

``look`` asks the database whether something was issued; then everything that it touches is written. ``renew`` makes the
pages again from ``state.json`` alone, so that what has expired leaves them also while the database is down; the web
process does the same for a reader where nobody else has (``served``). Once a minute pages are made anew, so that each says
of how late it is: a page that does not is told from one that has no news.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

import tocsin
from tocsin.doors.console.assets import asset_body, asset_url
from tocsin.doors.portal import archive_pages, files, made_pages
from tocsin.doors.portal.archive_pages import archive_page, monthly_pages
from tocsin.doors.portal.public import LANGUAGES, Archive, ArchiveLine, Public, read, write
from tocsin.doors.portal.public_now import archive_now, public_message, public_now
from tocsin.loop.observe.bulletins import queries as bulletins
from tocsin.loop.warn import publication, queries
from tocsin.loop.warn.deployment_key import deployment_key
from tocsin.loop.warn.names import Names
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.moment import to_us

__all__ = ["Publisher", "read_state", "renew", "timely_pages"]

log = logging.getLogger(__name__)
EVERY_S, EVERY_DRIVEN_S = 60.0, 2.0  # of the wall clock
WIDGET_RANK = 3  # areas down to this rank have a widget as a file; smaller ones are made when asked for
ASSETS = ("portal.css", "widget.css", "scheme.css", "portal.js", "widget.js")


def read_state(folder: Path) -> Public | None:
    """What was public when it was last written; None where nothing was, or it is damaged."""
    try:
        found: Public = read((folder / files.STATE).read_bytes(), Public)
    except (OSError, ValueError):
        return None
    return found


def read_archive(folder: Path) -> Archive:
    """The archive as it was last written."""
    try:
        found: Archive = read((folder / files.ARCHIVE).read_bytes(), Archive)
    except (OSError, ValueError):
        return Archive([])
    return found


def timely_pages(public: Public, now_us: int) -> Iterator[tuple[str, bytes]]:
    """Every file whose words depend on the moment: lists, widgets, GeoJSON, pages of messages in force."""
    yield files.GEOJSON, made_pages.as_geojson(public, now_us)
    for language in LANGUAGES:
        yield files.page("warnings/index", language), made_pages.in_force_page(public, language, now_us)
        yield files.page("widget/index", language), made_pages.widget_page(public, language, now_us)
        for area in public.areas:
            if area.rank <= WIDGET_RANK:
                made = made_pages.widget_page(public, language, now_us, area=area.code)
                yield files.page(f"widget/{area.code}", language), made
        for message in public.in_force:
            made = made_pages.message_page(message, language, now_us)
            yield files.message_page(message.identifier, language), made


def renew(folder: Path, now_us: int) -> dict[str, bytes]:
    """Make what depends on the moment again, from what was last public; what was made, by name of its file. Files that
    cannot be written are left as they are: who asked has the bytes."""
    public = read_state(folder)
    if public is None:
        return {}
    made = dict(timely_pages(public, now_us))
    try:
        for name, content in made.items():
            files.put(folder, name, content)
        (folder / files.STATE).touch()
    except OSError as error:
        log.error("public pages could not be written: %s", error)
    return made


class Publisher:
    """One a worker. ``told`` is called in a transaction with the digest of the feed whenever that is another one."""

    def __init__(
        self, folder: Path, *, told: Callable[[str, datetime], None] = lambda digest, now: None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._folder, self._told, self._steady = folder, told, steady
        self._every_s = EVERY_S if settings.TOCSIN_DRIVEN_CLOCK is None else EVERY_DRIVEN_S
        self._archive: Archive | None = None
        self._mark: tuple[tuple[int, str], str] | None = None
        self._ends_us: int | None = None
        self._made_at = -1e9

    def look(self, now: datetime) -> int:
        """Publish what has changed; how many files were written."""
        first = self._archive is None
        mark = (queries.alerts_mark(), bulletins.relayed_mark())
        ended = self._ends_us is not None and to_us(now) >= self._ends_us
        if not (first or mark != self._mark or ended or self._steady() - self._made_at >= self._every_s):
            return 0
        written = self._publish(now, everything=first)
        self._mark, self._made_at = mark, self._steady()
        return written

    def renew(self, now: datetime) -> None:
        """As the clock alone has it, where the database does not answer."""
        if self._steady() - self._made_at >= self._every_s or (self._ends_us or 0) <= to_us(now):
            made = renew(self._folder, to_us(now))
            self._made_at = self._steady()
            public = read_state(self._folder)
            self._ends_us = public.ends_us(to_us(now)) if public and made else None

    def _publish(self, now: datetime, *, everything: bool) -> int:
        """``everything``: also what should lie there already; a file that was lost or edited is made again."""
        names, build = Names.read(), _build()
        had = self._archive if self._archive is not None else read_archive(self._folder)
        before = read_state(self._folder)
        known = {line.identifier: line for line in had.lines} if before and before.build == build else {}
        public, archive = public_now(names, now=now, build=build), archive_now(names, {} if everything else known)
        held = {message.identifier for message in public.in_force}
        gone = {message.identifier for message in before.in_force} - held if before else set()
        changed = [line for line in archive.lines if everything or known.get(line.identifier) != line]
        ended = [line for line in archive.lines if line.identifier in gone]
        written = sum(files.put(self._folder, name, content) for name, content in self._assets())
        written += self._messages(changed, names, known if everything else {}, to_us(now))
        written += self._messages(ended, names, {}, to_us(now))
        written += self._feed(now)
        written += sum(files.put(self._folder, *one) for one in timely_pages(public, to_us(now)))
        written += self._archive_pages(public, archive, changed, to_us(now))
        files.put(self._folder, files.ARCHIVE, write(archive))
        files.put(self._folder, files.STATE, write(public))  # last: who reads it finds what it speaks of
        self._archive, self._ends_us = archive, public.ends_us(to_us(now))
        return written

    def _messages(self, lines: list[ArchiveLine], names: Names, known: dict[str, ArchiveLine], now_us: int) -> int:
        """CAP files, and the pages of messages that something became of."""
        written = 0
        for line in lines:
            document = queries.alert(line.identifier).document
            written += files.put(self._folder, f"warnings/{line.identifier}.xml", document, durable=True)
            whole = all((self._folder / files.message_page(line.identifier, one)).exists() for one in LANGUAGES)
            if whole and known.get(line.identifier) == line:
                continue
            message = public_message(queries.warning(EVERYWHERE, line.identifier), names)
            for language in LANGUAGES:
                made = made_pages.message_page(message, language, now_us)
                written += files.put(self._folder, files.message_page(line.identifier, language), made)
        return written

    def _feed(self, now: datetime) -> int:
        document = publication.feed_now(now=now).document
        written = files.put(self._folder, files.FEED, document)
        with transaction.atomic():  # also where the file was right: a crash may have come between the two
            self._told(hashlib.sha256(document).hexdigest(), now)
        found = deployment_key()
        return written + (files.put(self._folder, "warnings/certificate.pem", found.pem) if found else 0)

    def _archive_pages(self, public: Public, archive: Archive, changed: list[ArchiveLine], now_us: int) -> int:
        """Pages of the months of what changed; of all months where there is a new one. They say until when a message was
        meant to hold, never that it does, so that the passing of time changes none of them."""
        if not changed and (self._folder / files.page("warnings/archive/index", "en")).exists():
            return 0
        there = {line.month for line in archive.lines}
        new = {month for month in there if not (self._folder / files.page(f"warnings/archive/{month}", "en")).exists()}
        months = sorted(there if new else {line.month for line in changed})
        return sum(
            files.put(self._folder, files.page(name, language), archive_page(public, archive, asked, language, now_us))
            for name, asked in monthly_pages(archive, months)
            for language in LANGUAGES
        )

    def _assets(self) -> Iterator[tuple[str, bytes]]:
        for name in ASSETS:
            yield asset_url(name).lstrip("/"), asset_body(name)


def _build() -> str:
    """Changes whenever pages would look otherwise for the same words: another version, other assets, other templates."""
    made = hashlib.sha256(f"{tocsin.__version__} {asset_url('portal.css')} {archive_pages.LINES}".encode())
    for path in sorted((Path(__file__).parent / "templates" / "portal").glob("*.html")):
        made.update(path.read_bytes())
    return made.hexdigest()[:16]
