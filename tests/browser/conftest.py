"""A real server on a real TOCSIN_HOME, and Debian's Chromium. Without Chromium the tests skip with a loud line."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
# Pages without a map (screens.md): drawing it in software would slow everything else. MAP_FLAGS draw it.
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-3d-apis"]
MAP_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--use-gl=angle", "--use-angle=swiftshader",
             "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]  # fmt: skip
DEADLINE_MS = 60_000


class RunningTown:
    """The writer's process and the server's process over one TOCSIN_HOME."""

    def __init__(
        self, home: Path, *, streams: int = 40, synthetic: bool = True, packs: str = "natural_hazards,gas_leak"
    ) -> None:
        self.home = home
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")} | {
            "TOCSIN_HOME": str(home),
            "TOCSIN_PACKS": packs,
            "TOCSIN_TIME_ZONE": "Asia/Shanghai",
            "TOCSIN_SMTP": "smtp://127.0.0.1:9",  # nobody there: no worker runs here, but pages offer mail
            "DJANGO_SETTINGS_MODULE": "tocsin.app.settings",
        }
        self.port = _free_port()
        self._sessions: dict[tuple[str, str, str], dict[str, str]] = {}
        self._server: subprocess.Popen[bytes] | None = None
        self.things: dict[str, str] = {}  # ids of what stands in a busy town, by the names of addresses
        kind = "synthetic" if synthetic else "observed"
        self._writer = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("town_writer.py")), str(streams), kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self._environment, cwd=ROOT,
        )  # fmt: skip
        self._answer()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def do(self, verb: str, **arguments: Any) -> Any:
        """Have the writer do something; returns when it is committed, with what the writer answers."""
        self.begin(verb, **arguments)
        return self._answer()

    def session(self, role: str = "duty_officer", jurisdiction: str = "", name: str = "") -> dict[str, str]:
        """Somebody of this role, logged in: ``cookie`` and ``key`` of the session, ``username``, ``password``, ``post``.
        One account and one session a role, area and name, however often it is asked for."""
        asked = (role, jurisdiction, name)
        if asked not in self._sessions:
            self._sessions[asked] = self.do("log_in", role=role, jurisdiction=jurisdiction, name=name)
        return self._sessions[asked]

    def cookies(self, role: str = "duty_officer", jurisdiction: str = "") -> dict[str, str]:
        """The session as cookies for ``httpx``."""
        session = self.session(role, jurisdiction)
        return {session["cookie"]: session["key"]}

    def begin(self, verb: str, **arguments: Any) -> None:
        """The same without waiting; ``finish`` waits."""
        assert self._writer.stdin is not None
        self._writer.stdin.write(json.dumps({"do": verb, **arguments}) + "\n")
        self._writer.stdin.flush()

    def finish(self) -> None:
        self._answer()

    def _answer(self) -> Any:
        assert self._writer.stdout is not None
        line = self._writer.stdout.readline()
        assert line, "the writer died; its error is above"
        return json.loads(line).get("answer")

    def begin_anew(self) -> None:
        """As it was when it was founded; its processes go on."""
        self._sessions.clear()
        self.do("begin_anew")

    def serve(self) -> None:
        """Start the server where it does not run, and wait until it answers."""
        if self._server is not None:
            return
        self._server = subprocess.Popen(
            [sys.executable, "-m", "granian", "--interface", "asginl", "--host", "127.0.0.1", "--port", str(self.port),
             "--log-level", "warning", "tocsin.app.asgi:application"],
            env=self._environment, cwd=self.home,
        )  # fmt: skip
        until = time.monotonic() + 60
        while not self._answers():
            assert self._server.poll() is None, "the server ended; its error is above"
            assert time.monotonic() < until, "the server did not start within 60 s"
            time.sleep(0.2)  # asking without pause would take the processor from the server that starts

    def _answers(self) -> bool:
        try:
            answer = httpx.get(self.url + "/login", timeout=20)
        except httpx.TransportError:
            return False
        assert answer.status_code == 200, f"the server answers {answer.status_code}; its error is above"
        return True

    def stop_serving(self) -> None:
        if self._server is not None:
            server = psutil.Process(self._server.pid)
            for process in (server, *server.children(recursive=True)):  # as a crash would: no farewell to the browsers
                process.kill()
            self._server.wait()
            self._server = None

    def close(self) -> None:
        self.stop_serving()
        assert self._writer.stdin is not None
        self._writer.stdin.close()
        self._writer.wait(timeout=30)


def storm(town: RunningTown) -> None:
    """Something of everything that the pages can show."""
    town.do("found")
    town.do("signals", items=[
        {"stream": 0, "level": 4, "age_s": 240}, {"stream": 1, "level": 3, "age_s": 2400},
        {"stream": 2, "level": 2, "age_s": 7200}, {"stream": 3, "level": 1, "age_s": 90},
        {"stream": 4, "level": 2, "age_s": 86_400},
    ])  # fmt: skip
    town.do("silent", stream=1)
    town.do("signal", stream=6, level=1, quality=True)
    town.do("signal", stream=5, level=1, age_s=4000)
    town.do("signal", stream=5, level=0, age_s=3000)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTown]:
    """A town in a storm that tests only read."""
    running = RunningTown(tmp_path_factory.mktemp("town"))
    try:
        storm(running)
        running.serve()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="package")
def busy_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTown]:
    """A town in a storm that tests only read, with something of every room on every page."""
    packs = "natural_hazards,gas_leak,workplace_safety"  # the last declares the matrix of the risk register
    running = RunningTown(tmp_path_factory.mktemp("busy"), packs=packs)
    try:
        storm(running)
        for role in ("duty_officer", "signer", "commander", "case_handler"):
            running.session(role)
        running.session("inspector", "town/east")
        running.do("may_warn", body="office")
        running.do("carry")
        running.things = running.do("make_busy")
        running.serve()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="package")
def changing_towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bool], RunningTown]]:
    """``changing_towns(synthetic)``: the one town of its kind that tests may change, as it was founded. Starting a writer and a
    server takes much longer than putting their database back."""
    towns: dict[bool, RunningTown] = {}

    def give(synthetic: bool) -> RunningTown:
        if synthetic not in towns:
            towns[synthetic] = RunningTown(tmp_path_factory.mktemp("changing"), synthetic=synthetic)
        towns[synthetic].begin_anew()
        return towns[synthetic]

    yield give
    for town in towns.values():
        town.close()


@pytest.fixture
def empty_town(changing_towns: Callable[[bool], RunningTown]) -> RunningTown:
    """A town of which nothing is known yet, which one test may change."""
    running = changing_towns(True)
    running.serve()
    return running


@pytest.fixture
def own_town(empty_town: RunningTown) -> RunningTown:
    """A town in a storm that one test may change."""
    storm(empty_town)
    return empty_town


@pytest.fixture(scope="module")
def observed_town(changing_towns: Callable[[bool], RunningTown]) -> RunningTown:
    """A town in a storm of observed data, which the tests of one module may change; not served yet."""
    running = changing_towns(False)
    storm(running)
    return running


@pytest.fixture(scope="module")
def warning_town(observed_town: RunningTown) -> RunningTown:
    """A town of observed data in a storm, whose office may warn."""
    observed_town.session("duty_officer")
    observed_town.session("signer")
    observed_town.do("may_warn", body="office")
    observed_town.serve()
    return observed_town


@pytest.fixture(scope="session")
def beside_a_loop() -> Iterator[None]:
    """The browser's driver keeps an event loop in this thread, in which Django would otherwise refuse its database.
    For modules whose tests and server share this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all browser tests; it ends with them, since its event loop would run on under all others."""
    path = shutil.which("chromium")
    if path is None:
        said = "CHROMIUM IS MISSING: the pages were not tested in a browser. Debian: apt-get install chromium fonts-noto-cjk"
        pytest.skip(said)  # .ci/run fails on such a line (scripts/skips)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Contexts with language, theme and size; closed after the test. Given a town, somebody of ``role`` is logged in there;
    given only an address, nobody is (see ``log_in``)."""
    opened: list[BrowserContext] = []

    def make(
        where: RunningTown | str, language: str = "en", theme: str = "dark", size: tuple[int, int] = (1440, 900),
        *, role: str = "duty_officer", jurisdiction: str = "", **options: Any,
    ) -> BrowserContext:  # fmt: skip
        url = where if isinstance(where, str) else where.url
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        context.set_default_timeout(DEADLINE_MS)
        context.add_cookies([
            {"name": "tocsin_theme", "value": theme, "url": url},
            {"name": "django_language", "value": language, "url": url},
        ])  # fmt: skip
        if isinstance(where, RunningTown):
            session = where.session(role, jurisdiction)
            context.add_cookies([{"name": session["cookie"], "value": session["key"], "url": url}])
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def log_in() -> Callable[..., dict[str, str]]:
    """``log_in(town, page_or_context, "inspector", "town/east")``: somebody of this role, with account, post and shift made
    directly in the database, is logged in in this browser context. Returns what ``RunningTown.session`` gives; its
    ``username`` and ``password`` also work in the log-in form. ``form=True`` logs in through that form.

    Roles: see ``tocsin.records.org.roles.Role``. Without jurisdiction the post is for the whole deployment.
    """

    def make(
        town: RunningTown, where: Page | BrowserContext, role: str = "duty_officer", jurisdiction: str = "",
        *, name: str = "", form: bool = False,
    ) -> dict[str, str]:  # fmt: skip
        session = town.session(role, jurisdiction, name)
        context = where if isinstance(where, BrowserContext) else where.context
        if form:
            page = context.new_page() if isinstance(where, BrowserContext) else where
            page.goto(town.url + "/login")
            page.fill("#username", session["username"])
            page.fill("#password", session["password"])
            page.click("button.main")
            page.wait_for_url(lambda url: "/login" not in url)
        else:
            context.add_cookies([{"name": session["cookie"], "value": session["key"], "url": town.url}])
        return session

    return make


@pytest.fixture
def duty_page(open_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """The duty page of a duty officer, once its script has started; a script error fails the test."""

    def make(town: RunningTown, **options: Any) -> Page:
        page = open_context(town, **options).new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        page.goto(town.url + "/")
        page.wait_for_selector("body[data-ready]")
        page.wait_for_selector("#freshness[data-state=live], #freshness[data-state=delayed]")
        return page

    return make
