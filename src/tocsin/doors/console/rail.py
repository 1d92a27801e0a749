"""The loop rail of the event page: eight stages, each with its state, how long it has been so and its deadline; and the one
next action, chosen from what the rooms' panels offer.

A panel that cannot be read is said to be so; it never takes the page down (interface.md, section 5).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.doors.console.frame import Frame
from tocsin.doors.console.panels import Contributor, Next, Panel
from tocsin.loop.detect.queries import EventDetail
from tocsin.terms.errors import Refused
from tocsin.terms.event import EventState
from tocsin.terms.moment import to_us

__all__ = ["STAGES", "Stage", "next_action", "other_actions", "panels_of", "rail", "stage_words"]

STAGES = ("observe", "detect", "verify", "warn", "respond", "rectify", "review", "evaluate")
_ROOMS = ("verify", "warn", "respond", "rectify", "review", "evaluate")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage as the rail shows it. ``state``: none, todo, running, overdue or done; moments in microseconds."""

    stage: str
    word: str
    state: str
    state_word: str
    said: str
    since_us: int | None
    due_us: int | None
    is_current: bool


def stage_words() -> dict[str, str]:
    """The eight stages in the reader's language."""
    return {
        "observe": _("Observe"), "detect": _("Detect"), "verify": _("Verify"), "warn": _("Warn"),
        "respond": _("Respond"), "rectify": _("Rectify"), "review": _("Review"), "evaluate": _("Evaluate"),
    }  # fmt: skip


def _state_words() -> dict[str, str]:
    return {
        "none": _("Not yet"),
        "todo": _("To do"),
        "running": _("Under way"),
        "overdue": _("Overdue"),
        "done": _("Done"),
    }


def panels_of(request: HttpRequest, frame: Frame, detail: EventDetail) -> list[Panel]:
    """The rooms' panels in the order of the loop."""
    return [panel for room in _ROOMS if (panel := _panel(room, request, frame, detail)) is not None]


def _panel(room: str, request: HttpRequest, frame: Frame, detail: EventDetail) -> Panel | None:
    module = f"tocsin.doors.console.{room}_panel"
    if find_spec(module) is None:
        return None
    try:
        contribute: Contributor = import_module(module).contribute
        return contribute(request, frame, frame.actor, detail)
    except (DatabaseError, Refused):  # a broken transaction cannot go on; a refusal is for the page to say
        raise
    except Exception:
        _log.exception("the panel of %s could not be made", room)
        said = _("This part could not be read. The rest of the page works.")
        return Panel(room, "none", said, format_html('<p class="failed-panel">{}</p>', said))


def rail(detail: EventDetail, panels: Sequence[Panel]) -> list[Stage]:
    """All eight stages; the first that waits for somebody is the current one."""
    rows = [*_machine(detail), *panels]
    by_stage = {panel.stage: panel for panel in rows}
    current = next((panel.stage for panel in panels if panel.state in ("overdue", "todo", "running")), "")
    words, states = stage_words(), _state_words()
    return [
        _stage(by_stage.get(stage) or Panel(stage, "none", "", SafeString("")), words[stage], states, stage == current)
        for stage in STAGES
    ]


def _stage(panel: Panel, word: str, states: dict[str, str], is_current: bool) -> Stage:
    since = None if panel.since is None else to_us(panel.since)
    due = None if panel.due is None else to_us(panel.due)
    return Stage(panel.stage, word, panel.state, states[panel.state], panel.said, since, due, is_current)


def _machine(detail: EventDetail) -> Iterator[Panel]:
    """Observing and detecting are the machine's: they are done when there is something to be looked at."""
    nothing = SafeString("")
    streams = len({signal.subject.key for signal in detail.signals})
    said = (
        ngettext("{n} place measured", "{n} places measured", streams).format(n=streams)
        if streams
        else _("Not observed yet")
    )
    yield Panel("observe", "done" if streams else "none", said, nothing)
    running = detail.event.state is EventState.OPEN
    said = _("Signals hold") if running else _("Signals are over") if detail.signals else _("Proposed, not observed")
    yield Panel("detect", "running" if running else "done" if detail.signals else "none", said, nothing)


def next_action(panels: Sequence[Panel]) -> Next | None:
    """What the reader should do next: the most urgent offer, the earlier stage where two are alike."""
    return max(_offers(panels), key=lambda offer: offer.urgency, default=None)


def other_actions(panels: Sequence[Panel]) -> list[Next]:
    """What else is offered, in the order of the loop."""
    chosen = next_action(panels)
    return [offer for offer in _offers(panels) if offer is not chosen]


def _offers(panels: Sequence[Panel]) -> list[Next]:
    return [panel.next for panel in panels if panel.next is not None]
