"""SMPP: short messages straight to an operator's SMSC (SMPP 3.4), by smpplib (LGPL, imported as it is).

Texts of the GSM alphabet go in it, all others as UCS-2; what is longer than one segment goes in parts that the telephone puts
together (user data header, 3GPP TS 23.040), no character cut in two. One bound connection serves one call; one that breaks is
made anew a few times.
"""

from __future__ import annotations

import logging
import secrets
import socket
import ssl
import warnings
from collections.abc import Sequence

import smpplib.client
import smpplib.consts as smpp
import smpplib.exceptions
import smpplib.gsm

from tocsin.doors.channels.smsc import Smsc
from tocsin.formats.addresses import TELEPHONE
from tocsin.formats.sms import shown
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import Unavailable

__all__ = ["Smpp", "parts_of"]

TIMEOUT_S = 10.0
CONNECTIONS = 3  # of one call
PARTS_AT_MOST = 10
_GSM, _UCS2 = 0, 8  # data_coding
_FINAL = {0x0B, 0x50, 0x51}  # invalid destination: address, type of number, plan
_BROKEN = (smpplib.exceptions.ConnectionError, OSError)
logging.getLogger("smpplib").setLevel(logging.CRITICAL)


def parts_of(text: str, reference: int) -> tuple[int, list[bytes]]:
    """The alphabet (``data_coding``) and the octets of each part; ``reference`` (0 to 255) is the same in all of them."""
    try:
        units, coding, alone, together = [smpplib.gsm.gsm_encode(c) for c in text], _GSM, 160, 153
    except (UnicodeError, ValueError):
        units, coding, alone, together = [c.encode("utf-16-be") for c in text], _UCS2, 140, 134
    if sum(map(len, units)) <= alone:
        return coding, [b"".join(units)]
    found, part = [], b""
    for unit in units:
        if len(part) + len(unit) > together:
            found.append(part)
            part = b""
        part += unit
    found = [*found, part][:PARTS_AT_MOST]
    return coding, [bytes([5, 0, 3, reference, len(found), n]) + part for n, part in enumerate(found, 1)]


class Smpp:
    """The channel ``sms`` over SMPP."""

    name = "sms"

    def __init__(self, centre: Smsc, *, timeout_s: float = TIMEOUT_S, trust: ssl.SSLContext | None = None) -> None:
        self.centre, self._timeout_s = centre, timeout_s
        self._trust = (trust or ssl.create_default_context()) if centre.tls else None

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """As Channel says."""
        if not letters:
            return []
        call = _Call(self)
        try:
            outcomes = [call.hand_over(letter) for letter in letters]
        finally:
            call.close()
        if call.unreachable and not any(outcome.accepted or outcome.final for outcome in outcomes):
            remedy = "see that it runs and that the setting smpp is right; short messages wait until then"
            raise Unavailable(f"SMSC {self.centre.host}:{self.centre.port}", call.unreachable, remedy)
        return outcomes

    def connect(self) -> _Client:
        """A bound connection. Raises OSError, smpplib's ConnectionError and PDUError."""
        centre = self.centre
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made = _Client(centre.host, centre.port, timeout=self._timeout_s, ssl_context=self._trust,
                           allow_unknown_opt_params=True)  # fmt: skip
        try:
            made.connect()
            made.bind_transmitter(system_id=centre.system_id, password=centre.password)
        except BaseException:
            made.drop()
            raise
        return made


class _Client(smpplib.client.Client):  # type: ignore[misc]
    """A client that names its server to TLS, and can be left without a word."""

    _socket: socket.socket | None

    def _create_socket(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.settimeout(self.timeout)
        return made if self._ssl_context is None else self._ssl_context.wrap_socket(made, server_hostname=self.host)

    def drop(self) -> None:
        """Close the socket whatever state it is in."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def answer_to(self, sequence: int) -> smpplib.command.Command:
        """The answer to what was sent under a number; what comes in between is answered or passed over."""
        while True:
            pdu = self.read_pdu()
            if pdu.command == "enquire_link":
                self._enquire_link_received(pdu)
            elif pdu.sequence == sequence:
                return pdu


class _Call:
    """One call of ``send``: its connection, and why there is none any more."""

    def __init__(self, channel: Smpp) -> None:
        self._channel = channel
        self._client: _Client | None = None
        self._left = CONNECTIONS
        self.broken = self.unreachable = ""

    def hand_over(self, letter: Letter) -> Outcome:
        """Try one letter."""
        if not TELEPHONE.fullmatch(letter.address):
            return Outcome(letter.key, False, "not a telephone number with country code", final=True)
        client = self._connected()
        if client is None:
            return Outcome(letter.key, False, self.unreachable or self.broken)
        try:
            return self._submit(client, letter)
        except (*_BROKEN, smpplib.exceptions.PDUError) as error:
            self.broken = f"the connection broke ({error or type(error).__name__})"
            client.drop()
            self._client = None
            return Outcome(letter.key, False, self.broken)

    def close(self) -> None:
        """Say goodbye, if anybody is there."""
        if self._client is not None:
            try:
                self._client.unbind()
            except (*_BROKEN, smpplib.exceptions.PDUError):
                pass
            self._client.drop()

    def _connected(self) -> _Client | None:
        if self._client is None and self._left > 0 and not self.unreachable:
            self._left -= 1
            try:
                self._client = self._channel.connect()
            except (*_BROKEN, smpplib.exceptions.PDUError) as error:
                self.unreachable = f"does not answer or does not take us ({error or type(error).__name__})"
        return self._client

    def _submit(self, client: _Client, letter: Letter) -> Outcome:
        coding, parts = parts_of(shown(letter.body), secrets.randbelow(256))
        ids = []
        for part in parts:
            sent = client.send_message(**_addresses(self._channel.centre, letter), data_coding=coding, short_message=part,
                                       esm_class=smpp.SMPP_GSMFEAT_UDHI if len(parts) > 1 else 0)  # fmt: skip
            answer = client.answer_to(sent.sequence)
            if answer.is_error():
                words = smpp.DESCRIPTIONS.get(answer.status, "unknown status")
                return Outcome(letter.key, False, f"{answer.status:#06x} {words}", final=answer.status in _FINAL)
            ids.append((answer.message_id or b"").decode("ascii", "replace"))
        return Outcome(letter.key, True, f"taken as {', '.join(ids)}")


def _addresses(centre: Smsc, letter: Letter) -> dict[str, object]:
    is_number = centre.sender.lstrip("+").isdigit()
    kind = (
        0 if not centre.sender else 5 if not is_number else 1 if centre.sender.startswith("+") else 0
    )  # SMPP 3.4, 5.2.5
    sender: dict[str, object] = {
        "source_addr_ton": kind, "source_addr_npi": 1 if is_number else 0, "source_addr": centre.sender.lstrip("+"),
    }  # fmt: skip
    return sender | {"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": letter.address.lstrip("+")}
