"""Where the corpus of real messages is, and the official schema, both outside of the package."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

CHECKOUT = Path(__file__).parents[3]


def corpus_folder() -> Path | None:
    """``TOCSIN_DATA`` or ``../shared/data`` beside the checkout; None where neither holds it."""
    root = Path(os.environ.get("TOCSIN_DATA") or CHECKOUT.parent / "shared" / "data") / "cap"
    return root if root.is_dir() else None


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus; skips with a plain sentence where it is not."""
    found = corpus_folder()
    if found is None:
        pytest.skip("The corpus cap is not on this machine; set TOCSIN_DATA to the folder that holds it.")
    return found


@pytest.fixture(scope="session")
def manifest(corpus: Path) -> list[dict[str, Any]]:
    """The facts about every file of the corpus that is a message."""
    entries = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
    return [entry for entry in entries if entry.get("root") == "alert"]


@pytest.fixture(scope="session")
def official(corpus: Path) -> etree.XMLSchema:
    """The schema of OASIS."""
    return etree.XMLSchema(etree.parse(str(corpus / "xsd" / "CAP-v1.2.xsd")))
