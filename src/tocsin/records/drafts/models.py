"""Tables of drafts. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["DraftRow", "SentRow"]


class DraftRow(models.Model):
    """What an account typed into a form. ``form``: the address it is sent to; ``fields``: pairs of name and text;
    ``said``: why it was refused, as parts that the door can word in any language; ``why``: its words, of drafts kept before
    that. Of a sealed kind ``fields`` is empty and ``sealed`` holds them, under the
    case's key or one that dies with the draft (``own_key``)."""

    account = models.CharField(max_length=60)
    form = models.CharField(max_length=200)
    fields = models.JSONField(default=list)
    sealed = models.TextField(default="")
    seal_key = models.CharField(max_length=40, default="")
    own_key = models.BooleanField(default=False)
    why = models.CharField(max_length=400, default="")
    said = models.JSONField(default=list)
    kept_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "form"], name="drafts_one_a_form")]


class SentRow(models.Model):
    """A form that was acted upon; ``key``: digest of account, address, the form's own number and what stood in it."""

    key = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(db_index=True)
