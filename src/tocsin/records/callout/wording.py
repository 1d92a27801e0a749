"""What a call-out says: to whoever is called, to the post above, to duty officer and commander, and when it is over. Part of
services: called inside their transactions only. That something is an exercise is said by dispatch, of every letter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.geo import common_path
from tocsin.records.callout.cause import Spoken
from tocsin.records.callout.ladder import Called
from tocsin.records.callout.lifecycle import Rung
from tocsin.records.callout.models import CalledRow, CallOutRow
from tocsin.records.dispatch import services as dispatch
from tocsin.records.dispatch.message import Message, Recipient, Text
from tocsin.records.dispatch.notify import in_every_language, offered, recipients_of, tell_posts
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.records.places import queries as places

__all__ = ["KIND", "area_names", "call", "recipients", "tell_over", "tell_unanswered"]

KIND = "callout"
RULE = service("rule:callout")
_NAMED_AT_MOST = 8


def recipients(posts: Iterable[PostLine], channel: str) -> list[Recipient]:
    """Posts as recipients of a channel."""
    return recipients_of(posts, channel)


def call(
    callout: CallOutRow, channel: str, whom: Sequence[tuple[CalledRow, Called]], *, not_after: datetime | None
) -> Message:
    """The letter of an attempt. The post above hears for which areas nobody has answered."""
    upper = whom[0][1].rung is Rung.UPPER
    paths = list(dict.fromkeys(row.jurisdiction for row, _called in whom))

    def write(language: str) -> Text:
        spoken = _spoken(callout.texts, language)
        before = _("Nobody has answered for {areas}.").format(areas=area_names(paths, language)) if upper else ""
        body = spoken.speech if channel in ("voice", "mail") else spoken.short
        return Text(spoken.subject, f"{before} {body}".strip())

    return Message(KIND, in_every_language(write), callout.id, "", callout.level, not_after, callout.link, callout.exercise,
                   "", True)  # fmt: skip


def tell_over(
    callout: CallOutRow, posts: Sequence[str], texts: Mapping[str, Spoken], *, actor: Actor, now: datetime
) -> None:
    """Whoever was called is told that it is over, each on one channel."""
    named = {post.id: post for post in org.posts(EVERYWHERE)}
    documents = {
        language: {"subject": s.subject, "speech": s.speech, "short": s.short} for language, s in texts.items()
    }
    left = [named[post] for post in posts if post in named]
    for channel in offered(("sms", "mail", "voice")):
        reached = [post for post in left if (post.mail if channel == "mail" else post.phone)]
        left = [post for post in left if post not in reached]

        def write(language: str, channel: str = channel) -> Text:
            spoken = _spoken(documents, language)
            return Text(spoken.subject, spoken.short if channel == "sms" else spoken.speech)

        if reached:
            message = Message("callout_withdrawn", in_every_language(write), callout.id, "", callout.level, None, callout.link,
                              callout.exercise)  # fmt: skip
            dispatch.put(message, recipients(reached, channel), channel=channel, actor=actor, now=now)


def tell_unanswered(callout: CallOutRow, rows: Sequence[CalledRow], kind: str, *, now: datetime) -> None:
    """Nobody has answered for these areas: the duty officers on duty are told first, the commanders when it is worse."""
    last = kind == "callout_not_reached"
    paths = [row.jurisdiction for row in rows]
    role = Role.COMMANDER if last else Role.DUTY_OFFICER
    posts = org.on_duty(role, common_path(paths), now=now)
    if not posts:  # nobody of that role is there: whoever else can act is told
        posts = org.on_duty(Role.DUTY_OFFICER if last else Role.COMMANDER, common_path(paths), now=now)

    def write(language: str) -> Text:
        counted = ngettext("{n} area", "{n} areas", len(paths)).format(n=len(paths))
        names = area_names(paths, language)
        if last:
            subject = _("NOT REACHED: {names}").format(names=names)
            body = _("{counted} not reached by any call or message. Send somebody. The calls go on.").format(
                counted=counted
            )
        else:
            subject = _("No answer yet: {names}").format(names=names)
            body = _("{counted} without an answer. Telephone them, and enter whom you reached.").format(counted=counted)
        return Text(subject, f"{_spoken(callout.texts, language).subject}\n{body}")

    _on_every_channel(kind, posts, write, callout, ("mail", "sms", "voice") if last else ("mail", "sms"), now)


def area_names(paths: Sequence[str], language: str) -> str:
    """Titles of areas, some of them by name and how many more there are."""
    shown = list(paths[:_NAMED_AT_MOST])
    found = [places.area(EVERYWHERE, path) for path in shown]
    words = [_title(area.title if area else {}, language, path) for path, area in zip(shown, found, strict=True)]
    if (more := len(paths) - len(shown)) > 0:
        words.append(ngettext("{n} more area", "{n} more areas", more).format(n=more))
    return _(", ").join(words)


def _on_every_channel(
    kind: str, posts: Sequence[PostLine], write: Callable[[str], Text], callout: CallOutRow, channels: Sequence[str],
    now: datetime,
) -> None:  # fmt: skip
    for channel in offered(channels):
        theirs = [post for post in posts if channel == "mail" or post.phone]
        if theirs or channel == "mail":
            tell_posts(kind, theirs, write, about=callout.id, level=callout.level, link=f"/console/callouts/{callout.id}",
                       exercise=callout.exercise, actor=RULE, now=now, channel=channel)  # fmt: skip


def _spoken(texts: Mapping[str, Mapping[str, str]], language: str) -> Spoken:
    found = texts.get(language) or texts.get("en") or next(iter(texts.values()), {})
    subject = found.get("subject", "")
    return Spoken(subject, found.get("speech") or subject, found.get("short") or subject)


def _title(title: Mapping[str, str], language: str, otherwise: str) -> str:
    return title.get(language) or title.get("en") or otherwise
