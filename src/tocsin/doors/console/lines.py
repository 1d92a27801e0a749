"""Lines: events and signals as the page shows them, with every word already chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.doors.console.pack_words import PackWords
from tocsin.doors.console.register import Register
from tocsin.loop.detect import queries as detect
from tocsin.records.org.scope import Scope
from tocsin.terms.event import EventState
from tocsin.terms.signal import Change, Transition

__all__ = ["EventOnPage", "LevelCount", "SignalOnPage", "counts", "events_on_page", "said_of", "signals_on_page"]


@dataclass(frozen=True, slots=True)
class EventOnPage:
    """``states``: (kind, word) chips in order; kinds are workflow words, never levels."""

    id: str
    level: int
    place: str
    what: str
    began_us: int
    states: tuple[tuple[str, str], ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class SignalOnPage:
    """``level`` is the present one, of a cleared signal the highest it had; ``is_open`` whether it still holds;
    ``said`` the pack's sentence of its newest change."""

    id: str
    level: int
    subject: str
    what: str
    said: str
    onset_us: int
    changed_us: int
    states: tuple[tuple[str, str], ...]
    is_open: bool
    quality: bool


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How many open events have a rank. Most severe first, always all ranks (interface.md section 2)."""

    rank: int
    count: int


def events_on_page(
    events: Iterable[detect.EventLine], words: PackWords, register: Register, language: str
) -> list[EventOnPage]:
    """Events with their words."""
    return [
        EventOnPage(
            id=event.id, level=event.level, place=register.place(event.place) or _("Place not known"),
            what=_what(event, words, language), began_us=event.began_us, states=tuple(_event_states(event)),
            is_open=event.state in (EventState.OPEN, EventState.PROPOSED),
        )
        for event in events
    ]  # fmt: skip


def signals_on_page(
    scope: Scope, signals: Sequence[detect.SignalLine], words: PackWords, register: Register, language: str
) -> list[SignalOnPage]:
    """Signals with the sentence of their newest transition."""
    newest = {change.signal: change for change in detect.signal_changes(scope, [signal.id for signal in signals])}
    return [
        SignalOnPage(
            id=signal.id, level=signal.level or signal.peak, subject=register.subject(signal.subject),
            what=words.rule(signal.rule, language),
            said=said_of(signal, newest[signal.id], words, register, language) if signal.id in newest else "",
            onset_us=signal.onset_us, changed_us=signal.changed_us, states=tuple(_signal_states(signal)),
            is_open=signal.level > 0, quality=signal.quality,
        )
        for signal in signals
    ]  # fmt: skip


def counts(events: Iterable[detect.EventLine], words: PackWords) -> list[LevelCount]:
    """Open events by rank, most severe first."""
    found = [event.level for event in events]
    return [LevelCount(level.rank, found.count(level.rank)) for level in reversed(words.scheme.levels)]


def _what(event: detect.EventLine, words: PackWords, language: str) -> str:
    hazard = words.hazard(event.hazard, language)
    if not event.signals:
        return hazard
    number = ngettext("{n} signal", "{n} signals", event.signals).format(n=event.signals)
    return _("{hazard}, {signals}").format(hazard=hazard, signals=number)


def _event_states(event: detect.EventLine) -> Iterable[tuple[str, str]]:
    if event.no_data:
        yield "no_data", _("No data in danger")
    yield {
        EventState.PROPOSED: ("proposed", _("Proposed, not observed")),
        EventState.OPEN: ("open", _("Open, unverified")),
        EventState.ENDED: ("ended", _("Ended")),
        EventState.MERGED: ("merged", _("Merged into another event")),
    }[event.state]


def _signal_states(signal: detect.SignalLine) -> Iterable[tuple[str, str]]:
    if signal.quality:
        yield "quality", _("Data quality")
    yield ("open", _("Holds")) if signal.level else ("cleared", _("Cleared"))


def said_of(
    signal: detect.SignalLine, change: detect.SignalChangeLine, words: PackWords, register: Register, language: str
) -> str:
    """What a duty officer reads of one change of a signal."""
    transition = Transition(
        signal.rule, change.rule_version, signal.hazard, signal.subject, Change(change.change), change.level,
        change.previous, change.at_us, signal.onset_us, change.seq, signal.quality, change.evidence,
    )  # fmt: skip
    return words.said(transition, register.subject(signal.subject), language)
