"""The roster: who is on duty now and in the coming days, what nobody holds, what nobody has taken in hand, handing over, and
the calendar of one's own shifts. Nothing here says who was present: shifts are declared, not observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.loop.verify import queries as verify
from tocsin.records.dispatch import silences
from tocsin.records.escalation import queries as escalation
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.records.roster import queries as roster
from tocsin.terms.errors import Refused
from tocsin.terms.moment import from_us, to_us

__all__ = ["open_items", "roster_page", "shown"]

DAYS_AHEAD = timedelta(days=7)
ROWS_AT_MOST = 60
ITEMS_AT_MOST = 40


@dataclass(frozen=True, slots=True)
class Held:
    """A post with its holder for a span."""

    post: str
    name: str
    from_us: int
    until_us: int | None
    mine: bool


@never_cache
@require_safe
@acting()
def roster_page(request: HttpRequest) -> HttpResponse:
    """Everything on one page."""
    return shown(request)


def shown(
    request: HttpRequest, *, error: Refused | None = None, note: str = "", address: str = "", status: int = 200
) -> HttpResponse:
    """The page; ``error`` with what was typed still in its form, ``address`` of a calendar that is shown this once."""
    frame = open_frame(request)
    now = from_us(frame.now_us)
    titles = {line.id: _title(frame, line.title) or line.id for line in org.posts(Scope("", "system"))}
    names = org.open_accounts()
    context = frame.context(request, "roster", "staff.css", "roster.css") | {
        "error": error,
        "note": note,
        "address": address,
        "on_duty": _on_duty(frame, now, titles, names),
        "coming": _coming(frame, now, titles, names),
        "gaps": [(titles.get(gap.post, gap.post), to_us(gap.from_at), to_us(gap.until_at))
                 for gap in roster.gaps(frame.scope, now=now)],
        "manages": frame.actor.may(Act.MANAGE_STAFF),
    }  # fmt: skip
    context |= _waiting(frame, titles) if frame.actor.may(Act.READ_EVENTS) else {}
    context |= _handing_over(frame, names) | _calendars(frame) | _silences(frame, now, titles)
    context |= _changes(frame, now, titles, names) if frame.actor.may(Act.MANAGE_STAFF) else {}
    return render(request, "console/roster.html", context, status=status)


def open_items(frame: Frame) -> list[str]:
    """Ids of events of the area whose file is open: what goes with a hand-over."""
    if not frame.actor.may(Act.READ_EVENTS):
        return []
    return [line.event for line in verify.open_dossiers(frame.scope, at_most=ITEMS_AT_MOST)]


def _on_duty(frame: Frame, now: datetime, titles: dict[str, str], names: dict[str, str]) -> list[Held]:
    found = [
        Held(titles.get(line.post, line.post), names.get(line.account, ""), to_us(line.from_at),
             to_us(line.until_at) if line.until_at else None, line.account == frame.actor.account)
        for line in org.roster(frame.scope, begin=now, end=now + timedelta(microseconds=1))
    ]  # fmt: skip
    return sorted(found, key=lambda held: (held.post, held.name))[:ROWS_AT_MOST]


def _coming(frame: Frame, now: datetime, titles: dict[str, str], names: dict[str, str]) -> list[Held]:
    return [
        Held(titles.get(turn.post, turn.post), names.get(turn.account, ""), to_us(turn.from_at), to_us(turn.until_at),
             bool(turn.account) and turn.account == frame.actor.account)
        for turn in roster.turns_of(frame.scope, begin=now, end=now + DAYS_AHEAD)
        if turn.from_at > now
    ][:ROWS_AT_MOST]  # fmt: skip


def _waiting(frame: Frame, titles: dict[str, str]) -> dict[str, Any]:
    lines = escalation.unanswered(frame.scope)
    return {
        "waiting": [
            {"id": line.id, "level": line.level, "exercise": line.exercise, "title": _title(frame, line.title),
             "link": line.link, "since_us": to_us(line.started_at), "next_us": to_us(line.next_at) if line.next_at else None,
             "told": [(titles.get(post, post), to_us(at)) for post, at in line.told]}
            for line in lines[:ROWS_AT_MOST]
        ],
    }  # fmt: skip


def _handing_over(frame: Frame, names: dict[str, str]) -> dict[str, Any]:
    last = roster.newest_hand_over(frame.actor.post) if frame.actor.post else None
    return {
        "last": last,
        "last_us": to_us(last.at) if last else 0,
        "last_by": names.get(last.account, _("a closed account")) if last else "",
        "last_taken_us": to_us(last.acknowledged_at) if last and last.acknowledged_at else None,
        "last_taken_by": names.get(last.acknowledged_by, _("a closed account"))
        if last and last.acknowledged_by
        else "",
        "may_take": bool(last and last.acknowledged_at is None and last.account != frame.actor.account),
        "items_now": len(open_items(frame)),
    }


def _calendars(frame: Frame) -> dict[str, Any]:
    owners: list[tuple[str, str]] = [(f"account:{frame.actor.account}", _("My shifts"))]
    if frame.actor.post:
        owners.append((f"post:{frame.actor.post}", _("Shifts of this post")))
    made = [(owner, words, roster.has_calendar(owner)) for owner, words in owners]
    return {"calendars": [(owner, words, to_us(at) if at else None) for owner, words, at in made]}


def _silences(frame: Frame, now: datetime, titles: dict[str, str]) -> dict[str, Any]:
    own, manages = f"post:{frame.actor.post}", frame.actor.may(Act.MANAGE_STAFF)
    lines = [line for line in silences.silences(now=now) if manages or line.recipient == own]
    return {
        "silences": [(line.id, titles.get(line.recipient.removeprefix("post:"), line.recipient), to_us(line.ends_at),
                      line.reason, line.owner.partition("/")[0]) for line in lines],
    }  # fmt: skip


def _changes(frame: Frame, now: datetime, titles: dict[str, str], names: dict[str, str]) -> dict[str, Any]:
    """What an administrator changes: overrides of the posts of the area."""
    known: Sequence[str] = sorted({line.post for line in roster.rotations()})
    of_area = {line.id for line in org.posts(frame.scope)}
    return {
        "override_posts": [(post, titles.get(post, post)) for post in known if post in of_area],
        "override_accounts": sorted(names.items(), key=lambda pair: pair[1]),
        "overrides": [
            (line.id, titles.get(line.post, line.post), to_us(line.from_at), to_us(line.until_at),
             names.get(line.absent, ""), names.get(line.instead, ""), line.reason)
            for line in roster.overrides(frame.scope, now=now)
        ],
        "zone_name": settings.TIME_ZONE,
    }  # fmt: skip


def _title(frame: Frame, title: dict[str, str]) -> str:
    return title.get(frame.language) or title.get("en") or next(iter(title.values()), "")
