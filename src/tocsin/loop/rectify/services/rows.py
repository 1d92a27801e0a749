"""The row of a finding: read for writing, moved, told of; its photographs, and its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tocsin.loop.rectify import limits
from tocsin.loop.rectify.lifecycle import FindingState, Grade, may_move
from tocsin.loop.rectify.models import FindingRow, PhotoRow
from tocsin.records.blobs import Photo
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue, Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = [
    "KIND", "LOOK_BACK_KIND", "RECHECK_KIND", "RULE", "WORDS_AT_MOST", "close", "closing", "count_photos", "done", "grade_of",
    "keep", "move", "row_of", "save", "take_back", "task_of", "tell", "words_of",
]  # fmt: skip

RULE = service("rule:rectify")
KIND, RECHECK_KIND, LOOK_BACK_KIND = "rectification", "recheck", "look_back"  # of its tasks
WORDS_AT_MOST = 4000


def row_of(finding_id: str) -> FindingRow:
    """The row, held until the transaction ends. Raises UnknownName."""
    row = FindingRow.objects.select_for_update().filter(id=finding_id).first()
    if row is None:
        raise UnknownName(_("finding"), _("there is none with this address"), _("open the list of findings"))
    return row


def move(row: FindingRow, after: FindingState, version: int) -> None:
    """Change its state where the lifecycle allows it and nobody was quicker. Raises Stale."""
    if row.version != version or not may_move(FindingState(row.state), after):
        raise Stale(_("finding"), _("it has changed since you saw it"), _("load the page again and decide anew"))
    row.state = after


def save(row: FindingRow) -> None:
    """Keep it, one version later."""
    row.version += 1
    row.save()


def tell(row: FindingRow, verb: str, kind: type, actor: Actor, now: datetime, **more: Any) -> None:
    """An entry in its chain and a fact."""
    body = {"facility": row.facility, "jurisdiction": row.jurisdiction, "grade": row.grade, "event": row.event, **more}
    ledger.append(row.id, verb, body, actor=actor.name, now=now)
    extra = {name: more[name] for name in ("limit_us", "deadline_us", "said") if name in kind.__slots__}  # type: ignore[attr-defined]
    fact = kind(row.id, row.event, row.facility, row.grade, row.jurisdiction, to_us(now), **extra)
    outbox.put([fact], now=now)


def keep(row: FindingRow, moment: str, photos: Sequence[Photo], actor: Actor, now: datetime) -> list[str]:
    """Keep photographs with it; their digests."""
    unique = {photo.digest: photo for photo in photos}
    PhotoRow.objects.bulk_create(
        [PhotoRow(finding=row, moment=moment, digest=p.digest, thumbnail=p.thumbnail, at=now, by=actor.name)
         for p in unique.values()], ignore_conflicts=True,
    )  # fmt: skip
    return list(unique)


def close(row: FindingRow, actor: Actor, now: datetime) -> None:
    """Closed, and the day on which it is looked back at."""
    row.closed_at, row.closed_by = now, actor.name
    row.look_back_on = (now + limits.LOOK_BACK).date()


def closing(row: FindingRow) -> dict[str, Any]:
    """What the ledger says of a closing."""
    return {"look_back_on": row.look_back_on.isoformat() if row.look_back_on else "", "state": row.state}


def task_of(row: FindingRow, kind: str, title: dict[str, str], post: str, due: datetime) -> tasks.Order:
    """Told in the finding's own chain, so ``event`` stays empty."""
    return tasks.Order(kind, title, row.id, "", row.jurisdiction, post, due, row.facility, detail={"finding": row.id})


def done(task_id: str, outcome: dict[str, Any], actor: Actor, now: datetime) -> None:
    """The task is done, by whoever did it."""
    if task_id and task_list.task(EVERYWHERE, task_id).is_open:
        tasks.finish(task_id, outcome, actor=_for_task(task_id, actor), now=now)


def take_back(task_id: str, why: str, actor: Actor, now: datetime) -> None:
    """Take a task back, where there is one."""
    if task_id:
        tasks.withdraw(task_id, why, actor=actor, now=now)


def _for_task(task_id: str, actor: Actor) -> Actor:
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
