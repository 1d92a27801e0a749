"""The rules at a path: those of a pack, or of a rules file that stands alone beside a streams.toml."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.load import find_pack, read_pack
from tocsin.packkit.manifest import Manifest
from tocsin.packkit.pack import Pack
from tocsin.packkit.rules import read_rules
from tocsin.packkit.streams import read_properties
from tocsin.packkit.tables import read_tables
from tocsin.terms.errors import UnknownName
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.limits import TOML_BYTES

__all__ = ["RuleSet", "read_rule_set", "rules_file"]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules as far as they could be read. ``file`` holds them; ``pack`` of a file that stands alone has nothing else."""

    file: Path
    pack: Pack
    faults: Faults

    def text_of(self, name: str) -> list[str]:
        """The lines of a file that a fault names; empty if it cannot be read."""
        path = self.pack.path / name
        try:
            if path.stat().st_size > TOML_BYTES:
                return []
            return path.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n").split("\n")
        except OSError:
            return []


def rules_file(path: Path | str) -> Path:
    """The rules.toml of a pack (by name or folder), or the file itself. Raises UnknownName."""
    path = Path(path)
    if path.is_file():
        return path
    folder = find_pack(str(path))
    if not (folder / "rules.toml").is_file():
        raise UnknownName(
            f"rules {folder.name}", "the folder has no rules.toml", "give a rules file or the folder of a pack"
        )
    return folder / "rules.toml"


def read_rule_set(path: Path | str) -> RuleSet:
    """The rules at a path, all faults collected. Raises UnknownName where there is nothing to read."""
    file = rules_file(path)
    faults = Faults()
    if file.name == "rules.toml" and (file.parent / "pack.toml").is_file():
        return RuleSet(file, read_pack(file.parent, faults), faults)
    folder = Folder(file.parent.resolve(), faults, {"rules.toml": file.name})
    faults.concern = "rules"
    manifest = Manifest(file.stem, 1, {}, "", CHINA_FOUR_COLOUR, date.min, None)
    properties, tables = read_properties(folder, faults), read_tables(folder, faults)
    rules, provenance = read_rules(folder, manifest, properties, tables, faults)
    sha = hashlib.sha256(file.read_bytes()).hexdigest() if file.stat().st_size <= TOML_BYTES else ""
    pack = Pack(
        name=manifest.name, version=1, sha=sha, path=folder.path, title={}, owner="", scheme=manifest.scheme,
        valid_from=date.min, valid_to=None, rules=rules, hazards={}, cascades=(), properties=properties, tables=tables,
        words={}, provenance=provenance,
    )  # fmt: skip
    return RuleSet(file, pack, faults)
