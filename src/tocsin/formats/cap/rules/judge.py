"""What a message itself breaks, whoever read or built it: all rules in the order of the message."""

from __future__ import annotations

from datetime import datetime

from tocsin.formats.cap.finding import Findings
from tocsin.formats.cap.message import Alert
from tocsin.formats.cap.producer import NOBODY, Producer
from tocsin.formats.cap.rules.area import check_areas
from tocsin.formats.cap.rules.checking import Checking
from tocsin.formats.cap.rules.envelope import ROOT, check_envelope
from tocsin.formats.cap.rules.info import check_info
from tocsin.formats.cap.rules.languages import check_languages
from tocsin.formats.cap.rules.practice import check_message_practice, check_practice
from tocsin.formats.cap.rules.resource import check_resources

__all__ = ["judge"]


def judge(
    alert: Alert,
    findings: Findings,
    *,
    producing: bool,
    now: datetime | None = None,
    producer: Producer = NOBODY,
) -> None:
    """Add to ``findings`` what the message itself breaks, beside what its reader found."""
    checking = Checking(producing, now, producer, findings)
    check_envelope(checking, alert)
    for number, info in enumerate(alert.infos, 1):
        xpath = f"{ROOT}/cap:info[{number}]"
        check_info(checking, alert, info, xpath)
        check_resources(checking, info, xpath)
        check_areas(checking, alert, info, xpath)
        if producing:
            check_practice(checking, alert, info, xpath)
    check_languages(checking, alert)
    if producing:
        check_message_practice(checking, alert)
