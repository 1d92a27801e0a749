"""Assets: style sheets and scripts of the console, served by us from the package, named by their content.

The address holds a digest of all of them, so browsers may keep them for good, and modules find each other by relative
address. No collecting, no other server, no third party. ``vendor/`` holds what scripts/assets fetched (the map); where it
is missing, pages show a drawing in the map's place.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from tocsin.doors.console.marks import scheme_sheet
from tocsin.doors.console.pack_words import pack_words

__all__ = ["asset", "asset_body", "asset_url", "has_map"]

_FOLDER = Path(__file__).parent / "static"
_VENDOR = _FOLDER / "vendor"
_KINDS = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
}  # fmt: skip
_SCHEME = "scheme.css"
_FOR_GOOD = "public, max-age=31536000, immutable"


def asset_url(name: str) -> str:
    """Where a page finds an asset."""
    return reverse("console:asset", args=[_digest(_sheet()), name])


def asset_body(name: str) -> bytes:
    """The bytes of an asset, for whoever puts it into a file."""
    return _sheet().encode() if name == _SCHEME else _body(_FOLDER / name)


def has_map() -> bool:
    """Whether the map's library is there to be served."""
    return "vendor/maplibre-gl.mjs" in _names()


@require_safe
def asset(request: HttpRequest, digest: str, name: str) -> HttpResponse:
    """One asset. An address of another build is answered too, but may not be kept."""
    path = _FOLDER / name
    if name == _SCHEME:
        body, kind = _sheet().encode(), _KINDS[".css"]
    elif path.suffix in _KINDS and name in _names():
        body, kind = _body(path), _KINDS[path.suffix]
    else:
        raise Http404(name)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(_packed(body) if packed else body, content_type=kind)
    response["Cache-Control"] = _FOR_GOOD if digest == _digest(_sheet()) else "no-cache"
    response["Vary"] = "Accept-Encoding"
    if packed:
        response["Content-Encoding"] = "gzip"
    return response


def _sheet() -> str:
    return scheme_sheet(pack_words().scheme)


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    found = [*_FOLDER.iterdir(), *_VENDOR.glob("*")]
    return frozenset(path.relative_to(_FOLDER).as_posix() for path in found if path.is_file() and path.suffix in _KINDS)


@lru_cache(maxsize=128)
def _body(path: Path) -> bytes:
    return path.read_bytes()


@lru_cache(maxsize=128)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


@lru_cache(maxsize=4)
def _digest(sheet: str) -> str:
    content = hashlib.sha256(sheet.encode())
    for name in sorted(_names()):
        content.update(name.encode() + b"\0" + _body(_FOLDER / name) + b"\0")
    return content.hexdigest()[:12]
