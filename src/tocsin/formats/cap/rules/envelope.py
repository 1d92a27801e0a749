"""Rules about the message itself: who, when, to whom, about which earlier one (R4 to R19)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tocsin.formats.cap.codes import MSG_TYPES, SCOPES, STATUSES
from tocsin.formats.cap.message import Alert
from tocsin.formats.cap.rules.checking import Checking
from tocsin.formats.cap.rules.text import check_text
from tocsin.formats.cap.times import write_time
from tocsin.terms.errors import BadTime

__all__ = ["ROOT", "check_envelope", "check_moment"]

ROOT = "/cap:alert"
NAME_REFUSED = re.compile(r"[\s,<&]")
_AHEAD = timedelta(minutes=5)


def check_envelope(checking: Checking, alert: Alert) -> None:
    """Everything about the message except its infos."""
    for name, value in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not value:
            checking.add("R4", f"{ROOT}/cap:{name}", "it is empty")
        elif found := NAME_REFUSED.search(value):
            checking.add("R4", f"{ROOT}/cap:{name}", f"it holds {found.group()!r}")
        else:
            check_text(checking, f"{ROOT}/cap:{name}", value)
    check_moment(checking, f"{ROOT}/cap:sent", alert.sent)
    _lists(checking, alert)
    _audience(checking, alert)
    _references(checking, alert)
    if not alert.infos and alert.msg_type in ("Alert", "Update"):
        checking.add("R19", ROOT, f"it is an {alert.msg_type} and has no info")
    for name, text in (("source", alert.source), ("restriction", alert.restriction), ("note", alert.note)):
        check_text(checking, f"{ROOT}/cap:{name}", text)
    for number, text in enumerate(alert.codes, 1):
        check_text(checking, f"{ROOT}/cap:code[{number}]", text)


def check_moment(checking: Checking, xpath: str, moment: datetime | None) -> None:
    """R5 and R7 of a value: a moment that CAP can write."""
    if moment is None or (moment.microsecond == 0 and moment.tzinfo is not None and moment.utcoffset() is not None
                          and not moment.utcoffset().total_seconds() % 60):  # type: ignore[union-attr]  # fmt: skip
        return
    try:
        write_time(moment)
    except BadTime as error:
        checking.add("R5", xpath, error.rule)


def _lists(checking: Checking, alert: Alert) -> None:
    for rule, name, value, known in (
        ("R8", "status", alert.status, STATUSES),
        ("R9", "msgType", alert.msg_type, MSG_TYPES),
        ("R10", "scope", alert.scope, SCOPES),
    ):
        if value not in known:
            checking.add(rule, f"{ROOT}/cap:{name}", f"{value[:40]!r} is not one of {', '.join(known)}")


def _audience(checking: Checking, alert: Alert) -> None:
    if alert.scope == "Restricted" and not alert.restriction:
        checking.add("R11", ROOT, "it is Restricted and does not say to whom")
    if alert.restriction and alert.scope != "Restricted":
        checking.add("R11", f"{ROOT}/cap:restriction", f"the scope is {alert.scope}")
    if alert.scope == "Private" and not alert.addresses:
        checking.add("R12", ROOT, "it is Private and has no addresses")
    for name, values, rule in (("addresses", alert.addresses, "R12"), ("incidents", alert.incidents, "R18")):
        xpath = f"{ROOT}/cap:{name}" if any(values) else ROOT
        if any(not value or '"' in value for value in values):
            checking.add(rule, xpath, f"a name in {name} is empty or has a quote in it")
        for value in values:
            check_text(checking, xpath, value)
    if not alert.note and (alert.status == "Exercise" or alert.msg_type == "Error"):
        checking.add("R13", ROOT, f"it is {'an Exercise' if alert.status == 'Exercise' else 'an Error'} without note")


def _references(checking: Checking, alert: Alert) -> None:
    if not alert.references:
        if alert.msg_type in ("Update", "Cancel", "Ack", "Error"):
            checking.add("R16", ROOT, f"it is {alert.msg_type} of nothing")
        return
    xpath = f"{ROOT}/cap:references"
    for number, cited in enumerate(alert.references, 1):
        where = f"reference {number}"
        if not cited.sender or not cited.identifier or cited.sent is None:
            checking.add("R15", xpath, f"{where} lacks a sender, an identifier or a time")
        elif NAME_REFUSED.search(cited.sender) or NAME_REFUSED.search(cited.identifier):
            checking.add("R15", xpath, f"{where} has a space, a comma, < or & in a name")
        check_moment(checking, xpath, cited.sent)
        if cited.identifier == alert.identifier and cited.sender == alert.sender:
            checking.add("R17", xpath, f"{where} is this message")
        elif cited.sent is not None and _later(cited.sent, alert.sent):
            checking.add("R17", xpath, f"{where} was sent after this message")


def _later(one: datetime, other: datetime) -> bool:
    return one.tzinfo is not None and other.tzinfo is not None and one > other
