"""Table of documents. Only ``services`` writes it."""

from __future__ import annotations

from django.db import models

__all__ = ["FileRow"]


class FileRow(models.Model):
    """A document of a case, by the SHA-256 of its bytes in ``records.blobs``. ``kind``: a `FileKind`; ``name``: what the giver
    called it, without its ending; ``state``: of the case as it came. Of a sealed case the digest is that of its ciphertext, the
    name is under seal, and ``mark`` is a salted digest by which the same is kept once."""

    case = models.CharField(max_length=40, db_index=True)
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=5)
    name = models.CharField(max_length=700, default="")
    mark = models.CharField(max_length=64, default="")
    size_bytes = models.IntegerField()
    state = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "digest"], name="files_once_a_case")]
