"""Gateways: short messages and voice calls by a service that takes HTTP requests, whatever its form: the deployment says
how a request looks (``gateway_request``).

2xx is accepted; 400, 404, 410 and 422 speak of this number and are final; everything else is tried again. A gateway that
answers nobody is down as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tocsin.doors.channels.gateway_request import GatewayRequest
from tocsin.doors.outward.client import Outward
from tocsin.formats.addresses import TELEPHONE
from tocsin.formats.sms import shown
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import TocsinError, Unavailable

__all__ = ["Gateway"]

SIDE_BY_SIDE = 8
_FINAL = (400, 404, 410, 422)


class Gateway:
    """A channel over a gateway. ``name``: ``sms`` or ``voice``."""

    def __init__(self, name: str, outward: Outward, request: GatewayRequest) -> None:
        outward.guard.require_url(request.url)
        self.name, self._outward, self._request = name, outward, request
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix=name)

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """As Channel says."""
        said = list(self._pool.map(self._hand_over, letters))
        down = next((one for one in said if isinstance(one, Unavailable)), None)
        if down is not None and not any(isinstance(one, Outcome) for one in said):
            raise Unavailable(f"channel {self.name}", f"{down.thing} {down.rule}", down.remedy)
        return [one if isinstance(one, Outcome) else Outcome(letter.key, False, str(one)[:300])
                for one, letter in zip(said, letters, strict=True)]  # fmt: skip

    def close(self) -> None:
        """Take nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _hand_over(self, letter: Letter) -> Outcome | TocsinError:
        if not TELEPHONE.fullmatch(letter.address):
            return Outcome(letter.key, False, "not a telephone number with country code", final=True)
        values = {"to": letter.address, "text": shown(letter.body), "key": letter.key, "language": letter.language,
                  "level": str(letter.level), "receipt": letter.receipt}  # fmt: skip
        try:
            answer = self._outward.call(
                "POST", self._request.url, headers=self._request.headers, content=self._request.filled(values)
            )
        except TocsinError as error:
            return error
        said = f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}".strip()
        return Outcome(letter.key, answer.ok, said, final=answer.status in _FINAL)
