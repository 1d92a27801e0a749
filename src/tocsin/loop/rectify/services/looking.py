"""A second pair of eyes looks again, and the authority releases what is major."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.rectify import facts, limits, notices
from tocsin.loop.rectify.lifecycle import FindingState, Recheck, move_of_recheck
from tocsin.loop.rectify.models import WorkRow
from tocsin.loop.rectify.queries import FindingLine
from tocsin.loop.rectify.services.orders import give_back
from tocsin.loop.rectify.services.rows import (
    WORDS_AT_MOST,
    Step,
    count_photos,
    done,
    fact_of,
    line_of,
    make,
    tell,
    words_of,
    work_of,
)
from tocsin.records.blobs import Photo
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadValue

__all__ = ["recheck", "release", "said_of"]


def recheck(
    finding_id: str, said: str, note: str, photos: Sequence[Photo] = (), *, version: int, actor: Actor, now: datetime
) -> None:
    """Somebody else looks again. Never the account that recorded it, never the one that says it is fixed, never anybody who
    operates the facility."""
    with transaction.atomic():
        before = line_of(finding_id)
        actor.require(Act.RECHECK_FINDING, before.jurisdiction)
        answer = said_of(said)
        count_photos(photos)
        step = Step(move_of_recheck(before.grade, answer), "finding_rechecked",
                    {"recheck_note": note.strip()[:WORDS_AT_MOST]}, {"said": answer.value}, photos)  # fmt: skip
        make(before, step, version=version, actor=actor, now=now)
        finding, work = line_of(finding_id), work_of(finding_id)
        work.rechecked_at, work.rechecked_by, work.recheck_said = now, actor.name, answer.value
        done(work.recheck_task, {"finding": finding_id, "said": answer.value}, actor, now)
        work.recheck_task, work.recheck_post, work.asks = "", "", False
        work.save()
        fact_of(finding, facts.FindingRechecked, now, said=answer.value)
        if finding.state == FindingState.CLOSED:
            _closed(finding, work, actor, now)
            tell(finding, "finding_closed", actor, now, look_back_on=_day(work), state=finding.state.value)
        elif finding.state == FindingState.RECHECKED:
            notices.release_wanted(finding, now=now)
        else:
            give_back(finding, work, finding.recheck_note, actor, now)


def release(finding_id: str, why: str = "", *, agreed: bool = True, version: int, actor: Actor, now: datetime) -> None:
    """The authority releases a major finding after its re-check, or does not and says why. Not by the account that looked."""
    with transaction.atomic():
        before = line_of(finding_id)
        actor.require(Act.SERVE_ORDER, before.jurisdiction)
        if not agreed:
            step = Step("refuse_release", "release_refused", {"ended_why": words_of(why, _("reason"))})
            make(before, step, version=version, actor=actor, now=now)
            give_back(line_of(finding_id), work_of(finding_id), words_of(why, _("reason")), actor, now)
            return
        look_back_on = (now + limits.LOOK_BACK).date().isoformat()
        step = Step("release", "finding_closed", {"ended_why": why.strip()[:WORDS_AT_MOST]},
                    {"look_back_on": look_back_on, "state": FindingState.CLOSED.value})  # fmt: skip
        make(before, step, version=version, actor=actor, now=now)
        _closed(line_of(finding_id), work_of(finding_id), actor, now)


def said_of(said: str) -> Recheck:
    """The answer of a form. Raises BadValue."""
    try:
        return Recheck(said)
    except ValueError:
        raise BadValue(_("re-check"), _("it is fixed or it is not"), _("choose one of the two")) from None


def _closed(finding: FindingLine, work: WorkRow, actor: Actor, now: datetime) -> None:
    """Who closed it, and the day on which it is looked back at."""
    work.closed_by, work.look_back_on = actor.name, (now + limits.LOOK_BACK).date()
    work.save()
    fact_of(finding, facts.FindingClosed, now)


def _day(work: WorkRow) -> str:
    return work.look_back_on.isoformat() if work.look_back_on else ""
