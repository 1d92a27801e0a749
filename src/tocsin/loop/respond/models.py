"""Tables of respond. Only ``services`` and ``statements`` write them. ``level`` is a response rank (1 = IV)."""

from __future__ import annotations

from django.db import models

__all__ = ["ActionRow", "IncidentRow", "RemarkRow", "StatementRow"]


class IncidentRow(models.Model):
    """An event under command. ``because``: the declared mapping that asked for it (pack, moment, warning level and id,
    source, verified); empty where a commander opened it by hand. ``advised``: another response that a mapping asks for by
    now (0 = none). ``known_at``: since when the event is known, from where the clocks of reports run. ``event_level``: the
    warning level at which the event last stood here. ``decide_by``: when a proposal should have been decided; ``remind_at``:
    when its commander is next told that it is wanting, ``reminded`` times so far, ``decide_us`` what the mapping grants."""

    id = models.CharField(max_length=40, primary_key=True)
    event = models.CharField(max_length=60, db_index=True)
    hazard = models.CharField(max_length=100)
    jurisdiction = models.CharField(max_length=200, default="")
    place = models.CharField(max_length=300, default="")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    state = models.CharField(max_length=10)
    level = models.SmallIntegerField()
    peak = models.SmallIntegerField(default=0)
    advised = models.SmallIntegerField(default=0)
    warning_level = models.SmallIntegerField(default=0)
    because = models.JSONField(default=dict)
    exercise = models.BooleanField(default=False)
    known_at = models.DateTimeField()
    proposed_at = models.DateTimeField()
    expected_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    opened_by = models.CharField(max_length=120, default="")
    commander = models.CharField(max_length=60, default="")
    warning_cancelled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, default="")
    ended_why = models.TextField(default="")
    salt = models.CharField(max_length=32, default="")
    merged_into = models.CharField(max_length=40, default="", db_index=True)
    version = models.IntegerField(default=1)
    once = models.CharField(max_length=64, null=True, unique=True)
    event_level = models.SmallIntegerField(default=0)
    decide_us = models.BigIntegerField(default=0)
    decide_by = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True, db_index=True)
    reminded = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event"], condition=models.Q(state__in=["proposed", "open"]), name="respond_one_incident"
            ),
            models.CheckConstraint(condition=models.Q(level__gte=1, level__lte=4), name="respond_level"),
        ]


class ActionRow(models.Model):
    """One action of a playbook in one incident. ``action``: ``pack/id``; ``facility`` "" where it is at none. ``task`` "" until
    it is given: nobody on duty (``nobody_at``), or it waits for the commander's yes (``waits``). ``clock_from``: a report's
    clock runs from there. ``early``: the warning level at which the event alone proposed it (0 = it did not); then it waits,
    from ``proposed_at`` on, until somebody gives or refuses it, is wanting after ``decide_us`` and told of at ``remind_at``."""

    incident = models.ForeignKey(IncidentRow, models.PROTECT, related_name="actions")
    action = models.CharField(max_length=160)
    kind = models.CharField(max_length=10)  # action, report
    title = models.JSONField(default=dict)
    role = models.CharField(max_length=30)
    facility = models.CharField(max_length=100, default="")
    receipt_us = models.BigIntegerField(default=0)
    done_us = models.BigIntegerField(default=0)
    done_by = models.CharField(max_length=20, default="")
    clock_from = models.DateTimeField(null=True)
    task = models.CharField(max_length=40, default="", db_index=True)
    post = models.CharField(max_length=60, default="")
    receipt_due_at = models.DateTimeField(null=True)
    receipt_looked_at = models.DateTimeField(null=True)
    given_at = models.DateTimeField(null=True)
    nobody_at = models.DateTimeField(null=True)
    waits = models.BooleanField(default=False)
    early = models.SmallIntegerField(default=0)
    proposed_at = models.DateTimeField(null=True)
    decide_us = models.BigIntegerField(default=0)
    remind_at = models.DateTimeField(null=True, db_index=True)
    reminded = models.SmallIntegerField(default=0)
    refused_at = models.DateTimeField(null=True)
    refused_by = models.CharField(max_length=120, default="")
    refused_why = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "action", "facility"], name="respond_action_once")]


class RemarkRow(models.Model):
    """What somebody wrote about a task in their own words; the ledger holds its digest."""

    task = models.CharField(max_length=40, db_index=True)
    text = models.TextField()
    salt = models.CharField(max_length=32)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)


class StatementRow(models.Model):
    """A report that we send. ``items``: what it tells, each with section, key and its text by language; ``against``: the
    statement whose changes a follow-up tells. ``revision`` grows each time a draft is written anew."""

    id = models.CharField(max_length=40, primary_key=True)
    event = models.CharField(max_length=60, db_index=True)
    incident = models.CharField(max_length=40, default="")
    jurisdiction = models.CharField(max_length=200, default="")
    kind = models.CharField(max_length=10)
    number = models.IntegerField()
    state = models.CharField(max_length=10)
    known = models.JSONField(default=list)
    items = models.JSONField(default=list)
    against = models.CharField(max_length=40, default="")
    remark = models.TextField(default="")
    digest = models.CharField(max_length=64)
    revision = models.IntegerField(default=1)
    exercise = models.BooleanField(default=False)
    drafted_at = models.DateTimeField()
    drafted_by = models.CharField(max_length=120)
    authors = models.JSONField(default=list)  # accounts that wrote any of it; none of them may release it
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=120, default="")
    sent_to = models.JSONField(default=list)
    once = models.CharField(max_length=64, null=True, unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "number"], name="respond_statement_number"),
            models.UniqueConstraint(fields=["event"], condition=models.Q(state="draft"), name="respond_one_draft"),
        ]
