"""Bearer tokens (RFC 6750) of sources, verified against the observe room and remembered for a short while."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

from tocsin.terms.errors import NotAllowed

__all__ = ["TokenMemory", "bearer_of"]


def bearer_of(header: str) -> str:
    """The token of an Authorization header. Raises NotAllowed."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAllowed(
            "request",
            "needs `Authorization: Bearer <token>`",
            "send the token of your source; an operator makes one with `tocsin sources token SOURCE`",
        )
    return token.strip()


class TokenMemory:
    """Which source a token belongs to, asked of ``verify`` at most once in ``keep_s`` per token, so that a
    withdrawn token works at most that much longer. Keeps digests only, at most ``size`` of them."""

    def __init__(
        self,
        verify: Callable[[str], str | None],
        *,
        keep_s: float = 10.0,
        size: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verify, self._keep, self._size, self._clock = verify, keep_s, size, clock
        self._known: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def remembered(self, token: str) -> str | None:
        """The source, if this token was verified lately."""
        known = self._known.get(_digest(token))
        return known[1] if known and known[0] > self._clock() else None

    def source(self, token: str) -> str:
        """The source of the token. Raises NotAllowed. May read the database."""
        if source := self.remembered(token):
            return source
        source = self._verify(token)
        if source is None:
            raise NotAllowed("token", "is not known or was withdrawn", "ask an operator for a new one")
        digest = _digest(token)
        self._known[digest] = (self._clock() + self._keep, source)
        self._known.move_to_end(digest)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return source


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
