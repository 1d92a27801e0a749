"""Changelog fragments: named for towncrier, one plain sentence each."""

from __future__ import annotations

import re
from pathlib import Path

CHANGES = Path(__file__).parents[2] / "changes"
NAME = re.compile(r"\+[a-z0-9_-]+\.(added|changed|fixed|removed|security|deprecated)\.md")


def test_fragments_are_named_and_say_something():
    fragments = [path for path in CHANGES.iterdir() if path.suffix == ".md" and path.name != "README.md"]
    for path in fragments:
        assert NAME.fullmatch(path.name), f"{path.name}: name it +what.added.md"
        text = path.read_text(encoding="utf-8").strip()
        assert text.endswith("."), f"{path.name}: one sentence with a full stop"
        assert len(text) < 400, f"{path.name}: shorter"
