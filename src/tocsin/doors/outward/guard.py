"""Guard: which addresses may be called. An address that somebody gave us must not lead into our own network (server-side
request forgery, CWE-918; OWASP top ten 2021, A10).

The name is resolved once, every address that it stands for is judged, and the connection goes to an address that was
judged: a name that changes its mind between check and call (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from tocsin.terms.errors import BadValue

__all__ = ["Guard", "resolve"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """The addresses that a name stands for, in the order of the system. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


class Guard:
    """``inside``: hosts, addresses and networks of our own that may be called all the same, also without TLS (the setting
    ``outward_inside``: a siren, a gateway in the building)."""

    def __init__(self, inside: Sequence[str] = (), *, resolve: Callable[[str, int], list[str]] = resolve) -> None:
        self._names: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        self._resolve = resolve
        for entry in inside:
            try:
                self._networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                self._names.add(entry.lower().rstrip("."))

    def require_url(self, url: str) -> None:
        """Raises BadValue for an address that is malformed, carries a password, is not https (http only inside), or names
        an address of a network that is not to be called. Names are judged when they are called."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise _bad(url, "is no address") from None
        if parts.scheme not in ("https", "http") or not host or port == 0 or any(c.isspace() for c in url):
            raise _bad(url, "is not an https address with a host")
        if parts.username is not None or parts.password is not None:
            raise _bad(url, "carries a name or a password")
        literal = _literal(host)
        if literal is not None and not self._may(host, literal):
            raise _bad(url, "leads into a network that is not public")
        if parts.scheme == "http" and not (self._is_inside(host, literal)):
            raise _bad(url, "is not encrypted")

    def is_inside(self, host: str) -> bool:
        """Whether a host is named as ours, or is an address in a network of ours. A name is not looked up: what it stands
        for may change."""
        return self._is_inside(host, _literal(host))

    def addresses(self, host: str, port: int) -> list[str]:
        """Addresses that may be called under this name. Raises BadValue where one of them must not be, OSError where the
        name does not resolve."""
        found = self._resolve(host, port)
        for address in found:
            parsed = _literal(address)
            if parsed is None or not self._may(host, parsed):
                raise _bad(host, "leads into a network that is not public")
        if not found:
            raise OSError(f"{host} has no address")
        return found

    def _may(self, host: str, address: Address) -> bool:
        return self._is_inside(host, address) or _is_public(address)

    def _is_inside(self, host: str, address: Address | None) -> bool:
        if host.lower().rstrip(".") in self._names:
            return True
        return address is not None and any(address in network for network in self._networks)


def _is_public(address: Address) -> bool:
    """Globally reachable, also where it stands inside another address (mapped, NAT64, 6to4, Teredo)."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if address in _NAT64:
            return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour is not None or address.teredo is not None:
            return False  # tunnels into who knows where
    return address.is_global and not address.is_multicast


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _bad(thing: str, rule: str) -> BadValue:
    shown = thing.partition("?")[0]
    if "@" in shown:  # never repeat a password
        shown = f"...@{shown.rpartition('@')[2]}"
    return BadValue(
        f"address {shown[:200]}", rule, "give a public https address, or name the host in the setting outward_inside"
    )
