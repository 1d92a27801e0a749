"""The look-back: on its day a closed finding is looked at once more. Closed stays closed: what is there again is a finding of
its own, whose case names the one before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tocsin.loop.rectify import facts, limits, notices
from tocsin.loop.rectify.lifecycle import Recheck
from tocsin.loop.rectify.models import WorkRow
from tocsin.loop.rectify.queries import FindingLine
from tocsin.loop.rectify.services.asking import nearest_to_look
from tocsin.loop.rectify.services.looking import said_of
from tocsin.loop.rectify.services.recording import record
from tocsin.loop.rectify.services.rows import (
    LOOK_BACK_KIND,
    RULE,
    WORDS_AT_MOST,
    Step,
    count_photos,
    done,
    fact_of,
    line_of,
    make,
    task_of,
    words_of,
    work_of,
)
from tocsin.records.blobs import Photo
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.places import queries as places
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import Stale

__all__ = ["give_look_backs", "look_back"]


def look_back(
    finding_id: str, said: str, note: str, photos: Sequence[Photo] = (), *, version: int, actor: Actor, now: datetime
) -> str:
    """Look once more at what was closed; the id of the finding that was made of it, "" where it is still in order. Where it
    is not, the note says what is wrong. Raises NotAllowed for who operates the facility or put it right, Stale where
    nothing waits to be looked at, BadValue."""
    with transaction.atomic():
        finding, work = line_of(finding_id), work_of(finding_id)
        actor.require(Act.RECHECK_FINDING, finding.jurisdiction)
        if not work.look_back_task or work.looked_back_at is not None:
            raise Stale(
                _("look-back"), _("it waits for nobody, or somebody has looked already"), _("load the page again")
            )
        answer = said_of(said)
        count_photos(photos)
        again = ""
        if answer is Recheck.NOT_FIXED:
            again = record(
                finding.event or None, finding.facility, finding.grade.value, words_of(note, _("what is wrong")), photos,
                parent=finding.id, once=f"again:{finding.id}", actor=actor, now=now,
            )  # fmt: skip
        said_so = {"look_back_note": note.strip()[:WORDS_AT_MOST]}
        body = {"said": answer.value, "again": again}
        step = Step("there_again" if again else "in_order", "finding_looked_back", said_so, body, photos)
        done(work.look_back_task, {"finding": finding_id, "said": answer.value}, actor, now)
        make(finding, step, version=version, actor=actor, now=now)
        work.looked_back_at, work.looked_back_by, work.look_back_said = now, actor.name, answer.value
        work.save()
        fact_of(finding, facts.FindingLookedBack, now, said=answer.value)
    return again


def give_look_backs(now: datetime, at_most: int) -> int:
    """Tasks for findings whose day has come, where somebody is on duty who may look; how many."""
    if not _waiting(now).exists():  # asked every second: no transaction where nothing waits
        return 0
    with transaction.atomic():
        rows = _waiting(now).select_for_update().order_by("look_back_on", "case")[:at_most]
        return sum(_give(line_of(work.case), work, now) for work in rows)


def _waiting(now: datetime) -> QuerySet[WorkRow]:
    ahead = (now + timedelta(hours=14)).date()  # nowhere is it a later day
    return WorkRow.objects.filter(look_back_task="", looked_back_at=None, look_back_on__lte=ahead)


def _give(finding: FindingLine, work: WorkRow, now: datetime) -> bool:
    today = places.local_time(now, finding.jurisdiction).date()  # by the calendar of where the facility is
    post = nearest_to_look(finding, now) if work.look_back_on is not None and work.look_back_on <= today else None
    if post is None:
        return False
    title = {language: notices.look_back_title(finding, language) for language in LANGUAGES}
    work.look_back_post = post.id
    order = task_of(finding, LOOK_BACK_KIND, title, post.id, now + limits.LOOK_BACK_WITHIN)
    work.look_back_task = tasks.give(order, actor=RULE, now=now)
    work.save()
    notices.look_back_asked(finding, post, actor=RULE, now=now)
    return True
