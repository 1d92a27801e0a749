"""CAP messages read and checked, written, verified, simplified: how many in a second of one core.

python benchmarks/cap.py [--rounds 3] [--seconds 1]
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from recorded import folder
from report import Bar, Table, load, median
from tocsin.formats.cap import Pin, read, simplify_outwards, verify
from tocsin.formats.cap.encode import encode
from tocsin.formats.cap.hardened import parse_xml

BAR = 2_000
TYPICAL = 40_000  # bytes


def measure(rounds: int, seconds: float) -> list[Table]:
    """One table: what is done, bytes a message, messages in a second of the processor."""
    before, corpus = load(), folder("data", "cap")
    rows, rates = [], {}
    for name, (bytes_each, each, work) in _works(corpus).items():
        rate = median(each * _often(work, seconds) for _ in range(rounds))
        rates[name] = rate
        rows.append((name, bytes_each, rate, 1e3 / rate))
    table = Table(f"CAP (load before: {before})", ("what", "bytes each", "a second", "ms each"), rows)
    table.bars = [Bar("messages read and checked on one core", BAR, rates[READ])]
    table.notes = [
        f"Median of {rounds} rounds, one thread, by seconds of the processor. Read and checked: every message of the corpus "
        f"that the schema takes and that has at most {TYPICAL // 1000} kB: XML, grammar, values, all rules. Bare XML is the "
        "hardened parser alone."
    ]
    return [table]


READ = "read and check, real messages"


def _works(corpus: Path) -> dict[str, tuple[float, int, Callable[[], object]]]:
    """What is measured: mean bytes, messages in one call, the call."""
    entries = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
    files = [corpus / entry["file"] for entry in entries if entry.get("xsd_valid") and entry["bytes"] <= TYPICAL]
    bodies = [path.read_bytes() for path in files]
    alerts = [reading.alert for body in bodies if (reading := read(body)).alert is not None]
    mean = sum(map(len, bodies)) / len(bodies)
    dwd = (corpus / "real" / "de-dwd-8-languages-exclude-polygon.xml").read_bytes()
    long = (corpus / "signed" / "bf-valid-41009pt-polygon.xml").read_bytes()
    signed = (corpus / "signed" / "us-ipaws-cancel-no-info.xml").read_bytes()
    found = re.search(rb"X509Certificate>([^<]*)<", signed)
    if found is None or not alerts:
        raise SystemExit("the corpus is not what the benchmark expects")
    pin = Pin.of(base64.b64decode(found.group(1)))
    pins, at = {read(signed).require().sender: [pin]}, pin.certificate.not_valid_before_utc + timedelta(days=1)
    if not verify(signed, pins, at=at).verified:
        raise SystemExit("a signature that is good was not verified")
    ring = read(long).require().infos[0].areas[0].polygons[0]
    return {
        READ: (mean, len(bodies), lambda: [read(body) for body in bodies]),
        "bare XML, the same": (mean, len(bodies), lambda: [parse_xml(body) for body in bodies]),
        "encode, the same": (mean, len(alerts), lambda: [encode(alert) for alert in alerts]),
        "read and check, 8 languages, 392 areas": (len(dwd), 1, lambda: read(dwd)),
        "read and check, polygon of 41,009 points": (len(long), 1, lambda: read(long)),
        "simplify outwards, 41,009 points to 100": (len(long), 1, lambda: simplify_outwards(ring)),
        "verify one signature": (len(signed), 1, lambda: verify(signed, pins, at=at)),
    }


def _often(work: Callable[[], object], seconds: float) -> float:
    """How many times in a second of the processor: the bar is about one core, whoever else wants it."""
    work()
    begun, times = time.process_time(), 0
    while (took := time.process_time() - begun) < seconds:
        work()
        times += 1
    return times / took


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=1.0)
    chosen = options.parse_args()
    (table,) = measure(chosen.rounds, chosen.seconds)
    print(table.as_text())


if __name__ == "__main__":
    main()
