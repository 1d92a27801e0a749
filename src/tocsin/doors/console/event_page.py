"""The event page: what, where, why this level, what changed (screens.md, screen 2, as far as issue 2 goes)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.explanation import Names, because_words, factor_words, part_words
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.lines import EventOnPage, SignalOnPage, events_on_page, said_of, signals_on_page
from tocsin.doors.console.marks import level_word
from tocsin.doors.console.not_found import not_found
from tocsin.doors.console.recent_values import recent_values
from tocsin.doors.console.sparkline import Sparkline
from tocsin.loop.detect import queries as detect
from tocsin.packkit.speak import figure
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.records.places import queries as places
from tocsin.terms.errors import UnknownName
from tocsin.terms.signal import Subject

__all__ = ["event_page"]

CHARTS_AT_MOST = 6


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the timeline: ``level`` None where the entry is not about one."""

    at_us: int
    level: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member signal, why its rule exists, and its stream's recent values as a drawing (empty where none)."""

    signal: SignalOnPage
    why: str
    chart: SafeString


@require_safe
@acting(Act.READ_EVENTS)
@one_moment()
def event_page(request: HttpRequest, event_id: str) -> HttpResponse:
    """One event. An id nobody knows gets a page that says what to do."""
    frame = open_frame(request)
    try:
        detail = detect.event(frame.scope, event_id)
    except UnknownName:
        return not_found(request, frame, _("There is no event with this address."))
    on_page = partial(events_on_page, words=frame.words, register=frame.register, language=frame.language)
    signals = signals_on_page(frame.scope, detail.signals, frame.words, frame.register, frame.language)
    names = _names(frame, signals, on_page)
    context = frame.context(request, "event") | {
        "event": on_page([detail.event])[0],
        "line": detail.event,
        "located": math.isfinite(detail.event.lon),
        "explanation": [(factor_words(part.factor), part_words(part, names)) for part in detail.explanation],
        "members": _members(frame, detail, signals),
        "timeline": _timeline(frame, detail, names),
        "parent": on_page([detail.parent])[0] if detail.parent else None,
        "children": on_page(detail.children),
        "merged": on_page(detail.merged),
        "merged_into": detail.event.merged_into,
    }
    return render(request, "console/event.html", context)


def _names(frame: Frame, signals: list[SignalOnPage], on_page: partial[list[EventOnPage]]) -> Names:
    titles = {signal.id: f"{signal.subject}, {signal.what}" for signal in signals}
    facilities = {facility.id: facility.title for facility in places.facilities(frame.scope)}

    def event_title(event_id: str) -> str:
        try:
            other = on_page([detect.event(frame.scope, event_id).event])[0]
        except UnknownName:
            return event_id
        return f"{other.place}, {other.what}"

    def facility(facility_id: str) -> str:
        title = facilities.get(facility_id, {})
        return title.get(frame.language) or title.get("en") or facility_id

    return Names(
        signal=lambda signal_id: titles.get(signal_id, signal_id),
        event=event_title,
        facility=facility,
        level=lambda rank: level_word(frame.words.scheme, rank, frame.language),
    )


def _members(frame: Frame, detail: detect.EventDetail, signals: list[SignalOnPage]) -> list[Member]:
    members = []
    for number, (line, shown) in enumerate(zip(detail.signals, signals, strict=True)):
        chart = _chart(frame, detail, line) if number < CHARTS_AT_MOST else SafeString("")
        members.append(Member(shown, frame.words.why(line.rule, frame.language), chart))
    return members


def _chart(frame: Frame, detail: detect.EventDetail, line: detect.SignalLine) -> SafeString:
    if line.subject.kind != "stream" or line.subject.key not in frame.register.catalogue:
        return SafeString("")
    stream = frame.register.stream(line.subject.key)
    changes = [change for change in detail.signal_changes if change.signal == line.id]
    if not changes:
        return SafeString("")
    points = recent_values(frame.register.catalogue.index(stream.id), changes[-1].seq)
    known = [value for _at, value in points if math.isfinite(value)]
    # The drawing is of the stream's own values, so only a threshold on the value itself may be drawn in it.
    own = [m for c in changes for m in c.evidence if m.what.strip() == "value" and m.threshold is not None]
    if len(known) < 2:
        return SafeString("")
    low, high, last = (figure(v, stream.unit, frame.language) for v in (min(known), max(known), known[-1]))
    title = _("{place}: {n} values, lowest {low}, highest {high}, last {last}").format(
        place=frame.register.subject(Subject("stream", stream.id)), n=len(known), low=low, high=high, last=last
    )
    return Sparkline(points, own[-1].threshold if own else None, title).svg()


def _timeline(frame: Frame, detail: detect.EventDetail, names: Names) -> list[Moment]:
    """Newest first. Machine entries only, so far: people act from issue 3 on."""
    verbs = {"opened": _("Event opened"), "changed": _("Event changed"), "merged": _("Event merged"),
             "ended": _("Event ended"), "proposed": _("Event proposed")}  # fmt: skip
    entries = [
        ((change.at_us, change.seq, 1, number), Moment(change.at_us, change.level, _("{what}. {because}").format(
            what=verbs.get(change.change, change.change), because=because_words(change.because, names))))
        for number, change in enumerate(detail.changes)
    ]  # fmt: skip
    moves = {"raised": _("Raised"), "changed": _("Level changed"), "cleared": _("Cleared")}
    lines = {line.id: line for line in detail.signals}
    entries += [
        ((change.at_us, change.seq, 0, number), Moment(change.at_us, change.level, _("{what}: {said}").format(
            what=moves.get(change.change, change.change),
            said=said_of(lines[change.signal], change, frame.words, frame.register, frame.language))))
        for number, change in enumerate(detail.signal_changes)
    ]  # fmt: skip
    return [moment for _key, moment in sorted(entries, key=lambda entry: entry[0], reverse=True)]
