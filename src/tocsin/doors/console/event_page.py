"""The event page: what, where, whose, how far the loop is with it, what to do next, why this level, what happened
(screens.md, screen 2)."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.chart import Chart
from tocsin.doors.console.consultation_words import line_on_page
from tocsin.doors.console.duty_lists import duty_events
from tocsin.doors.console.explanation import Names, factor_words, part_words
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.key_actions import EVENT, key_actions
from tocsin.doors.console.lines import EventOnPage, SignalOnPage, events_on_page, signals_on_page
from tocsin.doors.console.live_cursor import newest_cursor
from tocsin.doors.console.marks import level_word
from tocsin.doors.console.not_found import not_found
from tocsin.doors.console.rail import next_action, other_actions, panels_of, rail, stage_words
from tocsin.doors.console.recent_values import recent_values
from tocsin.doors.console.standing import standings
from tocsin.doors.console.timeline import timeline
from tocsin.doors.console.vault_pages import vault_on_page
from tocsin.loop.detect import queries as detect
from tocsin.packkit.speak import figure
from tocsin.records.consultation import queries as consultation
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.records.places import queries as places
from tocsin.terms.errors import UnknownName
from tocsin.terms.signal import Subject

__all__ = ["event_page"]

CHARTS_AT_MOST = 6
SHEETS = ("verify.css", "warn.css", "response.css", "review.css")  # of the rooms' panels


@dataclass(frozen=True, slots=True)
class Member:
    """A member signal, why its rule exists, and its stream's recent values as a drawing and as rows (moment, words; empty
    where none)."""

    signal: SignalOnPage
    why: str
    chart: SafeString
    values: tuple[tuple[int, str], ...]


@require_safe
@acting(Act.READ_EVENTS)
@one_moment()
def event_page(request: HttpRequest, event_id: str) -> HttpResponse:
    """One event. An id nobody knows gets a page that says what to do."""
    cursor = newest_cursor()
    frame = open_frame(request)
    try:
        detail = detect.event(frame.scope, event_id)
    except UnknownName:
        return not_found(request, frame, _("There is no event with this address."))
    found = standings(frame.scope, [event_id], frame.language)
    on_page = partial(events_on_page, words=frame.words, register=frame.register, language=frame.language)
    signals = signals_on_page(frame.scope, detail.signals, frame.words, frame.register, frame.language)
    names = _names(frame, signals, on_page)
    panels = panels_of(request, frame, detail)
    event = on_page([detail.event], standings=found)[0]
    context = frame.context(request, "event", "loop.css", *SHEETS) | {
        "event": event,
        "line": detail.event,
        "located": math.isfinite(detail.event.lon),
        "explanation": [(factor_words(part.factor), part_words(part, names)) for part in detail.explanation],
        "members": _members(frame, detail, signals),
        "timeline": timeline(frame, detail, names),
        "parent": on_page([detail.parent])[0] if detail.parent else None,
        "children": on_page(detail.children),
        "merged": on_page(detail.merged),
        "merged_into": detail.event.merged_into,
        "panels": [(panel, stage_words()[panel.stage]) for panel in panels if panel.html],
        "consultations": [
            line_on_page(one, frame) for one in consultation.about(frame.scope, frame.actor.post, event=event_id)
        ],
        "vault": vault_on_page(frame.actor, detail.event),
        "may_consult": frame.actor.may(Act.ASK_CONSULTATION),
        "rail": rail(detail, panels),
        "next": next_action(panels),
        "others": other_actions(panels),
        "once": secrets.token_urlsafe(16),
        "cursor": str(cursor),
        "event_script": asset_url("event.js"),
        "key_actions": key_actions(EVENT),
    } | _neighbours(frame, event_id)  # fmt: skip
    return render(request, "console/event.html", context)


def _neighbours(frame: Frame, event_id: str) -> dict[str, str]:
    """The events before and after this one in the order of the duty page; "" at the ends."""
    order = [line.id for line, _event in duty_events(frame)]
    at = order.index(event_id) if event_id in order else -1
    return {"earlier": order[at - 1] if at > 0 else "", "later": order[at + 1] if 0 <= at < len(order) - 1 else ""}


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
        chart = _chart(frame, detail, line) if number < CHARTS_AT_MOST else None
        why = frame.words.why(line.rule, frame.language)
        members.append(
            Member(shown, why, chart.svg() if chart else SafeString(""), _values(frame, chart) if chart else ())
        )
    return members


def _chart(frame: Frame, detail: detect.EventDetail, line: detect.SignalLine) -> Chart | None:
    if line.subject.kind != "stream" or line.subject.key not in frame.register.catalogue:
        return None
    stream = frame.register.stream(line.subject.key)
    changes = [change for change in detail.signal_changes if change.signal == line.id]
    if not changes:
        return None
    points = recent_values(frame.register.catalogue.index(stream.id), changes[-1].seq)
    known = [value for _at, value in points if math.isfinite(value)]
    # The drawing is of the stream's own values, so only a threshold on the value itself may be drawn in it.
    own = [m.threshold for c in changes for m in c.evidence if m.what.strip() == "value" and m.threshold is not None]
    if len(known) < 2:
        return None
    low, high, last = (figure(v, stream.unit, frame.language) for v in (min(known), max(known), known[-1]))
    title = _("{place}: {n} values, lowest {low}, highest {high}, last {last}").format(
        place=frame.register.subject(Subject("stream", stream.id)), n=len(known), low=low, high=high, last=last
    )
    words = _("threshold {value}").format(value=figure(own[-1], stream.unit, frame.language)) if own else ""
    return Chart(points, stream.unit, frame.zone, own[-1] if own else None, words, line.onset_us, title)


def _values(frame: Frame, chart: Chart) -> tuple[tuple[int, str], ...]:
    """The chart's newest values in words."""
    return tuple(
        (at, _("missing") if value is None else figure(value, chart.unit, frame.language)) for at, value in chart.rows()
    )
