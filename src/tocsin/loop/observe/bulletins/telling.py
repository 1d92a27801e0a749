"""Telling posts: of another authority's warning that is high, once, with its authority named; of a feed that fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.formats.cap import Verdict
from tocsin.loop.observe.bulletins.feed import Feed
from tocsin.loop.observe.bulletins.models import BulletinRow
from tocsin.loop.observe.bulletins.understanding import words_in
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import tell_posts
from tocsin.records.org import queries as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.services import PostLine
from tocsin.records.places import queries as places
from tocsin.terms.level import Scheme

__all__ = ["least_told", "tell_keepers", "tell_keepers_again", "tell_touched", "title_of"]

Texts = Mapping[str, Mapping[str, str]]
_LONGEST = 1500  # characters of a text in a letter


def least_told(scheme: Scheme) -> int:
    """From which rank on posts are told: the upper half of the scheme (orange and red)."""
    return max(1, len(scheme.levels) - 1)


def title_of(feed: Feed, language: str) -> str:
    """What people call a feed."""
    return feed.title.get(language) or feed.title.get("en") or next(iter(feed.title.values()), feed.id)


def tell_touched(
    row: BulletinRow, paths: Sequence[str], feed: Feed, scheme: Scheme, texts: Texts, *, now: datetime
) -> int:
    """Tell every post whose area a message touches, or one that it follows touched; how many. One thread a line of messages,
    so that what still waits of an earlier one is not sent any more. ``texts``: words by language."""
    posts = org.posts_touched(paths)
    place = next(iter(paths), "")
    ending = row.msg_type == "Cancel"
    kind = "bulletin_ended" if ending else "bulletin_updated" if row.msg_type == "Update" else "bulletin_received"
    tell_posts(
        kind, posts, lambda language: _text(row, feed, scheme, texts, place, language), about=row.id, level=row.level,
        link=f"/console/bulletins/{row.id}", not_after=None if ending else row.until, thread=row.thread or row.id,
        actor=SYSTEM, now=now,
    )  # fmt: skip
    return len(posts)


def _text(row: BulletinRow, feed: Feed, scheme: Scheme, texts: Texts, place: str, language: str) -> Text:
    words = texts.get(words_in(texts, language), {})
    authority = words.get("sender_name") or title_of(feed, language)
    headline = words.get("headline") or words.get("event") or row.identifier
    if row.msg_type == "Cancel":
        subject = _("{authority} has cancelled a warning: {what}").format(authority=authority, what=headline)
    else:
        level = scheme.level(row.level).word(language) if 1 <= row.level <= len(scheme.levels) else ""
        subject = _("{level}, warning of {authority}: {what}").format(level=level, authority=authority, what=headline)
    lines = [words.get("description", "")[:_LONGEST]]
    if words.get("instruction"):
        lines.append(_("What to do: {what}").format(what=words["instruction"][:_LONGEST]))
    if words.get("area"):
        lines.append(_("Where: {areas}").format(areas=words["area"]))
    if row.until is not None and row.msg_type != "Cancel":
        until = places.local_time(row.until, place)
        lines.append(_("Until {until}").format(until=f"{until:%Y-%m-%d %H:%M}"))
    lines.append(_("Issued by {body}").format(body=f"{authority} ({row.sender})"))
    lines.append(_("Received from: {feed}").format(feed=title_of(feed, language)))
    if Verdict(row.verdict).good:
        lines.append(_("Its signature was verified."))
    else:
        lines.append(_("Not verified: nothing proves that this authority wrote it."))
    return Text(subject[:300], "\n\n".join(line for line in lines if line))


def tell_keepers(feed: Feed, what: str, since: datetime, error: str, *, now: datetime) -> None:
    """Tell the duty officers of its areas that a feed fails or is silent."""

    def write(language: str) -> Text:
        at = places.local_time(since, next(iter(feed.jurisdictions), ""))
        if what == "failing":
            body = _(
                "Since {at} it gives no readable answer: {error}. Its warnings may be missing here. That is no all-clear."
            )
        else:
            body = _("Since {at} it says nothing new. Its warnings may be missing here. That is no all-clear.")
        return Text(_("No bulletins from {feed}").format(feed=title_of(feed, language)),
                    body.format(at=f"{at:%Y-%m-%d %H:%M}", error=error[:200]))  # fmt: skip

    tell_posts("feed_fell_silent", _keepers(feed, now), write, about=f"feed:{feed.id}", link="/sources/",
               thread=f"feed:{feed.id}", actor=SYSTEM, now=now)  # fmt: skip


def tell_keepers_again(feed: Feed, *, now: datetime) -> None:
    """Tell them that it is heard again."""

    def write(language: str) -> Text:
        return Text(_("Bulletins from {feed} again").format(feed=title_of(feed, language)),
                    _("The feed is heard again."))  # fmt: skip

    tell_posts("feed_was_heard", _keepers(feed, now), write, about=f"feed:{feed.id}", link="/sources/",
               thread=f"feed:{feed.id}", actor=SYSTEM, now=now)  # fmt: skip


def _keepers(feed: Feed, now: datetime) -> list[PostLine]:
    found: dict[str, PostLine] = {}
    for path in feed.jurisdictions:
        for post in org.on_duty(Role.DUTY_OFFICER, path, now=now):
            found[post.id] = post
    return list(found.values())
