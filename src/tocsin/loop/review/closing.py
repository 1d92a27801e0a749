"""What keeps an event from being closed: one line for each thing that is still open in an earlier room, in the reader's
language. Findings do not keep it: they go on by themselves, on their own chains, and are named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.loop.detect import queries as detect
from tocsin.loop.rectify import queries as rectify
from tocsin.loop.respond import queries as respond
from tocsin.loop.verify import queries as verify
from tocsin.loop.warn import queries as warn
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.event import EventState

__all__ = ["CLOSED_FINDING", "OpenEnd", "findings_going_on", "open_ends"]

_ENDED = (EventState.ENDED, EventState.MERGED)
_VERIFYING, _WAITING = ("waiting", "asked"), ("draft", "submitted", "returned")
_COMMANDING = ("proposed", "open")
CLOSED_FINDING = ("closed", "withdrawn")


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """One thing that is still open: the stage it belongs to, and what it is in words."""

    stage: str
    said: str


def open_ends(event_id: str, *, now: datetime) -> list[OpenEnd]:
    """What must end before the event may be closed, in the order of the loop; empty = it may be closed."""
    return [
        OpenEnd(stage, said)
        for stage, look in (("detect", _detect), ("verify", _verify), ("warn", _warn), ("respond", _respond))
        for said in look(event_id, now)
    ]


def findings_going_on(event_id: str) -> list[str]:
    """Ids of findings of the event that are not done; they do not keep it open."""
    return [
        finding.id
        for finding in rectify.findings(EVERYWHERE, event=event_id)
        if str(finding.state) not in CLOSED_FINDING
    ]


def _detect(event_id: str, now: datetime) -> Iterator[str]:
    event = detect.event(EVERYWHERE, event_id).event
    file = verify.dossiers(EVERYWHERE, [event_id]).get(event_id)
    if event.state not in _ENDED and (file is None or file.verdict != "refuted"):
        yield _("its condition still holds, and nobody has refuted it")


def _verify(event_id: str, now: datetime) -> Iterator[str]:
    asked = [line for line in verify.verifications(EVERYWHERE, event_id) if str(line.state) in _VERIFYING]
    if asked:
        yield ngettext("{n} verification is not answered", "{n} verifications are not answered", len(asked)).format(
            n=len(asked)
        )


def _warn(event_id: str, now: datetime) -> Iterator[str]:
    lines = warn.warnings_of(EVERYWHERE, event_id)
    in_force = {line.id for line in lines if line.in_force(now)}  # of the events that merged into it too
    waiting = [line for line in lines if str(line.state) in _WAITING]
    if in_force:
        yield ngettext("{n} warning is in force", "{n} warnings are in force", len(in_force)).format(n=len(in_force))
    if waiting:
        said = ngettext(
            "{n} warning is being drafted or waits for a signature",
            "{n} warnings are being drafted or wait for a signature",
            len(waiting),
        )
        yield said.format(n=len(waiting))


def _respond(event_id: str, now: datetime) -> Iterator[str]:
    incident = respond.incident_of(EVERYWHERE, event_id)
    if incident is not None and str(incident.state) in _COMMANDING:
        yield (
            _("a response is proposed and not answered")
            if str(incident.state) == "proposed"
            else _("a response is running")
        )
