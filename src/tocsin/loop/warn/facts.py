"""Facts that warn gives. ``jurisdiction`` is the lowest that holds all areas of the warning; ``event`` "" where it has none."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = [
    "WarningCancelled", "WarningDrafted", "WarningExpired", "WarningExpiring", "WarningIssued", "WarningReturned",
    "WarningSigned", "WarningSubmitted", "WarningUnsigned", "WarningUpdated",
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
class WarningExpired(_OfWarning):
    """Its time is over, told once. That is no all-clear."""
