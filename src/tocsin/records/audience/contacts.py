"""Contacts: whether an address can be one of its channel, before anything is sent to it. Pure."""

from __future__ import annotations

import json
import re

from django.utils.translation import gettext as _

from tocsin.formats.addresses import TELEPHONE, TOPIC
from tocsin.terms.errors import BadValue

__all__ = ["require_contact"]

_MAIL = re.compile(r"[^\s<>@,;:\"()\[\]\\\x00-\x1f\x7f-\x9f]{1,64}@[^\s<>@,;:\"()\[\]\\\x00-\x1f\x7f-\x9f]{1,200}")
_ROOM = re.compile(r"[a-z][a-z0-9_]{0,39}")


def require_contact(channel: str, address: str) -> None:
    """Raises BadValue, which does not repeat the address."""
    if len(address) > 1000 or not _fits(channel, address):
        raise BadValue(
            _("address"), _("is not one that {channel} can reach").format(channel=channel), _REMEDY[channel]()
        )


def _fits(channel: str, address: str) -> bool:
    match channel:
        case "mail":
            return _MAIL.fullmatch(address) is not None and "=?" not in address
        case "sms" | "voice":
            return TELEPHONE.fullmatch(address) is not None
        case "webhook":
            return address.startswith(("https://", "http://"))  # where it may lead, the channel's guard judges
        case "mqtt":
            return TOPIC.fullmatch(address) is not None
        case "chat":
            return _ROOM.fullmatch(address) is not None
        case "web_push":
            return _is_subscription(address)
    return False


def _is_subscription(address: str) -> bool:
    try:
        given = json.loads(address)
        return str(given["endpoint"]).startswith("https://") and {"p256dh", "auth"} <= set(given["keys"])
    except (ValueError, KeyError, TypeError):
        return False


_REMEDY = {
    "mail": lambda: _("write it as name@place.example"),
    "sms": lambda: _("write the number with + and country code"),
    "voice": lambda: _("write the number with + and country code"),
    "webhook": lambda: _("write an https address"),
    "mqtt": lambda: _("write a topic without wildcards"),
    "chat": lambda: _("write a name of the setting chats"),
    "web_push": lambda: _("allow notifications in the browser and subscribe again"),
}
