"""The page of a case with documents, papers and a kept draft, looked at; a draft goes back into its form by keys alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser.case_pages import looked_at, page_of
from tests.rooms.casework import accepted, casework_town, row
from tests.rooms.test_respond_pages import browser as client_of
from tests.unit.document.made import pdf, word
from tocsin.records.org.models import Account
from tocsin.testing.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("beside_a_loop")]
SHOTS = Path(__file__).parents[2] / "docs/screenshots"


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with casework_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_case_with_documents_papers_and_a_draft(
    chromium: Browser, live_server: LiveServer, town: Town, language: str, tmp_path: Path
) -> None:
    case, client = accepted(town), client_of(town, "case-handler", language)
    names = {"en": ("inspection report.pdf", "letter.docx"), "zh-hans": ("检查报告.pdf", "来函.docx")}[language]
    files = [SimpleUploadedFile(names[0], pdf()), SimpleUploadedFile(names[1], word())]
    assert (
        client.post(f"/cases/{case.id}/files", {"version": row(case.id).version, "document": files}).status_code == 302
    )
    reply = {"en": "The lamp is mended on Monday.", "zh-hans": "路灯周一修复。"}[language]
    client.post(f"/cases/{case.id}/move/answer", {"a_reply": reply, "version": row(case.id).version})
    url = live_server.url.replace("localhost", "127.0.0.1")
    page = page_of(chromium, town, url, "case-handler", language)
    page.goto(f"{url}/cases/{case.id}/")
    looked_at(page, f"case with documents {language}")
    folder = SHOTS if os.environ.get("TOCSIN_TEST_SCREENSHOTS") else tmp_path
    width = {"en": 1440, "zh-hans": 360}[language]
    page.set_viewport_size({"width": width, "height": 900})
    page.screenshot(path=folder / f"case-{language}-{width}.png", full_page=True)
    back = page.locator("a.button[href*='draft=']")
    back.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**draft=*")
    assert page.locator("textarea[name=a_reply]").first.input_value() == reply
    page.goto(f"{url}/cases/")
    looked_at(page, f"list with a draft {language}")
    page.goto(f"{url}/cases/{case.id}/")
    page.set_input_files("#document", files=[{"name": "bad.pdf", "mimeType": "application/pdf", "buffer": pdf()[:-80]}])
    page.locator("form[enctype] button").evaluate("e => { e.closest('details').open = true }")
    page.locator("form[enctype] button").click()
    assert page.locator("#refused").is_visible()
    looked_at(page, f"document refused {language}")
