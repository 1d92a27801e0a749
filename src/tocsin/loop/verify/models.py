"""Tables of verify. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["Dossier", "DossierArea", "Evidence", "Verification"]


class Dossier(models.Model):
    """What people know and did about one event. ``level``, ``state`` and place follow detect; ``verdict`` is theirs.

    ``acknowledged_*`` empty = nobody has it in hand since ``unacknowledged_since`` (when it opened, or rose above the level
    that was acknowledged). ``finality`` follows detect: provisional while late data may still undo the event, retracted where
    they did. ``told_level``: the highest level that duty officers were told of. ``refuted_level``: the level
    that an inspector refuted."""

    event = models.CharField(max_length=40, primary_key=True)
    hazard = models.CharField(max_length=100)
    jurisdiction = models.CharField(max_length=200, default="", db_index=True)
    place = models.CharField(max_length=300, default="")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    level = models.SmallIntegerField()
    peak_level = models.SmallIntegerField()
    told_level = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=10)
    finality = models.CharField(max_length=12, default="final")
    merged_into = models.CharField(max_length=40, default="", db_index=True)
    opened_at = models.DateTimeField()
    verdict = models.CharField(max_length=12, default="unverified")
    verdict_at = models.DateTimeField(null=True)
    refuted_level = models.SmallIntegerField(default=0)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=120, default="")
    acknowledged_level = models.SmallIntegerField(default=0)
    first_acknowledged_at = models.DateTimeField(null=True)
    unacknowledged_since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=120, default="")
    closed_because = models.CharField(max_length=500, default="")

    class Meta:
        indexes = [
            models.Index(fields=["-level", "opened_at"], name="verify_open", condition=models.Q(closed_at=None)),
        ]


class DossierArea(models.Model):
    """A jurisdiction that the event touches: seen, and acted on, from each of them."""

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="areas")
    jurisdiction = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dossier", "jurisdiction"], name="verify_area_once")]


class Verification(models.Model):
    """One request to go and look. ``checks``: the words of what to look at, as they were. ``minutes_source`` and
    ``minutes_verified``: where the time limit comes from. ``distance_km``: from the duty post to the place. ``once`` and
    ``answer_once``: random keys of the forms, so that a repeat changes nothing. ``made_at``: when the answer was written on
    the phone, as the phone says; ``answered_at`` when it reached us. ``note``: as typed, not on the ledger, which holds its
    digest with ``salt``."""

    id = models.CharField(max_length=40, primary_key=True)
    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="verifications")
    asked_about = models.CharField(max_length=40)
    once = models.CharField(max_length=64, null=True, unique=True)
    state = models.CharField(max_length=10)
    task = models.CharField(max_length=40, default="", db_index=True)
    post = models.CharField(max_length=60, default="", db_index=True)
    distance_km = models.FloatField(null=True)
    level = models.SmallIntegerField()
    checks = models.JSONField(default=list)
    skills = models.JSONField(default=list)
    minutes_source = models.CharField(max_length=300, default="")
    minutes_verified = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=120)
    due_at = models.DateTimeField()
    overdue_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    arrived_lon = models.FloatField(null=True)
    arrived_lat = models.FloatField(null=True)
    arrived_accuracy_m = models.FloatField(null=True)
    answer = models.CharField(max_length=12, default="")
    answer_once = models.CharField(max_length=64, null=True, unique=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=120, default="")
    made_at = models.DateTimeField(null=True)
    note = models.TextField(default="")
    salt = models.CharField(max_length=32, default="")
    withdrawn_because = models.CharField(max_length=40, default="")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="verify_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["post", "state"], name="verify_of_post"),
        ]


class Evidence(models.Model):
    """One photograph of an answer, with its position only where the inspector gave one."""

    verification = models.ForeignKey(Verification, models.PROTECT, related_name="evidence")
    number = models.SmallIntegerField()
    digest = models.CharField(max_length=64)
    thumbnail = models.CharField(max_length=64)
    width = models.IntegerField()
    height = models.IntegerField()
    size_bytes = models.IntegerField()
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["verification", "number"], name="verify_evidence_once")]
