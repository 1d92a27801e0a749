"""The duty page: what needs me now (screens.md, screen 1, without the parts that issue 3 brings)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.key_actions import DUTY, key_actions
from tocsin.doors.console.lines import counts, events_on_page, signals_on_page
from tocsin.doors.console.navigation import first_page
from tocsin.loop.detect import queries as detect
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.terms.moment import SECOND_US

__all__ = ["EVENTS_A_PAGE", "SIGNALS_A_PAGE", "duty", "shown_signals"]

EVENTS_A_PAGE, SIGNALS_A_PAGE = 40, 20  # together at most 60 rows in the page (interface.md section 7)
PINNED_AT_MOST = 12
_RECENT_US = 24 * 3600 * SECOND_US


@require_safe
@acting()
@one_moment()
def duty(request: HttpRequest) -> HttpResponse:
    """Counts, pinned strip, open events, signals, feed health: all there before any script runs."""
    cursor = detect.newest_cursor()  # before reading the events: a change in between is told twice, never lost
    frame = open_frame(request)
    if not frame.actor.may(Act.READ_EVENTS):
        return _other_work(frame)
    events = detect.open_events(frame.scope)
    start = _start(request, len(events))
    page = events_on_page(events[start : start + EVENTS_A_PAGE], frame.words, frame.register, frame.language)
    signals = shown_signals(frame)
    context = frame.context(request, "duty", "loop.css", "map.css") | {
        "cursor": cursor,
        "counts": counts(events, frame.words),
        "pinned": pinned(frame, events),
        "events": page,
        "events_total": len(events),
        "first_row": start + 1,
        "last_row": start + len(page),
        "next_start": start + EVENTS_A_PAGE if start + EVENTS_A_PAGE < len(events) else None,
        "previous_start": max(0, start - EVENTS_A_PAGE) if start else None,
        "signals": signals_on_page(frame.scope, signals, frame.words, frame.register, frame.language),
        "signals_seen": max((signal.changed_us for signal in signals), default=0),
        "pinned_rank": frame.words.pinned_rank,
        "top_rank": len(frame.words.scheme.levels),
        "key_actions": key_actions(DUTY),
    }
    return render(request, "console/duty.html", context)


def _other_work(frame: Frame) -> HttpResponse:
    """Whose work is elsewhere is sent there: everybody may type the bare address."""
    first = first_page(frame.actor)
    if not first:
        frame.actor.require(Act.READ_EVENTS)
    return HttpResponseRedirect(first)


def shown_signals(frame: Frame) -> list[detect.SignalLine]:
    """Signals that hold, the most severe first, then those cleared in the last day, the newest first."""
    holding = detect.open_signals(frame.scope, at_most=SIGNALS_A_PAGE)
    newest = max((signal.changed_us for signal in holding), default=frame.now_us)
    since = min(newest, frame.now_us) - _RECENT_US
    recent = detect.signals(frame.scope, since_us=since, at_most=4 * SIGNALS_A_PAGE)
    cleared = [signal for signal in recent if signal.level == 0]
    return [*holding, *cleared][:SIGNALS_A_PAGE]


def pinned(frame: Frame, events: Sequence[detect.EventLine]) -> list[Any]:
    """Open events of the pinned ranks, most severe and oldest first."""
    chosen = [event for event in events if event.level >= frame.words.pinned_rank][:PINNED_AT_MOST]
    return events_on_page(chosen, frame.words, frame.register, frame.language)


def _start(request: HttpRequest, total: int) -> int:
    text = request.GET.get("start", "0")
    start = int(text) if text.isdigit() and len(text) < 10 else 0
    return start if start < total else 0
