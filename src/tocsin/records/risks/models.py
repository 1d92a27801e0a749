"""Tables of the risk register. Only ``services`` writes them. None of them has a place for a person."""

from __future__ import annotations

from django.db import models

__all__ = ["AssessmentRow", "InspectionRow", "RiskRow"]


class RiskRow(models.Model):
    """One risk as it stands. ``of``: place, facility, process or project; ``pack``: whose matrix grades it; ``grade``: the code
    of its class, ``level`` its rank in the scheme. The review clock runs from ``assessed_at``; ``overdue_at``: when it was
    told that its end has passed."""

    id = models.CharField(max_length=40, primary_key=True)
    of = models.CharField(max_length=10)
    title = models.CharField(max_length=200)
    facility = models.CharField(max_length=100, default="")
    place = models.CharField(max_length=300, default="")
    jurisdiction = models.CharField(max_length=200, default="")
    pack = models.CharField(max_length=60)
    likelihood = models.CharField(max_length=40)
    consequence = models.CharField(max_length=40)
    grade = models.CharField(max_length=40)
    level = models.SmallIntegerField()
    treatment = models.CharField(max_length=10)
    measures = models.TextField(default="")
    owner = models.CharField(max_length=60)
    version = models.IntegerField(default=1)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=120)
    assessed_at = models.DateTimeField()
    clock = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField(null=True)
    provisional = models.BooleanField(default=False)
    calendar = models.CharField(max_length=200, default="")
    overdue_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=120, default="")
    closed_why = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="risks_review_due", condition=models.Q(closed_at=None, overdue_at=None)
            ),
            models.Index(fields=["facility"], name="risks_of_facility", condition=~models.Q(facility="")),
            models.Index(fields=["jurisdiction", "-level"], name="risks_of_area"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(of__in=["place", "facility", "process", "project"]), name="risks_of_things"
            ),
            models.CheckConstraint(condition=~models.Q(owner=""), name="risks_one_owner"),
        ]


class AssessmentRow(models.Model):
    """One assessment of a risk, kept as it was made. ``sha``: of the pack whose matrix graded it."""

    risk = models.ForeignKey(RiskRow, models.PROTECT, related_name="assessments")
    likelihood = models.CharField(max_length=40)
    consequence = models.CharField(max_length=40)
    grade = models.CharField(max_length=40)
    level = models.SmallIntegerField()
    treatment = models.CharField(max_length=10)
    measures = models.TextField(default="")
    why = models.TextField(default="")
    sha = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)


class InspectionRow(models.Model):
    """When a facility is inspected next, by its gravest open risk. ``since``: its last inspection, else when its first risk was
    entered; ``called_off``: when one was called off since then. ``open_at``: from when on a case for it is opened; ``case``:
    the one that is open ("" none); ``why_not``: why none could be, when that was ``tried_at``."""

    facility = models.CharField(max_length=100, primary_key=True)
    jurisdiction = models.CharField(max_length=200, default="")
    pack = models.CharField(max_length=60)
    grade = models.CharField(max_length=40)
    level = models.SmallIntegerField()
    since = models.DateTimeField()
    inspected = models.BooleanField(default=False)
    called_off = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    open_at = models.DateTimeField()
    case = models.CharField(max_length=40, default="")
    why_not = models.CharField(max_length=300, default="")
    tried_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["open_at"], name="risks_to_open", condition=models.Q(case="")),
            models.Index(fields=["due_at"], name="risks_inspection_due", condition=models.Q(overdue_at=None)),
        ]
