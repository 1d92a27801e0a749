"""A finding is made, or was made by mistake."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.engine.hazard import Facility
from tocsin.loop.rectify import facts, notices
from tocsin.loop.rectify.lifecycle import FindingState
from tocsin.loop.rectify.models import FindingRow
from tocsin.loop.rectify.services.rows import count_photos, grade_of, keep, move, row_of, save, tell, words_of
from tocsin.loop.respond.commitment import commitment, new_salt
from tocsin.records.blobs import Photo
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import queries as places
from tocsin.terms.errors import UnknownName
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

__all__ = ["record", "withdraw"]


def record(
    event_id: str | None, facility: str, grade: str, words: str, photos: Sequence[Photo] = (), *, verification: str = "",
    once: str = "", actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """An inspector saw a dangerous condition at a facility; the finding's id. With ``event`` and ``verification`` it says where
    it was made. Raises NotAllowed, UnknownName for a facility nobody registered, BadValue."""
    with transaction.atomic():
        actor.require(Act.RECORD_FINDING)
        same = FindingRow.objects.filter(once=once).first() if once else None
        if same is not None:
            return same.id
        place = _facility(facility)
        actor.require(Act.RECORD_FINDING, place.jurisdiction)
        count_photos(photos)
        row = FindingRow.objects.create(
            id=uuid7_id("fnd", to_us(now) // 1000, secrets.randbits(74)), event=event_id or "", verification=verification,
            facility=place.id, jurisdiction=place.jurisdiction, grade=grade_of(grade), state=FindingState.RECORDED,
            words=words_of(words, _("what is wrong")), salt=new_salt(), recorded_at=now, recorded_by=actor.name,
            recorded_account=actor.account, once=once or None,
        )  # fmt: skip
        kept = keep(row, "found", photos, actor, now)
        tell(row, "finding_recorded", facts.FindingRecorded, actor, now, words=commitment(row.words, row.salt), photos=kept,
              verification=verification)  # fmt: skip
        if row.event:
            body = {"finding": row.id, "facility": row.facility, "grade": row.grade, "verification": verification}
            ledger.append(row.event, "finding_recorded", body, actor=actor.name, now=now)
        notices.recorded(row, now=now)
    return row.id


def withdraw(finding_id: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """It was recorded by mistake: only before an order is served, by the case handler, with a reason."""
    with transaction.atomic():
        row = row_of(finding_id)
        actor.require(Act.SERVE_ORDER, row.jurisdiction)
        move(row, FindingState.WITHDRAWN, version)
        row.ended_why, row.closed_at, row.closed_by = words_of(why, _("reason")), now, actor.name
        save(row)
        tell(row, "finding_withdrawn", facts.FindingWithdrawn, actor, now, why=commitment(row.ended_why, row.salt))


def _facility(facility: str) -> Facility:
    found = next((f for f in places.facilities(EVERYWHERE) if f.id == facility), None)
    if found is None:
        raise UnknownName(_("facility"), _("nobody registered it"), _("choose one of the list"))
    return found
