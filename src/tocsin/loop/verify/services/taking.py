"""What a duty officer does about an event: takes it, asks somebody to look or not to, closes the file."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.verify import facts
from tocsin.loop.verify.choice import Candidate
from tocsin.loop.verify.duty import candidates_of
from tocsin.loop.verify.lifecycle import OPEN
from tocsin.loop.verify.models import Dossier, Verification
from tocsin.loop.verify.services.asking import ask_somebody, locked, over_already, take_back
from tocsin.loop.verify.services.dossiers import closed_file, of_event, seen
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import BadValue
from tocsin.terms.moment import to_us

__all__ = ["MUTED_FOR", "REASON_AT_MOST", "acknowledge", "ask", "close", "note_sound", "withdraw"]

REASON_AT_MOST = 500
MUTED_FOR = timedelta(minutes=5)  # interface.md, rule of sounds; static/sound.js keeps to it


def acknowledge(event_id: str, *, actor: Actor, now: datetime) -> None:
    """A duty officer takes it in hand at the level it has now; repeating changes nothing. Raises UnknownName outside the
    actor's area, NotAllowed, Stale for a closed file."""
    actor.require(Act.ACKNOWLEDGE_EVENT)
    with transaction.atomic():
        row = seen(event_id, actor, now)
        if row.closed_at is not None:
            raise closed_file(row)
        if row.acknowledged_at is not None and row.acknowledged_level >= row.level:
            return
        row.acknowledged_at, row.acknowledged_by, row.acknowledged_level = now, actor.name, row.level
        row.first_acknowledged_at = row.first_acknowledged_at or now
        row.save()
        ledger.append(row.event, "event_acknowledged", {"level": row.level}, actor=actor.name, now=now)
        outbox.put([facts.EventAcknowledged(*of_event(row, now), actor.post)], now=now)


def ask(event_id: str, *, post: str = "", once: str = "", actor: Actor, now: datetime) -> str:
    """Ask an inspector on duty to go and look: the nearest by duty post who has the skills, or ``post`` where the duty
    officer chose one. The id of the verification; with nobody on duty it waits for whoever comes next and the duty officers
    are told. A repeat with the same ``once`` gives the same id.

    Raises UnknownName outside the actor's area, NotAllowed, Stale for a closed file, BadValue for a post that cannot be asked.
    """
    actor.require(Act.ASK_VERIFICATION)
    with transaction.atomic():
        if once and (again := Verification.objects.filter(once=once).first()) is not None:
            return again.id
        row = seen(event_id, actor, now)
        if row.closed_at is not None:
            raise closed_file(row)
        return ask_somebody(row, _chosen(row, post, now) if post else None, once, actor, now).id


def withdraw(verification_id: str, *, actor: Actor, now: datetime) -> None:
    """Take a verification back. Raises UnknownName, NotAllowed, Stale when it is over already."""
    actor.require(Act.ASK_VERIFICATION)
    with transaction.atomic():
        verification = locked(verification_id)
        seen(verification.dossier_id, actor, now)
        if verification.state not in OPEN:
            raise over_already(verification)
        take_back(verification, "asked_back", actor, now)


def note_sound(muted: bool, *, actor: Actor, now: datetime) -> None:
    """A post mutes the sound of what is unacknowledged, for MUTED_FOR at most, or ends the mute: the ledger says when. The
    sound itself is the browser's. Raises NotAllowed for who hears none."""
    actor.require(Act.READ_EVENTS)
    with transaction.atomic():
        body: dict[str, str | int] = {"post": actor.post, "jurisdiction": actor.jurisdiction}
        body |= {"until_us": to_us(now + MUTED_FOR)} if muted else {}
        ledger.append(
            f"sound:{actor.post}", "sound_muted" if muted else "sound_unmuted", body, actor=actor.name, now=now
        )


def close(event_id: str, reason: str, *, actor: Actor, now: datetime) -> None:
    """Close the file; called by review, which asks every earlier room first. Raises UnknownName, NotAllowed,
    BadValue, Stale."""
    actor.require(Act.CLOSE_EVENT)
    if not reason.strip() or len(reason) > REASON_AT_MOST:
        raise BadValue(_("reason"), _("write why the event is closed, in at most {n} characters").format(n=REASON_AT_MOST),
                       _("write it and close again"))  # fmt: skip
    with transaction.atomic():
        row = seen(event_id, actor, now)
        if row.closed_at is not None:
            raise closed_file(row)
        for verification in row.verifications.filter(state__in=OPEN).order_by("asked_at", "id"):
            take_back(verification, "event_closed", actor, now)
        row.closed_at, row.closed_by, row.closed_because = now, actor.name, reason
        row.save(update_fields=["closed_at", "closed_by", "closed_because"])
        body = {"verdict": row.verdict, "peak_level": row.peak_level, "reason_length": len(reason),
                "reason_sha256": hashlib.sha256(reason.encode()).hexdigest()}  # fmt: skip
        ledger.append(row.event, "event_closed", body, actor=actor.name, now=now)
        outbox.put([facts.EventClosed(*of_event(row, now), row.verdict)], now=now)


def _chosen(row: Dossier, post: str, now: datetime) -> Candidate:
    for candidate in candidates_of(row, now=now, skilled=False):
        if candidate.post.id == post:
            return candidate
    raise BadValue(_("post {id}").format(id=post), _("is not on duty for this area, or is asked about this event already"),
                   _("choose one of the list"))  # fmt: skip
