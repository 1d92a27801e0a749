"""Tables of the seal. Only ``services`` and ``vault`` write them; ``RemainsRow`` only ``row_remains``."""

from __future__ import annotations

from django.db import models

__all__ = ["CertificateRow", "DataKeyRow", "EraRow", "RemainsRow", "VaultItemRow", "VaultRow"]


class DataKeyRow(models.Model):
    """The data key of one case or event (``subject``), wrapped by the deployment's key ``era``."""

    id = models.CharField(max_length=40, primary_key=True)
    subject = models.CharField(max_length=60)
    era = models.CharField(max_length=16, db_index=True)
    wrapped = models.BinaryField()
    made_at = models.DateTimeField()


class EraRow(models.Model):
    """A key of the deployment, by its id: since when it wraps, when a newer one took its place, when it was destroyed."""

    era = models.CharField(max_length=16, primary_key=True)
    since = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField(null=True)


class CertificateRow(models.Model):
    """That sealed content was destroyed, so that it can be printed and checked again. ``facts``: by which rule, how many of
    what, the id of the data key, the digests of the files; nothing of the content. ``digest``: SHA-256 of the facts."""

    subject = models.CharField(max_length=60, primary_key=True)
    digest = models.CharField(max_length=64)
    facts = models.JSONField()
    at = models.DateTimeField(db_index=True)


class RemainsRow(models.Model):
    """At most one: that something was destroyed, last at ``since``, of which the database may still keep bytes."""

    id = models.SmallIntegerField(primary_key=True)
    since = models.DateTimeField()


class VaultRow(models.Model):
    """The vault of an event. ``kept_until``: an assessment keeps it beyond the event's end, for ``kept_why`` (sealed)."""

    event = models.CharField(max_length=60, primary_key=True)
    seal_key = models.CharField(max_length=40)
    salt = models.CharField(max_length=32)
    jurisdiction = models.CharField(max_length=200, default="")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    kept_until = models.DateTimeField(null=True)
    kept_why = models.TextField(default="")


class VaultItemRow(models.Model):
    """One thing in it, under seal."""

    vault = models.ForeignKey(VaultRow, models.PROTECT, related_name="items")
    name = models.CharField(max_length=40)
    words = models.TextField()
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
