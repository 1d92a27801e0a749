"""Facts that warn gives. ``jurisdiction`` is the lowest that holds all areas of the warning; ``event`` "" where it has none."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = [
    "WarningCancelled", "WarningDrafted", "WarningExpired", "WarningExpiring", "WarningIssued", "WarningReleased",
    "WarningReturned", "WarningSigned", "WarningStale", "WarningSubmitted", "WarningUnanswered", "WarningUncountersigned",
    "WarningUnsigned", "WarningUpdated",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _OfWarning:
    warning: str
    event: str
    hazard: str
    level: int
    jurisdiction: str
    exercise: bool
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class WarningDrafted(_OfWarning):
    """Somebody began to write it."""


@fact
@dataclass(frozen=True, slots=True)
class WarningSubmitted(_OfWarning):
    """It waits for a second person to sign it."""


@fact
@dataclass(frozen=True, slots=True)
class WarningUnsigned(_OfWarning):
    """It has waited too long for a signature; told once for each submission."""


@fact
@dataclass(frozen=True, slots=True)
class WarningReturned(_OfWarning):
    """The second person sent it back with a reason."""


@fact
@dataclass(frozen=True, slots=True)
class WarningSigned(_OfWarning):
    """A second person signed it; one of the next three goes with it."""


@fact
@dataclass(frozen=True, slots=True)
class WarningIssued(_OfWarning):
    """A first message is in force."""


@dataclass(frozen=True, slots=True)
class _OfLaterMessage(_OfWarning):
    predecessor: str


@fact
@dataclass(frozen=True, slots=True)
class WarningUpdated(_OfLaterMessage):
    """It is in force instead of ``predecessor``; ``level`` is the new one."""


@fact
@dataclass(frozen=True, slots=True)
class WarningCancelled(_OfLaterMessage):
    """It ended ``predecessor``; ``warning`` is the message that says so."""


@fact
@dataclass(frozen=True, slots=True)
class WarningExpiring(_OfWarning):
    """It will soon be over, told once. ``at_us`` is when."""


@fact
@dataclass(frozen=True, slots=True)
class WarningStale(_OfWarning):
    """It has stood for long without an update; somebody should say whether it still holds."""


@fact
@dataclass(frozen=True, slots=True)
class WarningUnanswered(_OfWarning):
    """Nobody has said whether it must go on, though its keepers were asked. Told once a question."""


@fact
@dataclass(frozen=True, slots=True)
class WarningReleased(_OfWarning):
    """A duty officer released it from a message signed in advance. ``at_us``: until when a signer must countersign."""


@fact
@dataclass(frozen=True, slots=True)
class WarningUncountersigned(_OfWarning):
    """Nobody countersigned it in time; it is withdrawn where it still held."""


@fact
@dataclass(frozen=True, slots=True)
class WarningExpired(_OfWarning):
    """Its time is over, told once. That is no all-clear."""
