"""A dead Tocsin is noticed (N9): the whole process tree is killed, and the watcher on another home calls by mail.

Real processes: ``tocsin serve`` with a heartbeat outwards, ``tocsin watch`` beside it, a real SMTP server and web server.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from tests.contracts.channels.post_office import PostOffice
from tests.contracts.channels.web_house import WebHouse

pytestmark = pytest.mark.kill

TOCSIN = [sys.executable, "-m", "tocsin.app.cli"]
WITHIN_S = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until it holds; a watcher is about real time, so here is nothing to be driven."""
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.1)


def beats(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/heartbeat")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture
def office() -> Iterator[PostOffice]:
    office = PostOffice()
    office.open()
    yield office
    office.close()


@pytest.fixture
def outside() -> Iterator[WebHouse]:
    house = WebHouse()
    house.open()
    yield house
    house.close()


def tree(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        found = psutil.Process(process.pid)
        return [found, *found.children(recursive=True)]
    return []


def test_a_killed_tocsin_is_noticed_from_outside(tmp_path: Path, office: PostOffice, outside: WebHouse) -> None:
    port = free_port()
    environment = {**os.environ, "TOCSIN_LOG_LEVEL": "error", "TOCSIN_OUTWARD_INSIDE": "127.0.0.1"}
    serving = environment | {
        "TOCSIN_HOME": str(tmp_path / "tocsin"), "TOCSIN_LISTEN": f"127.0.0.1:{port}", "TOCSIN_HEARTBEAT_EVERY_S": "1",
        "TOCSIN_HEARTBEAT_URL": f"{outside.url}/ping",
    }  # fmt: skip
    elsewhere = environment | {
        "TOCSIN_HOME": str(tmp_path / "watcher"),
        "TOCSIN_SMTP": f"smtp://127.0.0.1:{office.port}",
    }
    command = [
        *TOCSIN,
        "watch",
        f"http://127.0.0.1:{port}",
        "--mail",
        "night@town.example",
        "--every",
        "0.3",
        "--after",
        "3",
    ]
    output = (tmp_path / "output.txt").open("wb")
    served = subprocess.Popen([*TOCSIN, "serve"], env=serving, stdout=output, stderr=output)
    watcher: subprocess.Popen[bytes] | None = None
    try:
        until(lambda: beats(port), "the first heartbeat")
        until(lambda: len(outside.posts) >= 2, "the heartbeat outwards")
        watcher = subprocess.Popen(command, env=elsewhere, stdout=output, stderr=output)
        doomed = tree(served)
        assert len(doomed) >= 4, "engine, worker and web"
        heard = len(outside.posts)
        until(lambda: len(outside.posts) >= heard + 5, "five more beats")  # longer than --after: nobody is called
        assert office.letters == []
        for process in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        served.wait(30)
        told = len(outside.posts)
        until(lambda: len(office.letters) >= 1, "the call for help")
        address, letter = office.letters[0]
        assert (address, letter["subject"]) == ("night@town.example", "Tocsin is silent")
        assert f"http://127.0.0.1:{port}" in letter.get_content()
        assert len(outside.posts) == told, "a dead Tocsin sends no heartbeat"
        served = subprocess.Popen([*TOCSIN, "serve"], env=serving, stdout=output, stderr=output)
        until(lambda: len(office.letters) >= 2, "the word that it beats again")
        assert [letter["subject"] for _to, letter in office.letters] == ["Tocsin is silent", "Tocsin beats again"]
        assert len(outside.posts) > told
        watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(30) == 0
    finally:
        for process in (served, watcher):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
        output.close()
