"""The look-back: on its day a closed finding is looked at once more. Closed stays closed: what is there again is a finding of
its own, which names the one before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tocsin.loop.rectify import facts, limits, notices
from tocsin.loop.rectify.lifecycle import FindingState, Recheck
from tocsin.loop.rectify.models import FindingRow
from tocsin.loop.rectify.services.looking import nearest_to_look, said_of, why_not_look
from tocsin.loop.rectify.services.recording import record
from tocsin.loop.rectify.services.rows import (
    LOOK_BACK_KIND,
    RULE,
    WORDS_AT_MOST,
    count_photos,
    done,
    keep,
    row_of,
    save,
    task_of,
    tell,
    words_of,
)
from tocsin.loop.respond.commitment import commitment
from tocsin.records.blobs import Photo
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.places import queries as places
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import NotAllowed, Stale

__all__ = ["give_look_backs", "look_back", "note_look_back_overdue"]


def look_back(
    finding_id: str, said: str, note: str, photos: Sequence[Photo] = (), *, version: int, actor: Actor, now: datetime
) -> str:
    """Look once more at what was closed; the id of the finding that was made of it, "" where it is still in order. Where it
    is not, the note says what is wrong. Raises NotAllowed for who operates the facility or put it right, Stale where
    nothing waits to be looked at, BadValue."""
    with transaction.atomic():
        row = row_of(finding_id)
        actor.require(Act.RECHECK_FINDING, row.jurisdiction)
        why_not = why_not_look(row.recorded_account, row.fixed_account, row.facility, actor, now=now)
        if why_not:
            raise NotAllowed(_("look-back"), why_not, _("have another inspector look"))
        if row.version != version or not row.look_back_task or row.looked_back_at is not None:
            raise Stale(
                _("look-back"), _("it waits for nobody, or somebody has looked already"), _("load the page again")
            )
        answer = said_of(said)
        count_photos(photos)
        again = ""
        if answer is Recheck.NOT_FIXED:
            words = words_of(note, _("what is wrong"))
            again = record(
                row.event or None, row.facility, row.grade, words, photos, once=f"again:{row.id}", actor=actor, now=now
            )
        row.looked_back_at, row.looked_back_by, row.look_back_said = now, actor.name, answer
        row.look_back_note, row.found_again = note.strip()[:WORDS_AT_MOST], again
        kept = keep(row, "look_back", photos, actor, now)
        done(row.look_back_task, {"finding": row.id, "said": answer}, actor, now)
        save(row)
        tell(row, "finding_looked_back", facts.FindingLookedBack, actor, now, said=answer, photos=kept, again=again,
             note=commitment(row.look_back_note, row.salt))  # fmt: skip
    return again


def note_look_back_overdue(finding_id: str, *, now: datetime) -> None:
    """Nobody looked back in time (told once, by tasks): the case handlers are told."""
    with transaction.atomic():
        row = FindingRow.objects.filter(id=finding_id, looked_back_at=None).first()
        if row is not None:
            ledger.append(row.id, "look_back_overdue", {"post": row.look_back_post}, actor=RULE.name, now=now)
            notices.look_back_overdue(row, now=now)


def give_look_backs(now: datetime, at_most: int) -> int:
    """Tasks for findings whose day has come, where somebody is on duty who may look; how many."""
    if not _waiting(now).exists():  # asked every second: no transaction where nothing waits
        return 0
    with transaction.atomic():
        rows = _waiting(now).select_for_update().order_by("look_back_on", "id")[:at_most]
        return sum(_give(row, now) for row in rows if _has_come(row, now))


def _waiting(now: datetime) -> QuerySet[FindingRow]:
    ahead = (now + timedelta(hours=14)).date()  # nowhere is it a later day
    return FindingRow.objects.filter(
        state=FindingState.CLOSED, look_back_task="", looked_back_at=None, look_back_on__lte=ahead
    )


def _has_come(row: FindingRow, now: datetime) -> bool:
    """By the calendar of where the facility is."""
    return row.look_back_on is not None and row.look_back_on <= places.local_time(now, row.jurisdiction).date()


def _give(row: FindingRow, now: datetime) -> bool:
    post = nearest_to_look(row, now)
    if post is None:
        return False
    title = {language: notices.look_back_title(row, language) for language in LANGUAGES}
    row.look_back_post = post.id
    order = task_of(row, LOOK_BACK_KIND, title, post.id, now + limits.LOOK_BACK_WITHIN)
    row.look_back_task = tasks.give(order, actor=RULE, now=now)
    row.save(update_fields=["look_back_task", "look_back_post"])
    notices.look_back_asked(row, post, actor=RULE, now=now)
    return True
