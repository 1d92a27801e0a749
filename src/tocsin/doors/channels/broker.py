"""Which MQTT broker, reached how: the setting ``mqtt`` read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from tocsin.doors.outward.guard import Guard
from tocsin.terms.errors import BadValue

__all__ = ["Broker"]

_PORTS = {"mqtts": 8883, "mqtt": 1883}
_THIS_MACHINE = ("localhost", "127.0.0.0/8", "::1")


@dataclass(frozen=True, slots=True)
class Broker:
    """The setting ``mqtt``: mqtts://user:password@host, or mqtt:// (not encrypted: only to this machine, or to what the
    setting ``outward_inside`` names, a wire of ours)."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str, *, inside: Sequence[str] = ()) -> Broker:
        """Read the setting; ``inside`` is ``outward_inside``. Raises BadValue, which never repeats the password."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in _PORTS or not parts.hostname or port == 0 or parts.path not in ("", "/"):
            raise BadValue(
                "setting mqtt", "must be mqtts:// or mqtt:// with a host", "write mqtts://user:password@host"
            )
        if parts.scheme == "mqtt" and not Guard((*inside, *_THIS_MACHINE)).is_inside(parts.hostname):
            raise BadValue(
                "setting mqtt", "is not encrypted, and its host is neither this machine nor named in outward_inside",
                "write mqtts://, or name the host or its network in the setting outward_inside",
            )  # fmt: skip
        return cls(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "mqtts",
                   unquote(parts.username or ""), unquote(parts.password or ""))  # fmt: skip
