"""The demo's post office: a real SMTP server on loopback that keeps what arrives, so that mail in the demo is mail."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

__all__ = ["Mailbox"]

KEPT = 5000  # letters; a demo sends some hundreds


class Mailbox:
    """Listens on a free port of 127.0.0.1 between ``start`` and ``stop``."""

    def __init__(self, port: int) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        self._controller = Controller(_Keeper(self.letters), hostname="127.0.0.1", port=port)
        self.address = f"smtp://127.0.0.1:{port}"

    def start(self) -> None:
        """Begin to take mail."""
        self._controller.start()

    def stop(self) -> None:
        """Take no more."""
        self._controller.stop(no_assert=True)

    def received(self) -> Counter[str]:
        """How many letters each address has."""
        return Counter(address for address, _ in self.letters)


class _Keeper:
    def __init__(self, letters: list[tuple[str, EmailMessage]]) -> None:
        self._letters = letters

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        letter = message_from_bytes(envelope.content, policy=policy.default)
        if len(self._letters) < KEPT:
            self._letters += [(address, letter) for address in envelope.rcpt_tos]
        return "250 Message accepted for delivery"
