"""Tables of rectify. Only ``services`` writes them. A finding is a case of the kernel (``records.cases``): its state, its
answers, its clocks and its photographs are there. Here is what the room does beside: its tasks, and who did what when."""

from __future__ import annotations

from django.db import models

__all__ = ["WorkRow"]


class WorkRow(models.Model):
    """The room's work on one case; ``case``: its id. No state: that is the kernel's. ``asks``: the re-check waits for somebody
    to be given to. ``overdue_at``: when a passed deadline of this order was told."""

    case = models.CharField(max_length=40, primary_key=True)
    verification = models.CharField(max_length=40, default="", db_index=True)
    operator = models.CharField(max_length=60, default="")
    orders = models.IntegerField(default=0)
    ordered_at = models.DateTimeField(null=True)
    ordered_by = models.CharField(max_length=120, default="")
    task = models.CharField(max_length=40, default="")
    overdue_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField(null=True)
    planned_by = models.CharField(max_length=120, default="")
    fixed_at = models.DateTimeField(null=True)
    fixed_by = models.CharField(max_length=120, default="")
    asks = models.BooleanField(default=False)
    recheck_task = models.CharField(max_length=40, default="")
    recheck_post = models.CharField(max_length=60, default="")
    rechecked_at = models.DateTimeField(null=True)
    rechecked_by = models.CharField(max_length=120, default="")
    recheck_said = models.CharField(max_length=10, default="")
    closed_by = models.CharField(max_length=120, default="")
    look_back_on = models.DateField(null=True)
    look_back_task = models.CharField(max_length=40, default="")
    look_back_post = models.CharField(max_length=60, default="")
    looked_back_at = models.DateTimeField(null=True)
    looked_back_by = models.CharField(max_length=120, default="")
    look_back_said = models.CharField(max_length=10, default="")

    class Meta:
        indexes = [
            models.Index(fields=["fixed_at"], name="rectify_asks", condition=models.Q(asks=True)),
            models.Index(
                fields=["look_back_on"], name="rectify_looks_back",
                condition=models.Q(look_back_task="", looked_back_at=None),
            ),
        ]  # fmt: skip
