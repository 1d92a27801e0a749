"""Tables of places. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["FacilityRow", "Jurisdiction"]


class Jurisdiction(models.Model):
    """An area with an authority; ``path`` names it from the top (``simcity/east``). ``rank``: 1 province .. 5 grid.
    ``boundary``: closed rings of [longitude, latitude], WGS 84, empty where nobody registered one; ``geocode``: the code
    that a warning names the area by (China: GB/T 2260)."""

    path = models.CharField(max_length=200, primary_key=True)
    title = models.JSONField(default=dict)
    rank = models.SmallIntegerField()
    zone = models.CharField(max_length=64, default="UTC")
    boundary = models.JSONField(default=list)
    geocode = models.CharField(max_length=60, default="")
    population = models.BigIntegerField(default=0)  # 0 = not registered


class FacilityRow(models.Model):
    """A place with an operator."""

    id = models.CharField(max_length=100, primary_key=True)
    kind = models.CharField(max_length=60)
    title = models.JSONField(default=dict)
    lon = models.FloatField()
    lat = models.FloatField()
    jurisdiction = models.CharField(max_length=200, default="", db_index=True)
    labels = models.JSONField(default=dict)
