"""Rules of good practice (P1 to P15): what we ask of our own warnings beyond the standard."""

from __future__ import annotations

import re
from datetime import timedelta

from tocsin.formats.cap.message import Alert, Info
from tocsin.formats.cap.rules.checking import Checking
from tocsin.formats.cap.rules.envelope import ROOT
from tocsin.formats.cap.rules.office import looks_like_a_name
from tocsin.formats.cap.rules.script import foreign_script

__all__ = ["COLOURS", "check_message_practice", "check_practice"]

_MONTH, _DAY, _SHORT = timedelta(days=31), timedelta(hours=24), timedelta(hours=6)
_EVENT = 35
_TERMS = "OET:v1.2"
_SHORT_TEXTS = {"cmamtext": 90, "cmamlongtext": 360}
# The four colours of China's scheme and of Meteoalarm's awareness levels, and the severity that belongs to each.
COLOURS = {"blue": "Minor", "yellow": "Moderate", "orange": "Severe", "red": "Extreme",
           "蓝": "Minor", "黄": "Moderate", "橙": "Severe", "红": "Extreme"}  # fmt: skip
_COLOUR = re.compile(r"\b(blue|yellow|orange|red)\b|(蓝|黄|橙|红)(?:色|$)", re.IGNORECASE)
_COLOUR_NAMES = re.compile(r"colou?r|awareness_level|颜色|grade|level", re.IGNORECASE)
_WANTED = (
    ("senderName", "sender_name"), ("headline", "headline"), ("description", "description"),
    ("instruction", "instruction"), ("web", "web"), ("contact", "contact"), ("effective", "effective"),
    ("onset", "onset"), ("responseType", "response_types"),
)  # fmt: skip


def check_message_practice(checking: Checking, alert: Alert) -> None:
    """P1, P3, P6, P8 and P11 of the whole message."""
    producer = checking.producer
    if producer.oid and not alert.identifier.startswith(f"urn:oid:{producer.oid}."):
        checking.add("P1", f"{ROOT}/cap:identifier", f"it does not begin with urn:oid:{producer.oid}.")
    spoken = [info.spoken.lower() for info in alert.infos]
    for language in producer.languages if alert.infos else ():
        if not any(_speaks(one, language.lower()) for one in spoken):
            checking.add("P3", ROOT, f"it says nothing in {language}")
    if alert.msg_type in ("Ack", "Error"):
        checking.add("P6", f"{ROOT}/cap:msgType", f"{alert.msg_type} is written by machines")
    if alert.msg_type == "Cancel" and not alert.infos:
        checking.add("P11", ROOT, "it does not say why")
    now = checking.now
    if now is not None and alert.sent.tzinfo is not None and alert.sent > now + timedelta(minutes=5):
        checking.add("P8", f"{ROOT}/cap:sent", "it lies in the future")


def check_practice(checking: Checking, alert: Alert, info: Info, xpath: str) -> None:
    """The rules of one info."""
    _gaps(checking, alert, info, xpath)
    _event(checking, info, xpath)
    _period(checking, alert, info, xpath)
    _colour(checking, info, xpath)
    _sender_name(checking, info, xpath)
    for name, level in (("urgency", info.urgency), ("severity", info.severity), ("certainty", info.certainty)):
        if level == "Unknown":
            checking.add("P6", f"{xpath}/cap:{name}", "it is Unknown")
    if "AllClear" in info.response_types and alert.msg_type != "Cancel" and info.urgency != "Past":
        checking.add("P11", f"{xpath}/cap:responseType", "it says AllClear while the danger is not Past")
    for number, pair in enumerate(info.parameters, 1):
        most = _SHORT_TEXTS.get(pair.name.lower())
        if most and len(pair.value) > most:
            checking.add("P15", f"{xpath}/cap:parameter[{number}]", f"it has {len(pair.value)} characters, not {most}")
    for name, text in (
        ("headline", info.headline),
        ("description", info.description),
        ("instruction", info.instruction),
    ):
        if found := foreign_script(text, info.spoken):
            checking.add("P9", f"{xpath}/cap:{name}", f"it is written in {found}, the info says {info.spoken}")


def _speaks(said: str, wanted: str) -> bool:
    return said == wanted or said.startswith(f"{wanted}-") or wanted.startswith(f"{said}-")


def _gaps(checking: Checking, alert: Alert, info: Info, xpath: str) -> None:
    """What a reader needs. Without a sender or advice a warning is not published."""
    missing = [name for name, attribute in _WANTED if not getattr(info, attribute)]
    if "senderName" in missing:
        missing.remove("senderName")
        checking.add("P12", xpath, "it does not say which office speaks", "error")
    if missing:
        silent = "instruction" in missing and alert.msg_type in ("Alert", "Update")
        checking.add("P2", xpath, f"it has no {', '.join(missing)}", "error" if silent else None)


def _event(checking: Checking, info: Info, xpath: str) -> None:
    if len(info.event) > _EVENT:
        checking.add("P5", f"{xpath}/cap:event", f"it has {len(info.event)} characters")
    if not any(pair.name == _TERMS and pair.value for pair in info.event_codes):
        checking.add("P5", xpath, f"it has no eventCode {_TERMS}")


def _period(checking: Checking, alert: Alert, info: Info, xpath: str) -> None:
    if any(
        moment is not None and moment.tzinfo is None
        for moment in (alert.sent, info.effective, info.onset, info.expires)
    ):
        return  # R5 has said so
    if alert.status != "Draft":
        if info.effective is not None and info.effective < alert.sent:
            checking.add("P8", f"{xpath}/cap:effective", "it lies before sent")
        if info.onset is not None and info.onset < alert.sent:
            checking.add("P8", f"{xpath}/cap:onset", "it lies before sent: the danger has begun", "warning")
        if checking.now is not None and info.expires is not None and info.expires <= checking.now:
            checking.add("P8", f"{xpath}/cap:expires", "it has passed")
    if info.expires is None:
        return
    lasts = info.expires - (info.onset or info.effective or alert.sent)
    short = any(pair.value in checking.producer.short_lived for pair in info.event_codes)
    if lasts > _MONTH:
        checking.add("P7", f"{xpath}/cap:expires", f"it lasts {lasts.days} days", "error")
    elif lasts > (_SHORT if short else _DAY):
        checking.add("P7", f"{xpath}/cap:expires", f"it lasts {lasts.total_seconds() / 3600:.0f} hours")


def _colour(checking: Checking, info: Info, xpath: str) -> None:
    told = [(number, found) for number, pair in enumerate(info.parameters, 1)
            if _COLOUR_NAMES.search(pair.name) and (found := _colour_in(pair.value))]  # fmt: skip
    if not told and _colour_in(info.headline):
        checking.add("P10", f"{xpath}/cap:headline", "it names a colour that no parameter does")
    for number, colour in told:
        if info.severity != COLOURS[colour]:
            checking.add(
                "P10", f"{xpath}/cap:parameter[{number}]", f"{colour} is {COLOURS[colour]}, not {info.severity}"
            )


def _colour_in(text: str) -> str:
    found = _COLOUR.search(text)
    return (found.group(1) or found.group(2)).lower() if found else ""


def _sender_name(checking: Checking, info: Info, xpath: str) -> None:
    where = f"{xpath}/cap:senderName"
    offices = checking.producer.offices
    if not info.sender_name:
        return  # the gap is named already
    if offices and info.sender_name not in offices:
        checking.add("P12", where, f"{info.sender_name[:60]!r} is no office of ours", "error")
    elif not offices and looks_like_a_name(info.sender_name):
        checking.add("P12", where, f"{info.sender_name[:60]!r} looks like a person's name")
