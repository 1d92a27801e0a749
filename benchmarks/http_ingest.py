"""Durable, acknowledged ingest over HTTP: `tocsin serve` beside a bare granian + fdatasync path, in one run.

    python benchmarks/http_ingest.py [--seconds 5] [--repeat 3] [--json OUT]
    python benchmarks/http_ingest.py --seconds 60 --repeat 1           sustained

Each row of the table is the median of --repeat runs of --seconds. The sender is another process with keep-alive
connections; it shares the machine's cores with the product, as a collector on the same machine would. Every body holds
new observations (no duplicates) of wind as fast as they are taken; stream ids are the
catalogue's integers. `engine behind` is how long evaluation needed
to catch up after the last acknowledgement. The bare path reads the body, parses it (Arrow IPC, or JSON columns by
msgspec) and appends its bytes to a file with fdatasync: no token, no checks, no quarantine, no evaluation.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

STREAMS = 10_000
CONNECTIONS = 4
PAST_A_SECOND = 200  # seconds of the past that a second of sending may use up
ARROW, JSON = "application/vnd.apache.arrow.stream", "application/json"
BARE = """
import os, msgspec, pyarrow as pa
from concurrent.futures import ThreadPoolExecutor
import asyncio
fd = os.open(os.environ["BARE_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
decoder = msgspec.json.Decoder(dict[str, list[float | int | None]])
disk = ThreadPoolExecutor(1)
def keep(body):
    os.write(fd, body)
    os.fdatasync(fd)
async def application(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    kind = dict(scope["headers"])[b"content-type"]
    rows = len(decoder.decode(body)["stream"]) if kind == b"application/json" else pa.ipc.open_stream(body).read_all().num_rows
    await asyncio.get_running_loop().run_in_executor(disk, keep, body)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % rows})
"""


class Bodies:
    """Bodies without end of ``rows`` new observations each, of the streams that only this connection sends, in time order:
    connections overtake one another, and a row that is late would be taken but not judged. Made as they are sent, so
    that a minute of them needs no memory; values and streams of a few bodies are prepared, moments are always new."""

    PREPARED = 8

    def __init__(self, kind: str, rows: int, start_us: int, connection: int) -> None:
        self.kind, self.rows, self.start_us, self.number = kind, rows, start_us, 0
        random, own = np.random.default_rng(7 + connection), STREAMS // CONNECTIONS
        self.own, self.first = own, connection * own
        self.values = [random.gamma(0.3, 0.1, rows).round(2) for _ in range(self.PREPARED)]
        self.encoded = [msgspec.json.encode(values.tolist()) for values in self.values] if kind == JSON else []

    def next(self) -> bytes:
        """One body."""
        index = self.number * self.rows + np.arange(self.rows, dtype=np.int64)
        streams = (self.first + index % self.own).astype(np.int32)
        times_us = self.start_us + index // self.own * 1_000_000
        which = self.number % self.PREPARED
        self.number += 1
        if self.kind == JSON:
            return b'{"stream":%b,"observed_at":%b,"value":%b}' % (
                msgspec.json.encode(streams.tolist()), msgspec.json.encode(times_us.tolist()), self.encoded[which],
            )  # fmt: skip
        times = pa.array(times_us).cast(pa.timestamp("us", tz="UTC"))
        batch = pa.record_batch({"stream": streams, "observed_at": times, "value": self.values[which]})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return sink.getvalue().to_pybytes()


def send(port: int, path: str, token: str, kind: str, rows: int, start_us: int, seconds: float, out: object) -> None:
    """The sender's process: rows acknowledged, seconds taken, the slowest answers, and what went wrong. (A thread that
    raises ends without a word: its error is handed over, never lost.)"""
    made = [Bodies(kind, rows, start_us, connection) for connection in range(CONNECTIONS)]
    Bodies(
        kind, rows, start_us, 0
    ).next()  # pyarrow imports pandas at its first array: seconds that are not the product's
    latencies: list[float] = []
    errors: list[str] = []
    headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
    until = time.monotonic() + seconds

    def post(own: int) -> None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            while time.monotonic() < until and not errors:
                body = made[own].next()
                begun = time.perf_counter()
                connection.request("POST", path, body, headers)
                response = connection.getresponse()
                answer = response.read()
                if response.status != 200 or (path != "/" and json.loads(answer)["accepted"] != rows):
                    errors.append(f"HTTP {response.status}: {answer[:600]!r}")
                    return
                latencies.append(time.perf_counter() - begun)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")

    begun = time.monotonic()
    threads = [threading.Thread(target=post, args=(own,)) for own in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begun
    next_us = max(bodies.start_us + (bodies.number + 1) * rows // bodies.own * 1_000_000 for bodies in made)
    out.send((len(latencies) * rows, took, sorted(latencies), next_us, errors))  # type: ignore[attr-defined]


def measure(port: int, path: str, token: str, kind: str, rows: int, start_us: int, seconds: float) -> dict[str, float]:
    """One run of one sender."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe(False)
    arguments = (port, path, token, kind, rows, start_us, seconds, theirs)
    sender = multiprocessing.get_context("spawn").Process(target=send, args=arguments)
    sender.start()
    theirs.close()
    try:
        acknowledged, took, latencies, next_us, errors = ours.recv()
    except EOFError:
        sender.join()
        raise SystemExit(f"the sender ended with {sender.exitcode} before it said anything") from None
    sender.join()
    if errors:
        raise SystemExit(f"the sender stopped after {acknowledged:,} rows and {took:.1f} s: {errors[0]}")
    return {"rate": acknowledged / took, "p50_ms": latencies[len(latencies) // 2] * 1e3,
            "p99_ms": latencies[int(len(latencies) * 0.99)] * 1e3, "next_us": next_us}  # fmt: skip


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def wait_for(ready: object, what: str, deadline_s: float = 60.0) -> None:
    """Until ``ready()`` gives something true."""
    until = time.monotonic() + deadline_s
    while True:
        try:
            if ready():  # type: ignore[operator]
                return
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > until:
            raise SystemExit(f"{what} did not come in {deadline_s:.0f} s")
        time.sleep(0.05)


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, response.read()


def tocsin(home: Path, *arguments: str) -> str:
    """Run a command of the product; what it printed."""
    command = [sys.executable, "-m", "tocsin.app.cli", *arguments]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"tocsin {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def environment(home: Path) -> dict[str, str]:
    """The environment of the product under test."""
    return {**os.environ, "TOCSIN_HOME": str(home), "TOCSIN_LOG_LEVEL": "warning"}


@contextmanager
def product(
    home: Path, *, observed: str = "wind_speed", unit: str = "m/s", streams: int = STREAMS, apart_degrees: float = 0.01
) -> Iterator[tuple[int, str]]:
    """`tocsin serve` with one source of gauges on a grid; its port and the source's token."""
    port = free_port()
    command = [sys.executable, "-m", "tocsin.app.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment(home), stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: get(port, "/readyz")[0] == 200, "tocsin serve")
        catalogue = home / "catalogue.json"
        rows = [
            {"id": f"gauge-{n}", "source": "bench", "feature": f"gauge-{n}", "property": observed, "unit": unit, "low": 0.0,
             "cadence_s": 1.0, "lon": -100 + (n % 100) * apart_degrees, "lat": (n // 100) * apart_degrees}
            for n in range(streams)
        ]  # fmt: skip
        catalogue.write_text(json.dumps({"sources": [{"id": "bench", "title": "b", "owner": "b"}], "streams": rows}))
        tocsin(home, "catalogue", "load", str(catalogue))
        yield port, tocsin(home, "sources", "token", "bench")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def bare(folder: Path) -> Iterator[int]:
    """The bare path; its port."""
    port = free_port()
    (folder / "bare_path.py").write_text(BARE)
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asginl",
        "--port",
        str(port),
        "--no-ws",
        "bare_path:application",
    ]
    env = {**os.environ, "BARE_LOG": str(folder / "bare.log"), "PYTHONPATH": str(folder)}
    process = subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: socket.create_connection(("127.0.0.1", port), 1), "granian")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def caught_up(port: int) -> float:
    """Seconds until everything acknowledged is evaluated and recorded."""
    begun = time.monotonic()
    wait_for(lambda: json.loads(get(port, "/readyz")[1])["engine"]["lag_records"] <= 1, "evaluation", 300)
    return time.monotonic() - begun


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    results = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("TOCSIN_BENCH_DIR")) as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with product(home) as (port, token), bare(Path(folder)) as bare_port:
            # a past long enough that no row lies in the future (10,000 streams at 1 Hz: 60 s of it a second at 600,000/s;
            # earlier runs ended without a word when they had used it up)
            start_us = (int(time.time()) - 900 - int(chosen.seconds * chosen.repeat * 4 * PAST_A_SECOND)) * 1_000_000
            for kind, rows in ((ARROW, 10_000), (JSON, 10_000), (ARROW, 1_000), (JSON, 1_000)):
                runs: dict[str, list[dict[str, float]]] = {"tocsin": [], "bare": []}
                behind = []
                for _ in range(chosen.repeat):
                    runs["tocsin"].append(
                        measure(port, "/api/v1/observations", token, kind, rows, start_us, chosen.seconds)
                    )
                    start_us = int(runs["tocsin"][-1]["next_us"]) + 1_000_000
                    behind.append(caught_up(port))
                    health = json.loads(get(port, "/readyz")[1])["engine"]
                    runs["bare"].append(measure(bare_port, "/", token, kind, rows, start_us, chosen.seconds))
                for who, figures in runs.items():
                    row = {name: statistics.median(run[name] for run in figures) for name in figures[0]}
                    row |= {"who": who, "kind": kind.rpartition(".")[2].rpartition("/")[2], "rows": rows}  # type: ignore[dict-item]
                    row["behind_s"] = statistics.median(behind) if who == "tocsin" else 0.0
                    if who == "tocsin":
                        row["fsync_max_ms"], row["stall_ms"] = health["fsync_max_ms"], health["snapshot_stall_max_ms"]
                    results.append(row)
                    print_row(row, first=len(results) == 1)
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=2))


def print_row(row: dict[str, float], *, first: bool) -> None:
    """One line of the table."""
    if first:
        print(
            f"{'path':8} {'form':8} {'rows':>7} {'obs/s':>12} {'p50 ms':>8} {'p99 ms':>8} {'engine behind s':>16}"
            f" {'fsync max ms':>13} {'snapshot stall ms':>18}"
        )
    print(
        f"{row['who']:8} {row['kind']:8} {row['rows']:>7} {row['rate']:>12,.0f} {row['p50_ms']:>8.1f}"
        f" {row['p99_ms']:>8.1f} {row['behind_s']:>16.2f} {row.get('fsync_max_ms', 0.0):>13.1f}"
        f" {row.get('stall_ms', 0.0):>18.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
