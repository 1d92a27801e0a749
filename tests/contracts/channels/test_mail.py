"""What only mail can get wrong: headers, encryption, servers that do as they like."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.channels.post_office import PostOffice
from tocsin.doors.channels.mail import _UNSEEN, SIDE_BY_SIDE, Mail, _one_line, as_mail
from tocsin.doors.channels.smtp_server import Encryption, SmtpServer, sender_address
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import BadValue, Unavailable

SENDER = "tocsin@office.example"


def letter(number: int, subject: str = "Heavy rain", **other: object) -> Letter:
    fields = {"key": f"dsp_1-{number}", "recipient": f"post:{number}", "address": f"post{number}@town.example",
              "subject": subject, "body": "Go up.", "language": "en"}  # fmt: skip
    return Letter(**(fields | other))  # type: ignore[arg-type]


LETTERS = [letter(number) for number in range(4)]


@pytest.fixture
def office() -> Iterator[PostOffice]:
    made = PostOffice()
    made.open()
    yield made
    made.close()


def mail_to(office: PostOffice, **other: object) -> Mail:
    fields = {"host": "127.0.0.1", "port": office.port, "encryption": Encryption.NONE}
    return Mail(SmtpServer(**(fields | other)), SENDER, timeout_s=5)  # type: ignore[arg-type]


# ---------------------------------------------------------------- what a mail looks like
def test_a_mail_says_what_it_is_and_in_which_language(office: PostOffice) -> None:
    mail_to(office).send([letter(1, "暴雨", body="请立即转移。\n不要涉水。", language="zh-hans", level=4)])
    ((address, mail),) = office.letters
    assert address == "post1@town.example"
    assert mail["From"] == SENDER
    assert mail["To"] == "post1@town.example"
    assert mail["Message-ID"] == "<dsp_1-1@office.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "zh-Hans"
    assert mail["Importance"] == "high"
    assert mail["Date"].datetime.tzinfo is not None
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == ["请立即转移。", "不要涉水。"]
    office.raw[0].decode("ascii")  # any server on the way takes it


@pytest.mark.parametrize(
    "subject",
    [
        "Rain\r\nBcc: everybody@town.example",
        "Rain\nContent-Type: text/html\n\n<script>",
        "Rain\r\n\r\nanother body",
        "Rain\x00\x07\u2028\u202e",
        "\r\n",
        "暴雨" * 200 + "\r\nX-Evil: 1",
        "=?utf-8?q?Rain=0D=0ABcc:_x@y.example?=",
    ],
)
def test_no_subject_adds_a_header_or_a_recipient(office: PostOffice, subject: str) -> None:
    (outcome,) = mail_to(office).send([letter(1, subject)])
    assert outcome.accepted
    ((address, mail),) = office.letters
    assert address == "post1@town.example"
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language",
         "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    )  # fmt: skip
    assert mail.get_content().splitlines() == ["Go up."]


@given(st.text(), st.text(), st.sampled_from(["zh-hans", "en"]), st.integers(1, 4))
def test_any_text_makes_one_mail_that_says_just_that(subject: str, body: str, language: str, level: int) -> None:
    """What the standard library reads out of the bytes is what was put in, apart from what nobody can see."""
    raw = as_mail(letter(1, subject, body=body, language=language, level=level), SENDER)
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    names = [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))]
    assert len(names) == len(set(names)) == (12 if level >= 3 else 11)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    read = cast(EmailMessage, message_from_bytes(raw, policy=policy.default))
    assert read["Subject"] == (_one_line(subject) or "-")
    assert _lines(read.get_content()) == _lines(_UNSEEN.sub("", body) + "\n")
    assert read["To"] == "post1@town.example"


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def test_the_address_under_which_one_leaves_is_there_to_be_found_however_long() -> None:
    """RFC 2369 and 8058: between angle brackets, in ASCII, never as an encoded word."""
    leave = f"https://warnings.town.example/subscribe/leave/{'a' * 40}/{'0' * 40}"
    raw = as_mail(letter(1, leave=leave), SENDER)
    assert f"\r\nList-Unsubscribe: <{leave}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode() in raw
    for hostile in (
        "https://x/>\r\nBcc: a@b.example",
        "javascript:alert(1)",
        "https://x/ y",
        'https://x/"',
        "https://东",
    ):
        assert b"List-Unsubscribe" not in as_mail(letter(1, leave=hostile), SENDER)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b\r\nRCPT TO:<c@d>",
        "a@b>",
        "a b@c.example",
        "a@b@c.example",
        "a@b.example,c@d.example",
        '"a"@b',
    ],
)
def test_what_is_no_address_has_failed_for_good_and_says_nothing_to_the_server(
    office: PostOffice, address: str
) -> None:
    refused, taken = mail_to(office).send([letter(1, address=address), letter(2)])
    assert (refused.accepted, refused.final, taken.accepted) == (False, True, True)
    assert [to for to, _ in office.letters] == ["post2@town.example"]


def test_addresses_beyond_ascii_go_where_the_server_takes_them(office: PostOffice) -> None:
    outcomes = mail_to(office).send([letter(1, address="值班@东区.example"), letter(2, address="duty@东区.example")])
    assert [outcome.accepted for outcome in outcomes] == [True, True]
    assert office.letters[1][0] == "duty@xn--xhqq8j.example"


# ---------------------------------------------------------------- servers
def test_few_connections_serve_all_letters_and_the_next_call(office: PostOffice) -> None:
    mail = mail_to(office)
    mail.send([letter(number) for number in range(50)])
    mail.send([letter(number) for number in range(50, 100)])
    assert (len(office.letters), office.connections) == (100, SIDE_BY_SIDE)
    mail.let_go()
    mail.send([letter(100)])
    assert office.connections == SIDE_BY_SIDE + 1


def test_a_kept_connection_that_the_server_closed_is_made_anew(office: PostOffice) -> None:
    mail = mail_to(office)
    assert all(o.accepted for o in mail.send(LETTERS))
    office.close()
    office.open()
    assert all(o.accepted for o in mail.send(LETTERS))


def test_a_letter_that_makes_the_server_hang_up_does_not_stop_the_others(office: PostOffice) -> None:
    office.breaks_at = {"post1@town.example"}
    outcomes = mail_to(office).send(LETTERS)
    assert [(o.accepted, o.final) for o in outcomes] == [(True, False), (False, False), (True, False), (True, False)]


def test_a_server_that_hangs_up_every_time_counts_as_tried_not_as_down(office: PostOffice) -> None:
    office.breaks_at = {"post1@town.example"}
    (outcome,) = mail_to(office).send([letter(1)])
    assert (outcome.accepted, outcome.final) == (False, False)


def test_a_server_that_does_not_take_us_is_no_recipients_fault(office: PostOffice) -> None:
    office.sender_answer = "553 who are you"
    with pytest.raises(
        Unavailable, match=r"does not take mail from tocsin@office.example .*553 who are you.*mail_from"
    ):
        mail_to(office).send(LETTERS)


def test_a_server_that_closes_for_the_night_is_tried_again(office: PostOffice) -> None:
    office.answers["post0@town.example"] = "421 closing"
    outcomes = mail_to(office).send(LETTERS)
    assert [(o.accepted, o.final) for o in outcomes] == [(False, False), (True, False), (True, False), (True, False)]


def test_a_server_that_never_speaks_is_left_after_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = SmtpServer("127.0.0.1", silent.getsockname()[1], Encryption.NONE)
        with pytest.raises(Unavailable, match=r"does not answer"):
            Mail(server, SENDER, timeout_s=0.1).send(LETTERS)


def test_a_wrong_password_is_named_as_such_and_never_shown(office: PostOffice) -> None:
    with pytest.raises(Unavailable) as caught:
        mail_to(office, user="tocsin", password="hunter2").send(LETTERS)
    assert "hunter2" not in str(caught.value) + repr(mail_to(office, password="hunter2").server)


# ---------------------------------------------------------------- encryption
@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that no authority knows, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "post office")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(pem))
    return path


@pytest.fixture(params=[Encryption.TLS, Encryption.STARTTLS], ids=lambda encryption: encryption.value)
def private_office(request: pytest.FixtureRequest, certificate: Path) -> Iterator[tuple[PostOffice, Encryption]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    made = PostOffice(tls=context) if request.param is Encryption.TLS else PostOffice(starttls=context)
    made.open()
    yield made, request.param
    made.close()


def test_a_certificate_of_an_unknown_authority_is_not_taken(private_office: tuple[PostOffice, Encryption]) -> None:
    office, encryption = private_office
    with pytest.raises(Unavailable, match=r"does not answer.*certificate"):
        mail_to(office, encryption=encryption).send(LETTERS)
    assert office.letters == []


def test_an_offices_own_authority_can_be_named(
    private_office: tuple[PostOffice, Encryption], certificate: Path
) -> None:
    office, encryption = private_office
    assert all(o.accepted for o in mail_to(office, encryption=encryption, ca=str(certificate)).send(LETTERS))


def test_a_certificate_for_another_name_is_not_taken(
    private_office: tuple[PostOffice, Encryption], certificate: Path
) -> None:
    office, encryption = private_office
    with pytest.raises(Unavailable, match="certificate"):
        mail_to(office, host="localhost", encryption=encryption, ca=str(certificate)).send(LETTERS)


def test_a_server_without_starttls_gets_nothing(office: PostOffice) -> None:
    with pytest.raises(Unavailable, match="STARTTLS"):
        mail_to(office, encryption=Encryption.STARTTLS, user="tocsin", password="x").send(LETTERS)
    assert office.letters == []


# ---------------------------------------------------------------- the settings
@pytest.mark.parametrize(
    ("url", "host", "port", "encryption"),
    [
        ("smtps://mail.example", "mail.example", 465, Encryption.TLS),
        ("smtp://mail.example", "mail.example", 587, Encryption.STARTTLS),
        ("smtp://u:p%40ss@mail.example:2525", "mail.example", 2525, Encryption.STARTTLS),
        ("smtp://127.0.0.1", "127.0.0.1", 25, Encryption.NONE),
        ("smtp://localhost:2525", "localhost", 2525, Encryption.NONE),
        ("smtp://[::1]:2525", "::1", 2525, Encryption.NONE),
        ("smtps://127.0.0.1", "127.0.0.1", 465, Encryption.TLS),
    ],
)
def test_only_this_machine_is_spoken_to_in_plain(url: str, host: str, port: int, encryption: Encryption) -> None:
    server = SmtpServer.of(url)
    assert (server.host, server.port, server.encryption) == (host, port, encryption)
    assert server.password in ("", "p@ss")


@pytest.mark.parametrize(
    "url",
    ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:0", "smtp://mail.example:99999",
     "smtps://u:secret@mail.example/box", "smtp://u:secret@mail.example?starttls=no", "smtp://u:secret@mail.example:x"],
)  # fmt: skip
def test_a_setting_that_is_no_server_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadValue, match="setting smtp") as caught:
        SmtpServer.of(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["", "tocsin", "a@b\r\nc", "Tocsin <a@b.example>", "a@b.example, c@d.example", "值班@b"]
)
def test_a_sender_is_one_plain_address(address: str) -> None:
    with pytest.raises(BadValue, match="mail_from"):
        sender_address(address)
