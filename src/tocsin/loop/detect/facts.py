"""Facts that detect gives. Moments are event time, microseconds since 1970 UTC."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = [
    "EventChanged", "EventEnded", "EventMerged", "EventOpened", "EventProposed", "ShadowAdded", "ShadowPromoted",
    "ShadowWithdrawn", "SignalChanged", "SignalCleared", "SignalConfirmed", "SignalRaised", "SignalRetracted",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _OfSignal:
    signal: str
    rule: str
    hazard: str
    subject_kind: str
    subject_key: str
    level: int
    previous: int
    at_us: int
    quality: bool
    silence: bool  # its rule judged silence: the subject has no data, which is not the same as normal
    finality: str = "final"  # of the transition: provisional = late data may still amend it


@fact
@dataclass(frozen=True, slots=True)
class SignalRaised(_OfSignal):
    """A condition began to hold."""


@fact
@dataclass(frozen=True, slots=True)
class SignalChanged(_OfSignal):
    """A held condition went to another level."""


@fact
@dataclass(frozen=True, slots=True)
class SignalConfirmed(_OfSignal):
    """What had been raised provisionally is final, at this level."""


@fact
@dataclass(frozen=True, slots=True)
class SignalRetracted(_OfSignal):
    """What had been raised provisionally was not borne out by the late data: the signal never was."""


@fact
@dataclass(frozen=True, slots=True)
class SignalCleared(_OfSignal):
    """A condition no longer holds."""


@dataclass(frozen=True, slots=True)
class _OfEvent:
    event: str
    hazard: str
    level: int
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class EventProposed(_OfEvent):
    """A cascade expects this event; nothing of it was observed yet."""


@fact
@dataclass(frozen=True, slots=True)
class EventOpened(_OfEvent):
    """Something is happening there."""


@fact
@dataclass(frozen=True, slots=True)
class EventChanged(_OfEvent):
    """Its level, extent or members changed."""


@fact
@dataclass(frozen=True, slots=True)
class EventMerged(_OfEvent):
    """It was found to be one with ``into``, which lives on."""

    into: str


@fact
@dataclass(frozen=True, slots=True)
class EventEnded(_OfEvent):
    """All its signals cleared and the gap has passed."""


@dataclass(frozen=True, slots=True)
class _OfShadow:
    shadow: str
    pack: str
    version: str


@fact
@dataclass(frozen=True, slots=True)
class ShadowAdded(_OfShadow):
    """A rule version judges in the shadow: it warns nobody."""


@fact
@dataclass(frozen=True, slots=True)
class ShadowPromoted(_OfShadow):
    """An analyst put it in force; the next RULES record of the log says so."""


@fact
@dataclass(frozen=True, slots=True)
class ShadowWithdrawn(_OfShadow):
    """It ended without coming in force."""
