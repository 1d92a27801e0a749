"""Folders for what was worked out once and costs time to work out again: machine code of kernels, tables of the grammar.

Beside the modules (as Python keeps its own compiled files), else in the user's cache; only the owner may write there.
What it was made from is in the folder's name, so that another version never reads what this one kept.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["keep", "kept_folder"]


def kept_folder(kind: str, beside: Path, made_from: Iterable[bytes]) -> Path | None:
    """``KIND-hash`` in the ``__pycache__`` of ``beside``, else in the user's cache; None where nothing can be kept."""
    mixed = hashlib.sha256()
    for part in made_from:
        mixed.update(part + b"\0")
    name = f"{kind}-{mixed.hexdigest()[:16]}"
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    for parent in (beside / "__pycache__", cache_home / "tocsin"):
        folder = parent / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        owned = folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & 0o022
        if owned and os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            return folder
    return None


def keep(path: Path, *parts: bytes) -> None:
    """Write a file whole or not at all. A full or read-only disk is no fault: it is worked out again next time."""
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        fresh.write_bytes(b"".join(parts))
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
