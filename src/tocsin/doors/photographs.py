"""Photographs at the doors: taken from a form within limits, given out only by views that checked who asks."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.records.blobs import CONTENT_TYPE, MOST_BYTES, Photo, keep_photo, read_blob
from tocsin.terms.errors import Refused, TooBig

__all__ = ["MOST_PHOTOS", "LimitedUpload", "photo_response", "photos_of"]

MOST_PHOTOS = 6
_IN_MEMORY = 256 << 10
_OVERSIZED = "_tocsin_oversized"


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


def photos_of(request: HttpRequest, field: str = "photo") -> tuple[list[Photo], list[Refused]]:
    """The photographs of a form: those kept, and a refusal for each that was not. Keep the form's other fields on the page
    when there is a refusal; what was kept is found again by its content, so that a repeat costs nothing."""
    kept: list[Photo] = []
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
            kept.append(keep_photo(file.chunks(), str(file.name)))
        except Refused as error:
            refused.append(error)
    return kept, refused


def photo_response(digest: str) -> HttpResponse:
    """A kept photograph as an answer; the caller has checked that the reader may see it."""
    response = HttpResponse(read_blob(digest), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response
