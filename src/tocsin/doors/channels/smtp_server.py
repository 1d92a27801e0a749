"""Which mail server, reached how: the setting ``smtp`` read and checked.

    smtps://user:password@mail.example       TLS from the first byte (port 465)
    smtp://user:password@mail.example        STARTTLS, which the server must offer (port 587)
    smtp://127.0.0.1:2525                    plain, to this machine only (port 25)

Certificates are always verified, and there is no setting that turns this off; ``?ca=/path/to/ca.pem`` names the
certificate of an office's own authority.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import parse_qsl, unquote, urlsplit

from tocsin.terms.errors import BadValue

__all__ = ["ADDRESS", "Encryption", "SmtpServer", "sender_address"]

_PART = r"[^\s<>@,;:\"()\[\]\\\x00-\x1f\x7f-\x9f]+"
ADDRESS = re.compile(rf"(?!.*=\?){_PART}@{_PART}")  # =? would begin an encoded word
_PORTS = {"smtps": 465, "smtp": 587}


class Encryption(Enum):
    """How a connection is made private. NONE only to this machine."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over. ``user`` "": no log-in. ``ca``: a file of certificates to trust instead of the system's."""

    host: str
    port: int
    encryption: Encryption
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""

    @classmethod
    def of(cls, url: str) -> SmtpServer:
        """Read the setting. Raises BadValue, which never repeats the password."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            raise _bad("has no port between 1 and 65535") from None
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or port == 0:
            raise _bad("must be smtp:// or smtps:// with a host")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if options.keys() - {"ca"}:
            raise _bad(f"knows only the option ca, got {', '.join(sorted(options.keys() - {'ca'}))}")
        here = _is_this_machine(parts.hostname)
        encryption = Encryption.TLS if parts.scheme == "smtps" else Encryption.NONE if here else Encryption.STARTTLS
        return cls(
            parts.hostname, port or (25 if encryption is Encryption.NONE else _PORTS[parts.scheme]), encryption,
            unquote(parts.username or ""), unquote(parts.password or ""), options.get("ca", ""),
        )  # fmt: skip


def sender_address(address: str) -> str:
    """The setting ``mail_from``, if it is one plain address. Raises BadValue."""
    if not (ADDRESS.fullmatch(address) and address.isascii()):
        raise BadValue(
            "setting mail_from", f"{address!r} is no mail address", "write for example tocsin@office.example"
        )
    return address


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bad(rule: str) -> BadValue:
    return BadValue("setting smtp", rule, "write smtps://user:password@mail.example, or leave it empty")
