"""Words for the story of an event: who did it (a post or the product, never a person's name), what, with which particulars."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from tocsin.doors.console.ages import absolute, age_words
from tocsin.doors.console.frame import Frame
from tocsin.doors.console.marks import level_word
from tocsin.loop.review.story import Gap, Moment, Told, by_person, post_of
from tocsin.loop.review.words import verb_words
from tocsin.records.ledger.queries import Breach, Line
from tocsin.records.org import queries as org
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.moment import to_us

__all__ = ["EntryOnPage", "GapOnPage", "Teller", "breach_words", "verdict_words"]


@dataclass(frozen=True, slots=True)
class EntryOnPage:
    """One entry as a page shows it. ``level``, ``warned``: ranks known just after it, None where the page has no such
    column; ``written``: the entry as it stands in the ledger."""

    at_us: int
    happened_us: int | None
    after: str
    who: str
    is_person: bool
    what: str
    with_: list[tuple[str, str]]
    level: int | None
    verdict: str
    warned: int
    response: int
    subject: str
    number: int
    hash: str
    covered: bool
    written: str


@dataclass(frozen=True, slots=True)
class GapOnPage:
    """One deadline as the page shows it."""

    what: str
    post: str
    due_us: int
    done_us: int | None
    said: str
    missed: bool


class Teller:
    """Makes words of entries, in the reader's language, with the titles of posts as they are now."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._posts = {line.id: line.title for line in org.posts(EVERYWHERE)}

    def moment(self, moment: Moment) -> EntryOnPage:
        """A moment of a timeline."""
        told, known = moment.told, moment.known
        happened = told.happened_us if told.happened_us is not None and told.happened_us != to_us(told.at) else None
        return EntryOnPage(
            to_us(told.at), happened, _after_onset(moment.since_onset), self.actor(told.actor), by_person(told.actor),
            verb_words(told.verb), list(self._particulars(told.body)), known.level, verdict_words(known.verdict),
            known.warned, known.response, told.subject, told.number, told.hash, told.covered, _written(told.body),
        )  # fmt: skip

    def told(self, told: Told) -> EntryOnPage:
        """An entry of a reconstruction, beside which no level stands."""
        return self.line(Line(told.number, told.at, told.actor, told.verb, dict(told.body), told.hash, told.subject))

    def line(self, line: Line) -> EntryOnPage:
        """An entry of any chain."""
        return EntryOnPage(
            to_us(line.at), None, "", self.actor(line.actor), by_person(line.actor), verb_words(line.verb),
            list(self._particulars(line.body)), None, "", 0, 0, line.subject, line.number, line.hash, True,
            _written(line.body),
        )  # fmt: skip

    def gap(self, gap: Gap) -> GapOnPage:
        """A deadline."""
        return GapOnPage(
            _gap_kind(gap), self.post(gap.post), to_us(gap.due_at), to_us(gap.done_at) if gap.done_at else None,
            _gap_words(gap), gap.missed,
        )  # fmt: skip

    def actor(self, actor: str) -> str:
        """Who did it: the post's title, or the part of the product."""
        post = post_of(actor)
        if post:
            return self.post(post)
        if by_person(actor):
            return _("An account of staff")
        kind, _colon, name = actor.partition(":")
        return {"engine": _("Engine"), "cli": _("Command line"), "rule": _("Rule"), "service": _("Tocsin")}.get(
            kind, name or actor or _("Unknown")
        )

    def post(self, post: str) -> str:
        """The title of a post; its id where it is gone."""
        title = self._posts.get(post, {})
        return title.get(self._frame.language) or title.get("en") or post

    def _particulars(self, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What an entry says beside its verb, as far as it can be said in words; the rest stands in the entry as written."""
        for key, (label, words) in self._readers().items():
            value = body.get(key)
            if value is not None and value not in ("", [], {}):
                try:
                    yield label, words(value)
                except (TypeError, ValueError, KeyError):  # another version wrote it otherwise
                    yield label, str(value)

    def _readers(self) -> dict[str, tuple[str, Callable[[Any], str]]]:
        frame = self._frame

        def level(rank: Any) -> str:
            return level_word(frame.words.scheme, int(rank), frame.language)

        def moment(at_us: Any) -> str:
            return absolute(int(at_us), frame.zone, frame.now_us)

        return {
            "level": (_("Level"), level),
            "from": (_("From"), lambda value: level(value) if isinstance(value, int) else _state_words(value)),
            "to": (_("To"), lambda value: level(value) if isinstance(value, int) else _state_words(value)),
            "post": (_("Post"), lambda value: self.post(str(value))),
            "answer": (_("Answer"), lambda value: verdict_words(str(value))),
            "said": (_("Answer"), lambda value: verdict_words(str(value))),
            "verdict": (_("Verdict"), lambda value: verdict_words(str(value))),
            "headline": (_("Headline"), lambda value: str(value.get(frame.language) or value.get("en") or "")),
            "due_us": (_("Due"), moment),
            "limit_us": (_("Due"), moment),
            "expires_us": (_("Until"), moment),
            "recipients": (_("Recipients"), str),
            "unreached": (_("Without an address"), lambda value: str(value) if value else _("none")),
            "accepted": (_("Accepted"), str),
            "failed": (_("Failed"), str),
            "too_late": (_("Too late"), str),
            "facility": (_("Facility"), str),
            "version": (_("Version"), str),
            "measures": (_("Measures"), str),
        }


def verdict_words(verdict: str) -> str:
    """A verdict or answer in the reader's language; "" where there is none."""
    return {
        "": "", "unverified": _("Unverified"), "confirmed": _("Confirmed"), "refuted": _("Refuted"),
        "cannot_tell": _("Cannot tell"), "fixed": _("Fixed"), "not_fixed": _("Not fixed"),
    }.get(verdict, verdict)  # fmt: skip


def breach_words(breach: Breach) -> str:
    """A breach in the reader's language."""
    kind = {
        "edited": _("edited"), "removed": _("removed"), "inserted": _("inserted"), "reordered": _("put in another order"),
    }.get(breach.kind, breach.kind)  # fmt: skip
    return _("{subject}, entry {number}: {kind}").format(subject=breach.subject, number=breach.number, kind=kind)


def _state_words(state: Any) -> str:
    return {
        "proposed": _("Proposed"), "open": _("Open"), "merged": _("Merged"), "ended": _("Ended"),
    }.get(str(state), str(state))  # fmt: skip


def _after_onset(since: timedelta) -> str:
    seconds = since.total_seconds()
    return _("{age} after onset").format(age=age_words(seconds)) if seconds >= 0 else _("before onset")


def _gap_kind(gap: Gap) -> str:
    return {
        "verification": _("Verification"), "response": _("First action"), "report": _("Report due"),
        "rectification": _("Rectification"), "recheck": _("Re-check"), "look_back": _("Look-back"),
        "unreached": _("Letters that did not arrive"), "measure": _("Measure"),
    }.get(gap.kind, verb_words(gap.verb))  # fmt: skip


def _gap_words(gap: Gap) -> str:
    if gap.late is None:
        return _("Taken back")
    seconds = gap.late.total_seconds()
    if gap.done_at is not None:
        return _("{age} late").format(age=age_words(seconds)) if gap.missed else _("In time")
    return _("Overdue by {age}").format(age=age_words(seconds)) if gap.missed else _("Not due yet")


def _written(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True)
