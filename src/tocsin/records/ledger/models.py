"""Tables of the ledger. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = ["LedgerChain", "LedgerEntry", "LedgerRoot", "LedgerTree"]


class LedgerChain(models.Model):
    """How long the chain of one subject is and where it ends."""

    subject = models.CharField(max_length=200, primary_key=True)
    length = models.BigIntegerField()
    head = models.CharField(max_length=64)


class LedgerRoot(models.Model):
    """A seal over all entries since the last seal. Whoever keeps a copy of ``hash`` can prove later editing. ``tree``: the
    Merkle root over the hashes of all roots up to this one, by which an entry is proved in a few hundred bytes."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    entries = models.BigIntegerField()
    merkle = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    tree = models.CharField(max_length=64)


class LedgerTree(models.Model):
    """The tree of all roots while it grows, in one row: how many they are, and the roots of its full subtrees (hex)."""

    size = models.BigIntegerField()
    peaks = models.JSONField()


class LedgerEntry(models.Model):
    """One decision. ``hash`` covers everything but itself and the seal, so also the hash of the entry before it."""

    subject = models.CharField(max_length=200)
    number = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    verb = models.CharField(max_length=100)
    body = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sealed_in = models.ForeignKey(LedgerRoot, models.PROTECT, null=True, related_name="sealed")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "number"], name="ledger_one_number_a_chain")]
        indexes = [models.Index(fields=["id"], name="ledger_unsealed", condition=models.Q(sealed_in=None))]
