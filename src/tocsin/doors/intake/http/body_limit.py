"""An ASGI layer that refuses a gigantic body before anything has stored it.

Django spools a request's whole body to disk before a view sees its headers, so the limit must stand in front of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tocsin.doors.api.problems import MEDIA_TYPE, problem_body
from tocsin.terms.errors import TooBig

__all__ = ["Application", "BodyLimit"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Page = Callable[[MutableMapping[str, Any], int], bytes]
_PAGE_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'"),
]  # fmt: skip
_TAKEN_FOR_A_PAGE = 8  # times the limit: a browser shows our answer only when all that it sends was taken


class _OverflowError(Exception):
    """More bytes than announced or allowed."""


class BodyLimit:
    """Wraps an ASGI application: a request body over ``limit`` bytes is answered 413, whether its length was announced
    or it came in pieces. A browser (it accepts HTML) is answered with ``page(scope, limit)``, once what it sends was taken and
    thrown away; a program with a problem document, at once."""

    def __init__(self, application: Application, limit: int, page: Page | None = None) -> None:
        self._application, self._limit, self._page = application, limit, page

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if _announced(scope) > self._limit:
            await self._refuse(scope, receive, send)
            return
        taken, more = 0, True

        async def counted() -> Message:
            nonlocal taken, more
            message = await receive()
            taken, more = taken + len(message.get("body", b"")), bool(message.get("more_body", False))
            if taken > self._limit:
                raise _OverflowError
            return message

        try:
            await self._application(scope, counted, send)
        except _OverflowError:  # Django reads all of the body before it answers, so nothing was sent yet
            await self._refuse(scope, receive, send, more=more)

    async def _refuse(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send, *, more: bool = True
    ) -> None:
        if self._page is not None and _reads_pages(scope) and (not more or await self._taken(receive)):
            await send({"type": "http.response.start", "status": 413, "headers": _PAGE_HEADERS})
            await send({"type": "http.response.body", "body": self._page(scope, self._limit)})
            return
        error = TooBig("request body", f"at most {self._limit} bytes", "send smaller batches, 10,000 rows each")
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": problem_body(error)})

    async def _taken(self, receive: Receive) -> bool:
        """Whether the rest of the body ended within reason, and the browser is still there."""
        taken = 0
        while taken <= self._limit * _TAKEN_FOR_A_PAGE:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            taken += len(message.get("body", b""))
            if not message.get("more_body", False):
                return True
        return False


def _reads_pages(scope: MutableMapping[str, Any]) -> bool:
    accepted = [value for name, value in scope["headers"] if name.lower() == b"accept"]
    return any(b"text/html" in value for value in accepted)


def _announced(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0
