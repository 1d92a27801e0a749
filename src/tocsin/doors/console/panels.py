"""Panels of the event page: each room says in one panel how far it is with an event, and offers what may be done next.

The rail of eight stages and the one next action are made from them (``event_page``). A panel is read by a scope and offers
only what the reader's role may do; the services guard again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.safestring import SafeString

from tocsin.records.org.actor import Actor

if TYPE_CHECKING:
    from tocsin.doors.console.frame import Frame
    from tocsin.loop.detect.queries import EventDetail

__all__ = ["Contributor", "Next", "Panel"]


@dataclass(frozen=True, slots=True)
class Next:
    """What the reader should do next: a link (``get``) or a form without fields (``post``). The highest ``urgency`` of all
    panels becomes the page's one next action. ``key``: its key on the keyboard (v, w, d ...), "" = none."""

    label: str
    url: str
    method: str = "get"
    urgency: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """``stage``: observe, detect, verify, warn, respond, rectify, review or evaluate. ``state``: none (nothing to do yet),
    todo, running, overdue, done. ``said``: the state in a few words. ``html``: the panel's body, made by a template."""

    stage: str
    state: str
    said: str
    html: SafeString
    since: datetime | None = None
    due: datetime | None = None
    next: Next | None = None


Contributor = Callable[[HttpRequest, "Frame", Actor, "EventDetail"], Panel]
