"""Statements, orders and reviews as files: what stands in them, who may take them, and packs that write them otherwise."""

from __future__ import annotations

import io
from collections.abc import Iterator

import docx
import pypdfium2 as pdfium
import pytest
from django.test import Client

from tests.rooms import walking
from tests.rooms.responding import quiet, responding_town
from tests.rooms.test_rectify_pages import day, recorded
from tests.rooms.test_respond_pages import browser, proposed
from tests.rooms.test_review_pages import form
from tests.rooms.test_review_pages import town as town_that_walked
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db
walked = town_that_walked


@pytest.fixture
def town() -> Iterator[Town]:
    with responding_town() as built:
        built.hire("inspector-two", Role.INSPECTOR, EAST, lon=120.8, lat=30.3)
        Account.objects.update(must_change_password=False)
        yield built
        quiet(built)


def pdf_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content[-500:]
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"].startswith('attachment; filename="')
    pages = pdfium.PdfDocument(answer.content)
    return "\n".join(page.get_textpage().get_text_range() for page in pages).replace("\r\n", "\n")


def docx_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content[-500:]
    document = docx.Document(io.BytesIO(answer.content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_a_statement_is_a_draft_on_paper_until_somebody_released_it(town: Town) -> None:
    storm = proposed(town)
    commander, duty = browser(town, "commander"), browser(town, "duty")
    commander.post(f"/events/{storm.event}/response/open", {"version": "1", "once": "x"})
    url = duty.post(f"/events/{storm.event}/statements/draft", {"once": "s"})["Location"]
    said = pdf_of(duty, url + "paper.pdf?lang=en")
    assert "DRAFT" in said
    assert "First report on" in said
    assert "草稿" in docx_of(duty, url + "paper.docx?lang=zh-hans")
    assert url + "paper.pdf" in duty.get(url).content.decode()
    commander.post(url + "release", {"revision": "1"})
    for read, form_ in ((pdf_of, "pdf"), (docx_of, "docx")):
        said = read(duty, f"{url}paper.{form_}?lang=en")
        assert "DRAFT" not in said
        assert "No. 1 on this event" in said
    assert "本事件第 1 号" in pdf_of(duty, url + "paper.pdf?lang=zh-hans")


def test_an_order_names_the_danger_the_demand_and_the_limit(town: Town) -> None:
    inspector, handler = browser(town, "inspector-east"), browser(town, "case-handler")
    url = recorded(town, inspector)
    assert handler.get(url + "order.pdf").status_code == 404  # none was served yet
    handler.post(
        url + "order", {"version": "1", "limit": day(town, 20), "grade": "major", "demand": "Stop pump <b>3</b>"}
    )
    said = pdf_of(handler, url + "order.pdf?lang=en")
    for words in (
        "Order to put a danger right",
        "pump does not run",
        "<script>alert(1)",
        "Stop pump <b>3</b>",
        "put right by",
    ):
        assert words in said.replace("\n", " "), said
    assert "责令限期整改指令书" in docx_of(handler, url + "order.docx?lang=zh-hans")
    assert url + "order.docx" in handler.get(url).content.decode()


def test_a_review_on_paper_has_lessons_and_measures_and_is_noted(walked: Town) -> None:
    storm = walking.walk(walked)
    commander, path = browser(walked, "commander"), f"/events/{storm.event}/review"
    assert commander.get(path + ".pdf").status_code == 404  # not published yet
    assert commander.post(path, form(walked)).status_code == 302
    said = pdf_of(commander, path + ".pdf?lang=en")
    for words in ("Review:", "The gauge</b> was right.", "Raise the kerb", "digest of the timeline"):
        assert words in said.replace("\n", " ")
    assert "改进措施" in docx_of(commander, path + ".docx?lang=zh-hans")


@pytest.mark.parametrize("form_", ["exe", "html", "", "pdf.docx"])
def test_other_forms_are_refused(walked: Town, form_: str) -> None:
    storm = walking.walk(walked)
    commander, path = browser(walked, "commander"), f"/events/{storm.event}/review"
    commander.post(path, form(walked))
    assert commander.get(f"{path}.{form_}").status_code == 404


def test_the_same_record_gives_the_same_bytes(walked: Town) -> None:
    storm = walking.walk(walked)
    commander, path = browser(walked, "commander"), f"/events/{storm.event}/review"
    commander.post(path, form(walked))
    assert commander.get(path + ".docx").content == commander.get(path + ".docx").content
