"""Tables of observe. Only ``services`` writes them. The observations themselves are in the log."""

from __future__ import annotations

from django.db import models

__all__ = ["CatalogueMark", "SourceRow", "SourceToken", "StreamRow"]


class SourceRow(models.Model):
    """Who reports; fields of ``terms.stream.Source``. ``position`` keeps the order of registration."""

    id = models.CharField(max_length=100, primary_key=True)
    position = models.IntegerField()
    title = models.CharField(max_length=300)
    owner = models.CharField(max_length=300)
    lateness_s = models.FloatField(default=0.0)
    delay_s = models.FloatField(default=0.0)
    synthetic = models.BooleanField(default=False)
    licence = models.CharField(max_length=300, default="")


class StreamRow(models.Model):
    """Fields of ``terms.stream.Stream``. ``index`` is what columns call it and never changes. NULL stands for "none":
    no coordinates, no bound. ``silent_since_us``: no data since that moment, as the engine judged."""

    index = models.IntegerField(primary_key=True)
    id = models.CharField(max_length=200, unique=True)
    source = models.ForeignKey(SourceRow, models.PROTECT, related_name="streams")
    feature = models.CharField(max_length=200, db_index=True)
    property = models.CharField(max_length=100)
    unit = models.CharField(max_length=40)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    cell = models.CharField(max_length=20, default="", db_index=True)
    jurisdiction = models.CharField(max_length=200, default="", db_index=True)
    zone = models.CharField(max_length=64, default="UTC")
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    cadence_s = models.FloatField(default=0.0)
    forecast = models.BooleanField(default=False)
    stages = models.JSONField(default=dict)
    labels = models.JSONField(default=dict)
    silent_since_us = models.BigIntegerField(null=True)


class SourceToken(models.Model):
    """A source's right to deliver. The token itself is not kept: 256 random bits need no salt, so SHA-256 is enough."""

    source = models.ForeignKey(SourceRow, models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=200, default="")


class CatalogueMark(models.Model):
    """One row: the catalogue's version, and the log record that made it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=-1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="observe_one_mark")]
