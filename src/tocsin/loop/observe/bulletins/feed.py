"""A feed as somebody declares it: where it is, how often it is asked, whom and what it may speak for. Pure."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from tocsin.formats.cap import Pin

__all__ = ["Feed", "PinnedCertificate", "Sender", "Speaks", "pins_of"]


@dataclass(frozen=True, slots=True)
class PinnedCertificate:
    """``pem`` of a certificate; ``subject``: the one name to which it may issue, where it is an authority."""

    pem: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender of messages whom the feed carries. ``delegates``: other senders who may update or cancel its messages."""

    name: str
    pins: tuple[PinnedCertificate, ...] = ()
    delegates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Speaks:
    """What messages are evidence of: a hazard type of ours, in these jurisdictions and below ("" = everywhere), where ``event``
    is one of ``events`` (``NAME=VALUE`` is an eventCode, ``*`` every event)."""

    hazard: str
    events: tuple[str, ...]
    jurisdictions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """One declaration. Times in seconds; ``silent_after_s`` 0: saying nothing new means nothing. ``holds_for_s``: how long a
    message without expires holds. ``kept_mb``: bytes of messages that are kept. ``signature``: ``require`` holds back what is
    not verified, ``show`` only marks it. ``gone_ends``: a message that leaves the feed is over (rule 73: usually not)."""

    id: str
    title: Mapping[str, str]
    address: str
    senders: tuple[Sender, ...]
    speaks: tuple[Speaks, ...]
    every_s: int = 60
    fails_after_s: int = 900
    silent_after_s: int = 0
    holds_for_s: int = 86_400
    kept_mb: int = 256
    signature: str = "show"
    relay: bool = False
    gone_ends: bool = False

    @property
    def holds_for(self) -> timedelta:
        """How long a message without expires holds."""
        return timedelta(seconds=self.holds_for_s)

    @property
    def jurisdictions(self) -> tuple[str, ...]:
        """Everywhere it speaks of anything."""
        return tuple(dict.fromkeys(path for part in self.speaks for path in part.jurisdictions))

    @property
    def documents(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """``speaks`` and ``senders`` for JSON."""
        return [asdict(part) for part in self.speaks], [asdict(sender) for sender in self.senders]


@functools.lru_cache(maxsize=256)
def _pin(certificate: PinnedCertificate) -> Pin:
    return Pin.of(certificate.pem.encode(), certificate.subject)


def pins_of(senders: Sequence[Sender]) -> dict[str, list[Pin]]:
    """The pins by sender. Raises BadForm or BadValue for what is no certificate, or no authority where one must be."""
    return {sender.name: [_pin(certificate) for certificate in sender.pins] for sender in senders}
