"""Which SMSC (short message service centre), reached how: the setting ``smpp`` read and checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from tocsin.doors.outward.guard import Guard
from tocsin.terms.errors import BadValue

__all__ = ["Smsc"]

_PORTS = {"smpps": 3550, "smpp": 2775}
_THIS_MACHINE = ("localhost", "127.0.0.0/8", "::1")
_SENDER = re.compile(r"\+?[0-9]{1,15}|[A-Za-z0-9 ._-]{1,11}")  # a number, or a name as GSM allows it


@dataclass(frozen=True, slots=True)
class Smsc:
    """The settings ``smpp`` and ``smpp_from``: smpps://system_id:password@host, or smpp:// (not encrypted: only to this
    machine, or to what the setting ``outward_inside`` names: the operator's tunnel)."""

    host: str
    port: int
    tls: bool
    system_id: str
    password: str = field(default="", repr=False)
    sender: str = ""

    @classmethod
    def of(cls, url: str, sender: str = "", *, inside: Sequence[str] = ()) -> Smsc:
        """Read the settings; ``inside`` is ``outward_inside``. Raises BadValue, which never repeats the password."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if (parts.scheme not in _PORTS or not parts.hostname or not parts.username or port == 0
                or parts.path not in ("", "/")):  # fmt: skip
            raise BadValue("setting smpp", "must be smpps:// or smpp:// with a system id and a host",
                           "write smpps://system_id:password@host:port")  # fmt: skip
        if parts.scheme == "smpp" and not Guard((*inside, *_THIS_MACHINE)).is_inside(parts.hostname):
            raise BadValue("setting smpp", "is not encrypted, and its host is neither this machine nor named in outward_inside",
                           "write smpps://, or name the host or its network in the setting outward_inside")  # fmt: skip
        if sender and not _SENDER.fullmatch(sender):
            raise BadValue(
                "setting smpp_from", "is neither a number nor a name of 11 letters at most", "write 10690000"
            )
        password = unquote(parts.password or "")
        if len(unquote(parts.username)) > 15 or len(password) > 8:
            raise BadValue("setting smpp", "system id and password have 15 and 8 characters at most (SMPP 3.4, 5.2)",
                           "ask the operator for shorter ones")  # fmt: skip
        return cls(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "smpps", unquote(parts.username),
                   password, sender)  # fmt: skip
