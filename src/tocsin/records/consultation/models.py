"""Tables of consultations. Only ``services`` writes them; an opinion, once signed, is never changed."""

from __future__ import annotations

from django.db import models

__all__ = ["AskedRow", "ConsultationRow", "OpinionRow"]


class ConsultationRow(models.Model):
    """One consultation on an event or a case (one of the two is ""). ``thing``: what people call it; ``digest``: SHA-256 of
    what was asked, which every opinion names. ``answer``: what is said to those who objected or set conditions."""

    id = models.CharField(max_length=40, primary_key=True)
    event = models.CharField(max_length=60, default="")
    case = models.CharField(max_length=40, default="")
    thing = models.CharField(max_length=200)
    jurisdiction = models.CharField(max_length=200, default="")
    question = models.TextField()
    digest = models.CharField(max_length=64)
    post = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=120)
    version = models.IntegerField(default=1)
    due_at = models.DateTimeField()
    provisional = models.BooleanField(default=False)
    overdue_at = models.DateTimeField(null=True)
    decision = models.TextField(default="")
    answer = models.TextField(default="")
    remarks = models.TextField(default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=120, default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="consultation_due",
                         condition=models.Q(decided_at=None, withdrawn_at=None, overdue_at=None)),
            models.Index(fields=["event"], name="consultation_event", condition=~models.Q(event="")),
            models.Index(fields=["case"], name="consultation_case", condition=~models.Q(case="")),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(condition=models.Q(event="") ^ models.Q(case=""), name="consultation_of_one_thing"),
        ]


class AskedRow(models.Model):
    """A post that is asked."""

    consultation = models.ForeignKey(ConsultationRow, models.PROTECT, related_name="asked")
    post = models.CharField(max_length=60, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consultation", "post"], name="consultation_asked_once")]


class OpinionRow(models.Model):
    """A signed opinion; of one post the last one counts. ``account``: whose log-in signed; ``digest``: SHA-256 over what was
    asked, who signed, and what they said."""

    consultation = models.ForeignKey(ConsultationRow, models.PROTECT, related_name="opinions")
    post = models.CharField(max_length=60)
    account = models.CharField(max_length=40)
    opinion = models.CharField(max_length=12)
    reasons = models.TextField(default="")
    digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
