"""Releasing: every signed message goes to the official platform of the authority above, where the deployment names one. A
handler of signed warnings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from tocsin.loop.warn.content import Content
from tocsin.loop.warn.facts import WarningSigned
from tocsin.loop.warn.models import AlertRow
from tocsin.records.org.actor import service
from tocsin.records.release import services as release
from tocsin.records.release.services import Signed

__all__ = ["on_warning_signed"]

RULE = service("rule:release")


def on_warning_signed(told: Sequence[WarningSigned], now: datetime) -> None:
    """Ask for the release of these messages; exercises and tests never leave by this way (R57 of warnings.md)."""
    if not settings.CONFIGURATION.release_gateway:
        return
    rows = AlertRow.objects.filter(identifier__in=[fact.warning for fact in told], status="Actual")
    for alert in rows.select_related("warning").order_by("sent", "identifier"):
        row, content = alert.warning, Content.of(alert.warning.content)
        signed = Signed(
            alert.identifier, alert.lineage, row.event or row.lineage, row.level, row.jurisdiction, alert.sha256,
            content.expires, content.text("en").headline or content.text("zh-hans").headline or alert.identifier,
        )  # fmt: skip
        release.ask(signed, actor=RULE, now=now)
