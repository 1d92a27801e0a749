"""The table of who may warn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.warn.authority import ANY_HAZARD, AuthorityLine
from tocsin.loop.warn.models import AuthorityRow
from tocsin.records.ledger import services as ledger
from tocsin.records.org import queries as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Act, Role
from tocsin.terms.errors import BadValue, UnknownName

__all__ = ["put_authority"]


def put_authority(lines: Sequence[AuthorityLine], *, actor: Actor, now: datetime) -> None:
    """Replace the whole table of who may warn. Raises BadValue for a rank out of order or a missing source, UnknownName for
    a body that is no department, NotAllowed."""
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF)
    known = {line.id for line in org.departments(SYSTEM.scope)}
    for line in lines:
        thing = _("authority of {body} for {hazard}").format(body=line.body, hazard=line.hazard)
        if line.body not in known:
            raise UnknownName(thing, _("no such department"), _("register the department first"))
        if not 1 <= line.lowest <= line.highest:
            raise BadValue(
                thing, _("the levels must run from a lower rank to a higher one"), _("write for example 1 and 4")
            )
        if not line.source.strip():
            raise BadValue(thing, _("no source is named"), _("say where this competence is written"))
    with transaction.atomic():
        AuthorityRow.objects.all().delete()
        AuthorityRow.objects.bulk_create(
            AuthorityRow(body=a.body, hazard=a.hazard or ANY_HAZARD, jurisdiction=a.jurisdiction, lowest=a.lowest,
                         highest=a.highest, source=a.source[:300])
            for a in {(a.body, a.hazard, a.jurisdiction): a for a in lines}.values()
        )  # fmt: skip
        body = {"lines": [[a.body, a.hazard, a.jurisdiction, a.lowest, a.highest] for a in lines]}
        ledger.append("warn", "authority_put", body, actor=actor.name, now=now)
