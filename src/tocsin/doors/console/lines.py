"""Lines: events and signals as the page shows them, with every word already chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.doors.console.pack_words import PackWords
from tocsin.doors.console.register import Register
from tocsin.doors.console.standing import UNKNOWN, Standing, verdict_words
from tocsin.loop.detect import queries as detect
from tocsin.records.org.scope import Scope
from tocsin.terms.event import EventState
from tocsin.terms.moment import SECOND_US
from tocsin.terms.signal import Change, Finality, Transition

__all__ = [
    "EventOnPage", "LevelCount", "SignalOnPage", "awaited_words", "counts", "events_on_page", "said_of", "signals_on_page",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventOnPage:
    """``states``: (kind, word) chips in order; kinds are workflow words, never levels. ``standing``: verdict, whose it is."""

    id: str
    level: int
    place: str
    what: str
    began_us: int
    states: tuple[tuple[str, str], ...]
    is_open: bool
    standing: Standing = UNKNOWN

    @property
    def is_loud(self) -> bool:
        """Whether it goes on and nobody has it in hand; the page decides from which rank on that is shown and heard."""
        return self.is_open and self.standing.is_unacknowledged


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
    events: Iterable[detect.EventLine], words: PackWords, register: Register, language: str,
    standings: Mapping[str, Standing] = MappingProxyType({}),
) -> list[EventOnPage]:  # fmt: skip
    """Events with their words; ``standings`` as ``standing.standings`` gives them."""
    return [
        EventOnPage(
            id=event.id, level=event.level, place=register.place(event.place) or _("Place not known"),
            what=_what(event, words, language), began_us=event.began_us,
            states=tuple(_event_states(event, standings.get(event.id, UNKNOWN))),
            is_open=event.state in (EventState.OPEN, EventState.PROPOSED), standing=standings.get(event.id, UNKNOWN),
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


def counts(events: Iterable[detect.EventLine | EventOnPage], words: PackWords) -> list[LevelCount]:
    """Open events by rank, most severe first."""
    found = [event.level for event in events]
    return [LevelCount(level.rank, found.count(level.rank)) for level in reversed(words.scheme.levels)]


def _what(event: detect.EventLine, words: PackWords, language: str) -> str:
    hazard = words.hazard(event.hazard, language)
    if not event.signals:
        return hazard
    number = ngettext("{n} signal", "{n} signals", event.signals).format(n=event.signals)
    return _("{hazard}, {signals}").format(hazard=hazard, signals=number)


def _event_states(event: detect.EventLine, standing: Standing) -> Iterable[tuple[str, str]]:
    if event.finality is Finality.PROVISIONAL:
        yield "provisional", _("Provisional")
    elif event.finality is Finality.RETRACTED:
        yield "retracted", _("Retracted, late data did not bear it out")
    elif event.ahead and event.state is EventState.OPEN:
        yield "provisional", _("Level provisional")
    if event.no_data:
        yield "no_data", _("No data in danger")
    if standing.closed:
        yield "closed", _("Closed")
    elif event.state is EventState.PROPOSED:
        yield "proposed", _("Proposed, not observed")
    elif event.state is EventState.ENDED:
        yield "ended", _("Ended")
    elif event.state is EventState.MERGED:
        yield "merged", _("Merged into another event")
    if event.state is not EventState.MERGED:
        yield f"verdict-{standing.verdict}", verdict_words()[standing.verdict]


def _signal_states(signal: detect.SignalLine) -> Iterable[tuple[str, str]]:
    if signal.quality:
        yield "quality", _("Data quality")
    if signal.finality is Finality.RETRACTED:
        yield "retracted", _("Retracted, late data did not bear it out")
        return
    if signal.said:
        yield "provisional", awaited_words(signal)
    elif signal.final_id not in (None, signal.id):
        yield "confirmed-by-data", _("Confirmed by data")
    yield ("open", _("Holds")) if signal.level else ("cleared", _("Cleared"))


def awaited_words(signal: detect.SignalLine) -> str:
    """What is still to come before a provisional level is final: "Provisional: 30 s of late data are still awaited"."""
    seconds = -(-signal.awaited_us // SECOND_US)
    if seconds < 120:
        return ngettext(
            "Provisional: {n} s of late data is still awaited",
            "Provisional: {n} s of late data are still awaited",
            seconds,
        ).format(n=seconds)
    minutes = -(-seconds // 60)
    return ngettext(
        "Provisional: {n} min of late data is still awaited",
        "Provisional: {n} min of late data are still awaited",
        minutes,
    ).format(n=minutes)


def said_of(
    signal: detect.SignalLine, change: detect.SignalChangeLine, words: PackWords, register: Register, language: str
) -> str:
    """What a duty officer reads of one change of a signal."""
    transition = Transition(
        signal.rule, change.rule_version, signal.hazard, signal.subject, Change(change.change), change.level,
        change.previous, change.at_us, signal.onset_us, change.seq, signal.quality, change.evidence, change.finality,
        amends=change.amends,
    )  # fmt: skip
    return words.said(transition, register.subject(signal.subject), language)
