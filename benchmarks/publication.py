"""How many readers a second: public page, feed and a conditional request, from ``tocsin serve`` (granian) and from nginx
over the same files, asked by wrk on the same machine. 304 and gzip as real readers have them; every answer is checked once.

    python benchmarks/publication.py [--seconds 5] [--rounds 3]

wrk takes a good part of the processors itself, so that each figure is a lower bound for a server of its own.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from nginx_here import configuration
from recorded import NotHere
from report import Bar, Table, median

HERE = Path(__file__).parent
CONNECTIONS, THREADS = 64, 2
READERS = 10_000  # a second: issue 5
GZIP, ENGLISH = "Accept-Encoding: gzip, br", "Accept-Language: en"


def measure(rounds: int, seconds: float) -> list[Table]:
    """One table. Raises NotHere without wrk."""
    wrk = shutil.which("wrk")
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if wrk is None:
        raise NotHere("wrk is not installed (Debian: apt-get install wrk nginx-light)")
    rows, held = [], True
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")} | {"TOCSIN_HOME": str(home)}
        done = subprocess.run([sys.executable, str(HERE / "public_town.py"), "--in-force", "3"], env=environment, check=True,
                              capture_output=True, text=True)  # fmt: skip
        warning = done.stdout.split()[0]
        with (
            _served(home, environment) as ours,
            _served(home, environment, 2) as twice,
            _nginx(nginx, Path(scratch), home, ours) as theirs,
        ):
            servers = {"tocsin serve": ours, "with 2 web processes": twice} | ({"nginx": theirs} if theirs else {})
            for what, (path, headers) in _asked(warning).items():
                found: dict[str, list[float]] = {name: [] for name in servers}
                for _ in range(rounds):  # side by side, so that what else the machine does meets both
                    for name, port in servers.items():
                        (home / "published" / "state.json").touch()  # as a worker would have kept it
                        url = f"http://127.0.0.1:{port}{path}"
                        rate, sound = _wrk(wrk, url, headers or [_known(url)], seconds)
                        found[name].append(rate)
                        held = held and sound
                middle = {name: median(rates) for name, rates in found.items()}
                url = f"http://127.0.0.1:{ours}{path}"
                said = httpx.get(url, headers=dict(h.split(": ", 1) for h in headers or [_known(url)]))
                size = int(said.headers.get("content-length", 0))
                rows.append((what, said.status_code, size, *(round(middle[name]) for name in servers)))
                for name, rate in middle.items():
                    best[name] = min(best.get(name, rate), rate)
    names = list(best)
    bars = [Bar(f"readers of page and feed, the slowest, {name}", READERS, best[name]) for name in names]
    notes = [f"wrk: {THREADS} threads, {CONNECTIONS} connections, {seconds:g} s a round, medians of {rounds}",
             "server and load generator share the same processors"]  # fmt: skip
    if "nginx" not in best:
        notes.append("nginx is not installed here: left out")
    title = "Publication: requests a second over the same files"
    return [Table(title, ("what", "status", "bytes sent", *names), rows, bars, notes, held=held)]


def _asked(warning: str) -> dict[str, tuple[str, list[str]]]:
    """What is asked for: its path and headers; none = with the tag that the server gave."""
    return {
        "page of warnings in force": ("/warnings", [GZIP, ENGLISH]),
        "page of one warning": (f"/warnings/{warning}", [GZIP, ENGLISH]),
        "feed": ("/warnings/feed.atom", [GZIP]),
        "feed that the reader has (304)": ("/warnings/feed.atom", []),
        "CAP message": (f"/warnings/{warning}.xml", [GZIP]),
        "widget": ("/widget", [GZIP, ENGLISH]),
    }


def _known(url: str) -> str:
    return f"If-None-Match: {httpx.get(url, headers={'accept-encoding': 'identity'}).headers['etag']}"


@contextmanager
def _served(home: Path, environment: dict[str, str], processes: int = 1) -> Iterator[int]:
    port = _free_port()
    command = [sys.executable, "-m", "tocsin.app.cli", "serve", "--role", "web", "--port", str(port), "--web-workers",
               str(processes)]  # fmt: skip
    process = subprocess.Popen(command, env=environment | {"TOCSIN_LOG_LEVEL": "warning"})
    try:
        _wait(f"http://127.0.0.1:{port}/warnings")
        yield port
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _nginx(program: str | None, scratch: Path, home: Path, behind: int) -> Iterator[int]:
    if program is None:
        yield 0
        return
    folder, port = scratch / "nginx", _free_port()
    folder.mkdir()
    scratch.chmod(0o755)
    (folder / "nginx.conf").write_text(configuration(folder, home / "published", port, behind))
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        _wait(f"http://127.0.0.1:{port}/warnings.geojson")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wrk(program: str, url: str, headers: list[str], seconds: float) -> tuple[float, bool]:
    """Requests a second, and whether every answer was one of ours (2xx or 304)."""
    given = [part for header in headers for part in ("-H", header)]
    command = [program, f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds:g}s", *given, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*read [1-9]", said)
    return float(rate[1]) if rate else 0.0, rate is not None and wrong is None


def _wait(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            httpx.get(url, timeout=20)
            return
        except httpx.TransportError:
            if time.monotonic() > until:
                raise SystemExit(f"{url} does not answer") from None
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    for table in measure(chosen.rounds, chosen.seconds):
        print(table.as_text())
        raise SystemExit(0 if table.held else 1)


if __name__ == "__main__":
    main()
