"""Photographs, kept by the SHA-256 of their bytes under TOCSIN_HOME/blobs.

What comes in is never what is kept: it is decoded and written anew as a JPEG, so that nothing but the picture stays - no
place, no moment, no device, no comment, no second file behind the first. What cannot be decoded is refused in words.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from tocsin.terms.errors import BadForm, Damaged, TooBig, UnknownName

__all__ = [
    "CONTENT_TYPE", "MOST_BYTES", "MOST_PIXELS", "Photo", "Picture", "blob_exists", "drop_blob", "keep_blob", "keep_photo",
    "made_anew", "read_blob",
]  # fmt: skip

MOST_BYTES = 12 << 20
MOST_PIXELS = 40_000_000
CONTENT_TYPE = "image/jpeg"  # of everything kept here
_LONGEST, _THUMBNAIL = 2560, 320  # edges in px
_DIGEST = re.compile(r"[0-9a-f]{64}")
_KINDS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True, slots=True)
class Photo:
    """A kept photograph: digests of the picture and of its small copy; size as kept."""

    digest: str
    thumbnail: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph that was written anew and is not kept yet: the picture and its small copy, size in px."""

    whole: bytes
    small: bytes
    width: int
    height: int


def keep_photo(chunks: Iterable[bytes], name: str = "") -> Photo:
    """Decode, write anew without any metadata, keep. Reads at most MOST_BYTES and a chunk; ``name`` is only for the words of
    a refusal. The same picture is kept once.

    Raises TooBig over MOST_BYTES or MOST_PIXELS, BadForm for what is no whole JPEG, PNG or WebP by its content.
    """
    made = made_anew(chunks, name)
    return Photo(keep_blob(made.whole), keep_blob(made.small), made.width, made.height, len(made.whole))


def made_anew(chunks: Iterable[bytes], name: str = "") -> Picture:
    """The same without keeping it: for whoever keeps it under seal. Raises what ``keep_photo`` raises."""
    thing = _("photograph {name}").format(name=name) if name else _("photograph")
    picture = _decoded(_at_most(chunks, thing), thing)
    small = picture.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return Picture(_encoded(picture), _encoded(small), picture.width, picture.height)


def read_blob(digest: str) -> bytes:
    """The bytes of a kept photograph. Raises UnknownName, and Damaged where the disk no longer holds what was kept."""
    if not _DIGEST.fullmatch(digest):
        raise UnknownName(_("photograph"), _("no such photograph"), _("open it from its event"))
    try:
        content = _path(digest).read_bytes()
    except FileNotFoundError:
        raise UnknownName(_("photograph"), _("no such photograph"), _("open it from its event")) from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise Damaged(f"blob {digest}", "its bytes are not those that were kept", "restore it from a backup")
    return content


def drop_blob(digest: str) -> int:
    """Destroy a kept file whose bytes no other row cites (ciphertext never is): written over, then taken away. Its size, 0
    where there is none."""
    path = _path(digest)
    try:
        with path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return 0
    path.unlink()
    _settle(path.parent)
    return size


def blob_exists(digest: str) -> bool:
    """Whether a file of this digest is kept."""
    return _DIGEST.fullmatch(digest) is not None and _path(digest).exists()


def _at_most(chunks: Iterable[bytes], thing: str) -> bytes:
    taken = bytearray()
    for chunk in chunks:
        taken += chunk
        if len(taken) > MOST_BYTES:
            raise TooBig(thing, _("is larger than {n} MB").format(n=MOST_BYTES >> 20),
                         _("take it again with a smaller size, or send the answer without it"))  # fmt: skip
    return bytes(taken)


def _decoded(content: bytes, thing: str) -> Image.Image:
    """The first frame, upright, in RGB, at most _LONGEST px long. Only the header is read before the size is judged."""
    not_one = BadForm(thing, _("is not a whole JPEG, PNG or WebP picture"),
                      _("choose a photograph, or take it again"))  # fmt: skip
    too_many = TooBig(thing, _("has more than {n} megapixels").format(n=MOST_PIXELS // 1_000_000),
                      _("take it again with a smaller size, or send the answer without it"))  # fmt: skip
    try:
        picture = Image.open(io.BytesIO(content), formats=_KINDS)
        if picture.width * picture.height > MOST_PIXELS:
            raise too_many
        picture.draft("RGB", (_LONGEST, _LONGEST))
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((_LONGEST, _LONGEST))
        return _flat(upright)
    except Image.DecompressionBombError:
        raise too_many from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, IndexError):
        raise not_one from None


def _flat(picture: Image.Image) -> Image.Image:
    """RGB on white: a JPEG knows no transparency."""
    if picture.mode == "P" or "A" in picture.getbands():
        layered = picture.convert("RGBA")
        ground = Image.new("RGB", layered.size, "white")
        ground.paste(layered, mask=layered.getchannel("A"))
        return ground
    return picture.convert("RGB")


def _encoded(picture: Image.Image) -> bytes:
    fresh = Image.new("RGB", picture.size)  # a picture that has no past: nothing of ``info`` can come along
    fresh.paste(picture)
    out = io.BytesIO()
    fresh.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def keep_blob(content: bytes) -> str:
    """Keep bytes by their digest, once; on the disk when this returns."""
    digest = hashlib.sha256(content).hexdigest()
    path = _path(digest)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = path.with_name(f".{digest}.{secrets.token_hex(6)}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _settle(path.parent)
    return digest


def _settle(folder: Path) -> None:
    """The name is on the disk too: a row that cites the photograph may be committed."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _path(digest: str) -> Path:
    blobs: Path = settings.HOME.blobs
    return blobs / digest[:2] / digest
