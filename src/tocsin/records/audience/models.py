"""Tables of the audience. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["HubRow", "SubscriberRow", "TargetRow"]


class TargetRow(models.Model):
    """Something of an institution that is told: a display, another system, a chat room, an office's telephone. ``areas``:
    jurisdiction paths ([] = everywhere); ``hazards``: [] = all; ``least_level``: rank from which it is told; ``exercises``:
    whether it is told of exercises too."""

    id = models.CharField(max_length=60, primary_key=True)
    title = models.JSONField(default=dict)
    channel = models.CharField(max_length=20)
    address = models.CharField(max_length=1000)
    language = models.CharField(max_length=12)
    areas = models.JSONField(default=list)
    hazards = models.JSONField(default=list)
    least_level = models.SmallIntegerField(default=1)
    exercises = models.BooleanField(default=False)


class SubscriberRow(models.Model):
    """Somebody of the public who asked to be warned. There is no name and no account: only where to write to, sealed
    (``contact``), and of what. ``number`` orders the shards; ``mark`` is a keyed digest that finds the same contact again
    and says nothing without the key. ``places``: jurisdiction paths; ``lon``/``lat``: one place that the person chose, to
    about a hundred metres, or none. ``state``: asked, confirmed. Who leaves is deleted."""

    number = models.BigAutoField(primary_key=True)
    id = models.CharField(max_length=40, unique=True)
    channel = models.CharField(max_length=20)
    contact = models.TextField()
    mark = models.CharField(max_length=64)
    language = models.CharField(max_length=12)
    places = models.JSONField(default=list)
    hazards = models.JSONField(default=list)
    least_level = models.SmallIntegerField(default=1)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    state = models.CharField(max_length=10, default="asked")
    asked_at = models.DateTimeField()
    letters_asked = models.SmallIntegerField(default=1)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "mark"], name="audience_contact_once")]
        indexes = [models.Index(fields=["state", "asked_at"], name="audience_unconfirmed")]


class HubRow(models.Model):
    """A system that is told whenever the feed changes (W3C WebSub). ``callback`` and ``secret`` are sealed, ``mark`` finds the
    same callback again. ``until``: end of its lease, None = never verified. ``asked_*``: what it asked for last and has not
    confirmed yet, by the dispatch that asks for the confirmation."""

    id = models.CharField(max_length=40, primary_key=True)
    callback = models.TextField()
    mark = models.CharField(max_length=64, unique=True)
    secret = models.TextField(default="")
    until = models.DateTimeField(null=True, db_index=True)
    asked_mode = models.CharField(max_length=12, default="")
    asked_secret = models.TextField(default="")
    asked_lease_s = models.IntegerField(default=0)
    asked_dispatch = models.CharField(max_length=40, default="")
    asked_at = models.DateTimeField()
