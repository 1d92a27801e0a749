"""Tables of bulletins. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["BulletinArea", "BulletinCitation", "BulletinRecord", "BulletinRow", "FeedEntryRow", "FeedRow"]


class FeedRow(models.Model):
    """A feed as it was declared (``declaration.Feed``), and what polling it found. ``heard_at``: the last readable answer;
    ``newest_at``: the newest time that the feed gave itself; ``failing_since``: since when no answer was readable; ``trouble``:
    what its keepers were told ("", failing, silent)."""

    id = models.CharField(max_length=60, primary_key=True)
    title = models.JSONField()
    address = models.CharField(max_length=500)
    every_s = models.IntegerField()
    fails_after_s = models.IntegerField()
    silent_after_s = models.IntegerField()
    holds_for_s = models.IntegerField()
    kept_mb = models.IntegerField()
    signature = models.CharField(max_length=10)
    relay = models.BooleanField()
    gone_ends = models.BooleanField()
    speaks = models.JSONField()
    senders = models.JSONField()
    declared_at = models.DateTimeField()
    declared_by = models.CharField(max_length=200)
    retired_at = models.DateTimeField(null=True)
    etag = models.CharField(max_length=300, default="")
    modified = models.CharField(max_length=100, default="")
    asked_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    newest_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    error = models.CharField(max_length=500, default="")
    not_before = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=10, default="")


class FeedEntryRow(models.Model):
    """An entry of a feed, so that its message is fetched once. ``updated`` as the feed says; ``rule`` and ``what``: its fault,
    "" where it has none; ``tries``: how often its message was fetched in vain; ``gone_at``: since when it is not listed."""

    feed = models.ForeignKey(FeedRow, models.PROTECT, related_name="entries")
    key = models.CharField(max_length=40)
    entry_id = models.CharField(max_length=500)
    href = models.CharField(max_length=1000)
    title = models.CharField(max_length=300)
    updated = models.CharField(max_length=40)
    rule = models.CharField(max_length=10, default="")
    what = models.CharField(max_length=300, default="")
    tries = models.IntegerField(default=0)
    first_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "key"], name="bulletins_entry_once")]


class BulletinRow(models.Model):
    """A message as it came: ``document`` are its bytes, never changed. ``admitted``: it counts (``why_not`` says why it does
    not); of those one with the same sender, identifier and sent is kept once, and other bytes under that name are noted in
    ``conflicts`` (their SHA-256). ``said``: what we understand, a hazard each; ``texts``: its words by language; ``level`` and
    ``until``: for lists. ``thread``: the first message of its line."""

    id = models.CharField(max_length=40, primary_key=True)
    feed = models.ForeignKey(FeedRow, models.PROTECT, related_name="bulletins")
    entry_key = models.CharField(max_length=40)
    href = models.CharField(max_length=1000)
    sender = models.CharField(max_length=300)
    identifier = models.CharField(max_length=300)
    sent = models.DateTimeField()
    status = models.CharField(max_length=12)
    msg_type = models.CharField(max_length=12)
    scope = models.CharField(max_length=12)
    admitted = models.BooleanField()
    why_not = models.CharField(max_length=60, default="")
    document = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    size = models.IntegerField()
    received_at = models.DateTimeField()
    verdict = models.CharField(max_length=40)
    verdict_why = models.CharField(max_length=300, default="")
    pin = models.CharField(max_length=64, default="")
    findings = models.JSONField(default=list)
    conflicts = models.JSONField(default=list)
    state = models.CharField(max_length=12, default="new")
    ended_by = models.CharField(max_length=40, default="")
    like = models.CharField(max_length=40, default="")
    judged = models.CharField(max_length=4, default="")
    judged_by = models.CharField(max_length=200, default="")
    beside = models.JSONField(default=list)
    line_findings = models.JSONField(default=list)
    thread = models.CharField(max_length=40, default="", db_index=True)
    content = models.CharField(max_length=64, default="", db_index=True)
    said = models.JSONField(default=list)
    texts = models.JSONField(default=dict)
    level = models.SmallIntegerField(default=0)
    begins = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    placed = models.BooleanField(default=False)
    settled_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "identifier", "sent"], name="bulletins_once", condition=models.Q(admitted=True)
            ),
            models.UniqueConstraint(fields=["feed", "sha256"], name="bulletins_bytes_once"),
        ]
        indexes = [
            models.Index(fields=["sender", "identifier"], name="bulletins_name"),
            models.Index(fields=["sent"], name="bulletins_unsettled", condition=models.Q(settled_at=None)),
            models.Index(fields=["state", "until"], name="bulletins_state"),
        ]


class BulletinCitation(models.Model):
    """A message that a bulletin cites, so that the messages of one line are found whichever came first."""

    bulletin = models.ForeignKey(BulletinRow, models.CASCADE, related_name="citations")
    sender = models.CharField(max_length=300)
    identifier = models.CharField(max_length=300)

    class Meta:
        indexes = [models.Index(fields=["sender", "identifier"], name="bulletins_cited")]


class BulletinArea(models.Model):
    """A jurisdiction that a bulletin touches, so that it is seen from there, from below and from above."""

    bulletin = models.ForeignKey(BulletinRow, models.CASCADE, related_name="areas")
    jurisdiction = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulletin", "jurisdiction"], name="bulletins_area_once")]


class BulletinRecord(models.Model):
    """What the log is to be told of a bulletin and hazard (``name``): that it holds (even ``number``), that it ended (odd).
    ``after_seq``: the log was that long when it
    was first handed over, so that after a crash the log itself says whether it has it; ``seq``: its place there."""

    bulletin = models.ForeignKey(BulletinRow, models.PROTECT, related_name="records")
    name = models.CharField(max_length=200)
    number = models.SmallIntegerField()
    body = models.TextField()
    after_seq = models.BigIntegerField(null=True)
    seq = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "number"], name="bulletins_record_once")]
        indexes = [models.Index(fields=["id"], name="bulletins_unlogged", condition=models.Q(seq=None))]
