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


class _OverflowError(Exception):
    """More bytes than announced or allowed."""


class BodyLimit:
    """Wraps an ASGI application: a request body over ``limit`` bytes is answered 413, whether its length was announced
    or it came in pieces."""

    def __init__(self, application: Application, limit: int) -> None:
        self._application, self._limit = application, limit

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if _announced(scope) > self._limit:
            await self._refuse(send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise _OverflowError
            return message

        try:
            await self._application(scope, counted, send)
        except _OverflowError:  # Django reads all of the body before it answers, so nothing was sent yet
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        error = TooBig("request body", f"at most {self._limit} bytes", "send smaller batches, 10,000 rows each")
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": problem_body(error)})


def _announced(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0
