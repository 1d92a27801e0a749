"""The roster in every look, for who works by it and who keeps it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import RunningTown
from tests.browser.looks import LANGUAGES, SIZES, check_every_look

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("KEEP_SHOTS", "")  # a folder, to keep what was seen


@pytest.fixture(scope="module")
def roster_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningTown, str]]:
    """A town with a filled roster, and the page of a letter that asks for an answer."""
    running = RunningTown(tmp_path_factory.mktemp("roster"))
    try:
        heard = running.do("fill_roster")["heard"]
        running.serve()
        yield running, f"/heard/{heard}"
    finally:
        running.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["duty_officer", "administrator"])
def test_the_roster_in_every_look(
    roster_town: tuple[RunningTown, str], open_context: Callable[..., BrowserContext], role: str, language: str
) -> None:
    town, heard = roster_town
    page = open_context(town, language, role=role, bypass_csp=True).new_page()
    for path in ("/roster", heard):
        page.goto(f"{town.url}{path}")
        page.locator("main details").evaluate_all("all => all.forEach(part => { part.open = true })")
        for width, height in SIZES if SHOTS else ():
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=str(Path(SHOTS) / f"{path[1:6]}-{role}-{language}-{width}.png"), full_page=True)
        check_every_look(page, f"{path} as {role}")
