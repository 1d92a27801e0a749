"""WebSub: the feed to systems that asked for it (W3C WebSub, Recommendation of 2018), and a word to another hub that it has
changed. A letter's subject says which: ``verify`` asks a callback whether the wish is its own (5.3: the challenge must come
back), ``feed`` brings the feed, signed with the subscriber's secret (7 and 8). A plain address is a hub and gets a ping."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from tocsin.doors.channels.talks import Talks
from tocsin.doors.channels.webhook import outcome_of
from tocsin.doors.outward.client import Outward
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import BadForm, Unavailable

__all__ = ["WebSub"]

_FEED_TYPE = "application/atom+xml; charset=utf-8"


class WebSub:
    """The channel ``websub``. ``feed`` gives the feed as it is published now, ``topic`` is its address, ``hub`` ours."""

    name = "websub"

    def __init__(
        self, outward: Outward, feed: Callable[[], bytes], topic: str, hub: str, *, patience_s: float = 1.0
    ) -> None:
        self._outward, self._feed, self._topic, self._hub = outward, feed, topic, hub
        self.talks = Talks(self._post, target_of=_target, patience_s=patience_s)

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """As Channel says: no subscriber's silence is the channel's."""
        return self.talks.ask_all(letters)

    def _post(self, letter: Letter) -> Outcome:
        if letter.address.startswith(("https://", "http://")):
            return self._ping(letter)
        given = _read(letter.address)
        return self._verify(letter, given) if letter.subject == "verify" else self._bring(letter, given)

    def _ping(self, letter: Letter) -> Outcome:
        """As PubSubHubbub 0.4 hubs take it; WebSub leaves it to publisher and hub."""
        body = urlencode({"hub.mode": "publish", "hub.topic": self._topic, "hub.url": self._topic}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return outcome_of(letter, self._outward.call("POST", letter.address, headers=headers, content=body))

    def _verify(self, letter: Letter, given: dict[str, Any]) -> Outcome:
        asked = {"hub.mode": given["mode"], "hub.topic": given["topic"], "hub.challenge": given["challenge"]}
        if given["mode"] == "subscribe":
            asked["hub.lease_seconds"] = str(given["lease"])
        callback = given["callback"]
        answer = self._outward.call("GET", f"{callback}{'&' if '?' in callback else '?'}{urlencode(asked)}")
        if answer.status >= 500 or answer.status == 429:
            raise Unavailable("callback", f"answered {answer.status}", "it is asked again")
        if answer.ok and hmac.compare_digest(answer.body.strip(), given["challenge"].encode()):
            return Outcome(letter.key, True, "it meant it: the challenge came back")
        return Outcome(letter.key, False, f"{answer.status}: the challenge did not come back", final=True)

    def _bring(self, letter: Letter, given: dict[str, Any]) -> Outcome:
        try:
            body = self._feed()
        except OSError as error:
            raise Unavailable("feed", f"is not published yet ({error.strerror})", "it is sent once it is") from None
        headers = {"content-type": _FEED_TYPE, "link": f'<{self._hub}>; rel="hub", <{self._topic}>; rel="self"'}
        if given["secret"]:
            signed = hmac.new(given["secret"].encode(), body, hashlib.sha256).hexdigest()
            headers["x-hub-signature"] = f"sha256={signed}"
        return outcome_of(letter, self._outward.call("POST", given["callback"], headers=headers, content=body))


def _read(address: str) -> dict[str, Any]:
    try:
        given = json.loads(address)
        return {name: given[name] for name in ("callback", "secret", "topic", "mode", "lease", "challenge")}
    except (ValueError, KeyError, TypeError):
        raise BadForm("address", "is no subscription to the feed", "subscribe again") from None


def _target(letter: Letter) -> str:
    try:
        return str(json.loads(letter.address)["callback"])
    except (ValueError, KeyError, TypeError):
        return letter.address
