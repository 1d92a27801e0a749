"""The packs in use, for rooms: those kept under TOCSIN_HOME/packs, else those that the settings name.

Doors and rooms read words, first actions and deadlines from here; the engine process reads its rules from the log
(``app.engine_process.packs_in_force``), which alone decides what judges.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from tocsin.packkit import Pack, builtin_pack_paths, load_pack
from tocsin.terms.errors import TocsinError

__all__ = ["every_pack", "packs_in_use", "packs_of_rooms"]

# Whose kinds of case a room of the loop keeps itself: they are there whatever the setting names.
_OF_ROOMS = ("rectification",)

_lock = threading.Lock()


def packs_in_use() -> tuple[Pack, ...]:
    """Loaded packs, the newest of a name only, in the order of the settings; what cannot be loaded is left out (``tocsin
    doctor`` and ``tocsin pack check`` say why). Cached until another pack is put in force."""
    folders = (*_named(settings.CONFIGURATION.packs), *_kept(settings.HOME.packs))
    with _lock:
        return _load(folders)


def every_pack() -> tuple[Pack, ...]:
    """The packs in use and those of rooms, each name once."""
    return tuple({pack.name: pack for pack in (*packs_of_rooms(), *packs_in_use())}.values())


def packs_of_rooms() -> tuple[Pack, ...]:
    """The packs whose cases a room of the loop keeps."""
    with _lock:
        return _load(tuple(_named(_OF_ROOMS)))


_loaded = lru_cache(maxsize=64)(load_pack)  # what failed is tried again: it may have been half written


def _load(folders: tuple[Path, ...]) -> tuple[Pack, ...]:
    found: dict[str, Pack] = {}
    for folder in folders:
        try:
            pack = _loaded(folder)
        except TocsinError:
            continue
        found[pack.name] = pack
    return tuple(found.values())


def _kept(kept: Path) -> Iterator[Path]:
    """Kept packs, oldest first, so that the newest wins."""
    if kept.is_dir():
        shas = [path for path in kept.iterdir() if not path.name.startswith(".")]
        for sha in sorted(shas, key=lambda path: path.stat().st_mtime_ns):
            yield from (path for path in sorted(sha.iterdir()) if path.is_dir())


def _named(names: tuple[str, ...]) -> Iterator[Path]:
    built_in = {path.name: path for path in builtin_pack_paths()}
    for name in names:
        yield built_in.get(name, Path(name))
