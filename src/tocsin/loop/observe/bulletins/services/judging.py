"""A duty officer's word about a message that repeats another without citing it (R54)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.observe.bulletins import queries
from tocsin.loop.observe.bulletins.lifecycle import BulletinState
from tocsin.loop.observe.bulletins.models import BulletinRow
from tocsin.loop.observe.bulletins.rows import one_at_a_time
from tocsin.loop.observe.bulletins.services.settling import settle
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import Stale

__all__ = ["judge_repeat"]


def judge_repeat(bulletin_id: str, *, is_new: bool, actor: Actor, now: datetime) -> None:
    """It is a new warning, and counts from now on; or it is the same again, and counts for nothing. Raises NotAllowed for
    other roles, UnknownName outside the scope, Stale where nobody asks any more."""
    actor.require(Act.JUDGE_BULLETIN)
    queries.bulletin(actor.scope, bulletin_id)
    with transaction.atomic():
        one_at_a_time()
        row = BulletinRow.objects.select_for_update().get(id=bulletin_id)
        if row.state != BulletinState.ASKED:
            raise Stale(_("bulletin"), _("it is not in question any more"), _("load the page again"))
        row.judged, row.judged_by, row.settled_at = ("new" if is_new else "same"), actor.name, None
        row.save(update_fields=["judged", "judged_by", "settled_at"])
        ledger.append(row.id, "bulletin_judged", {"judged": row.judged, "like": row.like}, actor=actor.name, now=now)
        settle(now=now)
