"""Tables of detect. Only ``services`` writes them. A projection of the log: moments are event time in microseconds UTC,
as the engine gave them, so that what is read here equals what a replay prints."""

from __future__ import annotations

from django.db import models

__all__ = [
    "EngineMark", "EventArea", "EventChangeRow", "EventMember", "EventRow", "ShadowRow", "ShadowSignalRow",
    "SignalChangeRow", "SignalRow",
]  # fmt: skip


class SignalRow(models.Model):
    """A signal as it stands. ``level`` 0 = over; ``peak`` the highest it had. ``silence``: its rule judged that
    the subject reports nothing, so it stands for "no data".

    ``id`` names it from first to last. ``finality``: provisional until it has a ``final_id`` (hash of rule, subject and final
    onset), or retracted. ``level`` is the higher of ``confirmed`` (final) and ``said`` (provisional, 0 = nothing);
    ``awaited_us``: how far behind its newest data of its subject may still come in."""

    id = models.CharField(max_length=40, primary_key=True)
    rule = models.CharField(max_length=200)
    rule_version = models.IntegerField()
    hazard = models.CharField(max_length=100)
    subject_kind = models.CharField(max_length=60)
    subject_key = models.CharField(max_length=200)
    level = models.SmallIntegerField()
    peak = models.SmallIntegerField()
    quality = models.BooleanField()
    silence = models.BooleanField()
    onset_us = models.BigIntegerField()
    changed_us = models.BigIntegerField()
    cleared_us = models.BigIntegerField(null=True)
    seq = models.BigIntegerField()
    jurisdiction = models.CharField(max_length=200, default="")
    final_id = models.CharField(max_length=40, null=True, unique=True)
    finality = models.CharField(max_length=12, default="final")
    confirmed = models.SmallIntegerField(default=0)
    said = models.SmallIntegerField(default=0)
    awaited_us = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["-level", "onset_us"], name="detect_open_signals", condition=models.Q(level__gt=0)),
            models.Index(fields=["-changed_us"], name="detect_recent_signals"),
            models.Index(fields=["subject_kind", "subject_key"], name="detect_signals_of"),
        ]


class SignalChangeRow(models.Model):
    """One transition with its evidence. ``batch``: the consumed seq of its engine batch, whose ledger entry covers it.
    ``amends``: the provisional level that it settled, 0 = none."""

    signal = models.ForeignKey(SignalRow, models.PROTECT, related_name="changes")
    change = models.CharField(max_length=10)
    level = models.SmallIntegerField()
    previous = models.SmallIntegerField()
    at_us = models.BigIntegerField()
    seq = models.BigIntegerField()
    rule_version = models.IntegerField()
    evidence = models.TextField()
    finality = models.CharField(max_length=12, default="final")
    amends = models.SmallIntegerField(default=0)
    batch = models.BigIntegerField(db_index=True)


class EventRow(models.Model):
    """An event as it stands; fields of ``terms.event.Event``."""

    id = models.CharField(max_length=40, primary_key=True)
    hazard = models.CharField(max_length=100)
    state = models.CharField(max_length=10)
    level = models.SmallIntegerField()
    began_us = models.BigIntegerField()
    changed_us = models.BigIntegerField()
    ended_us = models.BigIntegerField(null=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    place = models.CharField(max_length=300, default="")
    jurisdiction = models.CharField(max_length=200, default="")
    parent = models.CharField(max_length=40, null=True, db_index=True)
    merged_into = models.CharField(max_length=40, null=True, db_index=True)
    no_data = models.BooleanField(default=False)
    explanation = models.TextField(default="[]")
    finality = models.CharField(max_length=12, default="final")
    ahead = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["-level", "began_us"], name="detect_open_events",
                condition=models.Q(state__in=["open", "proposed"]),
            ),
            models.Index(fields=["-began_us"], name="detect_recent_events"),
        ]  # fmt: skip


class EventMember(models.Model):
    """A signal that belongs to an event; ``id`` keeps the order of joining. Rows stay after a merge, as history."""

    event = models.ForeignKey(EventRow, models.PROTECT, related_name="members")
    signal = models.ForeignKey(SignalRow, models.PROTECT, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "signal"], name="detect_member_once")]


class EventArea(models.Model):
    """A jurisdiction that an event touches. An event across a border is seen from both sides of it."""

    event = models.ForeignKey(EventRow, models.PROTECT, related_name="areas")
    jurisdiction = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "jurisdiction"], name="detect_area_once")]


class EventChangeRow(models.Model):
    """The feed of the live page; ``id`` is its cursor and only grows (written under the engine mark's lock)."""

    event = models.ForeignKey(EventRow, models.PROTECT, related_name="changes")
    change = models.CharField(max_length=10)
    state = models.CharField(max_length=10)
    level = models.SmallIntegerField()
    at_us = models.BigIntegerField()
    seq = models.BigIntegerField()
    because = models.TextField(default="")
    finality = models.CharField(max_length=12, default="final")
    batch = models.BigIntegerField(db_index=True)


class EngineMark(models.Model):
    """One row: how far the log has been evaluated and committed, and the digest of the log up to there."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    consumed_seq = models.BigIntegerField(default=-1)
    log_digest = models.CharField(max_length=128, default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="detect_one_mark")]


class ShadowRow(models.Model):
    """A version of a pack that judges live data beside the one in force and warns nobody. ``replaces``: the sha of the
    version it stands beside; ``rules``: those of its rules that differ from it. ``began_us``: when the log began to judge by
    it; ``state``: running, promoted or withdrawn."""

    id = models.CharField(max_length=40, primary_key=True)
    pack = models.CharField(max_length=100)
    version = models.CharField(max_length=20)
    sha = models.CharField(max_length=64)
    replaces = models.CharField(max_length=64)
    rules = models.JSONField()
    state = models.CharField(max_length=10)
    why = models.TextField()
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, default="")
    ended_why = models.TextField(default="")
    began_us = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pack"], condition=models.Q(state="running"), name="detect_one_shadow_of_a_pack"
            )
        ]


class ShadowSignalRow(models.Model):
    """A signal that a shadow raised: never grouped, never told. Fields as of ``SignalRow``."""

    shadow = models.ForeignKey(ShadowRow, models.PROTECT, related_name="signals")
    signal = models.CharField(max_length=40)
    rule = models.CharField(max_length=200)
    rule_version = models.IntegerField()
    subject_kind = models.CharField(max_length=60)
    subject_key = models.CharField(max_length=200)
    level = models.SmallIntegerField()
    peak = models.SmallIntegerField()
    quality = models.BooleanField()
    onset_us = models.BigIntegerField()
    changed_us = models.BigIntegerField()
    cleared_us = models.BigIntegerField(null=True)
    jurisdiction = models.CharField(max_length=200, default="")
    evidence = models.TextField(default="[]")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shadow", "signal"], name="detect_shadow_signal_once")]
        indexes = [models.Index(fields=["shadow", "onset_us"], name="detect_shadow_signals")]
