"""Telling posts: one short message to the mail (or telephone) of a post, in that post's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.conf import settings
from django.utils import translation

from tocsin.records.dispatch import services
from tocsin.records.dispatch.message import Message, Recipient, Text
from tocsin.records.org.actor import Actor
from tocsin.records.org.services import PostLine

__all__ = ["LANGUAGES", "in_every_language", "offered", "recipients_of", "tell_posts"]

LANGUAGES = ("zh-hans", "en")


def in_every_language(write: Callable[[str], Text]) -> dict[str, Text]:
    """Texts made by ``write(language)``, with Django's translation set to each language in turn."""
    texts = {}
    for language in LANGUAGES:
        with translation.override(language):
            text = write(language)
            texts[language] = Text(str(text.subject), str(text.body))  # lazy words become words of this language
    return texts


def recipients_of(posts: Iterable[PostLine], channel: str = "mail") -> list[Recipient]:
    """Posts as recipients by mail, or by ``sms`` and ``voice`` at their telephone; each once."""
    unique = {post.id: post for post in posts}
    return [Recipient(f"post:{p.id}", p.mail if channel == "mail" else p.phone, p.language) for p in unique.values()]


def offered(channels: Iterable[str]) -> list[str]:
    """Those of these channels that the deployment has; mail always: what is put on it waits until there is a server."""
    configuration = settings.CONFIGURATION
    gateways = {"sms": configuration.sms_gateway or configuration.smpp, "voice": configuration.voice_gateway}
    return [channel for channel in channels if gateways.get(channel, "mail")]


def tell_posts(
    kind: str, posts: Iterable[PostLine], write: Callable[[str], Text], *, about: str, event: str = "", level: int = 0,
    link: str = "", not_after: datetime | None = None, exercise: bool = False, thread: str = "", actor: Actor, now: datetime,
    channel: str = "mail", asks: bool = False,
) -> list[str]:  # fmt: skip
    """Tell these posts; ``write(language)`` gives subject and body, to which the link is added (a short message and a call
    say the subject). ``asks``: each says that they have it. The ids of the dispatches. Inside a transaction. That there was
    nobody to tell is on the ledger too."""
    address = f"{settings.CONFIGURATION.public_address}{link}" if link else ""

    def complete(language: str) -> Text:
        text = write(language)
        if channel in ("sms", "voice"):
            return Text(text.subject, text.subject)
        return Text(text.subject, f"{text.body}\n\n{address}" if address else text.body)

    message = Message(kind, in_every_language(complete), about, event, level, not_after, link, exercise, thread, asks)
    return services.put(message, recipients_of(posts, channel), channel=channel, actor=actor, now=now)
