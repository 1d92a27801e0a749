"""The seal on the page of a case, the vault of an event and the counts, looked at: axe finds nothing, light and dark, wide and
narrow, in both languages; and all of it is done by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.case_pages import looked_at, page_of
from tests.rooms.responding import quiet, responding_town
from tests.rooms.sealed import CANARIES, CONFIDENCE, NAME, SENTENCE, confided, owner_of, sealed_town
from tocsin.app import keeping
from tocsin.loop.verify import services as verify
from tocsin.records.cases import services
from tocsin.records.cases.services.counting import fixed_counts
from tocsin.records.org.models import Account
from tocsin.records.seal import vault
from tocsin.testing.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("beside_a_loop")]
NARROWEST = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    (settings.CONFIGURATION.home.root / "destroyed").unlink(missing_ok=True)
    with sealed_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


@pytest.fixture
def event_town(transactional_db: None) -> Iterator[Town]:
    (settings.CONFIGURATION.home.root / "destroyed").unlink(missing_ok=True)
    with responding_town() as built:
        Account.objects.update(must_change_password=False)
        yield built
        quiet(built)


def narrow_enough(page: Page) -> None:
    """No wider than a telephone of 320 px."""
    page.set_viewport_size({"width": 320, "height": 700})
    wide, window = page.evaluate(NARROWEST)
    assert wide <= window, page.url
    page.set_viewport_size({"width": 1440, "height": 900})


def reached(page: Page, selector: str) -> None:
    """Tab until the element has the focus, which can be seen."""
    for _press in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("one => document.activeElement.matches(one)", selector):
            drawn = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert drawn != "none", selector
            return
    raise AssertionError(f"{selector} is not reached by Tab")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_seal_of_a_case_in_every_look_and_by_keys_alone(
    town: Town, chromium: Browser, live_server: LiveServer, language: str
) -> None:
    url = live_server.url.replace("localhost", "127.0.0.1")
    case = confided(town)
    commander = town.as_("commander")
    services.ask_to_read(case.id, "handle", "the family asks for me", actor=commander, now=town.now)
    page = page_of(chromium, town, url, owner_of(case.id), language)
    page.goto(f"{url}/cases/{case.id}/")
    assert not any(word in page.content() for word in CANARIES)
    looked_at(page, f"seal-closed-{language}")
    narrow_enough(page)
    reached(page, "#seal-purpose")
    page.keyboard.press("ArrowDown")
    assert page.input_value("#seal-purpose") == "handle"
    reached(page, "button[name=what][value=read]")
    page.keyboard.press("Enter")
    page.wait_for_function("words => document.body.textContent.includes(words)", arg=SENTENCE)
    assert NAME in page.content()
    looked_at(page, f"seal-opened-{language}")
    narrow_enough(page)

    other = page_of(chromium, town, url, "commander", language)
    other.goto(f"{url}/cases/{case.id}/")
    other.locator("section:has(#seal-purpose) summary").first.focus()
    other.keyboard.press("Enter")  # the form that asks to be let in
    assert other.locator("#seal-why").is_visible()
    looked_at(other, f"seal-ask-{language}")
    other.select_option("#seal-purpose", "handle")
    other.click("button[name=what][value=read]")  # not who works on it
    assert other.locator("#refused").is_visible()
    assert other.evaluate("document.activeElement.id") == "refused"
    looked_at(other, f"seal-refused-{language}")
    assert not any(word in other.content() for word in CANARIES)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_vault_of_an_event_in_every_look_and_by_keys_alone(
    event_town: Town, chromium: Browser, live_server: LiveServer, language: str
) -> None:
    town, url = event_town, live_server.url.replace("localhost", "127.0.0.1")
    event = town.storm(level=3).event
    verify.acknowledge(event, actor=town.as_("duty"), now=town.now)
    page = page_of(chromium, town, url, "commander", language)
    page.goto(f"{url}/events/{event}/vault/")
    looked_at(page, f"vault-empty-{language}")
    reached(page, "#put-kind")
    page.keyboard.press("ArrowDown")
    reached(page, "#put-words")
    page.keyboard.type(SENTENCE)
    reached(page, "form[action$='/put'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#read-kind")
    assert SENTENCE not in page.content()
    looked_at(page, f"vault-{language}")
    narrow_enough(page)
    reached(page, "#read-kind")
    page.keyboard.press("ArrowDown")
    reached(page, "#purpose")
    page.keyboard.press("ArrowDown")
    reached(page, "form[action$='/read'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#opened-title")
    assert SENTENCE in page.content()
    looked_at(page, f"vault-opened-{language}")
    narrow_enough(page)
    page.goto(f"{url}/events/{event}/response/")
    page.locator("details:has(#put-kind) > summary").click()
    looked_at(page, f"vault-on-response-{language}")
    verify.close(event, "over", actor=town.as_("commander"), now=town.now)
    assert vault.destroy(event, keeping.CLOSED, now=town.now)
    page.goto(f"{url}/events/{event}/vault/")
    assert page.locator("#gone-title").is_visible()
    looked_at(page, f"vault-destroyed-{language}")
    narrow_enough(page)
    page.goto(f"{url}/events/{event}/")
    looked_at(page, f"event-with-vault-{language}")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_counts_in_every_look(town: Town, chromium: Browser, live_server: LiveServer, language: str) -> None:
    url = live_server.url.replace("localhost", "127.0.0.1")
    page = page_of(chromium, town, url, "auditor", language)
    page.goto(f"{url}/counts")
    looked_at(page, f"counts-none-{language}")
    for _n in range(7):
        confided(town)
    fixed_counts(CONFIDENCE, "2026-09", actor=town.as_("duty"), now=town.now + timedelta(days=30))
    page.goto(f"{url}/counts")
    assert "7" in (page.text_content("main table") or "")
    looked_at(page, f"counts-{language}")
    narrow_enough(page)
