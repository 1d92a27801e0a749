"""Rules about one info block: what threatens, how bad, from when to when (R20 to R31)."""

from __future__ import annotations

import re
from datetime import datetime

from tocsin.formats.cap.codes import CATEGORIES, CERTAINTIES, RESPONSE_TYPES, SEVERITIES, URGENCIES
from tocsin.formats.cap.message import Alert, Info, Pair
from tocsin.formats.cap.rules.checking import Checking
from tocsin.formats.cap.rules.envelope import check_moment
from tocsin.formats.cap.rules.text import check_text, is_plain

__all__ = ["ABSOLUTE", "check_info", "check_pairs"]

LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+")
_HEADLINE = 160


def check_info(checking: Checking, alert: Alert, info: Info, xpath: str) -> None:
    """Everything about an info except its resources and areas."""
    _levels(checking, info, xpath)
    if info.language:
        if not LANGUAGE.fullmatch(info.language):
            checking.add("R23", f"{xpath}/cap:language", f"{info.language[:40]!r} is no code of a language")
    elif checking.producing:
        checking.add("R23", xpath, "it does not say in which language it is")
    _times(checking, alert, info, xpath)
    if info.web and not ABSOLUTE.fullmatch(info.web):
        checking.add("R30", f"{xpath}/cap:web", f"{info.web[:60]!r} is no absolute address")
    if len(info.headline) > _HEADLINE:
        checking.add("R30", f"{xpath}/cap:headline", f"it has {len(info.headline)} characters")
    for name, text in (
        ("event", info.event), ("audience", info.audience), ("senderName", info.sender_name),
        ("headline", info.headline), ("description", info.description), ("instruction", info.instruction),
        ("web", info.web), ("contact", info.contact),
    ):  # fmt: skip
        if text and not is_plain(text):
            check_text(checking, f"{xpath}/cap:{name}", text)
    check_pairs(checking, f"{xpath}/cap:eventCode", info.event_codes)
    check_pairs(checking, f"{xpath}/cap:parameter", info.parameters)


def check_pairs(checking: Checking, xpath: str, pairs: tuple[Pair, ...]) -> None:
    """R26: a pair has a name (its value may be empty)."""
    for number, pair in enumerate(pairs, 1):
        if not pair.name.strip():
            checking.add("R26", f"{xpath}[{number}]", "its valueName is empty")
        if not is_plain(pair.name):
            check_text(checking, f"{xpath}[{number}]/cap:valueName", pair.name)
        if not is_plain(pair.value):
            check_text(checking, f"{xpath}[{number}]/cap:value", pair.value)


def _levels(checking: Checking, info: Info, xpath: str) -> None:
    if not info.categories:
        checking.add("R20", xpath, "it has no category")
    for number, category in enumerate(info.categories, 1):
        if category not in CATEGORIES:
            checking.add("R20", f"{xpath}/cap:category[{number}]", f"{category[:40]!r} is no category")
    if not info.event.strip():
        checking.add("R20", f"{xpath}/cap:event", "it is empty")
    for name, value, known in (
        ("urgency", info.urgency, URGENCIES),
        ("severity", info.severity, SEVERITIES),
        ("certainty", info.certainty, CERTAINTIES),
    ):
        if value not in known:
            checking.add("R20", f"{xpath}/cap:{name}", f"{value[:40]!r} is not one of {', '.join(known)}")
    for number, kind in enumerate(info.response_types, 1):
        if kind not in RESPONSE_TYPES:
            checking.add("R22", f"{xpath}/cap:responseType[{number}]", f"{kind[:40]!r} is no responseType")


def _times(checking: Checking, alert: Alert, info: Info, xpath: str) -> None:
    check_moment(checking, f"{xpath}/cap:effective", info.effective)
    check_moment(checking, f"{xpath}/cap:onset", info.onset)
    check_moment(checking, f"{xpath}/cap:expires", info.expires)
    if info.expires is None:
        checking.strict("R27", xpath, "it does not say when it expires")
        return
    for name, moment in (("sent", alert.sent), ("effective", info.effective), ("onset", info.onset)):
        if moment is not None and _not_after(info.expires, moment):
            checking.add("R28", f"{xpath}/cap:expires", f"it is not after {name}")


def _not_after(expires: datetime, moment: datetime) -> bool:
    return expires.tzinfo is not None and moment.tzinfo is not None and expires <= moment
