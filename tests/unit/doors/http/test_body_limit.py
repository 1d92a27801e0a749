"""A gigantic body is refused before anything stores it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tocsin.doors.intake.http.body_limit import BodyLimit


async def reads_all(scope: Any, receive: Any, send: Any) -> None:
    """An application that, like Django, takes the whole body before it answers."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


def post(pieces: list[bytes], headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes, int]:
    """Status, body, and how many pieces were taken from the wire."""
    sent: list[dict[str, Any]] = []
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": pieces[taken - 1], "more_body": taken < len(pieces)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(BodyLimit(reads_all, 100)({"type": "http", "headers": headers}, receive, send))
    return sent[0]["status"], sent[1]["body"], taken


def test_a_body_within_the_limit_passes() -> None:
    assert post([b"x" * 60, b"x" * 40], [])[:2] == (200, b"100")


def test_an_announced_gigantic_body_is_not_read_at_all() -> None:
    status, body, taken = post([b"x"], [(b"content-length", b"101")])
    assert (status, taken) == (413, 0)
    assert json.loads(body)["type"] == "urn:tocsin:problem:too_big"


def test_a_gigantic_body_in_pieces_is_cut_off() -> None:
    status, _, taken = post([b"x" * 60] * 10, [])
    assert (status, taken) == (413, 2)


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_other_scopes_pass_untouched(kind: str) -> None:
    seen = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(BodyLimit(application, 1)({"type": kind}, None, None))  # type: ignore[arg-type]
    assert seen == [kind]


def post_a_form(
    pieces: list[bytes], headers: list[tuple[bytes, bytes]], *, stays: bool = True
) -> tuple[int, bytes, int]:
    """What a browser is answered; ``stays``: it does not go away before it has sent everything."""
    sent: list[dict[str, Any]] = []
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages[-1]["more_body"] = False
    if not stays:
        messages[-1] = {"type": "http.disconnect"}
    taken = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(taken)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    door = BodyLimit(reads_all, 100, lambda scope, limit: f"<p>{limit}</p>".encode())
    accepted = [(b"accept", b"text/html,application/xhtml+xml"), *headers]
    asyncio.run(door({"type": "http", "headers": accepted}, receive, send))
    return sent[0]["status"], sent[1]["body"], sum(1 for _left in taken)


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"480")]])
def test_a_browser_is_answered_with_a_page_once_it_has_sent_everything(headers: list[tuple[bytes, bytes]]) -> None:
    assert post_a_form([b"x" * 60] * 8, headers) == (413, b"<p>100</p>", 0)
    assert post_a_form([b"x" * 101], [])[1] == b"<p>100</p>"  # nothing is left to be taken


def test_a_browser_that_goes_on_without_end_or_goes_away_is_not_waited_for() -> None:
    status, body, left = post_a_form([b"x" * 60] * 40, [])
    assert (status, json.loads(body)["type"]) == (413, "urn:tocsin:problem:too_big")
    assert left > 20
    assert post_a_form([b"x" * 60] * 4, [], stays=False)[0] == 413
