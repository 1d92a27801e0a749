"""Tables of review. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["MeasureRow", "ReviewRow"]


class ReviewRow(models.Model):
    """The review of one event. ``digest`` covers every entry that the timeline had at publishing, ``entries`` how many."""

    event = models.CharField(max_length=60, primary_key=True)
    jurisdiction = models.CharField(max_length=200, default="")
    state = models.CharField(max_length=10, default="drafted")
    version = models.IntegerField(default=0)
    lessons = models.TextField(default="")
    drafted_at = models.DateTimeField()
    drafted_by = models.CharField(max_length=120)
    published_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=120, default="")
    entries = models.IntegerField(default=0)
    digest = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="drafted", published_at=None)
                | models.Q(state="published", published_at__isnull=False),
                name="review_published_at_once",
            )
        ]


class MeasureRow(models.Model):
    """A measure of a review: what is to be done, by which post, until when; ``task`` once it was adopted."""

    review = models.ForeignKey(ReviewRow, models.CASCADE, related_name="measures")
    number = models.IntegerField()
    words = models.TextField()
    post = models.CharField(max_length=60)
    due_at = models.DateTimeField()
    task = models.CharField(max_length=40, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "number"], name="review_measure_once")]
