"""Chat: letters to rooms of WeCom, DingTalk, Feishu, Slack, Matrix and others by apprise. An address is a name that the
deployment gave (``chats = ["duty=wecombot://..."]``): the token in the address of a room is a secret and never lies in a
table."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import apprise
import requests

from tocsin.doors.channels.talks import Talks
from tocsin.formats.sms import shown
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import BadValue, Unavailable

__all__ = ["Chat", "rooms_of"]

_ONLY_BY_BODY = ("wecombot", "dingtalk")  # answer 200 to what they refuse, and say so in the body alone
_TYPE = {4: apprise.NotifyType.FAILURE, 3: apprise.NotifyType.WARNING}
logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would write addresses with their tokens


class _Honest:
    """``requests`` for services that refuse with 200: apprise looks at the status alone, and a message over the service's limit
    would count as taken."""

    def post(self, *args: Any, **named: Any) -> requests.Response:
        """The answer, with the status that its body means."""
        answer = requests.post(*args, **named)  # noqa: S113 - apprise gives the timeout
        try:
            said = answer.json()
            code = said.get("errcode", 0)
        except (ValueError, AttributeError):
            return answer
        if answer.status_code == requests.codes.ok and code != 0:
            answer.status_code = 502
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)


for _name in _ONLY_BY_BODY:
    vars(import_module(f"apprise.plugins.{_name}"))["requests"] = _Honest()


def rooms_of(entries: Sequence[str]) -> dict[str, str]:
    """The setting ``chats``: ``name=address`` each. Raises BadValue for what apprise cannot read; never shows an address."""
    rooms = {}
    for entry in entries:
        name, equals, url = entry.partition("=")
        if not (equals and name.isidentifier() and apprise.Apprise().add(url)):
            raise BadValue(f"setting chats, entry {name[:40]!r}", "is not name=address of a known chat service",
                           "write for example duty=wecombot://KEY")  # fmt: skip
        rooms[name] = url
    return rooms


class Chat:
    """The channel ``chat``."""

    name = "chat"

    def __init__(self, rooms: Mapping[str, str], *, patience_s: float = 1.0) -> None:
        self._rooms = {}
        for name, url in rooms.items():
            self._rooms[name] = made = apprise.Apprise()
            made.add(url)
        self.talks = Talks(self._post, patience_s=patience_s)

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """As Channel says."""
        return self.talks.ask_all(letters)

    def _post(self, letter: Letter) -> Outcome:
        room = self._rooms.get(letter.address)
        if room is None:
            return Outcome(letter.key, False, "no chat room of this name in the setting chats", final=True)
        kind = _TYPE.get(letter.level, apprise.NotifyType.INFO)
        if not room.notify(body=shown(letter.body), title=shown(letter.subject), notify_type=kind,
                           body_format=apprise.NotifyFormat.TEXT):  # fmt: skip
            raise Unavailable(f"chat room {letter.address}", "did not take it", "see the service's own log")
        return Outcome(letter.key, True, "taken by the chat service")
