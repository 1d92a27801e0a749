"""A finding is a case: read, moved by the kernel, told of; the room's own work on it, and its tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tocsin.loop.rectify import limits, queries
from tocsin.loop.rectify.lifecycle import Grade
from tocsin.loop.rectify.models import WorkRow
from tocsin.loop.rectify.queries import FindingLine
from tocsin.records.blobs import Photo
from tocsin.records.cases import services as cases
from tocsin.records.cases.services import Keeper
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue
from tocsin.terms.moment import to_us

__all__ = [
    "KIND", "LOOK_BACK_KIND", "RECHECK_KIND", "ROOM", "RULE", "WORDS_AT_MOST", "Step", "count_photos", "done", "fact_of",
    "for_task", "grade_of", "keeper", "line_of", "make", "take_back", "task_of", "tell", "words_of", "work_of",
]  # fmt: skip

ROOM = "rectify"
RULE = service("rule:rectify")
KIND, RECHECK_KIND, LOOK_BACK_KIND = "rectification", "recheck", "look_back"  # of its tasks
WORDS_AT_MOST = 4000


@dataclass(frozen=True, slots=True)
class Step:
    """A move as the room makes it: its answers and pictures, and the entry in the ledger that tells of it."""

    move: str
    verb: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    photos: Sequence[Photo] = ()


def line_of(finding_id: str) -> FindingLine:
    """The finding as it is. Raises UnknownName."""
    return queries.finding(EVERYWHERE, finding_id)


def work_of(finding_id: str) -> WorkRow:
    """The room's own row, held until the transaction ends. Raises UnknownName."""
    line_of(finding_id)
    return WorkRow.objects.select_for_update().get(case=finding_id)


def make(finding: FindingLine, step: Step, *, version: int, actor: Actor, now: datetime) -> None:
    """Make the move; whether it may be made is for the kernel to say. Raises NotAllowed, Stale, BadValue, AnswersRefused."""
    cases.move(finding.id, step.move, step.answers, step.photos, version=version,
               keeper=keeper(step.verb, finding, **step.body), actor=actor, now=now)  # fmt: skip


def keeper(verb: str, finding: FindingLine, **more: Any) -> Keeper:
    """Who moves it, and what its entry says."""
    return Keeper(ROOM, verb, {**_where(finding), **more})


def tell(finding: FindingLine, verb: str, actor: Actor, now: datetime, **more: Any) -> None:
    """An entry in its chain beside that of the move."""
    ledger.append(finding.id, verb, {**_where(finding), **more}, actor=actor.name, now=now)


def fact_of(finding: FindingLine, kind: type, now: datetime, **more: Any) -> None:
    """The fact that the room gives."""
    of = (finding.id, finding.event, finding.facility, finding.grade.value, finding.jurisdiction, to_us(now))
    outbox.put([kind(*of, **more)], now=now)


def task_of(finding: FindingLine, kind: str, title: dict[str, str], post: str, due: datetime) -> tasks.Order:
    """Told in the finding's own chain, so ``event`` stays empty."""
    return tasks.Order(kind, title, finding.id, "", finding.jurisdiction, post, due, finding.facility,
                       detail={"finding": finding.id})  # fmt: skip


def done(task_id: str, outcome: dict[str, Any], actor: Actor, now: datetime) -> None:
    """The task is done, by whoever did it."""
    if task_id and task_list.task(EVERYWHERE, task_id).is_open:
        tasks.finish(task_id, outcome, actor=for_task(task_id, actor), now=now)


def take_back(task_id: str, why: str, actor: Actor, now: datetime) -> None:
    """Take a task back, where there is one."""
    if task_id:
        tasks.withdraw(task_id, why, actor=actor, now=now)


def for_task(task_id: str, actor: Actor) -> Actor:
    """The same account in the post that the task was given to: another post of the facility, or another inspector, may be the
    one who does it. The ledger names who it was."""
    return replace(actor, post=task_list.task(EVERYWHERE, task_id).post)


def words_of(text: str, what: str) -> str:
    """What somebody wrote, which must not be empty. Raises BadValue."""
    text = text.strip()
    if not text:
        raise BadValue(what, _("is empty"), _("say it in a few words"))
    if len(text) > WORDS_AT_MOST:
        raise BadValue(what, _("is longer than {n} characters").format(n=WORDS_AT_MOST), _("shorten it"))
    return text


def grade_of(grade: str) -> Grade:
    """The grade of a form. Raises BadValue."""
    try:
        return Grade(grade)
    except ValueError:
        raise BadValue(_("grade"), _("a finding is general or major"), _("choose one of the two")) from None


def count_photos(photos: Sequence[Photo]) -> None:
    """Raises BadValue for more than a form may carry."""
    if len(photos) > limits.RECORD_AT_MOST:
        raise BadValue(
            _("photographs"), _("there are more than {n}").format(n=limits.RECORD_AT_MOST), _("choose the best")
        )


def _where(finding: FindingLine) -> dict[str, str]:
    return {"facility": finding.facility, "jurisdiction": finding.jurisdiction, "grade": finding.grade.value,
            "event": finding.event}  # fmt: skip
