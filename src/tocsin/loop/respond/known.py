"""The fact base of an event, told as a report: what the rooms before this one, the tasks and the deliveries hold. Nothing here
is typed by anybody; what nobody recorded is said to be so (facts: kernel_warning_response.yaml, rule report_content)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.observe import queries as observe
from tocsin.loop.respond import playbooks
from tocsin.loop.respond.models import ActionRow, IncidentRow
from tocsin.loop.verify import queries as verify
from tocsin.loop.warn import queries as warn
from tocsin.packkit import explain_transition, plain_sentence
from tocsin.records.dispatch import queries as dispatch
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.org import queries as org
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.packs import packs_in_use
from tocsin.records.places import queries as places
from tocsin.records.tasks import queries as task_list
from tocsin.terms.moment import from_us
from tocsin.terms.response_level import response_level
from tocsin.terms.signal import Change, Transition

__all__ = ["SECTIONS", "Item", "changed", "section_title", "tell"]

SECTIONS = ("received", "source", "event", "nature", "area", "loss", "trend", "on_site", "steps", "needs")
_SIGNALS_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a statement. ``key`` is the same for the same thing in a later statement; ``text`` by language."""

    section: str
    key: str
    text: dict[str, str]


def tell(event_id: str, *, now: datetime) -> list[Item]:
    """Everything known of an event, in the order of a report, in every language. Moments are absolute, so that what has not
    changed reads the same later."""
    base = _Base(event_id, now)
    texts: dict[tuple[str, str], dict[str, str]] = {}
    for language in LANGUAGES:
        with translation.override(language):
            for section, key, text in _lines(base, language):
                texts.setdefault((section, key), {})[language] = text
    return [Item(section, key, text) for (section, key), text in texts.items()]


def changed(items: list[Item], before: list[Item]) -> list[Item]:
    """What is new or reads differently than before: what a follow-up tells."""
    told = {(item.section, item.key): item.text for item in before}
    return [item for item in items if told.get((item.section, item.key)) != item.text]


def section_title(section: str) -> str:
    """The heading of a section in the present language."""
    return {
        "received": _("When it became known"), "source": _("Where it is known from"), "event": _("Time and place"),
        "nature": _("What it is"), "area": _("Area of effect"), "loss": _("Casualties and loss"), "trend": _("Trend"),
        "on_site": _("Who is on site"), "steps": _("Steps taken"), "needs": _("Needs"),
    }[section]  # fmt: skip


class _Base:
    """What the rooms hold, read once."""

    def __init__(self, event_id: str, now: datetime) -> None:
        self.now = now
        self.detail = detect.event(EVERYWHERE, event_id)
        self.event = self.detail.event
        self.dossier = verify.dossiers(EVERYWHERE, [event_id]).get(event_id)
        self.verifications = verify.verifications(EVERYWHERE, event_id)
        self.warnings = [line for line in warn.warnings_of(EVERYWHERE, event_id) if line.issued_at]
        self.incident = IncidentRow.objects.filter(event=event_id).order_by("-proposed_at", "-id").first()
        self.actions = list(ActionRow.objects.filter(incident=self.incident).order_by("id")) if self.incident else []
        self.tasks = {line.task: task_list.task(EVERYWHERE, line.task) for line in self.actions if line.task}
        self.areas = {area.path: area for area in places.jurisdictions(EVERYWHERE)}
        self.posts = {post.id: post for post in org.posts(EVERYWHERE)}
        self.accepted = sum(line.accepted for line in dispatch.deliveries(event=event_id))
        self.zone = self._zone()

    def _zone(self) -> tzinfo:
        path = self.event.jurisdiction
        while path:
            if path in self.areas:
                return ZoneInfo(self.areas[path].zone)
            path = path.rpartition("/")[0]
        return timezone.get_default_timezone()

    @cached_property
    def titles(self) -> dict[str, str]:
        """Stream id and feature -> what people call the place."""
        out = {}
        for stream in observe.streams(EVERYWHERE):
            out[stream.id] = out[stream.feature] = stream.label("title") or stream.feature
        return out

    def place(self, language: str) -> str:
        """What people call the event's place."""
        facilities = {f.id: f.title for f in places.facilities(EVERYWHERE)}
        title = facilities.get(self.event.place)
        if title:
            return title.get(language) or title.get("en") or self.event.place
        return self.titles.get(self.event.place, self.event.place) or self.area(self.event.jurisdiction, language)

    def area(self, path: str, language: str) -> str:
        """What people call an area."""
        area = self.areas.get(path)
        return (area.title.get(language) or area.title.get("en") or path) if area else path

    def post(self, post_id: str, language: str) -> str:
        """What people call a post."""
        post = self.posts.get(post_id)
        return (post.title.get(language) or post.title.get("en") or post_id) if post else post_id

    def at(self, moment: datetime | int) -> str:
        """A moment in the area's civil time."""
        aware = from_us(moment) if isinstance(moment, int) else moment
        text = aware.astimezone(self.zone).strftime("%Y-%m-%d %H:%M %z")
        return f"{text[:-2]}:{text[-2:]}"


_Line = tuple[str, str, str]


def _lines(base: _Base, language: str) -> Iterator[_Line]:
    yield from _received(base, language)
    yield from _source(base, language)
    yield from _what(base, language)
    yield "loss", "loss", _("Not recorded in this system.")
    yield from _trend(base, language)
    yield from _on_site(base, language)
    yield from _steps(base, language)
    yield from _needs(base, language)


def _received(base: _Base, language: str) -> Iterator[_Line]:
    opened = base.detail.changes[0].at_us if base.detail.changes else base.event.began_us
    yield "received", "detected", _("Found by rules on observations: {at}").format(at=base.at(opened))
    if base.dossier and base.dossier.acknowledged_at:
        post = base.dossier.acknowledged_by.partition("/")[0]
        yield (
            "received",
            "acknowledged",
            _("Taken in hand by {post}: {at}").format(
                post=base.post(post, language), at=base.at(base.dossier.acknowledged_at)
            ),
        )


def _source(base: _Base, language: str) -> Iterator[_Line]:
    for line in sorted(base.detail.signals, key=lambda s: (-s.peak, s.onset_us))[:_SIGNALS_AT_MOST]:
        newest = [c for c in base.detail.signal_changes if c.signal == line.id][-1:]
        for change in newest:
            yield "source", line.id, f"{_said(base, line, change, language)} ({base.at(change.at_us)})"
    more = len(base.detail.signals) - _SIGNALS_AT_MOST
    if more > 0:
        yield "source", "more", _("{n} more signals").format(n=more)
    if not base.detail.signals:
        yield "source", "none", _("Expected as a consequence of another event; nothing of it was observed yet.")
    for number, check in enumerate(base.verifications):
        if check.answered_at is None:
            continue
        answers = {"confirmed": _("confirmed"), "refuted": _("refuted"), "cannot_tell": _("cannot tell")}
        yield "source", f"verification-{number}", _("{post} looked: {answer}, {at}").format(
            post=base.post(check.post, language), answer=answers.get(str(check.answer), str(check.answer)),
            at=base.at(check.answered_at),
        )  # fmt: skip
    verdict = str(base.dossier.verdict) if base.dossier else "unverified"
    words = {
        "confirmed": _("Confirmed on site."),
        "refuted": _("Refuted on site."),
        "unverified": _("Not verified yet."),
    }
    yield "source", "verdict", words.get(verdict, verdict)


def _said(base: _Base, line: detect.SignalLine, change: detect.SignalChangeLine, language: str) -> str:
    transition = Transition(
        line.rule, change.rule_version, line.hazard, line.subject, Change(change.change), change.level, change.previous,
        change.at_us, line.onset_us, change.seq, line.quality, change.evidence,
    )  # fmt: skip
    place = base.titles.get(line.subject.key, line.subject.key)
    for pack in packs_in_use():
        if any((rule.name, rule.version) == (line.rule, change.rule_version) for rule in pack.rules):
            return explain_transition(pack, transition, place, language)
    return plain_sentence(transition, place, language)


def _what(base: _Base, language: str) -> Iterator[_Line]:
    yield "event", "began", _("Began: {at}").format(at=base.at(base.event.began_us))
    yield "event", "place", base.place(language)
    if base.event.ended_us is not None:
        yield "event", "ended", _("Ended: {at}").format(at=base.at(base.event.ended_us))
    hazard = playbooks.hazard_title(base.event.hazard, language)
    yield "nature", "hazard", hazard
    yield "area", "area", base.area(base.event.jurisdiction, language) or _("several areas")


def _trend(base: _Base, language: str) -> Iterator[_Line]:
    steps, previous = [], -1
    for change in base.detail.changes:
        if change.level != previous:
            steps.append(f"{playbooks.level_word(change.level, language)} {base.at(change.at_us)}")
            previous = change.level
    yield "trend", "levels", _("Level: {steps}").format(steps="; ".join(steps[-6:]))
    if base.event.no_data:
        yield "trend", "no_data", _("A stream fell silent while its condition held.")
    for child in base.detail.children:
        yield (
            "trend",
            f"child-{child.id}",
            _("May follow: {hazard}").format(hazard=playbooks.hazard_title(child.hazard, language)),
        )


def _on_site(base: _Base, language: str) -> Iterator[_Line]:
    there = {
        (task.post, line.facility)
        for line in base.actions
        if (task := base.tasks.get(line.task))
        and line.role in ("inspector", "facility_operator")
        and task.acknowledged_at
    }
    there |= {(check.post, "") for check in base.verifications if check.answered_at is not None and check.post}
    for post, facility in sorted(there):
        yield "on_site", f"{post}-{facility}", base.post(post, language)
    if not there:
        yield "on_site", "nobody", _("Nobody has confirmed to be on site.")


def _steps(base: _Base, language: str) -> Iterator[_Line]:
    for warning in base.warnings:
        word = playbooks.level_word(warning.level, language)
        kinds = {"alert": _("Warning issued"), "update": _("Warning updated"), "cancel": _("Warning cancelled")}
        said = kinds.get(str(warning.kind), str(warning.kind))
        yield "steps", warning.id, f"{said}: {word}, {base.at(warning.issued_at or warning.drafted_at)}"
    row = base.incident
    if row is not None and row.opened_at:
        yield "steps", "response", _("{level} opened: {at}; expected until {until}").format(
            level=response_level(row.level).word(language), at=base.at(row.opened_at),
            until=base.at(row.expected_until or row.opened_at),
        )  # fmt: skip
    for line in base.actions:
        task = base.tasks.get(line.task)
        if task is None:
            continue
        states = {"given": _("given"), "acknowledged": _("confirmed by {post}"), "done": _("done by {post}"),
                  "withdrawn": _("withdrawn")}  # fmt: skip
        said = states[str(task.state)].format(post=base.post(task.post, language))
        moment = task.ended_at or task.acknowledged_at or task.given_at
        title = line.title.get(language) or line.title.get("en") or line.action
        yield "steps", f"task-{line.task}", f"{title}: {said}, {base.at(moment)}"
    if row is not None and row.ended_at and row.opened_at:
        yield "steps", "response-ended", _("Response ended: {at}").format(at=base.at(row.ended_at))
    if base.accepted:
        yield "steps", "messages", _("Messages accepted by the next hop: {n}").format(n=base.accepted)


def _needs(base: _Base, language: str) -> Iterator[_Line]:
    for line in base.actions:
        if line.nobody_at and not line.task:
            title = line.title.get(language) or line.title.get("en") or line.action
            yield "needs", f"nobody-{line.pk}", _("Nobody on duty for: {action}").format(action=title)
    if not any(line.nobody_at and not line.task for line in base.actions):
        yield "needs", "none", _("None recorded.")
