"""Scaffold: a new pack that passes bronze, to be changed line by line."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from tocsin.terms.errors import BadValue

__all__ = ["new_pack"]

_NAME = re.compile(r"[a-z][a-z0-9_]{1,48}")


def new_pack(name: str, inside: Path) -> Path:
    """Write a pack called ``name`` into a folder and give its path. Raises BadValue for a bad name or a folder in use."""
    if not _NAME.fullmatch(name):
        raise BadValue(f"pack {name!r}", "a pack's name is small letters, digits and _, beginning with a letter",
                       "choose one such as flash_flood")  # fmt: skip
    target = inside / name
    if target.exists():
        raise BadValue(f"pack {name!r}", f"{target} exists already", "choose another name or folder")
    template = files("tocsin.packkit").joinpath("template")
    for source in sorted(Path(str(template)).rglob("*")):
        if source.is_file() and source.suffix in (".toml", ".csv", ".md"):
            file = target / source.relative_to(str(template))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source.read_text("utf-8").replace("PACKNAME", name), "utf-8")
    return target
