"""Photographs: nothing but the picture is kept, and what is none is refused in words."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from django.conf import settings
from PIL import Image, PngImagePlugin

from tocsin.records.blobs import MOST_BYTES, keep_photo, read_blob
from tocsin.terms.errors import BadForm, Damaged, TooBig, UnknownName


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    """A small picture, red on its left half."""
    made = Image.new("RGB", size, "white")
    made.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    made.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def with_position() -> bytes:
    """A JPEG as a telephone writes it: position, device, a comment, turned on its side."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x9003] = "SecretPhone", 6, "2026:11:26 08:00:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 15.0, 0.0), 3: "E", 4: (120.0, 30.0, 0.0)})
    return picture(exif=exif, comment=b"SecretComment", icc_profile=b"SecretProfile" * 20) + b"SecretTail"


def test_position_device_and_comment_are_gone_and_the_picture_stands_upright() -> None:
    source = with_position()
    assert b"SecretPhone" in source
    assert Image.open(io.BytesIO(source)).getexif().get_ifd(0x8825)
    photo = keep_photo([source[:100], source[100:]])
    for digest in (photo.digest, photo.thumbnail):
        kept = read_blob(digest)
        assert b"Secret" not in kept
        assert b"Exif" not in kept
        assert b"ICC_PROFILE" not in kept
        read = Image.open(io.BytesIO(kept))
        assert not read.getexif()
        assert {"exif", "comment", "icc_profile", "xmp"}.isdisjoint(read.info)
    assert (photo.width, photo.height) == (48, 64)  # it was turned as the camera said
    assert len(read_blob(photo.digest)) == photo.size_bytes


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_kind_becomes_a_jpeg_that_shows_the_same(kind: str) -> None:
    photo = keep_photo([picture(kind)])
    read = Image.open(io.BytesIO(read_blob(photo.digest))).convert("RGB")
    left, right = read.getpixel((8, 24)), read.getpixel((56, 24))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200
    assert left[1] < 60
    assert min(right) > 240


def test_text_in_a_png_is_gone() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "SecretAuthor")
    text.add_itxt("XML:com.adobe.xmp", "<x>SecretXmp</x>")
    assert b"Secret" not in read_blob(keep_photo([picture("PNG", pnginfo=text)]).digest)


def test_the_same_picture_is_kept_once_and_only_the_owner_may_read_it() -> None:
    first, again = keep_photo([picture()]), keep_photo([picture()])
    assert first == again
    path = settings.HOME.blobs / first.digest[:2] / first.digest
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir() if p.name.startswith(".")] == []


def test_a_large_picture_is_made_smaller() -> None:
    photo = keep_photo([picture(size=(4000, 3000))])
    assert (photo.width, photo.height) == (2560, 1920)


def bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 30,000 x 30,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


REFUSED = {
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', BadForm),
    "html named .jpg": (b"<!doctype html><script>alert(1)</script>", BadForm),
    "gif": (picture("GIF"), BadForm),
    "tiff": (picture("TIFF"), BadForm),
    "cut short": (picture(size=(800, 600))[:-900], BadForm),
    "only a header": (b"\xff\xd8\xff\xe0", BadForm),
    "empty": (b"", BadForm),
    "bomb": (bomb(), TooBig),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_photograph_is_refused_in_words(what: str) -> None:
    content, kind = REFUSED[what]
    with pytest.raises(kind) as caught:
        keep_photo([content], "proof.jpg")
    assert "proof.jpg" in caught.value.thing
    assert caught.value.remedy


def test_a_huge_body_is_refused_after_its_limit_without_reading_on() -> None:
    given = 0

    def chunks():
        nonlocal given
        for _ in range(50):
            given += 1
            yield b"\xff" * (1 << 20)

    with pytest.raises(TooBig, match="12 MB"):
        keep_photo(chunks())
    assert given == (MOST_BYTES >> 20) + 1


def test_a_blob_that_the_disk_changed_is_not_given_out() -> None:
    photo = keep_photo([picture(size=(50, 50))])
    path = settings.HOME.blobs / photo.digest[:2] / photo.digest
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    try:
        with pytest.raises(Damaged):
            read_blob(photo.digest)
    finally:
        path.unlink()


@pytest.mark.parametrize("digest", ["", "../../secret_key", "0" * 64, "A" * 64])
def test_only_a_digest_opens_anything(digest: str) -> None:
    with pytest.raises(UnknownName):
        read_blob(digest)
