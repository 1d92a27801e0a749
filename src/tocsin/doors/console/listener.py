"""Listener: who listens to the live stream, and whether they still may.

A stream is open for hours, so the question is asked again at every heartbeat: the session must still be there and unexpired,
its account must still hold the post, and the role must still be one that reads events.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from tocsin.doors.access import POST_KEY
from tocsin.records import clock
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import NotAllowed

__all__ = ["Listener", "listener_of"]


@dataclass(frozen=True, slots=True)
class Listener:
    """A session and the actor that it was when the stream was opened."""

    session_key: str
    actor: Actor

    def still_may(self) -> bool:
        """Whether the session lasts and stands for the same actor as before. Asks the database."""
        try:
            return _actor(self.session_key) == self.actor
        except NotAllowed:
            return False


def listener_of(request: HttpRequest) -> Listener | None:
    """The listener of a request; None where nobody is logged in. Raises NotAllowed where who is may not listen."""
    key = request.session.session_key
    actor = _actor(key) if key else None
    return Listener(key, actor) if key and actor else None


def _actor(session_key: str) -> Actor | None:
    probe = HttpRequest()
    probe.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    account = get_user(probe)  # also compares the session with the password: one that was changed ends the others
    if not account.is_authenticated:
        return None
    if getattr(account, "must_change_password", False):
        raise NotAllowed("live stream", "the one-time password was not changed yet", "open any page and change it")
    actor = org.actor_of(str(account.pk), probe.session.get(POST_KEY, ""), now=clock.now())
    actor.require(Act.READ_EVENTS)
    return actor
