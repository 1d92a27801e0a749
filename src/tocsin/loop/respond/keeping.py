"""Who responds writes down whom it is about: people to be brought out, who was taken where, how to reach who reported it. It
goes into the vault of the event and nowhere else, and is gone when the event is."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.verify import queries as verify
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.seal import vault
from tocsin.terms.errors import Stale, UnknownName

__all__ = ["keep_words", "still_kept"]


def keep_words(event_id: str, kind: str, words: str, *, actor: Actor, now: datetime) -> int:
    """Put an item into the vault of an event that is not over; its number. Raises NotAllowed, UnknownName for an event outside
    the actor's area, Stale for one that was closed or goes on in another, and what ``vault.put`` raises."""
    actor.require(Act.KEEP_VAULT)
    event = detect.events(actor.scope, [event_id]).get(event_id)
    if event is None:
        raise UnknownName(_("event"), _("there is none with this address in your area"), _("open the list of events"))
    if event.merged_into:
        raise Stale(_("event"), _("it was merged into another"), _("write it down there"))
    if not still_kept(actor, event_id):
        raise Stale(_("vault"), _("the event was closed, and nothing personal is kept of it any more"),
                    _("give it to who still needs it, by telephone"))  # fmt: skip
    made = vault.put(event_id, kind, words, jurisdiction=event.jurisdiction, actor=actor, now=now)
    if event.ended_us is not None:
        vault.note_ended(event_id, now=now)
    return made


def still_kept(actor: Actor, event_id: str) -> bool:
    """Whether personal data of this event is still taken: nobody has closed it."""
    dossier = verify.dossiers(actor.scope, [event_id]).get(event_id)
    return dossier is None or dossier.closed_at is None
