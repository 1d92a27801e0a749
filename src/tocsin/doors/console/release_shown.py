"""Releases as pages show them: the receipt number of the official platform, or since when it is missing."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.doors.console.frame import Frame
from tocsin.records.org.roles import Act
from tocsin.records.release import queries
from tocsin.terms.moment import from_us, to_us

__all__ = ["ReleaseOnPage", "missing_releases", "release_of"]


@dataclass(frozen=True, slots=True)
class ReleaseOnPage:
    """``late``: there is no receipt and there should be one; ``said``: what went wrong last."""

    warning: str
    level: int
    receipt: str
    received_us: int | None
    asked_us: int
    late: bool
    said: str


def release_of(warning: str, frame: Frame) -> ReleaseOnPage | None:
    """The release of a message; None where the deployment has no official platform."""
    line = queries.of_warning(frame.scope, warning)
    return None if line is None else _shown(line, frame)


def missing_releases(frame: Frame) -> list[ReleaseOnPage]:
    """What the duty page pins: signed messages that the platform has not receipted, the longest waiting first."""
    if not frame.actor.may(Act.READ_WARNINGS):
        return []
    return [_shown(line, frame) for line in queries.missing(frame.scope, now=from_us(frame.now_us))]


def _shown(line: queries.ReleaseLine, frame: Frame) -> ReleaseOnPage:
    late = line.received_at is None and line.due_at <= from_us(frame.now_us)
    received = to_us(line.received_at) if line.received_at else None
    return ReleaseOnPage(line.warning, line.level, line.receipt, received, to_us(line.asked_at), late, line.said)
