"""The auditor of messages: whether what was planned about a thing is there and on its way (N9 of warnings.md).

The plan is on the ledger: each ``message_put`` names its dispatches. They must exist, with as many recipients as the plan
says, and have their end, or be tried, or be held back for a stated time. What waits longer than ``STUCK`` without an attempt
is stuck.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Min, Q

from tocsin.records.dispatch.lifecycle import DeliveryState
from tocsin.records.dispatch.models import DeliveryRow, DispatchRow
from tocsin.records.ledger import queries as ledger

__all__ = ["STUCK", "breaches"]

STUCK = timedelta(minutes=5)


def breaches(about: str, chain: str, *, now: datetime) -> list[str]:
    """What is not as planned with the messages about a thing, whose plan is on the ledger chain ``chain``."""
    return list(_planned(about, chain)) + list(_stuck(about, now))


def _planned(about: str, chain: str) -> Iterator[str]:
    puts = [line.body for line in ledger.chain(chain) if line.verb == "message_put" and line.body.get("about") == about]
    if not puts:
        yield f"{about}: nothing was put on its way"
    found = dict(DispatchRow.objects.filter(about=about).values_list("id", "recipients"))
    for body in puts:
        named = body.get("dispatches")
        if (
            named is None
        ):  # a selection of the public: only its number of shards is planned, who is in them is found later
            rows = DispatchRow.objects.filter(about=about, kind=body["kind"], channel=body["channel"])
            if (there := sum(isinstance(a, dict) for a in rows.values_list("audience", flat=True))) < body["shards"]:
                yield f"{about}: {there} of {body['shards']} shards on {body['channel']} are there"
            continue
        missing = [one for one in named if one not in found]
        if missing:
            yield f"{about}: {len(missing)} of {len(named)} dispatches on {body['channel']} are missing"
        elif sum(found[one] for one in named) != body["recipients"]:
            yield f"{about}: the dispatches on {body['channel']} do not hold as many recipients as planned"


def _stuck(about: str, now: datetime) -> Iterator[str]:
    """Dispatches that are open and that nobody tries. A dead channel is tried, and says so: the auditor is about our part."""
    rows = DispatchRow.objects.filter(about=about, settled_at=None, put_at__lt=now - STUCK)
    for row in rows.annotate(next=Min("deliveries__not_before", filter=Q(deliveries__state=DeliveryState.HELD))):
        due = row.not_before or row.put_at
        if due < now - STUCK:
            yield f"{about}: a dispatch on {row.channel} waits since {due:%H:%M} and is not tried"
        elif row.next is not None and row.next < now - STUCK:
            yield f"{about}: letters on {row.channel} are held beyond their time"
    if DeliveryRow.objects.filter(dispatch__about=about, dispatch__settled_at__isnull=False,
                                  state__in=(DeliveryState.WAITING, DeliveryState.HELD)).exists():  # fmt: skip
        yield f"{about}: a dispatch has its end while a recipient still waits"
