"""Checking a message against the numbered rules: the schema, the prose of the standard, and good practice."""

from __future__ import annotations

from datetime import datetime

from tocsin.formats.cap.finding import Finding, Findings
from tocsin.formats.cap.message import Alert
from tocsin.formats.cap.producer import NOBODY, Producer
from tocsin.formats.cap.read import read_findings
from tocsin.formats.cap.rules.judge import judge

__all__ = ["check"]


def check(
    message: Alert | bytes,
    *,
    now: datetime | None = None,
    producing: bool = True,
    producer: Producer = NOBODY,
) -> list[Finding]:
    """Every rule that a message breaks, in the order of the message. ``producing``: judged as what we are about to publish
    (good practice counts, gaps are errors), else as what somebody sent. ``now`` is the moment of publication. Never raises
    for a bad message: bytes that are no message give the finding R1 or R3."""
    findings = Findings()
    alert = read_findings(message, findings, producing=producing) if isinstance(message, bytes) else message
    if alert is not None:
        judge(alert, findings, producing=producing, now=now, producer=producer)
    return findings.found
