"""Tables of call-outs. Only ``services`` writes them. Posts are named, never whoever holds them."""

from __future__ import annotations

from django.db import models

__all__ = ["AttemptRow", "CallOutRow", "CalledRow", "PlanRow", "ToldRow"]


class PlanRow(models.Model):
    """A plan as it was loaded, whole; the newest is in force."""

    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=120)


class ToldRow(models.Model):
    """What a plan's rule brought about for a thing, once: a report upwards, a notice to a neighbour."""

    about = models.CharField(max_length=60)
    rule = models.CharField(max_length=60)
    target = models.CharField(max_length=200, default="")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["about", "rule", "target"], name="callout_told_once")]


class CallOutRow(models.Model):
    """One call-out. ``cause`` is what it tells of (a warning, a bulletin, a response), ``lineage`` what stays the same through
    its updates, ``chain`` the ledger chain that tells of it. ``texts`` by language: subject, speech, short. ``since``: from
    when its minutes count (the signature); ``until``: nobody wants it any more (None: until it is stopped)."""

    id = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=12)
    cause = models.CharField(max_length=60, db_index=True)
    causes = models.JSONField(default=list)
    lineage = models.CharField(max_length=60, db_index=True)
    chain = models.CharField(max_length=60)
    hazard = models.CharField(max_length=100, default="")
    level = models.SmallIntegerField()
    exercise = models.BooleanField(default=False)
    jurisdiction = models.CharField(max_length=200, default="")
    texts = models.JSONField()
    link = models.CharField(max_length=200, default="")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, default="running")
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=20, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "lineage"], condition=models.Q(state="running"), name="callout_one_running"
            )
        ]
        indexes = [models.Index(fields=["until"], name="callout_ends", condition=models.Q(state="running"))]


class CalledRow(models.Model):
    """One area (village or community) of a call-out. ``asked_at``: from when its minutes count. ``late_due_at`` and
    ``not_reached_due_at``: when it is told that nobody answered; ``late_at`` and ``not_reached_at``: when it was (once).
    ``rounds``: how often it was called; ``next_at``: the next call. ``nobody``: the last round found nobody who could be
    called."""

    callout = models.ForeignKey(CallOutRow, models.PROTECT, related_name="areas")
    jurisdiction = models.CharField(max_length=200)
    state = models.CharField(max_length=10, default="waiting")
    asked_at = models.DateTimeField()
    late_due_at = models.DateTimeField()
    not_reached_due_at = models.DateTimeField()
    late_at = models.DateTimeField(null=True)
    not_reached_at = models.DateTimeField(null=True)
    rounds = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    nobody = models.BooleanField(default=False)
    reached_at = models.DateTimeField(null=True)
    reached_post = models.CharField(max_length=60, default="")
    reached_rung = models.CharField(max_length=10, default="")
    how = models.CharField(max_length=10, default="")
    noted_at = models.DateTimeField(null=True)
    noted_by = models.CharField(max_length=120, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["callout", "jurisdiction"], name="callout_area_once")]
        indexes = [
            models.Index(fields=["next_at"], name="callout_next", condition=models.Q(state="waiting")),
            models.Index(fields=["late_due_at"], name="callout_late", condition=models.Q(late_at=None, state="waiting")),
            models.Index(
                fields=["not_reached_due_at"], name="callout_not_reached",
                condition=models.Q(not_reached_at=None, state="waiting"),
            ),
        ]  # fmt: skip


class AttemptRow(models.Model):
    """One attempt to reach one post for one area on one channel. ``dispatch``: the post's letter is in it, ``key`` its key; a
    post that is called for several areas at once is called once. ``heard``: what the gateway said of the call (``Heard`` of
    lifecycle), or how a human answered; ``said``: its words."""

    area = models.ForeignKey(CalledRow, models.PROTECT, related_name="attempts")
    post = models.CharField(max_length=60)
    rung = models.CharField(max_length=10)
    number = models.IntegerField()
    channel = models.CharField(max_length=20)
    at = models.DateTimeField()
    dispatch = models.CharField(max_length=40, db_index=True)
    key = models.CharField(max_length=60, db_index=True)
    heard = models.CharField(max_length=12, default="")
    heard_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=300, default="")
