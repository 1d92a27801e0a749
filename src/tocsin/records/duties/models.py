"""Table of duty lists. Only ``services`` writes it; a line is never changed but for the moment at which it ends."""

from __future__ import annotations

from django.db import models

__all__ = ["DutyRow"]


class DutyRow(models.Model):
    """One line: in an area, between two moments, a facility or a matter (or a matter at a facility) is a department's, or a
    post's of it. ``matter``: ``pack``, ``pack/kind`` or ``pack/kind:question=choice``. ``keeps``: it stays there; no lower
    body gets it. ``put_at`` and ``put_by``: when and by whom it was entered, which may be later than it holds."""

    facility = models.CharField(max_length=100, default="")
    matter = models.CharField(max_length=200, default="")
    jurisdiction = models.CharField(max_length=200, default="")
    department = models.CharField(max_length=60)
    post = models.CharField(max_length=60, default="")
    keeps = models.BooleanField(default=False)
    why = models.CharField(max_length=300, default="")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    put_at = models.DateTimeField()
    put_by = models.CharField(max_length=120)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, default="")

    class Meta:
        indexes = [models.Index(fields=["jurisdiction", "from_at"], name="duties_of_area")]
        constraints = [
            models.UniqueConstraint(fields=["facility", "matter", "jurisdiction"], name="duties_one_holds",
                                    condition=models.Q(until_at=None)),
            models.CheckConstraint(condition=models.Q(until_at=None) | models.Q(until_at__gte=models.F("from_at")),
                                   name="duties_forward"),
            models.CheckConstraint(condition=~models.Q(facility="") | ~models.Q(matter=""), name="duties_of_something"),
        ]  # fmt: skip
