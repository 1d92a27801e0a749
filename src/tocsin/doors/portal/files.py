"""The files under ``published``: their names, and writing them whole beside their compressed twins.

An address is a name: ``/warnings`` is ``warnings/index.<language>.html``, so that a web server or a mirror can serve them
as they lie (docs/publish.md). A file is written under another name and moved into place, and left alone where it is right
already, so that its time of change says when its content changed.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import brotli
from django.conf import settings

__all__ = ["ARCHIVE", "FEED", "GEOJSON", "PAGES", "STATE", "message_page", "page", "published_folder", "put"]

STATE, ARCHIVE = "state.json", "archive.json"
FEED, GEOJSON = "warnings/feed.atom", "warnings.geojson"
PAGES = ("warnings/index", "widget/index", "warnings/archive/index")
_PACKED = (".html", ".json", ".atom", ".geojson", ".css", ".js", ".xml")


def published_folder() -> Path:
    """Where they lie: the setting ``publish_to``, else TOCSIN_HOME/published."""
    named: str = settings.CONFIGURATION.publish_to
    folder: Path = Path(named) if named else settings.HOME.published
    return folder


def page(name: str, language: str) -> str:
    """The file of a page in a language."""
    return f"{name}.{language}.html"


def message_page(identifier: str, language: str) -> str:
    """The file of a message's page."""
    return page(f"warnings/{identifier}", language)


def put(folder: Path, name: str, content: bytes, *, durable: bool = False) -> bool:
    """Whether it was not there as it should be. ``durable``: on the disk before it stands under its name."""
    path = folder / name
    try:
        if path.read_bytes() == content:
            return False
    except OSError:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if path.suffix in _PACKED:  # first: a reader of the twin never gets older words than a reader of the file
        _write(path.with_name(f"{path.name}.gz"), gzip.compress(content, 9, mtime=0), durable=False)
        _write(path.with_name(f"{path.name}.br"), brotli.compress(content, quality=9), durable=False)
    _write(path, content, durable=durable)
    return True


def _write(path: Path, content: bytes, *, durable: bool) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        aside.chmod(0o644)
        os.replace(aside, path)  # noqa: PTH105 - readers see the old file or the new one, never half
    except OSError:
        aside.unlink(missing_ok=True)
        raise
