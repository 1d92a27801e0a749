"""Table of tasks. Only ``services`` writes it."""

from __future__ import annotations

from django.db import models

__all__ = ["TaskRow"]


class TaskRow(models.Model):
    """One task. ``title`` by language; ``about`` what it is about, ``event`` the event whose ledger chain it is told in
    ("" = none); ``state`` as in lifecycle; ``outcome`` what came of it, in the words of the room that asked."""

    id = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=30)
    title = models.JSONField(default=dict)
    about = models.CharField(max_length=60, db_index=True)
    event = models.CharField(max_length=60, default="", db_index=True)
    jurisdiction = models.CharField(max_length=200, default="")
    place = models.CharField(max_length=300, default="")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    post = models.CharField(max_length=60, db_index=True)
    state = models.CharField(max_length=15, default="given")
    level = models.SmallIntegerField(default=0)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=120)
    due_at = models.DateTimeField()
    overdue_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=120, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, default="")
    outcome = models.JSONField(default=dict)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="tasks_waiting_due",
                condition=models.Q(state__in=["given", "acknowledged"], overdue_at=None),
            ),
            models.Index(fields=["post", "state", "due_at"], name="tasks_of_post"),
        ]  # fmt: skip
