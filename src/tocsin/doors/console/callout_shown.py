"""Call-outs as pages show them, with every word chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.doors.console.ages import age_words
from tocsin.doors.console.frame import Frame
from tocsin.doors.console.release_shown import missing_releases
from tocsin.doors.console.standing import post_title
from tocsin.loop.warn.names import Names
from tocsin.records.callout import queries
from tocsin.records.callout.lifecycle import AreaState, Heard, How, Rung, Why
from tocsin.records.org.roles import Act
from tocsin.terms.moment import from_us, to_us

__all__ = [
    "AreaOnPage", "AttemptOnPage", "CallOutOnPage", "area_on_page", "attempts_on_page", "callout_on_page", "callouts_of",
    "how_word", "minutes_words", "pinned_parts", "state_word", "unanswered",
]  # fmt: skip

UNANSWERED_AT_MOST = 12


@dataclass(frozen=True, slots=True)
class CallOutOnPage:
    """A call-out of a list: what it is about, and how many were reached of how many."""

    id: str
    level: int
    subject: str
    exercise: bool
    is_running: bool
    since_us: int
    ended_word: str
    reached: int
    total: int


@dataclass(frozen=True, slots=True)
class AreaOnPage:
    """An area: ``state_kind`` for its chip; ``attempts`` and ``next_call`` in words; ``through``: by the post above."""

    id: int
    callout: str
    level: int
    title: str
    jurisdiction: str
    state: str
    state_kind: str
    is_waiting: bool
    exercise: bool
    asked_us: int
    attempts: str
    next_call: str
    nobody: bool
    reached_us: int | None
    minutes: str
    post: str
    how: str
    through: bool


@dataclass(frozen=True, slots=True)
class AttemptOnPage:
    """An attempt with what the gateway said and what came back."""

    at_us: int
    post: str
    rung: str
    channel: str
    gateway: str
    said: str
    heard: str
    heard_us: int | None


def callout_on_page(line: queries.CallOutLine, reached: int, total: int, frame: Frame) -> CallOutOnPage:
    """A call-out of a list."""
    return CallOutOnPage(
        line.id, line.level, subject(line, frame.language), line.exercise, line.ended_at is None, to_us(line.since),
        why_word(line.ended_why) if line.ended_at else "", reached, total,
    )  # fmt: skip


def callouts_of(lineage: str, frame: Frame) -> list[CallOutOnPage]:
    """The call-outs of a warning and of what followed it."""
    found = queries.recent(frame.scope, lineage=lineage)
    return [callout_on_page(line, reached, total, frame) for line, reached, total in found]


def subject(line: queries.CallOutLine, language: str) -> str:
    """What it tells of, in a line."""
    return (line.texts.get(language) or line.texts.get("en") or {}).get("subject") or line.cause


def area_on_page(line: queries.AreaLine, callout: queries.CallOutLine, names: Names, frame: Frame) -> AreaOnPage:
    """An area with its words."""
    now = from_us(frame.now_us)
    waits = line.state is AreaState.WAITING
    return AreaOnPage(
        line.id, line.callout, callout.level, names.area(line.jurisdiction, frame.language), line.jurisdiction,
        state_word(line, now_us=frame.now_us), "late" if waits and line.is_not_reached(now) else line.state.value, waits,
        callout.exercise, to_us(line.asked_at), _attempts(line.attempts), _next_call(line.next_at, now),
        line.nobody and waits, to_us(line.reached_at) if line.reached_at else None, minutes_words(line.minutes),
        post_title(line.reached_post, frame.language), how_word(line.how), line.reached_rung == Rung.UPPER,
    )  # fmt: skip


def attempts_on_page(lines: Sequence[queries.AttemptLine], language: str) -> list[AttemptOnPage]:
    """Attempts with their words."""
    titles = {post: post_title(post, language) for post in {line.post for line in lines}}
    return [
        AttemptOnPage(to_us(line.at), titles[line.post], rung_word(line.rung), channel_word(line.channel),
                      delivery_word(line.gateway), line.said, heard_word(line.heard),
                      to_us(line.heard_at) if line.heard_at else None)
        for line in lines
    ]  # fmt: skip


def unanswered(frame: Frame) -> dict[str, object]:
    """What the duty page pins: areas for which nobody has answered, the longest waiting first."""
    if not frame.actor.may(Act.READ_WARNINGS):
        return {"unanswered": [], "unanswered_more": 0}
    found = queries.waiting(frame.scope)
    names = Names.read() if found else None
    shown = [area_on_page(line, callout, names, frame) for callout, line in found[:UNANSWERED_AT_MOST]] if names else []
    return {"unanswered": shown, "unanswered_more": len(found) - len(shown), "unanswered_total": len(found)}


def pinned_parts(frame: Frame) -> dict[str, object]:
    """What ``parts/pinned.html`` shows: the unanswered, and what the official platform has not receipted."""
    return unanswered(frame) | {"releases": missing_releases(frame)}


def state_word(line: queries.AreaLine, *, now_us: int) -> str:
    """What a reader is to know of an area. Never silent: past the last moment it says NOT REACHED."""
    now = from_us(now_us)
    if line.state is AreaState.REACHED:
        return _("Reached")
    if line.state is AreaState.WITHDRAWN:
        return _("No longer called")
    if line.state is AreaState.UNREACHED or line.is_not_reached(now):
        return _("NOT REACHED")
    return _("No answer yet") if line.is_late(now) else _("Being called")


def minutes_words(minutes: float | None) -> str:
    """``4 min``; "" where nobody was reached."""
    return "" if minutes is None else _("{n} min").format(n=f"{minutes:.0f}" if minutes >= 10 else f"{minutes:.1f}")


def how_word(how: str) -> str:
    """How a human answered."""
    words = {How.KEY: _("key pressed"), How.LINK: _("link confirmed"), How.REPLY: _("code sent back"),
             How.BY_HAND: _("call made by hand")}  # fmt: skip
    return words[How(how)] if how else ""


def why_word(why: str) -> str:
    """Why a call-out is over."""
    return {
        Why.EXPIRED: _("Expired"), Why.CANCELLED: _("Cancelled"), Why.RAISED: _("Raised: a new call-out took over"),
        Why.LOWERED: _("Level lowered"),
    }[Why(why)]  # fmt: skip


def heard_word(heard: str) -> str:
    """What came back of an attempt: a human's answer, or what is none."""
    if not heard:
        return ""
    if heard in set(How):
        return how_word(heard)
    return {
        Heard.MACHINE: _("answering machine: no answer"), Heard.ENGAGED: _("engaged"), Heard.NO_ANSWER: _("nobody lifted"),
        Heard.CONNECTED: _("lifted, no key pressed: no answer"), Heard.WRONG_KEY: _("another key pressed: no answer"),
        Heard.FAILED: _("call failed"),
    }[Heard(heard)]  # fmt: skip


def rung_word(rung: str) -> str:
    """As what a post was called."""
    return {Rung.WARDEN: _("Warden"), Rung.DEPUTY: _("Deputy warden"), Rung.UPPER: _("Post above")}[Rung(rung)]


def channel_word(channel: str) -> str:
    """By which way."""
    return {"voice": _("Call"), "sms": _("Short message"), "mail": _("Mail")}.get(channel, channel)


def delivery_word(state: str) -> str:
    """What became of the letter at the gateway."""
    return {
        "waiting": _("being sent"), "accepted": _("taken by the gateway"), "failed": _("refused by the gateway"),
        "too_late": _("not sent before the next one"), "superseded": _("not needed any more"),
    }.get(state, state)  # fmt: skip


def _next_call(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    return age_words((now - at).total_seconds()) if at > now else _("now")


def _attempts(count: int) -> str:
    return ngettext("{n} attempt", "{n} attempts", count).format(n=count)
