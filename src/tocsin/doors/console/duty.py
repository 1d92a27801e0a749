"""The duty page: what needs me now (screens.md, screen 1)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.callout_shown import pinned_parts
from tocsin.doors.console.duty_lists import Pair, duty_events, duty_facts, pinned
from tocsin.doors.console.filters import EventFilter
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.key_actions import DUTY, key_actions
from tocsin.doors.console.lines import counts, signals_on_page
from tocsin.doors.console.live_cursor import newest_cursor
from tocsin.doors.console.map_data import area_title
from tocsin.doors.console.map_part import map_part
from tocsin.doors.console.navigation import first_page
from tocsin.doors.console.standing import verdict_words
from tocsin.doors.console.warn_pages import ending_on_page
from tocsin.loop.detect import queries as detect
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.records.places import queries as places
from tocsin.terms.moment import SECOND_US

__all__ = ["EVENTS_A_PAGE", "SIGNALS_A_PAGE", "duty", "shown_signals"]

EVENTS_A_PAGE, SIGNALS_A_PAGE = 40, 20  # together at most 60 rows in the page (interface.md section 7)
_RECENT_US = 24 * 3600 * SECOND_US


@require_safe
@acting()
@one_moment()
def duty(request: HttpRequest) -> HttpResponse:
    """Counts, pinned strip, open events, map, signals, feed health: all there before any script runs. ``?wall=1``: the same
    for a big screen that nobody touches."""
    cursor = newest_cursor()  # before reading the events: a change in between is told twice, never lost
    frame = open_frame(request)
    if not frame.actor.may(Act.READ_EVENTS):
        return _other_work(frame)
    everything = duty_events(frame)
    wanted = EventFilter.of(request.GET)
    chosen = wanted.chosen(everything)
    context = _around(request, frame, everything) | {"cursor": str(cursor)} | _events(request, frame, chosen, wanted)
    if request.GET.get("wall") == "1":
        return render(request, "console/wall.html", context)
    context |= _signals(frame) | _filter(frame, everything, wanted)
    return render(request, "console/duty.html", context)


def _around(request: HttpRequest, frame: Frame, everything: list[Pair]) -> dict[str, Any]:
    """What is said of all events, whatever the filter: a new red is never hidden by it."""
    shown = [event for _line, event in everything]
    return frame.context(request, "duty", "loop.css", "map.css") | {
        "counts": counts([event for event in shown if event.is_open], frame.words),
        "facts": duty_facts(shown),
        "pinned": pinned(frame, shown),
        **pinned_parts(frame),
        "pinned_rank": frame.words.pinned_rank,
        "top_rank": len(frame.words.scheme.levels),
        "may_acknowledge": frame.actor.may(Act.ACKNOWLEDGE_EVENT),
        "key_actions": key_actions(DUTY),
        "ending": ending_on_page(frame),
        "wall_script": asset_url("wall.js"),
    }


def _events(request: HttpRequest, frame: Frame, chosen: list[Pair], wanted: EventFilter) -> dict[str, Any]:
    start = _start(request, len(chosen))
    page = chosen[start : start + EVENTS_A_PAGE]
    lines, shown = [line for line, _ in chosen], [event for _, event in chosen]
    after = start + EVENTS_A_PAGE
    return map_part(frame, frame.scope, lines, shown, wanted.query) | {
        "events": [event for _, event in page],
        "events_total": len(chosen),
        "first_row": start + 1,
        "last_row": start + len(page),
        "next_query": _page(wanted, after) if after < len(chosen) else "",
        "previous_query": _page(wanted, max(0, start - EVENTS_A_PAGE)) if start else "",
    }


def _page(wanted: EventFilter, start: int) -> str:
    return "&".join(part for part in (wanted.query, f"start={start}") if part)


def _signals(frame: Frame) -> dict[str, Any]:
    signals = shown_signals(frame)
    return {
        "signals": signals_on_page(frame.scope, signals, frame.words, frame.register, frame.language),
        "signals_seen": max((signal.changed_us for signal in signals), default=0),
    }


def _filter(frame: Frame, everything: list[Pair], wanted: EventFilter) -> dict[str, Any]:
    hazards = sorted({line.hazard for line, _ in everything} | ({wanted.hazard} - {""}))
    return {
        "wanted": wanted,
        "filter_levels": [level.rank for level in reversed(frame.words.scheme.levels)],
        "filter_hazards": [(code, frame.words.hazard(code, frame.language)) for code in hazards],
        "filter_verdicts": list(verdict_words().items()),
        "filter_areas": [(area.path, area_title(area, frame.language)) for area in places.jurisdictions(frame.scope)],
    }


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


def _start(request: HttpRequest, total: int) -> int:
    text = request.GET.get("start", "0")
    start = int(text) if text.isdigit() and len(text) < 10 else 0
    return start if start < total else 0
