"""Telling posts: one short message to the mail of whoever holds a post, in that post's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.conf import settings
from django.utils import translation

from tocsin.records.dispatch import services
from tocsin.records.dispatch.message import Message, Recipient, Text
from tocsin.records.org.actor import Actor
from tocsin.records.org.services import PostLine

__all__ = ["LANGUAGES", "in_every_language", "recipients_of", "tell_posts"]

LANGUAGES = ("zh-hans", "en")


def in_every_language(write: Callable[[str], Text]) -> dict[str, Text]:
    """Texts made by ``write(language)``, with Django's translation set to each language in turn."""
    texts = {}
    for language in LANGUAGES:
        with translation.override(language):
            text = write(language)
            texts[language] = Text(str(text.subject), str(text.body))  # lazy words become words of this language
    return texts


def recipients_of(posts: Iterable[PostLine]) -> list[Recipient]:
    """Posts as recipients by mail; each once."""
    unique = {post.id: post for post in posts}
    return [Recipient(f"post:{p.id}", p.mail, p.language) for p in unique.values()]


def tell_posts(
    kind: str, posts: Iterable[PostLine], write: Callable[[str], Text], *, about: str, event: str = "", level: int = 0,
    link: str = "", not_after: datetime | None = None, exercise: bool = False, thread: str = "", actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Tell these posts; ``write(language)`` gives subject and body, to which the link is added. Inside a transaction.
    That there was nobody to tell is on the ledger too."""
    address = f"{settings.CONFIGURATION.public_address}{link}" if link else ""

    def complete(language: str) -> Text:
        text = write(language)
        return Text(text.subject, f"{text.body}\n\n{address}" if address else text.body)

    message = Message(kind, in_every_language(complete), about, event, level, not_after, link, exercise, thread)
    services.put(message, recipients_of(posts), channel="mail", actor=actor, now=now)
