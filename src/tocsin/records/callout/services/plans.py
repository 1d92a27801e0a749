"""The plan of a deployment: loaded whole, on the ledger, the newest in force."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tocsin.records.callout.models import PlanRow, ToldRow
from tocsin.records.callout.plan import Plan, declared_plan, read_plan
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role

__all__ = ["plan_in_force", "put_plan", "told_once"]

CHAIN = "callout"


def put_plan(content: bytes, name: str, *, actor: Actor, now: datetime) -> Plan:
    """Put a plan in force; the same again changes nothing. Raises PlanFaults, NotAllowed."""
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF)
    plan = read_plan(content, name)
    sha256 = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        last = PlanRow.objects.order_by("-id").first()
        if last is None or last.sha256 != sha256:
            PlanRow.objects.create(
                document=content.decode("utf-8-sig"), sha256=sha256, loaded_at=now, loaded_by=actor.name
            )
            ledger.append(CHAIN, "callout_plan_put", {"sha256": sha256}, actor=actor.name, now=now)
    return plan


def plan_in_force() -> Plan:
    """The newest that was loaded, else the one that comes with the product."""
    row = PlanRow.objects.order_by("-id").first()
    return read_plan(row.document.encode(), "plan in force") if row is not None else declared_plan()


def told_once(about: str, rule: str, targets: Sequence[str], *, now: datetime) -> list[str]:
    """Those of these targets for whom a rule of the plan has not brought anything about yet; from now on it has. In the
    transaction of what it brings about."""
    known = set(ToldRow.objects.select_for_update().filter(about=about, rule=rule).values_list("target", flat=True))
    fresh = [target for target in dict.fromkeys(targets) if target not in known]
    ToldRow.objects.bulk_create([ToldRow(about=about, rule=rule, target=target, at=now) for target in fresh])
    return fresh
