"""The strict writer: a message leaves only if it breaks no rule that is an error in what we publish."""

from __future__ import annotations

from datetime import datetime

from tocsin.formats.cap.check import check
from tocsin.formats.cap.encode import encode
from tocsin.formats.cap.message import Alert
from tocsin.formats.cap.producer import NOBODY, Producer
from tocsin.terms.errors import BadForm, BadValue

__all__ = ["write"]


def write(alert: Alert, *, now: datetime | None = None, producer: Producer = NOBODY) -> bytes:
    """The message as CAP 1.2 in UTF-8. Raises BadValue for the first rule broken, naming it and its place (BadForm where the
    text cannot be written in XML at all); ``check`` lists all of them."""
    for finding in check(alert, now=now, producing=True, producer=producer):
        if finding.grade == "error":
            refused = BadForm if finding.rule == "R1" else BadValue
            raise refused(
                f"CAP message {alert.identifier[:80]!r} {finding.xpath}",
                f"{finding.rule}: {finding.what}",
                finding.remedy,
            )
    return encode(alert)
