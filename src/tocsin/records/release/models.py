"""Table of releases. Only ``services`` writes it."""

from __future__ import annotations

from django.db import models

__all__ = ["ReleaseRow"]


class ReleaseRow(models.Model):
    """One signed message on its way to the official platform. ``warning`` is the message's identifier, ``lineage`` the first
    message's; ``until``: nobody wants it released any more. ``receipt``: the platform's number, as it came first.
    ``missing_at``: when it was told that there is none."""

    id = models.CharField(max_length=40, primary_key=True)
    warning = models.CharField(max_length=60, unique=True)
    lineage = models.CharField(max_length=60, db_index=True)
    chain = models.CharField(max_length=60)
    level = models.SmallIntegerField(default=0)
    jurisdiction = models.CharField(max_length=200, default="")
    sha256 = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    until = models.DateTimeField()
    receipt = models.CharField(max_length=100, default="")
    received_at = models.DateTimeField(null=True)
    missing_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["asked_at"], name="release_missing", condition=models.Q(received_at=None, missing_at=None)
            )
        ]
