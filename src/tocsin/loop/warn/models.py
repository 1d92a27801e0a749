"""Tables of warn. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["AlertRow", "AuthorityRow", "PasskeyRow", "PresignedRow", "SignatureRow", "WarningArea", "WarningRow"]


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
    need beside it. ``asked_at``: when its keepers were last asked whether it must go on, ``answered_at`` when one said so;
    ``look_again_at``: when they are asked next because nothing was said for so long. ``presigned``: the message signed in
    advance from which it was released; ``countersign_by`` until when a signer must say so afterwards. ``authors``: accounts
    that wrote any of it, none of whom may sign. ``template``: its texts as the pack gave them. ``version`` grows with every
    change of the content. ``once``: the form that made it."""

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
    flow = models.CharField(max_length=10, default="ordinary")
    look_again_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=120, default="")
    unanswered_told_at = models.DateTimeField(null=True)
    presigned = models.CharField(max_length=40, default="", db_index=True)
    countersign_by = models.DateTimeField(null=True)
    countersigned_at = models.DateTimeField(null=True)
    countersigned_by = models.CharField(max_length=120, default="")
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
    aid = models.CharField(max_length=60, default="")  # the body that helped: none of the issuing body was on duty
    passkey = models.CharField(max_length=64, default="")  # SHA-256 of the credential that signed; "" = by the session


class PasskeyRow(models.Model):
    """A passkey by which an account signs warnings (WebAuthn): its public key and how often it was used."""

    account = models.CharField(max_length=40, db_index=True)
    credential = models.BinaryField()
    fingerprint = models.CharField(max_length=64, unique=True)  # SHA-256 of the credential's id
    name = models.CharField(max_length=60)
    count = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class PresignedRow(models.Model):
    """A message that a signer signed in advance: what it says (``texts`` with variables), where, for which hazard and level,
    on which trigger, in which season, until when (ADR 16). ``state``: proposed, signed, suspended, withdrawn."""

    id = models.CharField(max_length=40, primary_key=True)
    body = models.CharField(max_length=60)
    hazard = models.CharField(max_length=100)
    level = models.SmallIntegerField()
    jurisdiction = models.CharField(max_length=200, default="")
    paths = models.JSONField(default=list)
    texts = models.JSONField(default=dict)
    lasts_us = models.BigIntegerField()
    trigger_level = models.SmallIntegerField()
    season_from = models.CharField(max_length=5)  # 06-01
    season_to = models.CharField(max_length=5)  # 09-30, that day too
    valid_until = models.DateTimeField()
    state = models.CharField(max_length=10, default="proposed")
    digest = models.CharField(max_length=64)
    author = models.CharField(max_length=120)
    author_account = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    signer = models.CharField(max_length=120, default="")
    signer_account = models.CharField(max_length=40, default="")
    signer_post = models.CharField(max_length=60, default="")
    signed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=300, default="")
    once = models.CharField(max_length=64, null=True, unique=True)


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
