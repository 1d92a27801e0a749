"""docs/bounds.md names for each bound the tests that hold it; each of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "bounds.md").read_text(encoding="utf-8")
ROWS = [line for line in TABLE.splitlines() if line.startswith("| ") and not line.startswith("| bound |")]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TABLE)


def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_bound_names_a_test_and_every_test_it_names_exists() -> None:
    assert len(ROWS) >= 18
    assert [row for row in ROWS if "`tests/" not in row] == []
    assert [f"{path}::{name}" for path, name in NAMED if name not in functions_of(path)] == []
