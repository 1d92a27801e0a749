"""Tables of escalation. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["ChainRow", "EscalationRow", "ToldRow"]


class ChainRow(models.Model):
    """A chain as the deployment declared it (``chain.Chain.as_document``)."""

    id = models.CharField(max_length=60, primary_key=True)
    number = models.IntegerField()
    document = models.JSONField()


class EscalationRow(models.Model):
    """A need on its way through a chain. ``chain`` is that chain as it was when the need began. ``round`` and ``step`` say what
    was told last (-1: nothing yet), ``next_at`` when the next comes (None: exhausted, or ended). ``title`` and ``said`` by
    language."""

    id = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=20)
    about = models.CharField(max_length=60)
    event = models.CharField(max_length=60, default="")
    jurisdiction = models.CharField(max_length=200, default="")
    level = models.SmallIntegerField(default=0)
    exercise = models.BooleanField(default=False)
    title = models.JSONField()
    said = models.JSONField()
    link = models.CharField(max_length=200, default="")
    chain = models.JSONField()
    round = models.IntegerField(default=0)
    step = models.IntegerField(default=-1)
    started_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    exhausted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, default="")
    ended_because = models.CharField(max_length=20, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "about"], name="escalation_one_open", condition=models.Q(ended_at=None)
            )
        ]
        indexes = [
            models.Index(fields=["next_at"], name="escalation_due", condition=models.Q(ended_at=None)),
        ]


class ToldRow(models.Model):
    """A post that a step told; ``dispatches`` are the letters, ``acknowledged_at`` when it said that it has it."""

    escalation = models.ForeignKey(EscalationRow, models.PROTECT, related_name="told")
    round = models.IntegerField()
    step = models.IntegerField()
    post = models.CharField(max_length=60)
    told_at = models.DateTimeField()
    dispatches = models.JSONField(default=list)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["escalation", "round", "step", "post"], name="escalation_told_once")
        ]
