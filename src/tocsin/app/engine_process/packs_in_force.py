"""Packs in force: copied to TOCSIN_HOME/packs/<sha> when enabled, so that old work is always read with its own rules."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tocsin.app.engine_process.snapshots import PackInForce
from tocsin.packkit import Pack, find_pack, load_pack
from tocsin.terms.errors import Damaged, UnknownName

__all__ = ["enable", "load"]


def enable(names: Sequence[str], kept: Path) -> tuple[PackInForce, ...]:
    """Check each pack (a built-in name or a folder) and keep a copy under its sha. Raises UnknownName, BadPack."""
    return tuple(_enable(find_pack(name), kept) for name in names)


def load(packs: Sequence[PackInForce], kept: Path) -> list[Pack]:
    """The packs as they were when put in force. Raises UnknownName when a copy is gone, Damaged when it was
    changed."""
    return [_load(pack, kept) for pack in packs]


def _enable(folder: Path, kept: Path) -> PackInForce:
    pack = load_pack(folder)
    target = kept / pack.sha / pack.name
    if not target.is_dir():
        aside = kept / f".{pack.sha}.{os.getpid()}"
        shutil.copytree(folder, aside / pack.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        with contextlib.suppress(OSError):  # another process was first
            aside.rename(kept / pack.sha)
        shutil.rmtree(aside, ignore_errors=True)
    return PackInForce(pack.name, str(pack.version), pack.sha)


def _load(pack: PackInForce, kept: Path) -> Pack:
    folder = kept / pack.sha / pack.name
    if not folder.is_dir():
        raise UnknownName(f"pack {pack.name} {pack.sha[:12]}", f"is not kept under {kept}", "restore it from a backup")
    loaded = load_pack(folder)
    if loaded.sha != pack.sha:
        rule = f"the copy under {folder} was changed"
        raise Damaged(
            f"pack {pack.name} {pack.sha[:12]}", rule, "restore it from a backup, or from the release it came with"
        )
    return loaded
