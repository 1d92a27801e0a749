"""What the CAP part proves, in one screen: ``scripts/cap-proof``. Nothing is computed here that the tests do not hold:

verdicts of the schema beside the corpus's manifest, rules with the messages that keep and break them, the share of
rule-breaking mutants that are caught, errors on originals that the manifest calls clean, forgeries, documents with entities,
and how many messages one core reads and checks in a second.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from lxml import etree
from tests.unit.cap import conftest, test_hardened, test_mutants, test_rules, test_signature, test_write
from tests.unit.cap.keys import certificate, ec_key, pem
from tests.unit.cap.sample import alert

from tocsin.formats.cap import RULES, Pin, check, read, sign, write
from tocsin.formats.cap.encode import encode
from tocsin.terms.errors import Refused

TYPICAL = 40_000  # bytes: messages up to this size are what a core is measured on


def schema(corpus: Path, entries: list[dict[str, Any]]) -> tuple[int, int]:
    """How many verdicts of the manifest are ours too, of how many."""
    same = sum(read((corpus / one["file"]).read_bytes()).schema_valid is one["xsd_valid"] for one in entries)
    return same, len(entries)


def rules() -> tuple[int, int, int]:
    """Rules with cases, messages that keep one, messages that break one; every one of them judged here again."""
    kept = broken = 0
    for case in test_rules.CASES:
        kept += sum(case.rule not in {f.rule for f in test_rules.found(message, case)} for message in case.good)
        broken += sum(case.rule in {f.rule for f in test_rules.found(message, case)} for message in case.bad)
    return len({case.rule for case in test_rules.CASES}), kept, broken


def mutants(corpus: Path, entries: list[dict[str, Any]]) -> tuple[int, int, Counter[str]]:
    """Mutants caught by their rule, all, and by rule."""
    caught = total = 0
    by_rule: Counter[str] = Counter()
    for one in entries:
        if not one["xsd_valid"] or one["bytes"] > TYPICAL:
            continue
        data = (corpus / one["file"]).read_bytes()
        before, root = test_mutants.places(test_mutants.judged(data)), etree.fromstring(data)
        own = {rule for rule, _ in before}
        for rule, _name, tree in test_mutants.mutants(root, seed=len(data)):
            if rule not in own:
                total += 1
                by_rule[rule] += 1
                caught += test_mutants.caught(tree, rule, before)
    return caught, total, by_rule


def originals(corpus: Path, entries: list[dict[str, Any]]) -> tuple[int, int, int]:
    """Clean originals, errors on them, and the ones that the tests know as truly wrong beyond what the schema tells."""
    files = [one["file"] for one in entries if one["xsd_valid"] and not one["file"].startswith("invalid/")]
    wrong = 0
    for name in files:
        errors = {f.rule for f in test_mutants.judged((corpus / name).read_bytes()) if f.grade == "error"}
        wrong += len(errors - test_mutants.KNOWN_DEFECTS.get(name, set()))
    return len(files) - len(test_mutants.KNOWN_DEFECTS), wrong, len(test_mutants.KNOWN_DEFECTS)


def forgeries() -> tuple[int, int]:
    """Forgeries accepted, tried: each named one, and every 13th byte changed."""
    key = ec_key("us")
    data, pin = sign(write(alert()), key, certificate(key)), Pin.of(pem(certificate(key)))
    tried = [attack(data) for attack in test_signature.FORGERIES.values()]
    flipped = [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(0, len(data), 13)]
    original, accepted = read(data).alert, 0
    for forged in tried + flipped:
        try:
            report = test_signature.judged(forged, pin)
        except Refused:
            continue
        accepted += report.verified and report.alert != original
    return accepted, len(tried) + len(flipped)


def public_tool() -> str:
    """What xmlsec1 says of a message of ours, and of the same with one word changed."""
    key = ec_key("us")
    data = sign(write(alert()), key, certificate(key))
    said = []
    with tempfile.TemporaryDirectory() as folder:
        pinned, message = Path(folder) / "certificate.pem", Path(folder) / "message.xml"
        pinned.write_bytes(pem(certificate(key)))
        for content in (data, data.replace(b">Severe<", b">Extreme<")):
            message.write_bytes(content)
            try:
                done = subprocess.run(["xmlsec1", "--verify", "--pubkey-cert-pem", str(pinned), str(message)],
                                      check=False, capture_output=True)  # fmt: skip
            except FileNotFoundError:
                return "is not on this machine (apt: xmlsec1)"
            said.append("verified" if done.returncode == 0 else "refused")
    return f"ours {said[0]}, one word changed {said[1]}"


def entities() -> tuple[int, int]:
    """Documents with a document type or an entity that were read, tried."""
    tried = test_hardened.attacks("file:" + "///etc/hostname")
    return sum(read(data).alert is not None for data in tried), len(tried)


def markup() -> tuple[int, int]:
    """Fields in which markup came out as markup or unnoticed, tried."""
    tried = [(message, path) for attack in test_write.ATTACKS for message, path in test_write.attacked(attack)]
    through = sum(read(encode(message)).alert != message or not check(encode(message), producing=False)
                  for message, _ in tried)  # fmt: skip
    return through, len(tried)


def rate(corpus: Path, entries: list[dict[str, Any]], seconds: float) -> float:
    """Messages read and checked in a second of one core, XML, grammar, values and all rules."""
    bodies = [(corpus / one["file"]).read_bytes() for one in entries if one["xsd_valid"] and one["bytes"] <= TYPICAL]
    begun, done = time.process_time(), 0
    while (took := time.process_time() - begun) < seconds:
        for body in bodies:
            read(body)
        done += len(bodies)
    return done / took


def main() -> int:
    """Print; exit code 1 where a bar is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=3.0, help="of the measurement of the rate")
    chosen = options.parse_args()
    corpus = conftest.corpus_folder()
    if corpus is None:
        sys.stdout.write("The corpus cap is not on this machine; set TOCSIN_DATA to the folder that holds it.\n")
        return 2
    every = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
    entries = [one for one in every if one.get("root") == "alert"]
    same, verdicts = schema(corpus, entries)
    with_cases, kept, broken = rules()
    good, bad = (sum(len(getattr(case, name)) for case in test_rules.CASES) for name in ("good", "bad"))
    caught, total, by_rule = mutants(corpus, entries)
    clean, wrong, known = originals(corpus, entries)
    accepted, forged = forgeries()
    read_in, with_entities = entities()
    through, fields = markup()
    speed = rate(corpus, entries, chosen.seconds)
    lines = [
        ("verdicts of the schema as in the manifest", f"{same} of {verdicts}", same == verdicts),
        ("rules that judge a message", f"{len(RULES)}; {with_cases} by cases, the others of sets, feeds, signatures", True),
        ("messages that keep their rule", f"{kept} of {good}", kept == good),
        ("messages that break their rule and are caught", f"{broken} of {bad}", broken == bad),
        (f"mutants of real messages caught (of {len(by_rule)} rules)", f"{caught:,} of {total:,} = {caught / total:.2%}",
         caught >= 0.99 * total),
        ("errors on clean originals", f"{wrong} on {clean} ({known} more are truly wrong, looked at one by one)", wrong == 0),
        ("forgeries accepted", f"{accepted} of {forged}", accepted == 0),
        ("xmlsec1", public_tool(), True),
        ("documents with entities or a document type that were read", f"{read_in} of {with_entities}", read_in == 0),
        ("fields in which markup was not text", f"{through} of {fields}", through == 0),
        ("read and checked, messages a second of one core", f"{speed:,.0f} (bar 2,000)", speed >= 2_000),
    ]  # fmt: skip
    for what, figure, held in lines:
        sys.stdout.write(f"{'  ' if held else '! '}{what:58} {figure}\n")
    return 0 if all(held for _, _, held in lines) else 1


if __name__ == "__main__":
    raise SystemExit(main())
