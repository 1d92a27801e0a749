"""Tables of the roster. Only ``services`` writes them. What an account may do follows from org's shifts alone."""

from __future__ import annotations

from django.db import models

__all__ = ["CalendarRow", "GapRow", "HandOverRow", "OverrideRow", "RotationRow", "TurnRow"]


class RotationRow(models.Model):
    """A rotation as declared (``clocks.rota.Rotation``), of one post. ``made_until``: how far its turns are made;
    ``checked_at``: when somebody last looked for empty ones."""

    id = models.CharField(max_length=60, primary_key=True)
    number = models.IntegerField()
    post = models.CharField(max_length=60, db_index=True)
    accounts = models.JSONField()
    start = models.DateField()
    end = models.DateField(null=True)
    shifts = models.JSONField()
    zone = models.CharField(max_length=60)
    turn_days = models.IntegerField(default=7)
    weekdays = models.JSONField(default=list)
    days = models.CharField(max_length=10, default="all")
    made_until = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)


class OverrideRow(models.Model):
    """Between two moments ``absent`` ("": whoever it is) does not hold the post, ``instead`` ("": nobody) does."""

    post = models.CharField(max_length=60, db_index=True)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    absent = models.CharField(max_length=40, default="")
    instead = models.CharField(max_length=40, default="")
    reason = models.CharField(max_length=300)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    withdrawn_at = models.DateTimeField(null=True)


class TurnRow(models.Model):
    """One made turn. ``key`` is the rota's; ``shift`` org's row that gives the rights (None: nobody holds it); ``sequence``
    grows with each change, so that calendars take it."""

    post = models.CharField(max_length=60)
    key = models.CharField(max_length=120)
    account = models.CharField(max_length=40, default="")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    sequence = models.IntegerField(default=0)
    changed_at = models.DateTimeField()
    shift = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "key"], name="roster_turn_once")]
        indexes = [models.Index(fields=["account", "until_at"], name="roster_turns_of_account")]


class GapRow(models.Model):
    """A span in which a post should be held and nobody holds it; told once, ``filled_at`` when somebody does."""

    post = models.CharField(max_length=60)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    told_at = models.DateTimeField()
    filled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["post", "from_at", "until_at"], name="roster_gap_once", condition=models.Q(filled_at=None)
            )
        ]


class HandOverRow(models.Model):
    """What whoever leaves a post tells whoever comes: a note, and the things that were open then."""

    post = models.CharField(max_length=60, db_index=True)
    account = models.CharField(max_length=40)
    note = models.TextField()
    items = models.JSONField(default=list)
    at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=40, default="")


class CalendarRow(models.Model):
    """The secret address of a calendar: of an account (``account:acc_...``) or a post (``post:...``). Only its digest lies
    here."""

    owner = models.CharField(max_length=80, primary_key=True)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
