"""Documents of cases at the door: kept as given, given out to be stored, refused in words; who may read them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from tests.rooms.casework import accepted, casework_town, row, said, verbs
from tests.rooms.test_rectify_pages import picture
from tests.rooms.test_respond_pages import browser
from tests.unit.document.made import odt, pdf, word, word_with, xlsx
from tocsin.formats.document import MOST_BYTES
from tocsin.records.files import queries
from tocsin.records.org.models import Account
from tocsin.records.org.scope import EVERYWHERE
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with casework_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


def upload(name: str, content: bytes, claimed: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, claimed)


def send(client: Client, case: str, *files: SimpleUploadedFile, **form: object) -> HttpResponse:
    return client.post(f"/cases/{case}/files", {"version": row(case).version, "document": list(files), **form})


def test_documents_are_kept_as_given_and_given_out_to_be_stored(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    given = {
        "report.pdf": pdf(),
        "letter.docx": word(),
        "sums.xlsx": xlsx(),
        "note.odt": odt(),
        "words.txt": "你好\n".encode(),
    }
    assert (
        send(client, case.id, *(upload(name, content) for name, content in given.items()), picture()).status_code == 302
    )
    kept = queries.files(EVERYWHERE, case.id)
    assert [one.shown_name for one in kept] == list(given)
    page = said(client.get(f"/cases/{case.id}/"))
    for one, content in zip(kept, given.values(), strict=True):
        answer = client.get(f"/cases/{case.id}/files/{one.place}")
        assert answer.content == content
        assert one.digest == hashlib.sha256(content).hexdigest()
        assert answer["Content-Disposition"].startswith("attachment; ")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert "text/html" not in answer["Content-Type"]
        assert one.shown_name in page
        assert one.digest[:16] in page
    assert client.get(f"/cases/{case.id}/documents/1").status_code == 200  # the picture
    assert verbs(case.id).count("documents_kept") == 2
    assert browser(town, "inspector-west").get(f"/cases/{case.id}/files/1").status_code == 404
    assert client.get(f"/cases/{case.id}/files/99").status_code == 404


def test_a_name_is_shown_without_tricks_and_ends_as_what_it_is(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    name = "..\\..\\<b>plan\u202e</b>\r\nX: y; 预案.exe"
    assert send(client, case.id, upload(name, pdf())).status_code == 302
    shown = queries.files(EVERYWHERE, case.id)[0].shown_name
    assert shown.endswith(".pdf")
    assert not set(shown) & set('<>"\\/\u202e\r\n:')
    header = client.get(f"/cases/{case.id}/files/1")["Content-Disposition"]
    assert "\n" not in header
    assert header.isascii()


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.pdf", pdf(extra=[b"<< /S /JavaScript /JS (x) >>"]), "holds a program"),
    ("a.pdf", pdf()[:-100], "damaged or was cut off"),
    ("a.docx", word_with({"word/vbaProject.bin": b"x"}), "holds a program"),
    ("a.docx", word()[:3000], "damaged"),
    ("a.pdf", b"MZ\x90\0", "by its content"),
    ("a.txt", b"<html><script>alert(1)</script>", "web page or markup"),
    ("a.pdf", b"a" * (MOST_BYTES + 5), "larger than 12 MB"),
    ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old office program"),
    ("a.jpg", b"\xff\xd8\xff\xe0 no picture", "is not a whole JPEG"),
], ids=lambda value: "" if isinstance(value, bytes) else value)  # fmt: skip
def test_what_acts_is_wrong_or_gigantic_is_refused_in_words_and_nothing_is_kept(
    town: Town, name: str, content: bytes, words: str
) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    refused = send(client, case.id, upload("good.pdf", pdf()), upload(name, content))
    assert refused.status_code in (413, 422)
    assert words in said(refused)
    assert 'role="alert"' in said(refused)
    assert queries.files(EVERYWHERE, case.id) == []


def test_none_too_many_and_a_stale_page_are_refused(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    assert send(client, case.id).status_code == 422
    seven = [upload(f"{n}.txt", f"words {n}".encode()) for n in range(7)]
    assert send(client, case.id, *seven).status_code == 413
    assert (
        client.post(f"/cases/{case.id}/files", {"version": 1, "document": [upload("a.txt", b"words")]}).status_code
        == 409
    )
    assert queries.files(EVERYWHERE, case.id) == []


def test_the_same_document_is_kept_once_and_a_second_press_does_nothing(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    form = {"version": row(case.id).version, "once": "k"}
    for _press in range(2):
        assert client.post(f"/cases/{case.id}/files", {**form, "document": [upload("a.pdf", pdf())]}).status_code == 302
    assert send(client, case.id, upload("b.pdf", pdf())).status_code == 302
    assert len(queries.files(EVERYWHERE, case.id)) == 1
