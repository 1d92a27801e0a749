"""Mail: letters handed over to one SMTP server, in plain text, in the recipient's language.

A call is divided among a few connections side by side, since each answer of a server far away takes its time; they are kept
between calls until the sender says that nothing more is due. A recipient that the server refuses for good (5xx) has failed, one
that it puts off (4xx) is tried again; where the server as a whole does not answer, or does not take us, nothing counts as
tried. A connection that breaks is made anew a few times, so that a letter which a server chokes on keeps no other waiting.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import re
import smtplib
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from tocsin.doors.channels.smtp_server import ADDRESS, Encryption, SmtpServer, sender_address
from tocsin.records import clock
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import Unavailable

__all__ = ["Mail", "as_mail"]

TIMEOUT_S = 20.0  # of each answer of the server
SIDE_BY_SIDE = 4  # connections; Postfix takes 50 from one client, small providers fewer
LEAST = 12  # letters that are worth a connection of their own
CONNECTIONS = 3  # of one part of a call
_POLICY = SMTP.clone(cte_type="7bit")  # any server takes it
_LINK = re.compile(r"https?://[!#-;=?-~]{1,900}")  # of ASCII, without spaces, quotation marks and angle brackets
_LINE = 998  # characters, without its end (RFC 5322, 2.1.1)
_LANGUAGE_TAGS = {"zh-hans": "zh-Hans"}
# Control characters, and those that turn the direction of writing around: neither belongs in words for people.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Mail:
    """The channel ``mail``. ``sender`` is the address it writes from."""

    name = "mail"

    def __init__(self, server: SmtpServer, sender: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.server, self.sender, self._timeout_s = server, sender_address(sender), timeout_s
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="mail")
        self._kept: list[smtplib.SMTP] = []  # list.append and list.pop are atomic

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """As Channel says."""
        lanes = max(1, min(SIDE_BY_SIDE, len(letters) // LEAST))
        calls = [_Call(self) for _ in range(lanes)]
        parts = [letters[lane::lanes] for lane in range(lanes)]
        said = dict(outcome for part in self._pool.map(_Call.hand_over_all, calls, parts) for outcome in part)
        outcomes = [said[letter.key] for letter in letters]
        down = next((call for call in calls if call.unreachable), None)
        if down is not None and not any(outcome.accepted or outcome.final for outcome in outcomes):
            raise Unavailable(f"mail server {self.server.host}:{self.server.port}", down.unreachable, down.remedy)
        return outcomes

    def let_go(self) -> None:
        """As KeepsOpen says."""
        while self._kept:
            _quit(self._kept.pop())

    def kept(self) -> smtplib.SMTP | None:
        """A connection of an earlier call that still answers."""
        while self._kept:
            connection = self._kept.pop()
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if connection.noop()[0] == 250:
                    return connection
            connection.close()
        return None

    def keep(self, connection: smtplib.SMTP) -> None:
        """For the next call."""
        self._kept.append(connection)

    def connect(self) -> smtplib.SMTP:
        """A connection that is private and logged in, as the server's entry says. Raises OSError, SMTPException."""
        server, us = self.server, self.sender.rpartition("@")[2]
        private = server.encryption is not Encryption.NONE
        trust = ssl.create_default_context(cafile=server.ca or None) if private else None
        if server.encryption is Encryption.TLS:
            made: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=us, timeout=self._timeout_s, context=trust
            )
        else:
            made = smtplib.SMTP(server.host, server.port, local_hostname=us, timeout=self._timeout_s)
        try:
            made.ehlo_or_helo_if_needed()
            if server.encryption is Encryption.STARTTLS:
                made.starttls(context=trust)
                made.ehlo()
            if server.user:
                made.login(server.user, server.password)
        except BaseException:
            made.close()
            raise
        return made


class _Call:
    """One call of ``send``: its connection, and why there is none any more."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail
        self._connection: smtplib.SMTP | None = None
        self._left = CONNECTIONS
        self.broken = self.unreachable = ""
        self.remedy = "see that it runs and that the setting smtp is right; mail waits until then"

    def hand_over(self, letter: Letter) -> Outcome:
        """Try one letter."""
        if not ADDRESS.fullmatch(letter.address):
            return Outcome(letter.key, False, "not a mail address", final=True)
        connection = self._connected()
        if connection is None:
            return Outcome(letter.key, False, self.broken)
        try:
            return self._try(connection, letter)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            return self._refused(letter, code, words)
        except smtplib.SMTPSenderRefused as error:  # it is we who are not taken: no recipient's fault
            self._give_up(f"does not take mail from {self._mail.sender} ({_said(error.smtp_code, error.smtp_error)})")
            self.remedy = "set mail_from to an address that this server lets us use"
        except smtplib.SMTPResponseException as error:
            return self._refused(letter, error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            self._break(f"broke the connection ({error or type(error).__name__})")
        return Outcome(letter.key, False, self.broken)

    def hand_over_all(self, letters: Sequence[Letter]) -> list[tuple[str, Outcome]]:
        """Try each; what was said, by key. A connection that is good at the end is kept."""
        try:
            return [(letter.key, self.hand_over(letter)) for letter in letters]
        finally:
            if self._connection is not None:
                self._mail.keep(self._connection)

    def _connected(self) -> smtplib.SMTP | None:
        if self._connection is None and self._left == CONNECTIONS:
            self._connection = self._mail.kept()
        if self._connection is None and self._left:
            self._left -= 1
            try:
                self._connection = self._mail.connect()
            except smtplib.SMTPAuthenticationError as error:
                self._give_up(f"does not let us log in ({_said(error.smtp_code, error.smtp_error)})")
                self.remedy = "correct user and password in the setting smtp"
            except (OSError, smtplib.SMTPException) as error:
                self._give_up(f"does not answer ({error or type(error).__name__})")
        return self._connection

    def _try(self, connection: smtplib.SMTP, letter: Letter) -> Outcome:
        address = _with_ascii_domain(letter.address)
        beyond_ascii = not address.isascii()
        if beyond_ascii and not connection.has_extn("smtputf8"):
            return Outcome(letter.key, False, "the mail server takes only addresses of ASCII letters", final=True)
        content = as_mail(dataclasses.replace(letter, address=address), self._mail.sender, utf8=beyond_ascii)
        options = ["SMTPUTF8"] if beyond_ascii else []
        return Outcome(letter.key, True, _said(*_deliver(connection, self._mail.sender, address, content, options)))

    def _refused(self, letter: Letter, code: int, words: bytes | str) -> Outcome:
        if code == 421:  # "service not available, closing": it speaks of itself, not of the recipient
            self._break(f"closes the connection ({_said(code, words)})")
            return Outcome(letter.key, False, self.broken)
        return Outcome(letter.key, False, _said(code, words), final=500 <= code < 600)

    def _break(self, why: str) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self.broken = None, why

    def _give_up(self, why: str) -> None:
        self._break(why)
        self._left, self.unreachable = 0, why  # the next call asks again


def _quit(connection: smtplib.SMTP) -> None:
    """Say good-bye; who does not answer is left."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        connection.quit()
    connection.close()


def as_mail(letter: Letter, sender: str, *, utf8: bool = False) -> bytes:
    """The letter as a mail (RFC 5322, 2045), its address without line ends or brackets. Its Message-ID is the letter's key,
    the same at every attempt; no text can add a header. ``utf8``: an address beyond ASCII stays as it is (RFC 6532).

    Written by hand: the standard library takes a millisecond for one, and encodes the address under which one leaves, if it
    is long, so that no mail program finds it."""
    body = _UNSEEN.sub("", letter.body.replace("\r\n", "\n").replace("\r", "\n")) + "\n"
    lines = [
        f"From: {sender}", f"To: {letter.address}", _subject(letter.subject), f"Date: {format_datetime(clock.now())}",
        f"Message-ID: <{letter.key}@{sender.rpartition('@')[2]}>", "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
    ]  # fmt: skip
    if _LINK.fullmatch(letter.leave):
        lines += [f"List-Unsubscribe: <{letter.leave}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
    if letter.level >= 3:
        lines.append("Importance: high")
    plain = body.isascii() and max(map(len, body.split("\n"))) <= _LINE
    lines += [
        'Content-Type: text/plain; charset="utf-8"', f"Content-Transfer-Encoding: {'7bit' if plain else 'base64'}",
        "MIME-Version: 1.0", f"Content-Language: {_LANGUAGE_TAGS.get(letter.language, letter.language)}", "", "",
    ]  # fmt: skip
    text = body.replace("\n", "\r\n").encode()
    content = text if plain else base64.encodebytes(text).replace(b"\n", b"\r\n")
    return "\r\n".join(lines).encode("utf-8" if utf8 else "ascii") + content


@lru_cache(maxsize=256)
def _subject(words: str) -> str:
    """The header, folded and encoded by the standard library; one warning has few."""
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = _one_line(words) or "-"
    return mail.as_string().rstrip("\r\n")


def _one_line(words: str) -> str:
    """Without line ends, and without the look of an encoded word: the standard library would decode one, and with it the
    line ends that somebody hid there."""
    return " ".join(_UNSEEN.sub(" ", words).split()).replace("=?", "= ?")


def _with_ascii_domain(address: str) -> str:
    name, _, domain = address.rpartition("@")
    try:
        return f"{name}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address


def _deliver(
    connection: smtplib.SMTP, sender: str, address: str, content: bytes, options: Sequence[str]
) -> tuple[int, bytes]:
    """``SMTP.sendmail`` for one recipient, except that it keeps what the server said: the proof of the hand-over."""
    size = [f"size={len(content)}"] if connection.does_esmtp and connection.has_extn("size") else []
    code, words = connection.mail(sender, [*size, *options])
    if code != 250:
        connection.rset()
        raise smtplib.SMTPSenderRefused(code, words, sender)
    code, words = connection.rcpt(address)
    if code not in (250, 251):
        connection.rset()
        raise smtplib.SMTPRecipientsRefused({address: (code, words)})
    code, words = connection.data(content)
    if code != 250:
        connection.rset()
        raise smtplib.SMTPDataError(code, words)
    return code, words


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(_UNSEEN.sub(' ', text).split())}"[:300]
