"""Tables of warn. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["AlertRow", "AuthorityRow", "SignatureRow", "WarningArea", "WarningRow"]


class AuthorityRow(models.Model):
    """Who may warn: a body (department) may issue warnings of a hazard in a jurisdiction and below it, from one rank to
    another. What has no row is refused."""

    body = models.CharField(max_length=60)
    hazard = models.CharField(max_length=100)
    jurisdiction = models.CharField(max_length=200, default="")
    lowest = models.SmallIntegerField()
    highest = models.SmallIntegerField()
    source = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["body", "hazard", "jurisdiction"], name="warn_authority_once")]


class WarningRow(models.Model):
    """One decision: a first message, an update or a cancellation. ``content`` as in ``content.Content``, with what tables
    need beside it. ``authors``: accounts that wrote any of it, none of whom may sign. ``template``: its texts as the pack
    gave them. ``version`` grows with every change of the content. ``once``: the form that made it."""

    id = models.CharField(max_length=40, primary_key=True)
    lineage = models.CharField(max_length=40, db_index=True)
    predecessor = models.CharField(max_length=40, default="", db_index=True)
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=12, default="draft")
    version = models.IntegerField(default=1)
    event = models.CharField(max_length=40, default="", db_index=True)
    content = models.JSONField()
    template = models.JSONField(default=dict)
    hazard = models.CharField(max_length=100)
    level = models.SmallIntegerField()
    jurisdiction = models.CharField(max_length=200, default="")
    body = models.CharField(max_length=60, default="")
    exercise = models.BooleanField(default=False)
    expires_at = models.DateTimeField()
    author = models.CharField(max_length=120)
    author_post = models.CharField(max_length=60)
    authors = models.JSONField(default=list)
    once = models.CharField(max_length=64, null=True, unique=True)
    drafted_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=120)
    submitted_at = models.DateTimeField(null=True)
    unsigned_told_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)
    returned_by = models.CharField(max_length=120, default="")
    returned_why = models.TextField(default="")
    issued_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    expiring_told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    successor = models.CharField(max_length=40, default="")

    class Meta:
        indexes = [
            models.Index(fields=["-level", "expires_at"], name="warn_issued", condition=models.Q(state="issued")),
            models.Index(fields=["-changed_at"], name="warn_recent"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["predecessor"], name="warn_one_successor",
                condition=models.Q(issued_at__isnull=False) & ~models.Q(predecessor=""),
            )
        ]  # fmt: skip


class WarningArea(models.Model):
    """A jurisdiction that a warning names, so that it is seen from there, from below and from above."""

    warning = models.ForeignKey(WarningRow, models.PROTECT, related_name="areas")
    jurisdiction = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["warning", "jurisdiction"], name="warn_area_once")]


class SignatureRow(models.Model):
    """Who signed which version with which content."""

    warning = models.OneToOneField(WarningRow, models.PROTECT, related_name="signature")
    account = models.CharField(max_length=40)
    post = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    version = models.IntegerField()
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()


class AlertRow(models.Model):
    """The CAP message of a warning as it went out: written once, never changed."""

    identifier = models.CharField(max_length=60, primary_key=True)
    warning = models.OneToOneField(WarningRow, models.PROTECT, related_name="alert")
    lineage = models.CharField(max_length=40, db_index=True)
    sender = models.CharField(max_length=120)
    sent = models.DateTimeField()
    msg_type = models.CharField(max_length=10)
    status = models.CharField(max_length=10)
    references = models.JSONField(default=list)
    document = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["-sent"], name="warn_alerts_by_time")]
