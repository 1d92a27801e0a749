"""Rule unit tests pass: tests/*.toml of the pack, run through the engine."""

from __future__ import annotations

from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.pack import Pack
from tocsin.packkit.rule_test import read_rule_tests, test_files
from tocsin.packkit.rule_test_run import run_rule_test

__all__ = ["check_rule_tests"]


def check_rule_tests(pack: Pack, folder: Folder, faults: Faults) -> int:
    """Run every test of the pack; each difference is a fault. Gives how many tests there are."""
    number = 0
    for name in test_files(folder.path):
        for test in read_rule_tests(pack, folder, name, faults):
            number += 1
            for difference in run_rule_test(pack, test).differences:
                said = "; ".join(line.strip() for line in difference.split("\n"))
                faults.add(name, test.line, f"test {test.name!r}: {said}",
                           "see what came with `tocsin rules test`, then correct the rule or the test")  # fmt: skip
    return number
