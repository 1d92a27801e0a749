"""Release: the channel to the official release platform of the authority above. The body is the signed CAP message itself,
byte for byte; who we are is proven by a header of the deployment and by the signature of webhooks over the body. The answer is
JSON with the platform's receipt number, at the place that the deployment declares.

Nothing here is final: a message is tried until it expires, since what a platform refuses today it may take once it was told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tocsin.doors.channels.platform import Platform
from tocsin.doors.channels.webhook import secret_of, signature
from tocsin.doors.outward.client import Outward
from tocsin.loop.warn import queries as warnings
from tocsin.records import clock
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.records.release import queries, services
from tocsin.terms.errors import BadValue, TocsinError, Unavailable
from tocsin.terms.moment import to_us

__all__ = ["Release"]

MEDIA = "application/cap+xml"


class Release:
    """The channel ``release``. ``keys``: the deployment's, the newest first; each body carries one signature a key."""

    name = services.CHANNEL

    def __init__(
        self, outward: Outward, platform: Platform, keys: Sequence[bytes], *, now_s: Callable[[], int] | None = None
    ) -> None:
        outward.guard.require_url(platform.url)
        self._outward, self._platform, self._keys = outward, platform, tuple(keys)
        self._now_s = now_s or (lambda: to_us(clock.now()) // 1_000_000)

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """As Channel says; the platform's silence is the channel's."""
        return [self._hand_over(letter) for letter in letters]

    def _hand_over(self, letter: Letter) -> Outcome:
        warning = letter.address
        if before := queries.waits_for(warning, now=clock.now()):
            return Outcome(letter.key, False, f"waits for the receipt of {before}, which it follows")
        try:
            document = warnings.alert(warning).document
            answer = self._outward.call(
                "POST", self._platform.url, headers=self._headers(warning, document), content=document
            )
        except Unavailable:
            raise
        except TocsinError as error:
            return Outcome(letter.key, False, str(error)[:300])
        said = f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}".strip()
        number = self._platform.number_in(answer) if answer.ok else ""
        if not number:
            return Outcome(letter.key, False, f"no receipt number: {said}" if answer.ok else said)
        try:
            services.note_receipt(warning, number, now=clock.now())
        except BadValue as error:
            return Outcome(letter.key, False, str(error)[:300])
        return Outcome(letter.key, True, f"receipt {number}")

    def _headers(self, warning: str, document: bytes) -> dict[str, str]:
        stamp = str(self._now_s())
        signed = " ".join(signature(secret_of(key, self._platform.url), warning, stamp, document) for key in self._keys)
        name, _colon, value = self._platform.header.partition(":")
        proof = {name.strip(): value.strip()} if name else {}
        return {"content-type": MEDIA, "accept": "application/json", "webhook-id": warning, "webhook-timestamp": stamp,
                "webhook-signature": signed, "idempotency-key": warning} | proof  # fmt: skip
