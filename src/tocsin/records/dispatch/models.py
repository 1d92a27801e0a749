"""Tables of dispatch. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["AnswerRow", "DeliveryRow", "DispatchRow", "HeardRow", "QuietRow", "SilenceRow"]


class DispatchRow(models.Model):
    """One message on one channel to one shard of at most 500 recipients. ``audience`` is the recipients as they were when
    it was put (name, address, language), expanded into deliveries by the sender; ``recipients`` how many they are.
    ``texts`` by language; ``asks``: each letter asks for an answer (AnswerRow). ``not_before``: nothing is to be done before
    it; ``attempts``: how often it was tried in vain. ``claimed_by``: the node that sends it, alone until ``claimed_until``."""

    id = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=20)
    shard = models.IntegerField()
    about = models.CharField(max_length=60, db_index=True)
    event = models.CharField(max_length=60, default="", db_index=True)
    thread = models.CharField(max_length=60, default="")
    level = models.SmallIntegerField(default=0)
    exercise = models.BooleanField(default=False)
    asks = models.BooleanField(default=False)
    texts = models.JSONField()
    audience = models.JSONField()
    recipients = models.IntegerField()
    link = models.CharField(max_length=200, default="")
    put_at = models.DateTimeField()
    not_after = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    expanded_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    last_error = models.TextField(default="")
    claimed_by = models.CharField(max_length=40, default="")
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # In the order in which a sender takes them, with all that it looks at: the rows themselves are wide.
            models.Index(
                fields=["channel", "-level", "put_at", "id", "not_before", "claimed_until", "claimed_by"],
                name="dispatch_next",
                condition=models.Q(settled_at=None),
            ),
            models.Index(fields=["thread", "put_at"], name="dispatch_thread"),
        ]


class DeliveryRow(models.Model):
    """One recipient of a dispatch. ``state`` as in ``lifecycle``; ``not_before``: the next attempt, or the end of holding;
    ``held_at``: when it was held back; ``said``: the next
    hop's last words; ``delivered_at``, ``acknowledged_at``: what receipts said, where a channel can tell."""

    dispatch = models.ForeignKey(DispatchRow, models.PROTECT, related_name="deliveries")
    number = models.IntegerField()
    recipient = models.CharField(max_length=80)
    address = models.CharField(max_length=1000)  # a push subscription is the longest
    language = models.CharField(max_length=12)
    state = models.CharField(max_length=10, default="waiting")
    attempts = models.IntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    said = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dispatch", "number"], name="dispatch_delivery_once")]
        indexes = [
            models.Index(fields=["dispatch", "number"], name="dispatch_open", condition=models.Q(state="waiting")),
            models.Index(fields=["recipient"], name="dispatch_held", condition=models.Q(state="held")),
        ]


class AnswerRow(models.Model):
    """A recipient said "heard" to a letter: ``key`` is the letter's, ``via`` how (link, code, digit)."""

    key = models.CharField(max_length=60, unique=True)
    dispatch = models.ForeignKey(DispatchRow, models.PROTECT, related_name="answers")
    recipient = models.CharField(max_length=80)
    via = models.CharField(max_length=10)
    answered_at = models.DateTimeField()


class QuietRow(models.Model):
    """Quiet hours of a recipient (``post:duty-east``), every day by the clocks of ``zone``; ``channels`` empty: all."""

    recipient = models.CharField(max_length=80, db_index=True)
    begins = models.TimeField()
    ends = models.TimeField()
    zone = models.CharField(max_length=60)
    channels = models.JSONField(default=list)


class SilenceRow(models.Model):
    """A recipient is not rung for what is not red, from one moment to another, for a ``reason`` and by an ``owner``."""

    recipient = models.CharField(max_length=80, db_index=True)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    owner = models.CharField(max_length=120)
    lifted_at = models.DateTimeField(null=True)


class HeardRow(models.Model):
    """A telephone rang at a moment, for what is not red; kept a day, for throttles."""

    channel = models.CharField(max_length=20)
    recipient = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["recipient", "channel", "at"], name="dispatch_heard")]
