"""What other systems answered to our messages: Acks and Errors, as evidence of delivery (R58 of the message rules)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.loop.observe.bulletins.facts import AlertAnswered
from tocsin.loop.warn.models import AlertRow
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.terms.moment import to_us

__all__ = ["note_answers"]


def note_answers(answers: Sequence[AlertAnswered], now: datetime) -> None:
    """Each answer on the chain of the warning that it is about. One that cites no message of ours is left where it is: on the
    list of bulletins. ``time_differs``: it cites the message with another time than it was sent."""
    for answer in answers:
        alert = AlertRow.objects.filter(identifier=answer.identifier).first()
        if alert is None:
            continue
        body = {"kind": answer.kind, "by": answer.by, "bulletin": answer.bulletin,
                "time_differs": to_us(alert.sent) != answer.sent_us}  # fmt: skip
        ledger.append(alert.warning_id, "alert_answered", body, actor=SYSTEM.name, now=now)
