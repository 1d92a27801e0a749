"""A post office for tests: a real SMTP server (aiosmtpd) on loopback that can refuse, put off, break and be closed."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

__all__ = ["PostOffice"]

logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it tells of every line, and of every client that hangs up


class PostOffice:
    """Keeps what it takes, in order. Answers by address; ``breaks_after`` so many letters it hangs up without a word."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        self.raw: list[bytes] = []
        self.answers: dict[str, str] = {}
        self.first_answers: dict[str, str] = {}  # only to the first attempt
        self.sender_answer = ""
        self.breaks_after: int | None = None
        self.breaks_at: set[str] = set()
        self.connections = 0
        self.pause_s = 0.0  # how long it takes over each letter
        self.at_each: Callable[[str, EmailMessage], None] = lambda address, letter: None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._tls, self._starttls = tls, starttls
        self._is_open = False
        self.controller = self._made()

    def open(self) -> None:
        self.controller = self._made()
        self.controller.start()
        self._is_open = True
        self.connections = 0  # starting makes one of its own

    def close(self) -> None:
        if self._is_open:
            self.controller.stop(no_assert=True)
        self._is_open = False

    def to(self, address: str) -> list[EmailMessage]:
        return [letter for to, letter in self.letters if to == address]

    def _made(self) -> Controller:
        named = {"hostname": "127.0.0.1", "port": self.port, "enable_SMTPUTF8": True}
        if self._starttls is not None:
            named |= {"tls_context": self._starttls}
        return _Controller(_Counter(self), ssl_context=self._tls, **named)  # type: ignore[arg-type]


class _Controller(Controller):
    def factory(self) -> SMTP:
        self.handler.office.connections += 1
        return super().factory()  # type: ignore[no-any-return]


class _Counter:
    def __init__(self, office: PostOffice) -> None:
        self.office = office

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.office.sender_answer:
            return self.office.sender_answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in self.office.first_answers:
            return self.office.first_answers.pop(address)
        if address in self.office.answers:
            return self.office.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        office = self.office
        if set(envelope.rcpt_tos) & office.breaks_at or office.breaks_after == 0:
            server.transport.abort()
            return "421 gone"
        if office.breaks_after is not None:
            office.breaks_after -= 1
        letter = cast(EmailMessage, message_from_bytes(envelope.content, policy=policy.default))
        office.raw.append(envelope.content)
        for address in envelope.rcpt_tos:
            office.at_each(address, letter)
        office.letters += [(address, letter) for address in envelope.rcpt_tos]
        if office.pause_s:
            await asyncio.sleep(office.pause_s)
        return f"250 taken as {len(office.letters)}"
