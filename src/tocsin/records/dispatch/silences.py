"""Quiet hours and silences: the writer of what ``holding`` goes by.

Quiet hours come every day and are declared by the deployment. A silence is for once - a telephone that is repaired, a target
under maintenance - and needs a reason, an end and an owner (N10 of warnings.md). Neither ever hides red.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.dispatch import holding
from tocsin.records.dispatch.models import QuietRow, SilenceRow
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role
from tocsin.terms.errors import BadValue, NotAllowed, UnknownName
from tocsin.terms.moment import to_us

__all__ = [
    "SILENT_AT_MOST",
    "QuietHours",
    "SilenceLine",
    "lift",
    "put_quiet_hours",
    "quiet_hours",
    "silence",
    "silences",
]

SILENT_AT_MOST = timedelta(days=7)
REASON_AT_MOST = 300
_CHAIN = "org"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """``recipient``: ``post:duty-east`` or ``target:siren``; ``channels`` empty: all."""

    recipient: str
    begins: time
    ends: time
    zone: str
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SilenceLine:
    """A silence that runs or lies ahead."""

    id: int
    recipient: str
    begins_at: datetime
    ends_at: datetime
    reason: str
    owner: str


def put_quiet_hours(rules: Sequence[QuietHours], *, actor: Actor, now: datetime) -> None:
    """Replace all quiet hours. Raises NotAllowed, BadValue."""
    _require_manager(actor)
    for rule in rules:
        thing = _("quiet hours of {name}").format(name=rule.recipient[:80])
        if not rule.recipient.startswith(("post:", "target:")) or len(rule.recipient) > 80:
            raise BadValue(thing, _("this is no post and no target"), _("write post:duty-east or target:siren-east"))
        if rule.begins == rule.ends:
            raise BadValue(thing, _("they begin and end at the same time"), _("give two times"))
        try:
            ZoneInfo(rule.zone)
        except (ValueError, KeyError, OSError):
            raise BadValue(thing, _("there is no such time zone"), _("write for example Asia/Shanghai")) from None
    with transaction.atomic():
        QuietRow.objects.all().delete()
        QuietRow.objects.bulk_create(
            QuietRow(recipient=r.recipient, begins=r.begins, ends=r.ends, zone=r.zone, channels=list(r.channels))
            for r in rules
        )
        body = {"recipients": sorted({r.recipient for r in rules})}
        ledger.append(_CHAIN, "quiet_hours_put", body, actor=actor.name, now=now)


def silence(
    recipient: str, *, until: datetime, reason: str, begins_at: datetime | None = None, actor: Actor, now: datetime
) -> int:
    """Hold back what is not red for a recipient until an end; its number. By who manages staff, or by the post itself. Raises
    NotAllowed, BadValue for no reason, no end to come or one more than SILENT_AT_MOST away."""
    if actor.role != Role.SYSTEM and recipient != f"post:{actor.post}":
        actor.require(Act.MANAGE_STAFF)
    begins = begins_at or now
    if not reason.strip() or len(reason) > REASON_AT_MOST:
        raise BadValue(_("silence"), _("it has no reason, or a long one"),
                       _("write why, in at most {n} characters").format(n=REASON_AT_MOST))  # fmt: skip
    if not max(now, begins) < until <= begins + SILENT_AT_MOST:
        raise BadValue(
            _("silence"), _("it has no end ahead within seven days"), _("give an end, seven days away at most")
        )
    with transaction.atomic():
        row = SilenceRow.objects.create(
            recipient=recipient[:80], begins_at=begins, ends_at=until, reason=reason.strip(), owner=actor.name
        )
        body = {"silence": row.pk, "recipient": row.recipient, "from_us": to_us(begins), "until_us": to_us(until)}
        ledger.append(_CHAIN, "silence_begun", body, actor=actor.name, now=now)
    return row.pk


def lift(number: int, *, actor: Actor, now: datetime) -> None:
    """End a silence before its end; what it held is looked at again. Repeating changes nothing. Raises UnknownName,
    NotAllowed."""
    with transaction.atomic():
        row = SilenceRow.objects.select_for_update().filter(pk=number).first()
        if row is None:
            raise UnknownName(_("silence"), _("there is no such one"), _("open the roster"))
        if row.recipient != f"post:{actor.post}":
            _require_manager(actor)
        if row.lifted_at is None and row.ends_at > now:
            row.lifted_at = now
            row.save(update_fields=["lifted_at"])
            holding.reconsider(row.recipient, now=now)
            ledger.append(
                _CHAIN, "silence_lifted", {"silence": row.pk, "recipient": row.recipient}, actor=actor.name, now=now
            )


def quiet_hours() -> list[QuietHours]:
    """All of them. They name posts and targets, no case."""
    return [
        QuietHours(r.recipient, r.begins, r.ends, r.zone, tuple(r.channels)) for r in QuietRow.objects.order_by("id")
    ]


def silences(*, now: datetime) -> list[SilenceLine]:
    """Those that run or lie ahead, the first to end first."""
    rows = SilenceRow.objects.filter(ends_at__gt=now, lifted_at=None).order_by("ends_at", "id")
    return [SilenceLine(row.pk, row.recipient, row.begins_at, row.ends_at, row.reason, row.owner) for row in rows]


def _require_manager(actor: Actor) -> None:
    if actor.role == Role.SYSTEM:
        return
    if not actor.may(Act.MANAGE_STAFF):
        raise NotAllowed(_("quiet hours"), _("your post does not manage them"), _("ask the administrator"))
