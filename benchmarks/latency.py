"""Observation acknowledged -> event on the page, at 1,000 observations/s, through a real `tocsin serve`.

    python benchmarks/latency.py [--seconds 60] [--rate 1000] [--json OUT]
    python benchmarks/latency.py --recorded --rate 50000                acknowledged -> signal in the database

1,000 gauges lie far apart, so that each storm is an event of its own. Ten bodies a second are posted; every third one
holds a cloudburst at a gauge that had none. The clock starts when the door has acknowledged that body (it is fsynced)
and stops when the page's stream of server-sent messages names the event. Poster and listener share the machine's cores
with the product.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from http_ingest import get, product
from tocsin.app.demo.browser import Browser
from tocsin.terms.ids import event_id, signal_id

BODIES_A_SECOND = 10
RULE = "natural_hazards/rainstorm"
GAUGES = 1_000


DESK = """
from tocsin.app.commands.django_ready import django_ready
django_ready()
from tocsin.app.demo.office import open_desk
from tocsin.records import clock
desk = open_desk(now=clock.now())
print(desk.username, desk.password)
"""


def log_in(home: Path, port: int) -> str:
    """A duty officer's session: the header that a browser would send."""
    environment = {**os.environ, "TOCSIN_HOME": str(home)}
    said = subprocess.run([sys.executable, "-c", DESK], env=environment, capture_output=True, text=True, check=True)
    browser = Browser(f"http://127.0.0.1:{port}")
    browser.log_in(*said.stdout.split())
    return browser.cookies


def listen(port: int, cookies: str, seen: dict[str, float], stop: threading.Event, ready: threading.Event) -> None:
    """Read the page's stream; note when each event was first named."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/live/stream", headers={"Accept": "text/event-stream", "Cookie": cookies})
    response = connection.getresponse()
    ready.set()
    while not stop.is_set():
        line = response.readline()
        if not line.startswith(b"data: "):
            continue
        now = time.monotonic()
        for event in json.loads(line[6:]).get("events", ()):
            seen.setdefault(event["id"], now)


def post(port: int, token: str, rate: int, seconds: float) -> tuple[dict[str, float], int]:
    """Event id -> when its body was acknowledged; and how many observations were posted."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    rows = rate // BODIES_A_SECOND
    begun, number, posted = time.monotonic(), 0, 0
    acknowledged: dict[str, float] = {}
    stormy = iter(range(0, GAUGES))
    while (now := time.monotonic() - begun) < seconds:
        if now < number / BODIES_A_SECOND:
            time.sleep(number / BODIES_A_SECOND - now)
        at_us = time.time_ns() // 1000
        streams = [(number * rows + n) % GAUGES for n in range(rows)]
        values = [0.1] * rows
        struck = None
        if number % 3 == 0 and (struck := next(stormy, None)) is not None:
            streams[0], values[0] = struck, 120.0
        body = json.dumps({"stream": streams, "observed_at": [at_us + n for n in range(rows)], "value": values})
        connection.request("POST", "/api/v1/observations", body.encode(), headers)
        answer = json.loads(connection.getresponse().read())
        if answer["accepted"] != rows:
            raise SystemExit(f"refused: {answer}")
        if struck is not None:
            acknowledged[event_id(signal_id(RULE, f"stream:gauge-{struck}", at_us))] = time.monotonic()
        number, posted = number + 1, posted + rows
    return acknowledged, posted


def post_columns(port: int, token: str, rate: int, seconds: float) -> tuple[dict[str, float], int]:
    """As ``post``, in Arrow columns, for rates at which JSON would be the sender's burden: signal id -> acknowledged."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/vnd.apache.arrow.stream", "Authorization": f"Bearer {token}"}
    rows = rate // BODIES_A_SECOND
    acknowledged: dict[str, float] = {}
    begun, number, ends_us = time.monotonic(), 0, 0
    while (now := time.monotonic() - begun) < seconds:
        if now < number / BODIES_A_SECOND:
            time.sleep(number / BODIES_A_SECOND - now)
        # After a pause bodies follow each other within the span of their own moments: a source never goes back in time, or
        # its rows would rightly be late and the storm in them never judged.
        at_us = max(time.time_ns() // 1000, ends_us)
        ends_us = at_us + rows
        streams = ((number * rows + np.arange(rows)) % GAUGES).astype(np.int32)
        values, struck = np.full(rows, 0.0), None
        if number % 3 == 0 and number // 3 < GAUGES:
            struck = number // 3
            streams[0], values[0] = struck, 120.0
        moments = pa.array(at_us + np.arange(rows)).cast(pa.timestamp("us", tz="UTC"))
        batch = pa.record_batch({"stream": streams, "observed_at": moments, "value": values})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        connection.request("POST", "/api/v1/observations", sink.getvalue().to_pybytes(), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200 or answer["accepted"] != rows:
            raise SystemExit(f"HTTP {response.status}, refused: {answer}")
        if struck is not None:
            acknowledged[signal_id(RULE, f"stream:gauge-{struck}", at_us)] = time.monotonic()
        number += 1
    return acknowledged, number * rows


def watch(database: Path, seen: dict[str, float], stop: threading.Event) -> None:
    """Look into the database a hundred times a second; note when each signal was first there."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        last = 0
        while not stop.is_set():
            rows = connection.execute("SELECT rowid, id FROM detect_signalrow WHERE rowid > ?", (last,)).fetchall()
            now = time.monotonic()
            for row, signal in rows:
                last = max(last, row)
                seen.setdefault(signal, now)
            time.sleep(0.01)


def recorded(rate: int, seconds: float, out: Path | None) -> None:
    """Observation acknowledged -> signal recorded; the bar is a p99 of 250 ms at 50,000 observations/s."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TOCSIN_BENCH_DIR")) as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with product(home, observed="precipitation", unit="mm", streams=GAUGES, apart_degrees=2.0) as (port, token):
            seen: dict[str, float] = {}
            stop = threading.Event()
            threading.Thread(target=watch, args=(home / "db.sqlite3", seen, stop), daemon=True).start()
            begun = time.monotonic()
            acknowledged, posted = post_columns(port, token, rate, seconds)
            took = time.monotonic() - begun
            until = time.monotonic() + 60
            while (missing := acknowledged.keys() - seen.keys()) and time.monotonic() < until:
                time.sleep(0.05)
            stop.set()
            if missing:
                raise SystemExit(
                    f"{len(missing)} of {len(acknowledged)} signals were never recorded, e.g. {missing.pop()}"
                )
            health = json.loads(get(port, "/readyz")[1])["engine"]
    waits = sorted(seen[signal] - at for signal, at in acknowledged.items())
    figures = {
        "observations_per_s": posted / took, "signals": len(waits), "p50_s": percentile(waits, 0.50),
        "p95_s": percentile(waits, 0.95), "p99_s": percentile(waits, 0.99), "max_s": waits[-1],
        "snapshot_stall_max_ms": health["snapshot_stall_max_ms"], "snapshot_s": health["snapshot_s"],
        "fsync_max_ms": health["fsync_max_ms"],
    }  # fmt: skip
    print("acknowledged -> recorded: " + ", ".join(f"{name} {value:,.3f}" for name, value in figures.items()))
    print(f"bar p99 <= 0.250 s at 50,000/s: {'reached' if figures['p99_s'] <= 0.25 else 'not reached'}")
    if out is not None:
        out.write_text(json.dumps(figures, indent=2))


def percentile(values: list[float], share: float) -> float:
    """Nearest-rank percentile."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--rate", type=int, default=1000)
    options.add_argument("--recorded", action="store_true", help="until the signal is in the database, not on the page")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    if chosen.recorded:
        recorded(chosen.rate, chosen.seconds, chosen.json)
        return
    with tempfile.TemporaryDirectory(dir=os.environ.get("TOCSIN_BENCH_DIR")) as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with product(home, observed="precipitation", unit="mm", streams=GAUGES, apart_degrees=2.0) as (port, token):
            seen: dict[str, float] = {}
            stop, ready = threading.Event(), threading.Event()
            threading.Thread(target=listen, args=(port, log_in(home, port), seen, stop, ready), daemon=True).start()
            if not ready.wait(30):
                raise SystemExit("the page's stream did not answer")
            begun = time.monotonic()
            acknowledged, posted = post(port, token, chosen.rate, chosen.seconds)
            took = time.monotonic() - begun
            until = time.monotonic() + 30
            while (missing := acknowledged.keys() - seen.keys()) and time.monotonic() < until:
                time.sleep(0.05)
            stop.set()
            if missing:
                raise SystemExit(
                    f"{len(missing)} of {len(acknowledged)} events never came to the page, for example {missing.pop()}"
                )
            lag = json.loads(get(port, "/readyz")[1])["engine"]["lag_records"]
        waits = sorted(seen[event] - at for event, at in acknowledged.items())
        figures = {
            "observations_per_s": posted / took, "events": len(waits), "p50_s": percentile(waits, 0.50),
            "p95_s": percentile(waits, 0.95), "p99_s": percentile(waits, 0.99), "max_s": waits[-1], "lag_records": lag,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }  # fmt: skip
    print(f"{'obs/s':>8} {'events':>7} {'p50 s':>7} {'p95 s':>7} {'p99 s':>7} {'max s':>7}")
    print(
        f"{figures['observations_per_s']:>8,.0f} {figures['events']:>7} {figures['p50_s']:>7.3f} {figures['p95_s']:>7.3f}"
        f" {figures['p99_s']:>7.3f} {figures['max_s']:>7.3f}"
    )
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
