"""Monthly: a test through every channel (P16 of warnings.md), so that a dead siren is found on a dry day.

It goes to every post by every channel that reaches it, and to the targets that want exercises, is marked as an exercise and
never reaches the public. What came of it is the delivery report of ``about``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.audience.models import TargetRow
from tocsin.records.audience.services import TARGET_CHANNELS
from tocsin.records.dispatch import services as dispatch
from tocsin.records.dispatch.message import Message, Recipient, Text
from tocsin.records.dispatch.models import DispatchRow
from tocsin.records.dispatch.notify import in_every_language, offered, recipients_of
from tocsin.records.dispatch.report import ReportLine, report
from tocsin.records.org import queries as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE

__all__ = ["HOUR", "KIND", "outcome", "send", "sweep"]

KIND = "channels_tested"
HOUR = 10  # of the deployment's clock: people are at work, and nobody is woken
_WANTED_FOR = timedelta(days=1)


def send(*, actor: Actor, now: datetime) -> str:
    """Send the test; what it is about in the delivery report. Raises NotAllowed."""
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF)
    about = f"test:{now.astimezone(_zone()):%Y-%m-%dT%H:%M}"
    message = Message(KIND, in_every_language(_words), about, level=1, not_after=now + _WANTED_FOR, exercise=True)
    brief = Message(KIND, in_every_language(_brief), about, level=1, not_after=now + _WANTED_FOR, exercise=True)
    posts = org.posts(EVERYWHERE)
    with transaction.atomic():
        for channel in TARGET_CHANNELS:
            people = recipients_of(posts, channel) if channel in offered(("mail", "sms", "voice")) else []
            people += [Recipient(f"target:{row.id}", row.address, row.language)
                       for row in TargetRow.objects.filter(channel=channel, exercises=True).order_by("id")]  # fmt: skip
            if people:
                said = brief if channel in ("sms", "voice", "mqtt") else message
                dispatch.put(said, people, channel=channel, actor=actor, now=now)
    return about


def sweep(*, now: datetime) -> int:
    """On the day of the setting ``test_day``, once a month; within a week after it where the server was down that day. A test
    that somebody sent by hand this month counts. No fact."""
    day, local = settings.CONFIGURATION.test_day, now.astimezone(_zone())
    if not day or not (day, HOUR) <= (local.day, local.hour) < (day + 7, 0):
        return 0
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if not DispatchRow.objects.filter(kind=KIND, put_at__gte=first).exists():
        send(actor=SYSTEM, now=now)
    return 0


def outcome() -> tuple[str, list[ReportLine]]:
    """What the newest test is about, "" where there was none, and its delivery report."""
    about = _newest()
    return about, report([about], [KIND]) if about else []


def _newest() -> str:
    rows = DispatchRow.objects.filter(kind=KIND).order_by("-put_at").values_list("about", flat=True)
    return rows.first() or ""


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.CONFIGURATION.time_zone)


def _words(language: str) -> Text:
    said = _("This is the monthly test of every way in which you are warned. You need do nothing. If it does not reach a "
             "colleague, tell your administrator.")  # fmt: skip
    return Text(_("Monthly test of warnings"), said)


def _brief(language: str) -> Text:
    return Text(_("Monthly test of warnings"), _("Monthly test of warnings. You need do nothing."))
