"""Webhook: a letter as a signed JSON body to another system's address (Standard Webhooks 1.0: webhook-id,
webhook-timestamp, webhook-signature).

The secret of a target is derived from the deployment's key and the target's address, so that none is stored with the target
and no target can sign for another. 2xx is accepted; 410 and 404 mean for good; everything else is tried again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence

from tocsin.doors.channels.talks import Talks
from tocsin.doors.outward.client import Answer, Outward
from tocsin.records import clock
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.moment import to_us

__all__ = ["PREFIX", "Webhook", "outcome_of", "secret_of", "signature"]

PREFIX = "whsec_"
_GONE = (404, 410)


class Webhook:
    """The channel ``webhook``. ``keys``: the deployment's keys, the newest first; each body carries one signature a key,
    so that a target takes old and new while keys are changed."""

    name = "webhook"

    def __init__(
        self,
        outward: Outward,
        keys: Sequence[bytes],
        *,
        now_s: Callable[[], int] | None = None,
        patience_s: float = 1.0,
    ) -> None:
        if not keys:
            raise ValueError("a webhook is signed with at least one key")
        self._outward, self._keys = outward, tuple(keys)
        self._now_s = now_s or (lambda: to_us(clock.now()) // 1_000_000)
        self.talks = Talks(self._post, patience_s=patience_s)

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """As Channel says: no target's silence is the channel's."""
        return self.talks.ask_all(letters)

    def _post(self, letter: Letter) -> Outcome:
        document = as_document(letter) | {"receipt": letter.receipt}
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        stamp = str(self._now_s())
        signed = " ".join(signature(secret_of(key, letter.address), letter.key, stamp, body) for key in self._keys)
        headers = {"content-type": "application/json", "webhook-id": letter.key, "webhook-timestamp": stamp,
                   "webhook-signature": signed}  # fmt: skip
        return outcome_of(letter, self._outward.call("POST", letter.address, headers=headers, content=body))


def as_document(letter: Letter) -> dict[str, object]:
    """What the other system reads; ``id`` is the same at every attempt, so that it can drop repeats."""
    return {"type": "tocsin.message", "id": letter.key, "subject": letter.subject, "body": letter.body,
            "language": letter.language, "level": letter.level, "exercise": letter.exercise, "link": letter.link}  # fmt: skip


def secret_of(key: bytes, address: str) -> bytes:
    """The secret that a target shares with us: HMAC-SHA256 of its address under the deployment's key."""
    return hmac.new(key, b"tocsin webhook\0" + address.encode(), hashlib.sha256).digest()


def signature(secret: bytes, key: str, stamp: str, body: bytes) -> str:
    """One entry of ``webhook-signature``: version and base64 of the HMAC-SHA256 over id, timestamp and body."""
    digest = hmac.new(secret, f"{key}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def outcome_of(letter: Letter, answer: Answer) -> Outcome:
    """What an HTTP answer says of a letter."""
    said = f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}".strip()
    return Outcome(letter.key, answer.ok, said, final=answer.status in _GONE)
