"""The client: one request, one bounded answer. Time in all, size and addresses are limited whatever the other side does: a
server that answers one byte every four seconds ends at the same moment as one that says nothing.
"""

from __future__ import annotations

import contextvars
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore

from tocsin.doors.outward.guard import Guard
from tocsin.terms.errors import BadValue, TooBig, Unavailable

__all__ = ["Answer", "Outward"]

TIMEOUT_S = 10.0
AT_MOST_BYTES = 1 << 20
CONNECTIONS = 32
_ends: contextvars.ContextVar[float] = contextvars.ContextVar("outward_ends")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. Header names are in lower case; of a name that came twice the last is kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300


class Outward:
    """Calls other servers. Certificates are always verified (``ca``: a file of further ones to trust); redirects are not
    followed, they come back as answers."""

    def __init__(
        self, guard: Guard | None = None, *, timeout_s: float = TIMEOUT_S, at_most_bytes: int = AT_MOST_BYTES, ca: str = "",
    ) -> None:  # fmt: skip
        self.guard = guard or Guard()
        self._timeout_s, self._at_most = timeout_s, at_most_bytes
        trust = ssl.create_default_context()
        if ca:
            trust.load_verify_locations(ca)
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust, max_connections=CONNECTIONS, keepalive_expiry=20.0, network_backend=_Guarded(self.guard)
        )

    def call(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b"",
    ) -> Answer:  # fmt: skip
        """One request. Raises BadValue for an address that must not be called, TooBig for an answer over the limit,
        Unavailable when no whole answer came in time."""
        self.guard.require_url(url)
        sent = {"user-agent": "tocsin", "accept-encoding": "identity"} | {
            k.lower(): v for k, v in (headers or {}).items()
        }
        token = _ends.set(time.monotonic() + self._timeout_s)
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)
        try:
            with self._pool.stream(
                method, url, headers=[(k.encode("ascii"), v.encode("latin-1")) for k, v in sent.items()],
                content=content or None, extensions={"timeout": limits},
            ) as response:  # fmt: skip
                body = self._bounded(url, response.iter_stream())
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise Unavailable(_host(url), f"gave no answer within {self._timeout_s:g} s", "try again later") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError, UnicodeError,
                ValueError) as error:  # fmt: skip
            raise Unavailable(_host(url), f"does not answer ({error or type(error).__name__})",
                              "see that the address is right and the server runs") from error  # fmt: skip
        finally:
            _ends.reset(token)
        found = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers}
        return Answer(response.status, found, body)

    def close(self) -> None:
        """Let all connections go."""
        self._pool.close()

    def _bounded(self, url: str, parts: Iterable[bytes]) -> bytes:
        body = bytearray()
        for part in parts:
            body += part
            if len(body) > self._at_most:
                raise TooBig(_host(url), f"answered with more than {self._at_most} bytes", "ask for less")
        return bytes(body)


class _Guarded(httpcore.NetworkBackend):
    """Connects only to addresses that the guard has judged."""

    def __init__(self, guard: Guard) -> None:
        self._guard, self._real = guard, httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        try:
            addresses = self._guard.addresses(host, port)
        except BadValue:
            raise
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        failed: Exception | None = None
        for address in addresses[:4]:
            try:
                return _Timed(self._real.connect_tcp(address, port, _left(), local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError(f"{host} has no address")

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise httpcore.UnsupportedProtocol("sockets of this machine are not called")

    def sleep(self, seconds: float) -> None:
        self._real.sleep(min(seconds, _left()))


class _Timed(httpcore.NetworkStream):
    """A stream on which every wait ends with the call."""

    def __init__(self, real: httpcore.NetworkStream) -> None:
        self._real = real

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._real.read(max_bytes, _left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._real.write(buffer, _left())

    def close(self) -> None:
        self._real.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._real.start_tls(ssl_context, server_hostname, _left()))

    def get_extra_info(self, info: str) -> Any:
        return self._real.get_extra_info(info)


def _left() -> float:
    """Seconds until the running call ends."""
    left = _ends.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the call took too long")
    return left


def _host(url: str) -> str:
    return f"server {url.split('/', 3)[2].rpartition('@')[2][:200]}" if url.count("/") >= 2 else "server"
