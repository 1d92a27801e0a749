"""The file on an event: made and kept as detect has it, and who is told of it."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.detect.queries import EventLine
from tocsin.loop.verify import facts, letters
from tocsin.loop.verify.duty import areas_of, on_duty_of
from tocsin.loop.verify.invented import is_exercise
from tocsin.loop.verify.lifecycle import Verdict
from tocsin.loop.verify.models import Dossier, DossierArea
from tocsin.records.dispatch.notify import tell_posts
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import Stale, UnknownName
from tocsin.terms.event import EventState
from tocsin.terms.moment import to_us
from tocsin.terms.signal import Finality

__all__ = ["LIVE", "RULE", "follow", "closed_file", "living", "of_event", "seen", "tell_duty", "tell_verdict"]

RULE = service("rule:verify")
_FINALITY_VERBS = {
    "provisional": "raised_provisionally",
    "final": "confirmed_by_data",
    "retracted": "retracted_by_data",
}
LIVE = (EventState.OPEN, EventState.PROPOSED)  # of events that a file follows


def follow(event_id: str, fact_level: int, actor: Actor, now: datetime) -> Dossier:
    """The dossier of an event as detect has it now, made where there was none."""
    line = detect.events(EVERYWHERE, [event_id]).get(event_id)
    if line is None:
        raise UnknownName(
            _("event {id}").format(id=event_id), _("there is no such event"), _("open the list of events")
        )
    row = Dossier.objects.select_for_update().filter(event=event_id).first()
    row = _opened(line, actor, now) if row is None else _changed(row, line, actor, now)
    row.peak_level = max(row.peak_level, line.level, fact_level)
    row.save()
    touched = set(detect.areas([event_id])[event_id] or (line.jurisdiction,))
    known = set(row.areas.values_list("jurisdiction", flat=True))
    DossierArea.objects.bulk_create(DossierArea(dossier=row, jurisdiction=area) for area in sorted(touched - known))
    return row


def _opened(line: EventLine, actor: Actor, now: datetime) -> Dossier:
    row = Dossier(event=line.id, level=line.level, peak_level=line.level, opened_at=now, unacknowledged_since=now,
                  **_standing(line))  # fmt: skip
    row.ended_at = now if line.state is EventState.ENDED else None
    row.save(force_insert=True)
    body = {"hazard": line.hazard, "level": line.level, "state": line.state.value, "jurisdiction": line.jurisdiction}
    ledger.append(line.id, "dossier_opened", body, actor=actor.name, now=now)
    if line.finality is not Finality.FINAL:
        _note_finality(row, actor, now)
    return row


def _changed(row: Dossier, line: EventLine, actor: Actor, now: datetime) -> Dossier:
    before, state, finality = row.level, row.state, row.finality
    for name, value in _standing(line).items():
        setattr(row, name, value)
    row.level = line.level
    if line.level != before:
        body = {"from": before, "to": line.level}
        ledger.append(row.event, "level_changed", body, actor=actor.name, now=now)
    if row.state != state:
        ledger.append(row.event, "state_changed", {"from": state, "to": row.state}, actor=actor.name, now=now)
    if row.finality != finality:
        _note_finality(row, actor, now)
    if line.state is EventState.ENDED and row.ended_at is None:
        row.ended_at = now
    if line.state in LIVE and row.closed_at is None:
        _lapse(row, actor, now)
    return row


def _note_finality(row: Dossier, actor: Actor, now: datetime) -> None:
    """Late data decided, or are awaited: on the ledger; and whoever was told of what never was is told that too."""
    ledger.append(row.event, _FINALITY_VERBS[row.finality], {"level": row.level}, actor=actor.name, now=now)
    if row.finality == Finality.RETRACTED and row.told_level:
        tell_duty("event_retracted", row, letters.event_retracted(row), actor, now)


def _lapse(row: Dossier, actor: Actor, now: datetime) -> None:
    """What was acknowledged or refuted was a lower level than this."""
    if row.acknowledged_at is not None and row.level > row.acknowledged_level:
        body = {"level": row.level, "acknowledged_level": row.acknowledged_level}
        row.acknowledged_at, row.acknowledged_by, row.unacknowledged_since = None, "", now
        ledger.append(row.event, "acknowledgement_lapsed", body, actor=actor.name, now=now)
    if row.verdict == Verdict.REFUTED and row.level > row.refuted_level:
        row.verdict, row.verdict_at = Verdict.UNVERIFIED, now
        body = {"level": row.level, "refuted_level": row.refuted_level}
        ledger.append(row.event, "verdict_lapsed", body, actor=actor.name, now=now)


def _standing(line: EventLine) -> dict[str, Any]:
    lon, lat = (value if math.isfinite(value) else None for value in (line.lon, line.lat))
    return {"hazard": line.hazard, "jurisdiction": line.jurisdiction, "place": line.place, "lon": lon, "lat": lat,
            "state": line.state.value, "finality": line.finality.value}  # fmt: skip


def seen(event_id: str, actor: Actor, now: datetime) -> Dossier:
    """The living dossier that the actor's area touches."""
    row = living(event_id, actor, now)
    if not any(actor.scope.covers(area) for area in areas_of(row)):
        raise _unknown(event_id)
    return row


def living(event_id: str, actor: Actor, now: datetime) -> Dossier:
    """The dossier of an event, or of the one that it was merged into, locked; opened where the fact has not come yet."""
    for _step in range(100):
        row = Dossier.objects.select_for_update().filter(event=event_id).first() or follow(event_id, 0, RULE, now)
        line = detect.events(EVERYWHERE, [event_id]).get(event_id)
        onward = row.merged_into or (line.merged_into if line is not None else None)
        if not onward:
            return row
        event_id = onward
    raise _unknown(event_id)


def closed_file(row: Dossier) -> Stale:
    """The refusal of a file that is closed."""
    return Stale(_("event {id}").format(id=row.event), _("its file is closed"), _("open its page to read why"))


def _unknown(event_id: str) -> UnknownName:
    thing, rule = _("event {id}").format(id=event_id), _("there is no such event in your area")
    return UnknownName(thing, rule, _("open the list of events"))


def of_event(row: Dossier, now: datetime) -> tuple[str, str, int, str, int]:
    """What a fact says of an event: id, hazard, level, jurisdiction, moment."""
    return row.event, row.hazard, row.level, row.jurisdiction, to_us(now)


def tell_duty(kind: str, row: Dossier, write: letters.Write, actor: Actor, now: datetime, about: str = "") -> None:
    """A letter to the duty officers on duty for it."""
    posts = on_duty_of(row, Role.DUTY_OFFICER, now=now)
    tell_posts(kind, posts, write, about=about or row.event, event=row.event, level=row.level, exercise=is_exercise(row.event),
               link=letters.event_page(row.event), actor=actor, now=now)  # fmt: skip


def tell_verdict(row: Dossier, verdict: Verdict, verification: str, actor: Actor, now: datetime) -> None:
    """What is known by now: on the ledger and as a fact."""
    kind = facts.EventConfirmed if verdict is Verdict.CONFIRMED else facts.EventRefuted
    body = {"level": row.level, "verification": verification}
    ledger.append(row.event, f"event_{verdict.value}", body, actor=actor.name, now=now)
    outbox.put([kind(*of_event(row, now), verification)], now=now)
