"""Tables of evaluate. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["Computation", "IndicatorResult"]


class Computation(models.Model):
    """One computing of all indicators over the ledger as a root covers it. ``since_us``/``until_us`` 0 = open on that side;
    ``as_of`` is the root's moment; ``definitions``: digest of the definitions used."""

    root_number = models.BigIntegerField()
    root_hash = models.CharField(max_length=64)
    as_of = models.DateTimeField()
    jurisdiction = models.CharField(max_length=200, default="")
    since_us = models.BigIntegerField(default=0)
    until_us = models.BigIntegerField(default=0)
    definitions = models.CharField(max_length=64)
    computed_at = models.DateTimeField()
    computed_by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["root_number", "jurisdiction", "since_us", "until_us", "definitions"], name="evaluate_once"
            )
        ]


class IndicatorResult(models.Model):
    """One indicator's figures; what does not exist (no limit, no case) is null, never 0. ``cases``: how many things it was
    computed from, ``cases_digest`` over them with their ledger entries."""

    computation = models.ForeignKey(Computation, models.PROTECT, related_name="results")
    indicator = models.CharField(max_length=40)
    n = models.IntegerField()
    hits = models.IntegerField(null=True)
    share = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    median_us = models.FloatField(null=True)
    p90_us = models.FloatField(null=True)
    waiting = models.IntegerField()
    cases = models.IntegerField()
    cases_digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["computation", "indicator"], name="evaluate_result_once")]
