"""What needs a human, on one page: which fact begins a need, how one sees that it still waits, and which fact meets it.

The chains that say whom to call are the deployment's (``tocsin escalation load``); where none serves, nothing more happens than
the rooms' own letters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.loop.detect.facts import EventChanged, EventOpened
from tocsin.loop.observe.queries import place_title
from tocsin.loop.verify import queries as verify
from tocsin.loop.verify.facts import EventAcknowledged, EventClosed, VerificationAnswered, VerificationOverdue
from tocsin.loop.verify.invented import is_exercise
from tocsin.loop.verify.services import UNREACHED
from tocsin.loop.warn import queries as warn
from tocsin.loop.warn.facts import WarningSigned, WarningSubmitted
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.names import Names
from tocsin.records.dispatch.facts import LetterAnswered
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import in_every_language
from tocsin.records.escalation import services as escalation
from tocsin.records.escalation.services import Need
from tocsin.records.org import queries as org
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import queries as places
from tocsin.records.roster import queries as roster
from tocsin.records.roster.facts import ShiftEmpty
from tocsin.records.tasks import queries as tasks
from tocsin.records.tasks.facts import TaskAcknowledged, TaskGiven
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import from_us

__all__ = [
    "on_event_acknowledged", "on_event_closed", "on_events", "on_letter_answered", "on_shift_empty",
    "on_task_acknowledged", "on_task_given",
    "on_verification_answered", "on_verification_overdue", "on_warning_signed", "on_warning_submitted",
]  # fmt: skip


# ---------------------------------------------------------------- an event that nobody took in hand
def on_events(facts: Sequence[EventOpened | EventChanged], now: datetime) -> None:
    """Events opened or changed: each that nobody has in hand begins a need, or goes on with the one it has."""
    if not escalation.serves("event"):
        return
    known = verify.dossiers(EVERYWHERE, {fact.event for fact in facts})
    names = Names.read()
    for line in known.values():
        if _event_waits(line.event):
            _begin_event(line, names, now)


def _begin_event(line: verify.DossierLine, names: Names, now: datetime) -> None:
    def write(language: str) -> Text:
        title = _("{level}, {place}, {hazard}").format(
            level=names.level(line.level, language), hazard=names.hazard(line.hazard, language),
            place=place_title(line.place) if line.place else _("Place not known"),
        )  # fmt: skip
        return Text(title, _("No duty officer has acknowledged it yet. Acknowledge it on the duty console."))

    _begin("event", line.event, write, event=line.event, jurisdiction=line.jurisdiction, level=line.level,
           link=f"/events/{line.event}/", exercise=is_exercise(line.event), once=True, now=now)  # fmt: skip


def on_event_acknowledged(facts: Sequence[EventAcknowledged], now: datetime) -> None:
    """A duty officer has it."""
    for fact in facts:
        escalation.acknowledge("event", fact.event, by=f"post:{fact.post}", now=now)


def on_event_closed(facts: Sequence[EventClosed], now: datetime) -> None:
    """Its file is closed."""
    for fact in facts:
        escalation.end("event", fact.event, "over", now=now)


def _event_waits(event: str) -> bool:
    line = verify.dossiers(EVERYWHERE, [event]).get(event)
    return (line is not None and line.state in ("open", "proposed") and not line.merged_into
            and line.closed_at is None and line.unacknowledged_since is not None)  # fmt: skip


# ---------------------------------------------------------------- a verification without an answer in time
def on_verification_overdue(facts: Sequence[VerificationOverdue], now: datetime) -> None:
    """The deadline of a verification passed."""
    for fact in facts:
        try:
            line = verify.verification(EVERYWHERE, fact.verification)
        except UnknownName:
            continue
        _begin_verification(line, now)


def _begin_verification(line: verify.VerificationLine, now: datetime) -> None:
    def write(_language: str) -> Text:
        what = place_title(line.place) if line.place else ""
        title = _("No answer in time: {what}").format(what=what)
        return Text(title, _("Nobody has answered the verification. Reach the inspector, or ask another."))

    jurisdiction = verify.dossier(EVERYWHERE, line.event).jurisdiction
    _begin("verification", line.id, write, event=line.event, jurisdiction=jurisdiction, level=line.level,
           link=f"/events/{line.event}/", exercise=is_exercise(line.event), now=now)  # fmt: skip


def on_verification_answered(facts: Sequence[VerificationAnswered], now: datetime) -> None:
    """Whoever went has told."""
    for fact in facts:
        escalation.acknowledge("verification", fact.verification, by=f"post:{fact.post}", now=now)


def _verification_waits(verification: str) -> bool:
    try:
        return verify.verification(EVERYWHERE, verification).is_open
    except UnknownName:
        return False


# ---------------------------------------------------------------- a warning that waits for a signature
def on_warning_submitted(facts: Sequence[WarningSubmitted], now: datetime) -> None:
    """A warning was submitted; where it was sent back and comes again, it is a new need."""
    names = Names.read()
    for fact in facts:
        if _signature_waits(fact.warning):
            _begin_signature(fact, names, now)


def _begin_signature(fact: WarningSubmitted, names: Names, now: datetime) -> None:
    line = warn.warning(EVERYWHERE, fact.warning)

    def write(language: str) -> Text:
        title = line.content.text(language).headline or names.hazard(line.hazard, language)
        return Text(title, _("A warning waits for a signature. Check it, then approve or send it back."))

    _begin("signature", fact.warning, write, event=fact.event, jurisdiction=fact.jurisdiction, level=fact.level,
           link=f"/console/warnings/{fact.warning}/sign", exercise=fact.exercise, now=now)  # fmt: skip


def on_warning_signed(facts: Sequence[WarningSigned], now: datetime) -> None:
    """A second person signed it."""
    for fact in facts:
        escalation.acknowledge("signature", fact.warning, by="service:warn", now=now)


def _signature_waits(warning: str) -> bool:
    try:
        return warn.warning(EVERYWHERE, warning).state is WarningState.SUBMITTED
    except UnknownName:
        return False


# ---------------------------------------------------------------- letters that did not arrive
def on_task_given(facts: Sequence[TaskGiven], now: datetime) -> None:
    """A duty officer was asked to reach by other means those whom letters did not reach."""
    for fact in facts:
        if fact.kind == UNREACHED and _task_waits(fact.task):
            _begin_unreached(tasks.task(EVERYWHERE, fact.task), fact.event, now)


def _begin_unreached(line: tasks.TaskLine, event: str, now: datetime) -> None:
    def write(language: str) -> Text:
        title = line.title.get(language) or line.title.get("en", "")
        return Text(title, _("Nobody has taken the task to reach them another way."))

    _begin("unreached", line.id, write, event=event, jurisdiction=line.jurisdiction, level=line.level,
           link=f"/tasks/{line.id}/", exercise=is_exercise(event), now=now)  # fmt: skip


def on_task_acknowledged(facts: Sequence[TaskAcknowledged], now: datetime) -> None:
    """Somebody has the task."""
    for fact in facts:
        escalation.acknowledge("unreached", fact.task, by=f"post:{fact.post}", now=now)


def _task_waits(task: str) -> bool:
    try:
        return tasks.task(EVERYWHERE, task).state == "given"
    except UnknownName:
        return False


# ---------------------------------------------------------------- a shift that nobody holds
def on_shift_empty(facts: Sequence[ShiftEmpty], now: datetime) -> None:
    """A post that should be held in the coming days will not be."""
    for fact in facts:
        if roster.gap_is_open(fact.gap):
            _begin_gap(fact, now)


def _begin_gap(fact: ShiftEmpty, now: datetime) -> None:
    def write(language: str) -> Text:
        first = places.local_time(from_us(fact.from_us), fact.jurisdiction).strftime("%m-%d %H:%M")
        title = _("Nobody on duty: {post}, from {first}").format(post=_post_title(fact.post, language), first=first)
        return Text(title, _("Somebody should hold this post then and nobody does. Put somebody on it."))

    _begin("gap", f"gap:{fact.gap}", write, jurisdiction=fact.jurisdiction, level=0, link="/roster", now=now)


def _post_title(post: str, language: str) -> str:
    titles = org.post(post).title
    return titles.get(language) or titles.get("en") or post


def _gap_waits(about: str) -> bool:
    number = about.removeprefix("gap:")
    return number.isdigit() and roster.gap_is_open(int(number))


# ---------------------------------------------------------------- answers
def on_letter_answered(facts: Sequence[LetterAnswered], now: datetime) -> None:
    """Posts said that they have it."""
    escalation.note_answers(facts, now)


def _begin(
    kind: str, about: str, write: Callable[[str], Text], *, event: str = "", jurisdiction: str, level: int, link: str,
    exercise: bool = False, once: bool = False, now: datetime,
) -> None:  # fmt: skip
    """Somebody is needed for it; ``write(language)`` says what it is and what is to be done."""
    texts = in_every_language(write)
    title, said = ({language: getattr(text, part) for language, text in texts.items()} for part in ("subject", "body"))
    escalation.start(Need(kind, about, event, jurisdiction, level, title, said, link, exercise, once=once), now=now)


escalation.register("event", _event_waits)
escalation.register("verification", _verification_waits)
escalation.register("signature", _signature_waits)
escalation.register("unreached", _task_waits)
escalation.register("gap", _gap_waits)
