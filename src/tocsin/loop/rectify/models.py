"""Tables of rectify. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["FindingRow", "PhotoRow"]


class FindingRow(models.Model):
    """One dangerous condition found at one facility, its order, its five implementations (``person`` to ``plan``) and what
    came of them. ``limit_at``: of the order; ``deadline_at``: of the plan. ``salt``: of the ledger's commitments to words."""

    id = models.CharField(max_length=40, primary_key=True)
    event = models.CharField(max_length=60, default="", db_index=True)
    verification = models.CharField(max_length=40, default="", db_index=True)
    facility = models.CharField(max_length=100, db_index=True)
    jurisdiction = models.CharField(max_length=200, default="")
    grade = models.CharField(max_length=10)
    state = models.CharField(max_length=10)
    words = models.TextField()
    salt = models.CharField(max_length=32)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=120)
    recorded_account = models.CharField(max_length=40)
    demand = models.TextField(default="")
    limit_at = models.DateTimeField(null=True)
    ordered_at = models.DateTimeField(null=True)
    ordered_by = models.CharField(max_length=120, default="")
    orders = models.IntegerField(default=0)
    operator = models.CharField(max_length=60, default="")
    task = models.CharField(max_length=40, default="")
    person = models.CharField(max_length=200, default="")
    measures = models.TextField(default="")
    money = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    deadline_at = models.DateTimeField(null=True)
    plan = models.TextField(default="")
    planned_at = models.DateTimeField(null=True)
    planned_by = models.CharField(max_length=120, default="")
    fixed_at = models.DateTimeField(null=True)
    fixed_by = models.CharField(max_length=120, default="")
    fixed_account = models.CharField(max_length=40, default="")
    fixed_note = models.TextField(default="")
    recheck_task = models.CharField(max_length=40, default="")
    recheck_post = models.CharField(max_length=60, default="")
    rechecked_at = models.DateTimeField(null=True)
    rechecked_by = models.CharField(max_length=120, default="")
    rechecked_account = models.CharField(max_length=40, default="")
    recheck_said = models.CharField(max_length=10, default="")
    recheck_note = models.TextField(default="")
    overdue_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=120, default="")
    ended_why = models.TextField(default="")
    look_back_on = models.DateField(null=True)
    look_back_task = models.CharField(max_length=40, default="")
    look_back_post = models.CharField(max_length=60, default="")
    looked_back_at = models.DateTimeField(null=True)
    looked_back_by = models.CharField(max_length=120, default="")
    look_back_said = models.CharField(max_length=10, default="")
    look_back_note = models.TextField(default="")
    found_again = models.CharField(max_length=40, default="")
    version = models.IntegerField(default=1)
    once = models.CharField(max_length=64, null=True, unique=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["limit_at"], name="rectify_waiting",
                condition=models.Q(state__in=["ordered", "planned", "reopened"], overdue_at=None),
            ),
            models.Index(fields=["state", "-recorded_at"], name="rectify_by_state"),
            models.Index(
                fields=["look_back_on"], name="rectify_look_back",
                condition=models.Q(state="closed", look_back_task="", looked_back_at=None),
            ),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(  # the five implementations are complete, or it is not planned
                condition=~models.Q(state__in=["planned", "fixed", "rechecked", "closed"])
                | (~models.Q(person="") & ~models.Q(measures="") & ~models.Q(plan="")
                   & models.Q(money__isnull=False) & models.Q(deadline_at__isnull=False)),
                name="rectify_five_complete",
            ),
            models.CheckConstraint(condition=models.Q(money=None) | models.Q(money__gte=0), name="rectify_money"),
        ]  # fmt: skip


class PhotoRow(models.Model):
    """A photograph of a finding: ``moment`` found, fixed or recheck; digests as ``records.blobs`` keeps them."""

    finding = models.ForeignKey(FindingRow, models.PROTECT, related_name="photos")
    moment = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)
    thumbnail = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["finding", "moment", "digest"], name="rectify_photo_once")]
