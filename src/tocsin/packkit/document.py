"""One TOML file of a pack with the lines of its keys, and the whole folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tocsin.formats.toml import BadToml, read_toml
from tocsin.packkit.fault import Faults
from tocsin.packkit.lines import Places, places_of
from tocsin.terms.errors import BadPack
from tocsin.terms.limits import PACK_BYTES, PACK_FILES, TOML_BYTES

__all__ = ["LANGUAGES", "Document", "Folder", "digest_of"]

LANGUAGES = ("en", "zh-hans")
_OF_RULES = ("streams.toml", "rules.toml", "hazards.toml")


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file: ``name`` relative to the pack, its data, and where each key stands."""

    name: str
    data: Mapping[str, Any]
    places: Places = field(default_factory=Places)

    def line(self, *path: str | int) -> int:
        """The line of a key, or of the nearest part of its path; 0 if none is written."""
        return self.places.of_key(path)[0]

    def place(self, *path: str | int) -> tuple[int, int]:
        """Its line and column."""
        return self.places.of_key(path)

    def text_place(self, position: int, *path: str | int) -> tuple[int, int]:
        """Line and column of a character of a text value; those of its key where it is no text."""
        return self.places.of_text(path, position)


class Folder:
    """The files of a pack. A file that cannot be read is one fault and then counts as empty."""

    def __init__(self, path: Path, faults: Faults, called: Mapping[str, str] | None = None) -> None:
        """``called``: names that files have here other than in a pack (a rules file that stands alone)."""
        self.path, self.faults, self.called = path, faults, dict(called or {})
        self._documents: dict[str, Document] = {}

    def document(self, name: str, required: bool = False) -> Document:
        """A TOML file by its name; empty if it is absent or cannot be read."""
        if name not in self._documents:
            self._documents[name] = self._read(name)
        shown = self.called.get(name, name)
        if required and self.is_casework and (name in _OF_RULES or name.startswith("words/")):
            required = False
        if required and not (self.path / shown).is_file():  # whoever looked first may not have needed it
            self.faults.add(shown, 0, f"{shown} is missing", f"write {shown}; `tocsin pack new` shows one")
        return self._documents[name]

    @property
    def is_casework(self) -> bool:
        """Whether it is about casework alone: it declares kinds of case and no rule, so it needs no file of a rule."""
        return (self.path / "lifecycle.toml").is_file() and not (self.path / "rules.toml").is_file()

    def text(self, name: str) -> str:
        """A file as text; "" where it is absent, too large or no UTF-8, which are faults."""
        path = self.path / name
        if not path.is_file():
            return ""
        if path.stat().st_size > TOML_BYTES:
            self.faults.add(name, 0, f"the file is larger than {TOML_BYTES} bytes", "shorten it")
            return ""
        try:
            return path.read_text("utf-8")
        except UnicodeDecodeError:
            self.faults.add(name, 0, "it is not UTF-8 text", "save it as UTF-8")
            return ""

    def subfolders(self, name: str) -> list[Path]:
        """The folders inside a sub-folder, by name."""
        inside = self.path / name
        return sorted(path for path in inside.iterdir() if path.is_dir()) if inside.is_dir() else []

    def names(self, pattern: str) -> list[str]:
        """Files matching a pattern, relative to the pack."""
        return sorted(path.relative_to(self.path).as_posix() for path in self.path.glob(pattern) if path.is_file())

    def _read(self, name: str) -> Document:
        name = self.called.get(name, name)
        path = self.path / name
        if not path.is_file():
            return Document(name, {})
        if path.stat().st_size > TOML_BYTES:  # looked at before it is read
            self.faults.add(name, 0, f"the file is larger than {TOML_BYTES} bytes", "split the pack")
            return Document(name, {})
        try:
            data, text = read_toml(path.read_bytes(), name)
        except BadToml as error:
            self.faults.add(name, error.line, error.rule, error.remedy, column=error.column)
            return Document(name, {})
        return Document(name, data, places_of(text))


def digest_of(path: Path) -> str:
    """SHA-256 over the names and bytes of a pack's files; caches and hidden files left out. Raises BadPack for a folder that
    holds far more than a pack."""
    whole, size = hashlib.sha256(), 0
    for number, file in enumerate(_files(path), start=1):
        size += file.stat().st_size
        if number > PACK_FILES or size > PACK_BYTES:
            raise BadPack(f"pack {path.name}", f"it has more than {PACK_FILES} files or {PACK_BYTES} bytes",
                          "give the folder of a pack, or shorten its examples")  # fmt: skip
        name = file.relative_to(path).as_posix().encode()
        content = file.read_bytes()
        whole.update(len(name).to_bytes(8, "big") + name + len(content).to_bytes(8, "big") + content)
    return whole.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    for file in sorted(path.rglob("*"), key=lambda found: found.relative_to(path).as_posix()):
        parts = file.relative_to(path).parts
        if file.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield file
