"""Tables of the outbox. Only this package writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["Carriage", "OutboxFact"]


class OutboxFact(models.Model):
    """One fact. ``not_before`` puts off a fact whose carriage failed; ``carried_at`` is set when every stage has it."""

    fact_id = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=60)
    body = models.TextField()
    at = models.DateTimeField()
    carried_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    last_error = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["id"], name="outbox_waiting", condition=models.Q(carried_at=None))]


class Carriage(models.Model):
    """This stage has had this fact: written in the stage's own transaction, so that a repeat finds it and stops."""

    fact = models.ForeignKey(OutboxFact, models.CASCADE)
    stage = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "stage"], name="outbox_once_a_stage")]
