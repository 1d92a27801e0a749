"""Hostile XML: nothing is expanded, nothing is fetched, nothing grows, and the reader says which rule was broken."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from tests.unit.cap.sample import alert, text

from tocsin.formats.cap import check, read, read_edxl, read_feed, recognise, write
from tocsin.formats.cap.hardened import MOST_BYTES, parse_xml
from tocsin.terms.errors import BadForm, Refused, TooBig

SECRET = "the content of a file nobody was to read"


def with_prolog(prolog: str, description: str = "x") -> bytes:
    return (
        text()
        .replace("<alert", f"{prolog}<alert", 1)
        .replace("<description>预", f"<description>{description}预")
        .encode()
    )


def bomb(levels: int = 9) -> str:
    entities = ['<!ENTITY a0 "ha">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels + 1)]
    return f"<!DOCTYPE alert [{''.join(entities)}]>"


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path.as_uri()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("something opened a socket"))


def attacks(secret: str) -> list[bytes]:
    return [
        with_prolog(f'<!DOCTYPE alert [<!ENTITY x SYSTEM "{secret}">]>', "&x;"),
        with_prolog(f'<!DOCTYPE alert SYSTEM "{secret}">'),
        with_prolog(f'<!DOCTYPE alert [<!ENTITY % x SYSTEM "{secret}"> %x;]>'),
        with_prolog('<!DOCTYPE alert PUBLIC "-//A//B" "http://127.0.0.1:9/x.dtd">'),
        with_prolog(f"<!-- harmless --><?pi x?>\n<!DOCTYPE alert [<!ENTITY x SYSTEM '{secret}'>]>", "&x;"),
        with_prolog("<!DOCTYPE alert>"),
        with_prolog("<!DOCTYPE alert [<!ATTLIST info id CDATA 'x'>]>"),
        with_prolog(bomb(), "&a9;"),
        with_prolog(f'<!DOCTYPE alert [<!ENTITY q "{"A" * 50_000}">]>', "&q;" * 2000),
        with_prolog(f'<!DOCTYPE alert [<!ENTITY x SYSTEM "{secret}">]>', "&x;")
        .decode()
        .replace("UTF-8", "UTF-16")
        .encode("utf-16"),
        b"\xef\xbb\xbf" + with_prolog(f'<!DOCTYPE alert [<!ENTITY x SYSTEM "{secret}">]>', "&x;"),
    ]


def test_a_document_type_is_refused_in_every_form(secret: str):
    for number, data in enumerate(attacks(secret)):
        begun = time.process_time()
        reading = read(data)
        assert reading.alert is None, number
        assert [finding.rule for finding in reading.findings] == ["R3"], number
        assert [finding.rule for finding in check(data)] == ["R3"], number
        assert SECRET not in str(reading.findings)
        assert time.process_time() - begun < 1.0, number
        with pytest.raises(BadForm, match="R3"):
            reading.require()


@pytest.mark.parametrize("reader", [read_feed, read_edxl, parse_xml])
def test_feeds_and_wrappers_are_behind_the_same_wall(reader, secret: str):
    for data in attacks(secret):
        with pytest.raises(Refused):
            reader(data)
    assert recognise(attacks(secret)[0]) == ""


@pytest.mark.parametrize(
    "encoding", ["utf-7", "UTF-32", "cp037", "IBM500", "hz", "iso-2022-jp", "unicode-escape", "x-user"]
)
def test_encodings_in_which_markup_can_hide_are_refused(encoding: str):
    reading = read(text().replace("UTF-8", encoding).encode())
    assert reading.alert is None
    assert [finding.rule for finding in reading.findings] == ["R2"]


def test_a_document_type_hidden_in_utf7_is_not_seen_by_a_parser_either():
    hidden = (
        '<?xml version="1.0" encoding="utf-7"?>+ADw-!DOCTYPE alert +AFs-+ADw-!ENTITY x "y"+AD4-+AF0-+AD4-<a>&x;</a>'
    )
    with pytest.raises(BadForm, match="R2"):
        parse_xml(hidden.encode())


@pytest.mark.parametrize("data", [
    text().replace("UTF-8", "UTF-16").encode("utf-16"),
    text().replace("UTF-8", "utf-16le").encode("utf-16-le"),
    text().replace("UTF-8", "UTF-16").encode("utf-16-be"),
    text().replace("UTF-8", "gb18030").encode("gb18030"),
    text().replace("UTF-8", "GBK").encode("gbk"),
    b"\xef\xbb\xbf" + text().encode(),
    text().partition("\n")[2].encode(),
    text().replace("<", "<c:").replace("<c:/", "</c:").replace("<c:?", "<?").replace("xmlns=", "xmlns:c=").encode(),
])  # fmt: skip
def test_other_honest_encodings_are_read(data: bytes):
    assert read(data).alert == alert()


def test_size_and_depth_are_bounded():
    with pytest.raises(TooBig, match="R3"):
        parse_xml(b"<a>" + b" " * MOST_BYTES + b"</a>")
    with pytest.raises(TooBig, match="R3"):
        parse_xml(b"<a>" * 33 + b"</a>" * 33)
    assert parse_xml(b"<a>" * 32 + b"</a>" * 32) is not None
    with pytest.raises(Refused):
        parse_xml(b"<a>" * 100_000)


def test_xinclude_and_stylesheets_are_only_elements(secret: str):
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret}" parse="text"/>'
    data = (
        text()
        .replace("<status>", f"{include}<status>")
        .replace("<alert", f'<?xml-stylesheet href="{secret}"?><alert', 1)
    )
    reading = read(data.encode())
    assert reading.alert == alert()
    assert [(finding.rule, finding.grade) for finding in reading.findings] == [("R1", "error")]


def test_many_attributes_and_long_names_cost_little():
    begun = time.process_time()
    read(("<alert " + " ".join(f'a{n}="x"' for n in range(20_000)) + "/>").encode())
    read(b"<" + b"a" * 1_000_000 + b"/>")
    read(
        b"<?a?>" * 40 + b"<!-- b -->" * 40 + b"<x/>"
    )  # a prolog that a careless pattern would read in 2 to the 80 ways
    read(b"<?" + b"?" * 100_000)
    read(text().replace("39.8,116.2 ", "39.8,116.2 " * 100_000).encode())
    assert time.process_time() - begun < 5.0


@pytest.mark.parametrize(
    "data", [b"", b" ", b"\x00", b"\xff\xfe", b"<", b"<alert", b"{}", "警".encode(), b"\xfe\xff\x00<"]
)
def test_rubbish_is_a_finding_and_no_crash(data: bytes):
    reading = read(data)
    assert reading.alert is None
    assert len(reading.errors) == 1


def test_a_message_is_not_harmed_by_being_read():
    data = write(alert())
    assert read(data).raw is data
