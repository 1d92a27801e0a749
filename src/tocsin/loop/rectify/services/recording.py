"""A finding is made, or was made by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.rectify import facts, notices
from tocsin.loop.rectify.lifecycle import CASE_KIND
from tocsin.loop.rectify.models import WorkRow
from tocsin.loop.rectify.services.rows import (
    ROOM,
    Step,
    count_photos,
    fact_of,
    grade_of,
    line_of,
    make,
    words_of,
)
from tocsin.records.blobs import Photo
from tocsin.records.cases import services as cases
from tocsin.records.cases.services import Keeper
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act

__all__ = ["record", "withdraw"]


def record(
    event_id: str | None, facility: str, grade: str, words: str, photos: Sequence[Photo] = (), *, verification: str = "",
    parent: str = "", once: str = "", actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """An inspector saw a dangerous condition at a facility; the finding's id, which is its case's. With ``event`` and
    ``verification`` it says where it was made, with ``parent`` which finding is there again. Raises NotAllowed, UnknownName
    for a facility nobody registered, BadValue. Where no case handler's post covers the area it is recorded all the same, and
    lies with the commander, else with who recorded it, until it can be handed on."""
    with transaction.atomic():
        actor.require(Act.RECORD_FINDING)
        count_photos(photos)
        answers = {"grade": grade_of(grade).value, "words": words_of(words, _("what is wrong"))}
        entry = {"grade": answers["grade"], "verification": verification}
        made = cases.open_case(
            CASE_KIND, answers, facility=facility or "?", event=event_id or "", parent=parent, once=once, pictures=photos,
            keeper=Keeper(ROOM, "finding_recorded", entry), actor=actor, now=now,
        ).id  # fmt: skip
        if WorkRow.objects.filter(case=made).exists():  # the button was pressed twice
            return made
        WorkRow.objects.create(case=made, verification=verification)
        finding = line_of(made)
        if finding.event:
            body = {"finding": made, "facility": facility, "grade": finding.grade.value, "verification": verification}
            ledger.append(finding.event, "finding_recorded", body, actor=actor.name, now=now)
        fact_of(finding, facts.FindingRecorded, now)
        notices.recorded(finding, now=now)
    return made


def withdraw(finding_id: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """It was recorded by mistake: only before an order is served, by the case handler, with a reason."""
    with transaction.atomic():
        finding = line_of(finding_id)
        actor.require(Act.SERVE_ORDER, finding.jurisdiction)
        step = Step("withdraw", "finding_withdrawn", {"ended_why": words_of(why, _("reason"))})
        make(finding, step, version=version, actor=actor, now=now)
        WorkRow.objects.filter(case=finding_id).update(closed_by=actor.name)
        fact_of(finding, facts.FindingWithdrawn, now)
