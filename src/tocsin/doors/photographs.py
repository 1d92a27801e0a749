"""Photographs at the doors: taken from a form within limits, given out only by views that checked who asks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.records.blobs import CONTENT_TYPE, MOST_BYTES, Photo, Picture, keep_photo, made_anew, read_blob
from tocsin.terms.errors import Refused, TooBig

__all__ = [
    "MOST_PHOTOS",
    "LimitedUpload",
    "oversized",
    "photo_response",
    "photos_of",
    "picture_response",
    "pictures_of",
]

MOST_PHOTOS = 6
_IN_MEMORY = 256 << 10
_OVERSIZED = "_tocsin_oversized"
_T = TypeVar("_T")


class LimitedUpload(FileUploadHandler):
    """Takes files of a form up to MOST_BYTES each, on disk beyond a quarter of a megabyte. A larger file is skipped while it
    arrives and remembered by name; the other fields are read all the same, so that nothing typed is lost."""

    def new_file(self, *args: Any, **named: Any) -> None:
        """A file begins."""
        super().new_file(*args, **named)
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed with the request
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Some of its bytes."""
        self._size += len(raw_data)
        if self._size > MOST_BYTES:
            self._file.close()
            oversized = self.request.__dict__.setdefault(_OVERSIZED, []) if self.request is not None else []
            oversized.append(str(self.file_name))
            raise SkipFile
        self._file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """The whole file."""
        if self._file.closed:
            return None
        self._file.seek(0)
        return UploadedFile(self._file, self.file_name, self.content_type, file_size, self.charset)


def oversized(request: HttpRequest) -> list[str]:
    """The names of files of a form that were skipped as too large."""
    return list(getattr(request, _OVERSIZED, []))


def photos_of(request: HttpRequest, field: str = "photo") -> tuple[list[Photo], list[Refused]]:
    """The photographs of a form: those kept, and a refusal for each that was not. Keep the form's other fields on the page
    when there is a refusal; what was kept is found again by its content, so that a repeat costs nothing."""
    return _taken(request, field, keep_photo)


def pictures_of(request: HttpRequest, field: str = "photo") -> tuple[list[Picture], list[Refused]]:
    """The same, not kept yet: whoever takes them decides whether they go under seal."""
    return _taken(request, field, made_anew)


def _taken(
    request: HttpRequest, field: str, take: Callable[[Iterable[bytes], str], _T]
) -> tuple[list[_T], list[Refused]]:
    kept: list[_T] = []
    refused: list[Refused] = []
    files = [file for file in request.FILES.getlist(field) if file.name and file.size]
    for name in getattr(request, _OVERSIZED, []):
        refused.append(TooBig(_("photograph {name}").format(name=name), _("is larger than {n} MB").format(n=MOST_BYTES >> 20),
                              _("take it again with a smaller size, or send the answer without it")))  # fmt: skip
    if len(files) > MOST_PHOTOS:
        most = ngettext("at most {n} photograph at once", "at most {n} photographs at once", MOST_PHOTOS)
        refused.append(TooBig(_("photographs"), most.format(n=MOST_PHOTOS), _("choose fewer")))
        return kept, refused
    for file in files:
        try:
            kept.append(take(file.chunks(), str(file.name)))
        except Refused as error:
            refused.append(error)
    return kept, refused


def photo_response(digest: str) -> HttpResponse:
    """A kept photograph as an answer; the caller has checked that the reader may see it."""
    return picture_response(read_blob(digest), cache="private, max-age=3600")


def picture_response(content: bytes, *, cache: str = "no-store") -> HttpResponse:
    """The bytes of a photograph as an answer; what was under seal stays in no browser."""
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = cache
    return response
