"""Kinds of case from texts that were kept, so that an old case is always read with its own declarations."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from pathlib import Path

from tocsin.formats.toml import BadToml, read_toml
from tocsin.packkit.checklists import read_checklists
from tocsin.packkit.clocks import read_clocks
from tocsin.packkit.document import Document, Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.forms import read_forms
from tocsin.packkit.lifecycle import CaseKind, read_lifecycle
from tocsin.packkit.lines import places_of
from tocsin.terms.errors import Damaged

__all__ = ["declared_texts", "read_kept"]


def declared_texts(path: Path) -> dict[str, str]:
    """The texts of a pack that its cases rest on, by name."""
    names = [
        "lifecycle.toml",
        "clocks.toml",
        "checklists.toml",
        *(f"forms/{file.name}" for file in sorted((path / "forms").glob("*.json"))),
    ]
    return {name: (path / name).read_text("utf-8") for name in names if (path / name).is_file()}


def read_kept(pack: str, texts: Mapping[str, str]) -> Mapping[str, CaseKind]:
    """The kinds of case of those texts. Raises Damaged where they are no longer what was once fit for use."""
    faults = Faults()
    folder = _Kept(texts, faults)
    kinds = read_lifecycle(folder, pack, read_clocks(folder, faults), read_forms(folder, faults), faults)
    kinds = read_checklists(folder, kinds, faults)
    if faults.faults:
        raise Damaged(f"pack {pack}", f"its kept declarations cannot be read ({faults.faults[0]})", "restore a backup")
    return kinds


class _Kept(Folder):
    """The same texts without a disk."""

    def __init__(self, texts: Mapping[str, str], faults: Faults) -> None:
        super().__init__(Path(), faults)
        self._texts = texts

    def text(self, name: str) -> str:
        return self._texts.get(name, "")

    def names(self, pattern: str) -> list[str]:
        return sorted(fnmatch.filter(self._texts, pattern))

    def document(self, name: str, required: bool = False) -> Document:
        try:
            data, text = read_toml(self.text(name).encode(), name)
        except BadToml as error:
            self.faults.add(name, error.line, error.rule, error.remedy)
            return Document(name, {})
        return Document(name, data, places_of(text))
