"""Facts that bulletins give."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["AlertAnswered", "BulletinEnded", "BulletinReceived", "FeedFellSilent", "FeedWasHeard"]


@fact
@dataclass(frozen=True, slots=True)
class BulletinReceived:
    """Another authority's warning is in force. ``hazards`` that its feed may speak for and ``level`` as we understand them;
    ``status`` as in CAP: all but Actual is no warning."""

    bulletin: str
    status: str
    hazards: tuple[str, ...]
    level: int
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class BulletinEnded:
    """A bulletin that was in force was replaced or cancelled by ``by`` ("": it left its feed)."""

    bulletin: str
    state: str
    by: str
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class AlertAnswered:
    """Somebody answered a message of ours (``identifier``, ``sent_us`` as they cite it): ``kind`` Ack or Error."""

    bulletin: str
    identifier: str
    sent_us: int
    kind: str
    by: str
    note: str
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class FeedFellSilent:
    """A feed fails, or says nothing new, for longer than it may. ``what``: failing or silent."""

    feed: str
    what: str
    since_us: int


@fact
@dataclass(frozen=True, slots=True)
class FeedWasHeard:
    """A feed that failed or was silent is heard again."""

    feed: str
    at_us: int
