"""One TOML file of a pack with the lines of its keys, and the whole folder."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tocsin.packkit.fault import Faults
from tocsin.packkit.lines import KeyPath, first_text_lines, line_of, lines_of

__all__ = ["LANGUAGES", "Document", "Folder", "digest_of"]

LANGUAGES = ("en", "zh-hans")
_LARGEST_TEXT = 1_000_000
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file: ``name`` relative to the pack, its data, and where each key stands."""

    name: str
    data: Mapping[str, Any]
    lines: dict[KeyPath, int] = field(default_factory=dict)
    texts: dict[KeyPath, int] = field(default_factory=dict)

    def line(self, *path: str | int) -> int:
        """The line of a key, or of the nearest part of its path; 0 if none is written."""
        return line_of(self.lines, path)

    def text_line(self, *path: str | int) -> int:
        """The line on which the first character of a text value stands; that of its key where it is no text."""
        return self.texts.get(path) or self.line(*path)


class Folder:
    """The files of a pack. A file that cannot be read is one fault and then counts as empty."""

    def __init__(self, path: Path, faults: Faults) -> None:
        self.path, self.faults = path, faults
        self._documents: dict[str, Document] = {}

    def document(self, name: str, required: bool = False) -> Document:
        """A TOML file by its name; empty if it is absent or cannot be read."""
        if name not in self._documents:
            self._documents[name] = self._read(name, required)
        return self._documents[name]

    def subfolders(self, name: str) -> list[Path]:
        """The folders inside a sub-folder, by name."""
        inside = self.path / name
        return sorted(path for path in inside.iterdir() if path.is_dir()) if inside.is_dir() else []

    def names(self, pattern: str) -> list[str]:
        """Files matching a pattern, relative to the pack."""
        return sorted(path.relative_to(self.path).as_posix() for path in self.path.glob(pattern) if path.is_file())

    def _read(self, name: str, required: bool) -> Document:
        path = self.path / name
        if not path.is_file():
            if required:
                self.faults.add(name, 0, f"{name} is missing", f"write {name}; `tocsin pack new` shows one")
            return Document(name, {})
        try:
            content = path.read_bytes()
            if len(content) > _LARGEST_TEXT:
                self.faults.add(name, 0, f"the file is larger than {_LARGEST_TEXT} bytes", "split the pack")
                return Document(name, {})
            text = content.decode("utf-8").replace("\r\n", "\n")
            data = tomllib.loads(text)
            return Document(name, data, lines_of(text), first_text_lines(text))
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            self.faults.add(name, line, "the file is not UTF-8 text", "save it as UTF-8")
        except tomllib.TOMLDecodeError as error:
            self.faults.add(name, _line_in(str(error)), f"not TOML: {error}", "correct the line")
        except RecursionError:
            self.faults.add(name, 0, f"values are nested more than about {_DEEPEST} deep", "write it flatter")
        return Document(name, {})


def digest_of(path: Path) -> str:
    """SHA-256 over the names and bytes of a pack's files; caches and hidden files left out."""
    whole = hashlib.sha256()
    for file in _files(path):
        name = file.relative_to(path).as_posix().encode()
        content = file.read_bytes()
        whole.update(len(name).to_bytes(8, "big") + name + len(content).to_bytes(8, "big") + content)
    return whole.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    for file in sorted(path.rglob("*"), key=lambda found: found.relative_to(path).as_posix()):
        parts = file.relative_to(path).parts
        if file.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield file


def _line_in(message: str) -> int:
    marker = "at line "
    digits = message.partition(marker)[2].partition(",")[0]
    return int(digits) if digits.isdigit() else 0
